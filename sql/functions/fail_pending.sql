create function fail_pending(p_user_id bigint, p_log_id bigint, p_steps jsonb, p_error text) returns void
language sql volatile
set search_path from current
as $$
    update plex_webhook_logs
    set status = 'failed', action_taken = 'internal_error', error_message = p_error, attempts = attempts + 1,
        trace = trace::jsonb || coalesce(p_steps, '[]'), claimed_until = null, next_attempt_at = null, waits_for = null
    where user_id = p_user_id and id = p_log_id and status = 'pending'
$$;
comment on function fail_pending(bigint, bigint, jsonb, text) is
    'Keeps a pending event that apply_lookup could not decide (a fault of ours) as failed, so that it can be seen and replayed, and
is not tried for ever.';
