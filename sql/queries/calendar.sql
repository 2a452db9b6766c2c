-- name: upcoming_episodes(user_id, first, last, watched_too)
select * from upcoming_episodes(:user_id, :first, :last, :watched_too);

-- name: set_calendar_token(user_id, token_hash)!
-- A new address; the old one ends.
insert into calendar_tokens (user_id, token_hash) values (:user_id, :token_hash)
on conflict (user_id) do update set token_hash = excluded.token_hash, created_at = now(), last_used_at = null;

-- name: remove_calendar_token(user_id)!
delete from calendar_tokens where user_id = :user_id;

-- name: calendar_token(user_id)^
-- Since when there is an address, and when a calendar last asked.
select created_at, last_used_at from calendar_tokens where user_id = :user_id;

-- name: calendar_owner(token_hash)^
-- Whose calendar an address is; notes its use in the same round trip, at most once a minute.
with used as (
    update calendar_tokens set last_used_at = now()
    where token_hash = :token_hash and (last_used_at is null or last_used_at < now() - interval '1 minute')
)
select u.id as user_id, u.timezone
from calendar_tokens t join users u on u.id = t.user_id
where t.token_hash = :token_hash;
