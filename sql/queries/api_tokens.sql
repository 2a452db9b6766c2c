-- name: list_api_tokens(user_id)
-- The tokens of an account, the newest first, those that have expired included.
select id, name, scope, created_at, last_used_at, expires_at, coalesce(expires_at <= now(), false) as is_expired
from api_tokens where user_id = :user_id and scope in ('read', 'write') order by id desc;

-- name: revoke_api_token(user_id, token_id)$
delete from api_tokens where user_id = :user_id and id = :token_id and scope in ('read', 'write') returning name;
