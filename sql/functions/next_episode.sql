create function next_episode(p_seasons jsonb, p_today date,
                             out season integer, out episode integer, out title text, out air_date date,
                             out watched integer, out aired integer)
language plpgsql stable
set search_path from current
as $$
begin
    -- plpgsql, whose plan is kept: up to PostgreSQL 17 a function in sql is planned anew for each call.
    with entry as materialized (
        select (s ->> 'seasonNumber')::integer as season, (e ->> 'episodeNumber')::integer as episode, e ->> 'title' as title,
               case when e ->> 'airDate' ~ '^\d{4}-\d\d-\d\d$' then (e ->> 'airDate')::date end as air_date,
               coalesce((e ->> 'watched')::boolean, false) as watched
        from jsonb_array_elements(p_seasons) s cross join lateral jsonb_array_elements(s -> 'episodes') e
        where (s ->> 'seasonNumber')::integer > 0
    ), dated as materialized (
        select bool_or(n.air_date is not null) as known from entry n
    ), seen as materialized (
        -- No date in the whole show: whoever listed it does not tell dates. One without among others: announced, not aired.
        select n.*, n.watched or coalesce(n.air_date <= p_today, not d.known) as aired from entry n cross join dated d
    ), furthest as (
        select n.season, n.episode from seen n where n.watched order by n.season desc, n.episode desc limit 1
    ), following as (
        select n.* from seen n cross join furthest f
        where (n.season, n.episode) > (f.season, f.episode) and n.aired
        order by n.season, n.episode
        limit 1
    )
    select f.season, f.episode, f.title, f.air_date, t.watched, t.aired
    into next_episode.season, next_episode.episode, next_episode.title, next_episode.air_date,
         next_episode.watched, next_episode.aired
    from (select (count(*) filter (where n.watched))::integer as watched, (count(*) filter (where n.aired))::integer as aired
          from seen n) t
    left join following f on true;
end
$$;
comment on function next_episode(jsonb, date) is
    'Where to go on in a seasons document: the first episode behind the furthest watched one that has aired by a day; null when there is
none, or nothing was watched. What lies before, somebody left out or saw elsewhere. Beside it how many episodes were watched, of how
many that have aired. Specials are left out.';
