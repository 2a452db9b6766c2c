-- name: users_with_logs()
-- Whose logs there are.
select id from users order by id;

-- name: purge_logs(user_id, days, after, batch)^
select last_id, deleted, done from purge_logs(:user_id, :days, :after, :batch);

-- name: purge_job_runs(days)$
select purge_job_runs(:days);

-- name: log_size()^
-- Rows and bytes of the log, with its indexes and what is stored out of line.
select count(*) as rows, pg_total_relation_size('tracker.plex_webhook_logs') as bytes from plex_webhook_logs;
