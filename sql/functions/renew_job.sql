create function renew_job(p_job_id bigint, p_lease_seconds integer, p_progress jsonb default null) returns boolean
language sql volatile
set search_path from current
as $$
    with renewed as (
        update job_runs
        set claimed_until = now() + make_interval(secs => p_lease_seconds), progress = coalesce(p_progress, progress)
        where id = p_job_id and status = 'running'
        returning id
    )
    select exists (select from renewed)
$$;
comment on function renew_job(bigint, integer, jsonb) is
    'Says that a run is still at work, and how far it is. False: it is not its run any more (cancelled, or the lease ended): stop.';
