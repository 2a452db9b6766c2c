-- name: last_run(kind, user_id)^
select id, status, started_at, finished_at, progress, result, error_message,
       status = 'running' and coalesce(claimed_until < now(), true) as is_left
from job_runs
where kind = :kind and user_id is not distinct from :user_id::bigint order by started_at desc, id desc limit 1;

-- name: cancel_job(kind, user_id)!
update job_runs set status = 'cancelled', finished_at = now(), claimed_until = null, error_message = 'cancelled by the user'
where kind = :kind and user_id is not distinct from :user_id::bigint and status = 'running';
