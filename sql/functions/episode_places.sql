create function episode_places(p_seasons jsonb,
                               out season integer, out episode integer, out absolute integer, out air_date date, out title text)
returns setof record
language plpgsql stable
set search_path from current
as $$
begin
    -- plpgsql, whose plan is kept: up to PostgreSQL 17 a function in sql is planned anew for each call.
    return query
    with recursive entry as materialized (
        select (s ->> 'seasonNumber')::integer as season, (e ->> 'episodeNumber')::integer as episode,
               case when e ->> 'airDate' ~ '^\d{4}-\d\d-\d\d$' then (e ->> 'airDate')::date end as air_date, e ->> 'title' as title
        from jsonb_array_elements(p_seasons) s cross join lateral jsonb_array_elements(s -> 'episodes') e
    ), length as (
        select row_number() over (order by n.season) as place, n.season, min(n.episode) as first, max(n.episode) as last
        from entry n where n.season > 0 and n.episode > 0
        group by n.season
    ), counted as (
        select l.place, l.season, 0 as before, l.last as total from length l where l.place = 1
        union all
        -- Some count on from season to season (the second begins with 62): then the number is the absolute one as it stands.
        select l.place, l.season, case when l.first > c.total then 0 else c.total end,
               case when l.first > c.total then l.last else c.total + l.last end
        from counted c join length l on l.place = c.place + 1
    )
    select n.season, n.episode, case when n.episode > 0 then c.before + n.episode end, n.air_date, n.title
    from entry n left join counted c on c.season = n.season;
end
$$;
comment on function episode_places(jsonb) is
    'The episodes of a seasons document with their absolute numbers: counted through the seasons from 1, in which the last number of a
season counts and not how many are known. Specials have none.';
