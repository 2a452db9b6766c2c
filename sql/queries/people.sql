-- name: set_timezone(user_id, timezone)!
update users set timezone = :timezone where id = :user_id;

-- name: accounts_named(username)
-- The account of a name, whatever its case; every account where none is named.
select id from users where :username::text is null or lower(username) = lower(:username) order by id;

-- name: people(user_id, idle)
-- Every account, or the one that is asked for, as administrators see it: how it is signed in to and how much it holds, not what.
select u.id, u.username, u.is_admin, u.has_password, u.created_at,
       coalesce(t.confirmed_at is not null, false) as has_second_step,
       greatest(u.signed_in_at, s.seen_at) as seen_at, s.browsers,
       (select count(*) from tvshows v where v.user_id = u.id and v.deleted_at is null) as shows,
       (select count(*) from plex_webhook_logs l where l.user_id = u.id) as events
from users u
left join user_totp t on t.user_id = u.id
cross join lateral (
    select count(*) as browsers, max(s.last_seen_at) as seen_at
    from sessions s
    where s.user_id = u.id and s.expires_at > now() and s.last_seen_at > now() - make_interval(secs => :idle)
) s
where :user_id::bigint is null or u.id = :user_id
order by lower(u.username);

-- name: count_viewings(user_id)$
select count(*) from plays where user_id = :user_id and voided_at is null;

-- name: set_administrator(user_id, is_admin)$
select set_administrator(:user_id, :is_admin);

-- name: account_was_here(user_id)$
-- Whether an account, which is not there, was deleted: its number was given once.
select coalesce(max(last_value) >= :user_id, false) from pg_sequences where schemaname = 'tracker' and sequencename = 'users_id_seq';

-- name: delete_user(user_id)$
select delete_user(:user_id);
