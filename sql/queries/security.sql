-- name: password_hash_of(user_id)^
select password_hash, has_password from users where id = :user_id;

-- name: give_password(password_hash, user_id)!
update users set password_hash = :password_hash, has_password = true where id = :user_id;

-- name: rename_user(username, user_id)!
update users set username = :username where id = :user_id;

-- name: sessions_of(user_id, token_hash, idle)
-- The browsers that an account is signed in with, the one that asks first.
select id, user_agent, host(address) as address, came_by, created_at, last_seen_at, token_hash = :token_hash as is_this
from sessions
where user_id = :user_id and expires_at > now() and last_seen_at > now() - make_interval(secs => :idle)
order by is_this desc, last_seen_at desc, id desc;

-- name: end_session_of(user_id, session_id)$
delete from sessions where id = :session_id and user_id = :user_id returning true;

-- name: end_other_sessions(user_id, token_hash)$
with ended as (delete from sessions where user_id = :user_id and token_hash <> :token_hash returning 1)
select count(*) from ended;

-- name: end_sessions_of(user_id)$
with ended as (delete from sessions where user_id = :user_id returning 1)
select count(*) from ended;

-- name: session_is_confirmed(token_hash, within)$
-- Whether its browser has proved to be the account's a short while ago. The proxy that names the account proves it every time.
select came_by = 'header' or confirmed_at > now() - make_interval(secs => :within) from sessions where token_hash = :token_hash;

-- name: confirm_session(token_hash)!
update sessions set confirmed_at = now() where token_hash = :token_hash;

-- name: totp_of(user_id)^
select secret, confirmed_at, last_step from user_totp where user_id = :user_id;

-- name: begin_totp(user_id, secret)$
-- A secret that the app is to be told. One that is in use is not replaced.
insert into user_totp as t (user_id, secret) values (:user_id, :secret)
on conflict (user_id) do update set secret = excluded.secret, last_step = 0, created_at = now() where t.confirmed_at is null
returning true;

-- name: use_totp_step(user_id, step)$
-- Each half minute's code opens once, and none that is older. Of two at the same time one gets the row.
update user_totp set last_step = :step where user_id = :user_id and last_step < :step returning true;

-- name: confirm_totp(user_id)$
update user_totp set confirmed_at = now() where user_id = :user_id and confirmed_at is null returning true;

-- name: drop_totp(user_id)$
delete from user_totp where user_id = :user_id returning true;

-- name: drop_recovery_codes(user_id)!
delete from recovery_codes where user_id = :user_id;

-- name: add_recovery_codes(user_id, hashes)!
insert into recovery_codes (user_id, code_hash) select :user_id, unnest(:hashes::bytea[]);

-- name: use_recovery_code(user_id, code_hash)$
delete from recovery_codes where user_id = :user_id and code_hash = :code_hash returning true;

-- name: count_recovery_codes(user_id)$
select count(*) from recovery_codes where user_id = :user_id;

-- name: use_oidc_link(issuer, subject)$
update oidc_links set last_used_at = now() where issuer = :issuer and subject = :subject returning user_id;

-- name: add_oidc_link(user_id, issuer, subject)!
insert into oidc_links (user_id, issuer, subject, last_used_at) values (:user_id, :issuer, :subject, now());

-- name: has_oidc_link(user_id, issuer)$
select exists (select from oidc_links where user_id = :user_id and issuer = :issuer);

-- name: drop_oidc_link(user_id, issuer)!
delete from oidc_links where user_id = :user_id and issuer = :issuer;
