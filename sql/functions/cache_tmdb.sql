create function cache_tmdb(p_cache_key text, p_http_status integer, p_body jsonb, p_age interval) returns void
language sql volatile
set search_path from current
as $$
    insert into tmdb_cache (cache_key, http_status, body, fetched_at, expires_at)
    values (p_cache_key, p_http_status, p_body, now(), now() + p_age)
    on conflict (cache_key) do update
    set http_status = excluded.http_status, body = excluded.body, fetched_at = excluded.fetched_at, expires_at = excluded.expires_at;

    -- A few of what nobody asked for again: the cache stays small without a job. After the row of our own, and without those that
    -- another session has: two that renew what both would take away would wait for each other.
    with stale as (
        select cache_key from tmdb_cache
        where expires_at < now() - interval '7 days' and cache_key <> p_cache_key
        order by expires_at
        limit 20
        for update skip locked
    )
    delete from tmdb_cache where cache_key in (select cache_key from stale);
$$;
comment on function cache_tmdb(text, integer, jsonb, interval) is
    'Remembers what TMDB answered for as long as p_age, in place of what was remembered before; "not there" (404, no body) too.
Takes some rows away that expired long ago.';
