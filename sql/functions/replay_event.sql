create function replay_event(p_user_id bigint, p_log_id bigint, p_event jsonb, p_has_tmdb boolean,
                             p_later jsonb default null,
                             out status text, out action text, out log_id bigint, out tvshow_id bigint, out conflict_id bigint)
language plpgsql volatile
set search_path from current
as $$
declare
    v_log plex_webhook_logs;
    v_reason text;
    v_mapping_id bigint;
    v_account_id bigint;
    v_trace jsonb := '[]';
    v_settled record;
begin
    perform pg_advisory_xact_lock(hashtextextended(coalesce(p_event ->> 'show_key', ''), p_user_id));
    -- A question that settles itself when its show is added has no lock of a key, and would mark what it held a second time.
    perform lock_mappings(p_user_id);
    -- Not locked: replays and answers have the locks above, and the row comes after the show's in the order of locks.
    select * into v_log from plex_webhook_logs l where l.user_id = p_user_id and l.id = p_log_id;
    if not found then
        raise exception 'log row % is not there', p_log_id using errcode = 'TK404';
    end if;
    log_id := v_log.id;
    -- What was applied is not applied again, and a repeat stays a repeat.
    if v_log.status in ('success', 'duplicate') then
        status := v_log.status;
        action := v_log.action_taken;
        tvshow_id := v_log.tvshow_id;
        return;
    end if;
    v_account_id := coalesce(v_log.account_id, note_account(p_user_id, p_event));
    v_reason := ignore_reason(p_user_id, p_event, v_account_id);
    if v_reason is not null then
        status := 'ignored';
        action := v_reason;
    else
        v_settled := settle_event(p_user_id, p_event,
                                  -- The key that it came with may be an old one by now.
                                  decide(p_user_id, p_event, p_has_tmdb) - 'new_key'
                                      || jsonb_strip_nulls(jsonb_build_object('later', p_later)),
                                  v_log.id, v_log.source, coalesce(v_log.watched_at, viewing_time(p_event, v_log.created_at)),
                                  v_account_id);
        status := v_settled.status;
        action := v_settled.action;
        tvshow_id := v_settled.tvshow_id;
        conflict_id := v_settled.conflict_id;
        v_mapping_id := v_settled.mapping_id;
        v_trace := v_settled.trace;
    end if;
    update plex_webhook_logs l
    set status = replay_event.status, action_taken = replay_event.action, tvshow_id = replay_event.tvshow_id,
        conflict_id = coalesce(replay_event.conflict_id, l.conflict_id), mapping_id = coalesce(v_mapping_id, l.mapping_id),
        account_id = v_account_id,
        trace = jsonb_build_array(jsonb_build_object('step', 'replayed', 'at', now(), 'was', l.status))
                || v_trace,
        event_key = coalesce(l.event_key, p_event ->> 'event_key'), error_message = null,
        attempts = case when replay_event.status = 'pending' then 0 else l.attempts + 1 end,
        watched_at = coalesce(l.watched_at, viewing_time(p_event, l.created_at)),
        next_attempt_at = case when replay_event.status = 'pending' then now() end, claimed_until = null,
        show_key = case when replay_event.status = 'pending' then p_event ->> 'show_key' end, lookup = null, waits_for = null
    where l.id = v_log.id;
    -- It has mapped the show: the question's other events have their answer too.
    if p_later is null and tvshow_id is not null and find_open_conflict(p_user_id, p_event) is not null then
        perform settle_open_conflicts(p_user_id, tvshow_id);
    end if;
    if p_later is null and v_log.conflict_id is distinct from conflict_id then
        perform close_conflict(p_user_id, v_log.conflict_id, 'search_again', tvshow_id, v_mapping_id);
    end if;
end
$$;
comment on function replay_event(bigint, bigint, jsonb, boolean, jsonb) is
    'Decides a stored event again (pending, conflict, failed, ignored); what was applied stays as it is. With
p_later (see mark_watched) the show''s document and the conflict that held it are left to the caller. Raises TK404.';
