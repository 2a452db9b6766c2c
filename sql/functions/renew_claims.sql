create function renew_claims(p_log_ids bigint[], p_lease_seconds integer default 30) returns void
language sql volatile
set search_path from current
as $$
    update plex_webhook_logs set claimed_until = now() + make_interval(secs => p_lease_seconds)
    where id = any (p_log_ids) and status = 'pending' and claimed_until is not null
$$;
comment on function renew_claims(bigint[], integer) is
    'Says that a look-up is still at work. A short lease that is renewed: the work of a process that died is taken up soon, and a
long look-up is not done twice.';
