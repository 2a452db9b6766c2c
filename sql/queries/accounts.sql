-- name: user_by_name(username)^
-- The account of a name, whatever its case, with what the sign-in needs.
select id, username, password_hash from users where lower(username) = lower(:username);

-- name: add_user(username, password_hash, timezone, is_admin, has_password)^
insert into users (username, password_hash, timezone, is_admin, has_password)
values (:username, :password_hash, :timezone, :is_admin, :has_password)
returning id;

-- name: add_user_settings(user_id)!
insert into settings (user_id) values (:user_id);

-- name: add_plex_config(user_id, webhook_secret, webhook_secret_hash)!
insert into plex_config (user_id, webhook_secret, webhook_secret_hash)
values (:user_id, :webhook_secret, :webhook_secret_hash);

-- name: renew_password_hash(password_hash, user_id, present)!
-- The same password, hashed as it is done now; one that was changed in the meantime stays.
update users set password_hash = :password_hash where id = :user_id and password_hash = :present;

-- name: has_accounts()$
select exists (select from users);

-- name: new_setup_code(code_hash)$
-- Keeps the code of this start, unless there is an account; true when it was kept.
insert into installation as i (setup_code_hash, setup_attempts)
select :code_hash, 0 where not exists (select from users)
on conflict (only_row) do update set setup_code_hash = excluded.setup_code_hash, setup_attempts = 0
returning true;

-- name: take_setup_attempt(most)$
-- One try at the setup code, counted before it is compared: tries at the same time cannot share a count. No row: there is no
-- code, or its tries are used up.
update installation set setup_attempts = setup_attempts + 1
where setup_code_hash is not null and setup_attempts < :most
returning setup_code_hash;

-- name: use_setup_code(code_hash)$
-- Ends the code. Of two at the same time the second waits for the row, finds the code gone, and gets no row.
update installation set setup_code_hash = null
where setup_code_hash = :code_hash and not exists (select from users)
returning true;

-- name: drop_setup_code()!
-- An account made in another way ends the code as well.
update installation set setup_code_hash = null where setup_code_hash is not null;

-- name: add_session(user_id, token_hash, user_agent, address, came_by, lifetime)!
with signed_in as (update users set signed_in_at = now() where id = :user_id)
insert into sessions (user_id, token_hash, user_agent, address, came_by, expires_at)
values (:user_id, :token_hash, :user_agent, :address, :came_by, now() + make_interval(secs => :lifetime));

-- name: session_owner(token_hash, idle, touch_after)^
-- Who a session belongs to, if it is still good; notes in the same round trip that it was seen, but not at every request.
with seen as (
    update sessions set last_seen_at = now()
    where token_hash = :token_hash and expires_at > now()
      and last_seen_at > now() - make_interval(secs => :idle)
      and last_seen_at < now() - make_interval(secs => :touch_after)
)
select u.id as user_id, u.username, u.is_admin, u.timezone, s.came_by
from sessions s join users u on u.id = s.user_id
where s.token_hash = :token_hash and s.expires_at > now() and s.last_seen_at > now() - make_interval(secs => :idle);

-- name: end_session(token_hash)!
delete from sessions where token_hash = :token_hash;

-- name: drop_old_sessions(idle)!
delete from sessions where expires_at <= now() or last_seen_at <= now() - make_interval(secs => :idle);

-- name: add_api_token(user_id, name, token_hash, scope, expires_at)$
insert into api_tokens (user_id, name, token_hash, scope, expires_at)
values (:user_id, :name, :token_hash, :scope, :expires_at)
returning id;

-- name: token_owner(token_hash)^
-- Who a token belongs to, if it is still good; notes its use in the same round trip, at most once a minute.
with used as (
    update api_tokens set last_used_at = now()
    where token_hash = :token_hash and (expires_at is null or expires_at > now())
      and (last_used_at is null or last_used_at < now() - interval '1 minute')
)
select u.id as user_id, u.username, u.is_admin, u.timezone, t.scope
from api_tokens t join users u on u.id = t.user_id
where t.token_hash = :token_hash and (t.expires_at is null or t.expires_at > now());

-- name: take_sign_in_try(asker, account, address, strict)$
select take_sign_in_try(:asker::bytea, :account::bytea, :address::bytea, :strict);

-- name: forgive_sign_in_try(asker, account, address)$
select forgive_sign_in_try(:asker::bytea, :account::bytea, :address::bytea);
