create function note_upstream(p_user_id bigint, p_service text, p_outcome text, p_retry_after integer default null,
                              p_probe_seconds integer default 30) returns void
language plpgsql volatile
set search_path from current
as $$
declare
    v_owner bigint := case p_service when 'plex' then p_user_id end;
begin
    if p_service = 'tmdb' then
        update settings s set tmdb_key_rejected_at = case p_outcome when 'rejected' then now() end
        where s.user_id = p_user_id and p_outcome in ('ok', 'rejected')
          and (p_outcome = 'rejected' or s.tmdb_key_rejected_at is not null);
    else
        update plex_config c set plex_token_rejected_at = case p_outcome when 'rejected' then now() end
        where c.user_id = p_user_id and p_outcome in ('ok', 'rejected')
          and (p_outcome = 'rejected' or c.plex_token_rejected_at is not null);
    end if;

    if p_outcome = 'unavailable' then
        insert into upstreams as u (user_id, service, next_probe_at)
        values (v_owner, p_service, now() + make_interval(secs => greatest(p_probe_seconds, coalesce(p_retry_after, 0))))
        on conflict (service, coalesce(user_id, 0)) do update set
            next_probe_at = greatest(least(u.next_probe_at, now() + interval '1 hour'), excluded.next_probe_at);
        return;
    end if;
    delete from upstreams u where u.service = p_service and coalesce(u.user_id, 0) = coalesce(v_owner, 0);
    if found then
        -- All at once; the client asks no faster than the service likes. Not those that are being claimed, which have locked their
        -- row and want the one just deleted.
        update plex_webhook_logs l set next_attempt_at = now()
        from (select id from plex_webhook_logs w
              where w.status = 'pending' and w.waits_for = p_service and coalesce(v_owner, w.user_id) = w.user_id
                and w.next_attempt_at > now()
                -- Not what fails again each time that the service answers others: it would keep them waiting (look_up.MOST_MISSES).
                and coalesce((w.lookup -> 'misses' ->> p_service)::integer, 0) < 3
              for update skip locked) due
        where l.id = due.id;
    end if;
end
$$;
comment on function note_upstream(bigint, text, text, integer, integer) is
    'What a service answered: ok, rejected (the key) or unavailable. The first answer after it was down makes everything that waits for it due
at once, but for events that have found it away three times just after it had answered others; a refused key is noted for the user, and an accepted one takes the note away.';
