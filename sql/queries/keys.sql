-- name: key_check()$
-- What only the key in use opens; null until a start has written it. Locked: nobody begins with a key that is just replaced.
select key_check from installation for update;

-- name: set_key_check(key_check)!
insert into installation (key_check) values (:key_check) on conflict (only_row) do update set key_check = excluded.key_check;

-- name: stored_secrets()
-- Everything that is encrypted, by the place that its encryption binds it to.
select 'plex_config.plex_token' as place, user_id, plex_token as stored from plex_config where plex_token is not null
union all
select 'plex_config.webhook_secret', user_id, webhook_secret from plex_config
union all
select 'settings.tmdb_api_key', user_id, tmdb_api_key from settings where tmdb_api_key is not null
union all
select 'user_totp.secret', user_id, secret from user_totp;

-- name: replace_secret(place, user_id, stored)!
-- One of stored_secrets, encrypted anew.
with of_token as (
    update plex_config set plex_token = :stored where :place = 'plex_config.plex_token' and user_id = :user_id
), of_webhook as (
    update plex_config set webhook_secret = :stored where :place = 'plex_config.webhook_secret' and user_id = :user_id
), of_tmdb as (
    update settings set tmdb_api_key = :stored where :place = 'settings.tmdb_api_key' and user_id = :user_id
)
update user_totp set secret = :stored where :place = 'user_totp.secret' and user_id = :user_id;

-- name: sessions_of_tellykeep(lock)$
-- How many connections of a running Tellykeep, of any version, this database has; see app.db.pool.
select count(*)::int as sessions from pg_locks
where locktype = 'advisory' and classid = :lock::oid and granted
  and database = (select oid from pg_database where datname = current_database());

-- name: use_schema(path)^
-- The search path of this session.
select set_config('search_path', :path, false);
