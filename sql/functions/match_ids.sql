create function match_ids(p_user_id bigint, p_ids jsonb,
                          out tvshow_id bigint, out confidence numeric, out method text, out candidates jsonb)
language sql stable
set search_path from current
as $$
    with hit as (
        select s.id, 1.00 as confidence, 'tmdb_id' as method, 1 as rank from tvshows s
        where s.user_id = p_user_id and s.deleted_at is null and s.tmdb_id = (p_ids ->> 'tmdb')::integer
        union all
        select s.id, 0.95, 'tvdb_id', 2 from tvshows s
        where s.user_id = p_user_id and s.deleted_at is null and s.tvdb_id = (p_ids ->> 'tvdb')::integer
        union all
        select s.id, 0.95, 'imdb_id', 3 from tvshows s
        where s.user_id = p_user_id and s.deleted_at is null and s.imdb_id = p_ids ->> 'imdb'
    ), best as (
        select distinct on (id) id, confidence, method, rank from hit order by id, rank
    )
    select case when count(*) = 1 then min(best.id) end,
           case when count(*) = 1 then min(best.confidence) end,
           case when count(*) = 1 then min(best.method) end,
           coalesce(jsonb_agg(jsonb_build_object(
               'tvshow_id', best.id, 'tmdb_id', s.tmdb_id, 'title', s.title,
               'year', extract(year from s.show_start_date)::integer,
               'score', best.confidence, 'reason', 'same ' || upper(left(best.method, 4)) || ' id') order by best.rank), '[]')
    from best join tvshows s on s.id = best.id
$$;
comment on function match_ids(bigint, jsonb) is
    'The one show of this user that has one of these show-level ids: TMDB 1.00, TVDB or IMDb 0.95. When the ids point to different
shows none is taken, and all are candidates.';
