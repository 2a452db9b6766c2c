-- name: get_plex_config(user_id)^
-- The connection to Plex, with its secrets still encrypted.
select c.plex_token, c.plex_server_url, c.plex_server_name, c.plex_server_uuid, c.webhook_secret, c.previous_secret_until,
       c.enabled, c.auto_add_shows, c.auto_mark_watched, c.last_webhook_at, c.plex_token_rejected_at, s.tmdb_api_key,
       s.tmdb_key_rejected_at,
       coalesce(s.propose_similarity, 0.35::real) as propose_similarity, coalesce(s.map_confidence, 0.60)::float8 as map_confidence,
       s.history_poll_minutes, coalesce(s.sync_library, false) as sync_library
from plex_config c left join settings s using (user_id)
where c.user_id = :user_id;

-- name: connection_steps(user_id)^
-- How far the connection to Plex and TMDB is set up, as the pages show it.
select c.plex_token is not null as has_plex_token, c.plex_account_name, c.has_plex_pass, c.plex_token_rejected_at,
       c.plex_server_url, nullif(c.plex_server_name, '') as plex_server_name, c.plex_server_uuid, c.enabled,
       s.tmdb_api_key is not null as has_own_tmdb_key, s.tmdb_key_rejected_at, s.history_poll_minutes,
       c.webhook_secret, c.last_webhook_at,
       exists (select from plex_accounts a where a.user_id = c.user_id and a.counts) as has_chosen_accounts
from plex_config c left join settings s using (user_id)
where c.user_id = :user_id;

-- name: get_plex_server(user_id)^
-- Where the Plex server is asked, and with what: its token is still encrypted.
select plex_token, plex_server_url, plex_server_uuid from plex_config where user_id = :user_id;

-- name: update_plex_config(user_id, changes)!
-- Changes the fields that are named in changes; null empties one that may be empty.
update plex_config
set plex_token = case when c ? 'plex_token' then c ->> 'plex_token' else plex_token end,
    plex_account_name = case when c ? 'plex_token' then c ->> 'plex_account_name' else plex_account_name end,
    has_plex_pass = case when c ? 'plex_token' then (c ->> 'has_plex_pass')::boolean else has_plex_pass end,
    plex_token_rejected_at = case when c ?| array['plex_token', 'plex_server_url', 'plex_server_uuid'] then null
                                  else plex_token_rejected_at end,
    plex_server_url = case when c ? 'plex_server_url' then c ->> 'plex_server_url' else plex_server_url end,
    plex_server_name = case when c ? 'plex_server_name' then c ->> 'plex_server_name' else plex_server_name end,
    plex_server_uuid = case when c ? 'plex_server_uuid' then c ->> 'plex_server_uuid' else plex_server_uuid end,
    enabled = coalesce((c ->> 'enabled')::boolean, enabled),
    auto_add_shows = coalesce((c ->> 'auto_add_shows')::boolean, auto_add_shows),
    auto_mark_watched = coalesce((c ->> 'auto_mark_watched')::boolean, auto_mark_watched),
    updated_at = now()
from (select :changes::jsonb) as given(c)
where user_id = :user_id;

-- name: get_tmdb_key(user_id)$
-- The user's own key for TMDB, still encrypted.
select tmdb_api_key from settings where user_id = :user_id;

-- name: set_tmdb_key(user_id, tmdb_api_key)!
insert into settings (user_id, tmdb_api_key) values (:user_id, :tmdb_api_key)
on conflict (user_id) do update set tmdb_api_key = excluded.tmdb_api_key, tmdb_key_rejected_at = null, updated_at = now();

-- name: set_thresholds(user_id, changes)!
-- Changes the thresholds of matching by title that are named in changes.
insert into settings as s (user_id, propose_similarity, map_confidence)
select :user_id, coalesce((c ->> 'propose_similarity')::real, 0.35), coalesce((c ->> 'map_confidence')::numeric, 0.60)
from (select :changes::jsonb) as given(c)
on conflict (user_id) do update
set propose_similarity = coalesce((:changes::jsonb ->> 'propose_similarity')::real, s.propose_similarity),
    map_confidence = coalesce((:changes::jsonb ->> 'map_confidence')::numeric, s.map_confidence),
    updated_at = now();

