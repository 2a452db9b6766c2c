-- name: webhook_secret_hashes()
-- Every hash that opens the webhook, the previous ones until their overlap ends.
select user_id, webhook_secret_hash as digest, null::timestamptz as until from plex_config
union all
select user_id, previous_secret_hash, previous_secret_until from plex_config
where previous_secret_hash is not null and previous_secret_until > now();
