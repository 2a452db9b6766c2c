-- name: set_timezone(user_id, timezone)!
update users set timezone = :timezone where id = :user_id;
