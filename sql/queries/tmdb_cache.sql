-- name: get_tmdb_cached(cache_key)^
-- What TMDB answered, as long as it counts.
select http_status, body from tmdb_cache where cache_key = :cache_key and expires_at > now();

-- name: cache_tmdb(cache_key, http_status, body, age)$
select cache_tmdb(:cache_key, :http_status, :body::jsonb, :age::interval);
