create function purge_job_runs(p_days integer) returns bigint
language sql volatile
set search_path from current
as $$
    with gone as (
        delete from job_runs r
        where r.status <> 'running' and r.started_at < now() - make_interval(days => p_days)
          -- What the last run and the last good run of a job were is known however long ago they are.
          and exists (select from job_runs later
                      where later.kind = r.kind and later.user_id is not distinct from r.user_id and later.started_at > r.started_at
                        and later.status <> 'running')
          and (r.status <> 'success'
               or exists (select from job_runs later
                          where later.kind = r.kind and later.user_id is not distinct from r.user_id
                            and later.started_at > r.started_at and later.status = 'success'))
        returning 1
    )
    select count(*) from gone
$$;
comment on function purge_job_runs(integer) is
    'Forgets runs of jobs that are older than p_days, but of each job the last one, and the last one that went well.';
