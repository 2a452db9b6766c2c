create function claim_pending(p_lease_seconds integer default 30, p_probe_seconds integer default 30,
                              out log_id bigint, out user_id bigint, out payload json, out lookup jsonb, out probe text)
language plpgsql volatile
set search_path from current
as $$
declare
    v_upstream_id bigint;
begin
    -- One event of a show at a time: the others are decided without asking once it has mapped the show. So only the first of those
    -- that are due can be claimed, and two workers that come at once want the same row: the second one passes over it.
    select l.id, l.user_id, l.payload, l.lookup, u.id, case when u.id is not null then l.waits_for end
    into log_id, user_id, payload, lookup, v_upstream_id, probe
    from plex_webhook_logs l
    left join upstreams u on u.service = l.waits_for and coalesce(u.user_id, l.user_id) = l.user_id
    where l.status = 'pending'
      -- Farther ahead than anything is ever set: the clock was wrong then, and nothing is to wait for that moment.
      and coalesce(l.claimed_until < now() or l.claimed_until > now() + interval '5 minutes', true)
      -- While a service is down, what waits for it waits for the next probe, whatever its own turn.
      and case when u.id is null then l.next_attempt_at <= now() or l.next_attempt_at > now() + interval '6 hours'
               else u.next_probe_at <= now() or u.next_probe_at > now() + interval '1 hour' end
      and not exists (
          select from plex_webhook_logs o
          where o.status = 'pending' and o.user_id = l.user_id and o.show_key = l.show_key and o.id <> l.id
            and (o.claimed_until between now() and now() + interval '5 minutes'
                 or (o.id < l.id and o.waits_for is not distinct from l.waits_for
                     and (u.id is not null or o.next_attempt_at <= now()))))
    order by (u.id is not null), l.attempts, l.next_attempt_at, l.id
    limit 1
    for update of l skip locked;
    if not found then
        return;
    end if;
    if v_upstream_id is not null then
        update upstreams u set next_probe_at = now() + make_interval(secs => p_probe_seconds)
        where u.id = v_upstream_id and (u.next_probe_at <= now() or u.next_probe_at > now() + interval '1 hour');
        if not found then
            -- Another worker has taken this probe; or the service answers again, and the event is due at once.
            log_id := null;
            return;
        end if;
    end if;
    update plex_webhook_logs l set claimed_until = now() + make_interval(secs => p_lease_seconds) where l.id = log_id;
end
$$;
comment on function claim_pending(integer, integer) is
    'Takes the next pending event for a look-up, for as long as the lease: commit, then ask, then apply_lookup. A null log_id: nothing
is due. probe: the event waits for this service, which is down, and is the one that asks it now (one each p_probe_seconds).';
