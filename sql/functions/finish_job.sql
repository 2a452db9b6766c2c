create function finish_job(p_job_id bigint, p_status text, p_result jsonb default null, p_error text default null) returns void
language sql volatile
set search_path from current
as $$
    update job_runs
    set status = p_status, finished_at = now(), result = p_result, error_message = p_error, claimed_until = null
    where id = p_job_id and status = 'running'
$$;
comment on function finish_job(bigint, text, jsonb, text) is
    'Ends a run of a job with success, failed or cancelled, and what came of it. A run whose lease ended meanwhile stays as it is.';