-- name: set_history_settings(user_id, sets_poll, poll_minutes, sync_library)!
-- How often the history is read (null: hourly), and whether the library is compared as well (null: as it was).
insert into settings (user_id, history_poll_minutes, sync_library) values (:user_id, :poll_minutes, coalesce(:sync_library, false))
on conflict (user_id) do update
set history_poll_minutes = case when :sets_poll then excluded.history_poll_minutes else settings.history_poll_minutes end,
    sync_library = coalesce(:sync_library, settings.sync_library), updated_at = now();

-- name: change_webhook_secret(user_id, webhook_secret, webhook_secret_hash, overlap_hours)!
-- A new secret; the one before it works on for the overlap, and the one before that ends now.
update plex_config
set previous_secret_hash = case when :overlap_hours > 0 then webhook_secret_hash end,
    previous_secret_until = case when :overlap_hours > 0 then now() + make_interval(hours => :overlap_hours) end,
    webhook_secret = :webhook_secret, webhook_secret_hash = :webhook_secret_hash, updated_at = now()
where user_id = :user_id;

-- name: list_plex_accounts(user_id)
-- Every account that was ever seen in an event.
select id, title, plex_account_id, server_uuid, counts from plex_accounts where user_id = :user_id order by id limit 500;

-- name: list_plex_servers(user_id)
-- Every server that was ever seen in an event.
select id, title, server_uuid, counts from plex_servers where user_id = :user_id order by id limit 500;

-- name: track_plex_accounts(user_id, ids)!
-- Chooses the accounts that count; with none chosen, what Plex marks as the own ones count.
update plex_accounts set counts = case when id = any (:ids::bigint[]) then true end
where user_id = :user_id and counts is distinct from case when id = any (:ids::bigint[]) then true end;

-- name: track_plex_servers(user_id, ids)!
-- Chooses the servers that count; with none chosen, all count.
update plex_servers set counts = case when id = any (:ids::bigint[]) then true end
where user_id = :user_id and counts is distinct from case when id = any (:ids::bigint[]) then true end;

-- name: plex_people(user_id)
-- Every account that was ever seen, with its server's name, when it last did anything, and whether it is the owner's: to the
-- server itself the lowest number.
select a.id, a.title, a.plex_account_id, a.server_uuid, nullif(s.title, '') as server_title, coalesce(a.counts, false) as counts,
       greatest(l.last_at, p.last_at) as last_seen_at,
       a.plex_account_id is not null
       and a.plex_account_id = min(a.plex_account_id) over (partition by a.server_uuid) as is_owner
from plex_accounts a
left join plex_servers s on s.user_id = a.user_id and s.server_uuid = a.server_uuid
left join (
    select account_id, max(created_at) as last_at from plex_webhook_logs
    where user_id = :user_id and account_id is not null group by account_id
) l on l.account_id = a.id
left join (
    select account_id, max(watched_at) as last_at from plays
    where user_id = :user_id and account_id is not null group by account_id
) p on p.account_id = a.id
where a.user_id = :user_id
order by s.title, a.server_uuid, a.plex_account_id nulls last, a.id
limit 500;

-- name: plex_places(user_id)
-- Every server that was ever seen, and when it last told anything.
select s.id, s.server_uuid, nullif(s.title, '') as title, coalesce(s.counts, false) as counts, l.last_at as last_seen_at
from plex_servers s
left join (
    select plex_server, max(created_at) as last_at from plex_webhook_logs
    where user_id = :user_id and plex_server is not null group by plex_server
) l on l.plex_server = s.server_uuid
where s.user_id = :user_id
order by s.title, s.id
limit 500;
