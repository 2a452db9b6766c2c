create function start_job(p_kind text, p_user_id bigint, p_lease_seconds integer, p_apart_seconds integer default 0) returns bigint
language plpgsql volatile
set search_path from current
as $$
declare
    v_id bigint;
begin
    -- What a killed process left running.
    update job_runs set status = 'failed', finished_at = now(), error_message = 'the process ended before the job did'
    where kind = p_kind and coalesce(user_id, 0) = coalesce(p_user_id, 0) and status = 'running'
      and (claimed_until < now() or claimed_until > now() + make_interval(secs => 10 * p_lease_seconds));
    if exists (select from job_runs where kind = p_kind and coalesce(user_id, 0) = coalesce(p_user_id, 0)
               and status in ('success', 'failed')
               -- Not what a wrong clock has put into the future: nothing would run until then.
               and started_at > now() - make_interval(secs => p_apart_seconds) and started_at <= now()
               and error_message is distinct from 'the process ended before the job did') then
        return null;
    end if;
    insert into job_runs (kind, user_id, claimed_until)
    values (p_kind, p_user_id, now() + make_interval(secs => p_lease_seconds))
    on conflict (kind, coalesce(user_id, 0)) where status = 'running' do nothing
    returning id into v_id;
    return v_id;
end
$$;
comment on function start_job(text, bigint, integer, integer) is
    'Begins a run of a job, of a user or of the installation, and returns its id. Null: it runs already, here or in another
replica, or ran less than p_apart_seconds ago. The lease of a run whose process died ends, and the job can run again.';
