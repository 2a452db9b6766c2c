create function other_ids(p_tvshow_id bigint, p_ids jsonb, p_method text default null) returns boolean
language sql stable
set search_path from current
as $$
    -- An id that is better than the one that was found by: TMDB's before TVDB's before IMDb's.
    select coalesce(s.tmdb_id <> (p_ids ->> 'tmdb')::integer, false)
        or (p_method is distinct from 'tmdb_id' and coalesce(s.tvdb_id <> (p_ids ->> 'tvdb')::integer, false))
        or (p_method is null and coalesce(s.imdb_id <> p_ids ->> 'imdb', false))
    from tvshows s where s.id = p_tvshow_id
$$;
comment on function other_ids(bigint, jsonb, text) is
    'Whether a show of the tracker has another id than these, of one kind: then it is another show, whatever its name. p_method: the
kind of id that it was found by; only better kinds are looked at then.';
