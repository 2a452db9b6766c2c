create function find_exported_show(p_user_id bigint, p_show jsonb) returns bigint
language sql stable
set search_path from current
as $$
    select s.id
    from tvshows s
    cross join lateral (
        select (p_show ->> 'tmdb_id')::integer as tmdb_id, (p_show ->> 'tvdb_id')::integer as tvdb_id, p_show ->> 'imdb_id' as imdb_id,
               (p_show ->> 'show_start_date')::date as start, (p_show ->> 'deleted_at')::timestamptz as deleted_at
    ) p
    where s.user_id = p_user_id and s.deleted_at is not distinct from p.deleted_at
      and (s.tmdb_id = p.tmdb_id or s.tvdb_id = p.tvdb_id or s.imdb_id = p.imdb_id
           -- By name only where neither year nor any id says that it is another one.
           or lower(s.title) = lower(p_show ->> 'title')
              and coalesce(extract(year from s.show_start_date) = extract(year from p.start), true)
              and coalesce(s.tmdb_id = p.tmdb_id, true) and coalesce(s.tvdb_id = p.tvdb_id, true)
              and coalesce(s.imdb_id = p.imdb_id, true))
    order by s.tmdb_id is not distinct from p.tmdb_id and p.tmdb_id is not null desc,
             s.tvdb_id is not distinct from p.tvdb_id and p.tvdb_id is not null desc,
             s.imdb_id is not distinct from p.imdb_id and p.imdb_id is not null desc,
             s.show_start_date is not distinct from p.start desc, s.id
    limit 1
$$;
comment on function find_exported_show(bigint, jsonb) is
    'Which show of a tracker a show of an export is: the one with the same TMDB, TVDB or IMDb id, else the one of the same name whose
year and ids do not say otherwise. One that was deleted is only another one that was deleted at that moment. Null: none.';
