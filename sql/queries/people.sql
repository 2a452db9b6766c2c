-- name: set_timezone(user_id, timezone)!
update users set timezone = :timezone where id = :user_id;

-- name: accounts_named(username)
-- The account of a name, whatever its case; every account where none is named.
select id from users where :username::text is null or lower(username) = lower(:username) order by id;
