create function give_ids(p_user_id bigint, p_tvshow_id bigint, p_ids jsonb) returns void
language sql volatile
set search_path from current
as $$
    update tvshows s
    set tmdb_id = coalesce(s.tmdb_id, case when not exists (
            select from tvshows o where o.user_id = p_user_id and o.deleted_at is null and o.tmdb_id = (p_ids ->> 'tmdb')::integer)
            then (p_ids ->> 'tmdb')::integer end),
        tvdb_id = coalesce(s.tvdb_id, case when not exists (
            select from tvshows o where o.user_id = p_user_id and o.deleted_at is null and o.tvdb_id = (p_ids ->> 'tvdb')::integer)
            then (p_ids ->> 'tvdb')::integer end),
        imdb_id = coalesce(s.imdb_id, case when not exists (
            select from tvshows o where o.user_id = p_user_id and o.deleted_at is null and o.imdb_id = p_ids ->> 'imdb')
            then p_ids ->> 'imdb' end),
        updated_at = now()
    where s.user_id = p_user_id and s.id = p_tvshow_id
      and (s.tmdb_id is null and p_ids ? 'tmdb' or s.tvdb_id is null and p_ids ? 'tvdb' or s.imdb_id is null and p_ids ? 'imdb')
$$;
comment on function give_ids(bigint, bigint, jsonb) is
    'Gives a show the ids that it lacks, except those that another show has. What it has stays. The caller holds the show''s row.';
