create function normal_seasons(p_seasons jsonb) returns jsonb
language plpgsql stable
set search_path from current
set timezone to 'UTC'
as $$
declare
    v_wrong text;
    v_seasons jsonb;
begin
    if jsonb_typeof(p_seasons) is distinct from 'array' then
        raise exception 'seasons: expected a list' using errcode = 'TK422';
    end if;
    -- Seasons by themselves: beside each of its episodes, a season of 5,000 would be copied 5,000 times.
    select wrong into v_wrong
    from (
        select case
                   when jsonb_typeof(s) <> 'object' or (s ->> 'seasonNumber')::integer is null or (s ->> 'seasonNumber')::integer < 0
                       then 'each season needs a seasonNumber from 0'
                   when jsonb_typeof(coalesce(s -> 'episodes', '[]')) <> 'array' then 'the episodes of a season are a list'
               end as wrong
        from jsonb_array_elements(p_seasons) s
        union all
        select case
                   when jsonb_typeof(e) <> 'object' or (e ->> 'episodeNumber')::integer is null
                        or (e ->> 'episodeNumber')::integer < 0 then 'each episode needs an episodeNumber from 0'
                   when (e ->> 'runtime')::numeric not between 0 and 10000 then 'a runtime is minutes, from 0 to 10000'
               end
        from jsonb_array_elements(p_seasons) s
        cross join lateral jsonb_array_elements(case when jsonb_typeof(s -> 'episodes') = 'array' then s -> 'episodes' end) e
    ) checked
    where wrong is not null limit 1;
    if v_wrong is not null then
        raise exception 'seasons: %', v_wrong using errcode = 'TK422';
    end if;

    select coalesce(jsonb_agg(jsonb_build_object('seasonNumber', season, 'episodes', episodes) order by season), '[]')
    into v_seasons
    from (
        select season, coalesce(jsonb_agg(entry order by (entry ->> 'episodeNumber')::integer) filter (where entry is not null), '[]')
            as episodes
        from (
            select distinct on ((s ->> 'seasonNumber')::integer, (e ->> 'episodeNumber')::integer)
                (s ->> 'seasonNumber')::integer as season,
                case when e is not null then jsonb_build_object(
                    'episodeNumber', (e ->> 'episodeNumber')::integer,
                    'title', e ->> 'title',
                    'airDate', nullif(e ->> 'airDate', ''),
                    'runtime', round((e ->> 'runtime')::numeric)::integer,
                    'watched', coalesce((e ->> 'watched')::boolean, false),
                    'dateWatched', case when (e ->> 'watched')::boolean then to_char(
                        coalesce((nullif(e ->> 'dateWatched', ''))::timestamptz, now()), 'YYYY-MM-DD"T"HH24:MI:SS"Z"') end)
                    -- TMDB's own id of the episode, by which a renumbered one is known again; only where there is one.
                    || case when (e ->> 'tmdbId')::integer is not null
                            then jsonb_build_object('tmdbId', (e ->> 'tmdbId')::integer) else '{}' end end as entry
            from jsonb_array_elements(p_seasons) with ordinality x(s, sn)
            left join lateral jsonb_array_elements(coalesce(s -> 'episodes', '[]')) with ordinality y(e, en) on true
            order by (s ->> 'seasonNumber')::integer, (e ->> 'episodeNumber')::integer, sn, en
        ) one_each
        group by season
    ) by_season;
    return v_seasons;
exception
    when data_exception then
        raise exception 'seasons: %', sqlerrm using errcode = 'TK422';
end
$$;
comment on function normal_seasons(jsonb) is
    'A seasons document in its stored form: seasons and episodes in order, each once (the first one wins), every key present, the
date of a watched episode in UTC (now when it has none). Raises TK422 for what cannot be one.';
