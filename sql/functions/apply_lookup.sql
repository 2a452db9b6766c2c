create function apply_lookup(p_user_id bigint, p_log_id bigint, p_event jsonb, p_lookup jsonb, p_steps jsonb, p_has_tmdb boolean,
                             p_probe text default null, p_document jsonb default null, p_lease_seconds integer default 30,
                             out status text, out action text, out tvshow_id bigint, out conflict_id bigint, out needs jsonb, out probing boolean)
language plpgsql volatile
set search_path from current
as $$
declare
    v_log plex_webhook_logs;
    v_lookup jsonb := coalesce(p_lookup, '{}');
    v_event jsonb;
    v_decision jsonb;
    v_settled record;
    v_may record;
    v_reason text;
    v_account_id bigint;
    v_waits_for text;
    v_failed jsonb;
    v_asked boolean;
    v_next timestamptz;
    v_trace jsonb;
begin
    -- The same lock as an arriving event of this show, an answer, a replay: of two workers on one event the second finds it decided.
    perform pg_advisory_xact_lock(hashtextextended(p_event ->> 'show_key', p_user_id));
    -- Whoever adds, names or maps a show looks at the open questions: this event must not open one beside that.
    perform lock_mappings(p_user_id);
    select * into v_log from plex_webhook_logs l where l.user_id = p_user_id and l.id = p_log_id;
    if not found then
        raise exception 'log row % is not there', p_log_id using errcode = 'TK404';
    elsif v_log.status <> 'pending' then
        status := v_log.status;
        action := v_log.action_taken;
        tvshow_id := v_log.tvshow_id;
        conflict_id := v_log.conflict_id;
        return;
    end if;
    v_trace := v_log.trace::jsonb || coalesce(p_steps, '[]');
    v_account_id := coalesce(v_log.account_id, note_account(p_user_id, p_event));
    -- Whose viewings count may have been decided while it waited.
    v_reason := ignore_reason(p_user_id, p_event, v_account_id);

    loop
        v_event := learnt_event(p_event || jsonb_strip_nulls(jsonb_build_object('lookup', v_lookup, 'document', p_document)));
        v_decision := case when v_reason is null then decide(p_user_id, v_event, p_has_tmdb)
                           else jsonb_build_object('verdict', 'ignored', 'reason', v_reason, 'trace', '[]'::jsonb) end;
        -- A service that is known not to answer is asked by one probe at a time, see claim_pending.
        v_waits_for := case when v_decision -> 'needs' ?| array['plex_show', 'plex_document'] then 'plex'
                            when v_decision -> 'needs' is not null then 'tmdb' end;
        exit when v_waits_for is null or v_waits_for = p_probe;
        v_may := take_probe(p_user_id, v_waits_for);
        probing := v_may.probing;
        exit when v_may.may_ask;
        v_lookup := v_lookup || jsonb_build_object('failed', coalesce(v_lookup -> 'failed', '{}')
            || jsonb_build_object(v_waits_for, jsonb_build_object('problem', 'unavailable', 'not_asked', true)));
    end loop;

    -- It may have waited while the library was rebuilt: its key counts where the server has just told what that stands for.
    if v_lookup -> 'plex_show' ->> 'guid' is distinct from v_event ->> 'show_guid' then
        v_decision := v_decision - 'new_key';
    end if;
    v_settled := settle_event(p_user_id, v_event, v_decision, v_log.id, v_log.source,
                              coalesce(v_log.watched_at, viewing_time(p_event, v_log.created_at)), v_account_id);
    status := v_settled.status;
    action := v_settled.action;
    tvshow_id := v_settled.tvshow_id;
    conflict_id := v_settled.conflict_id;
    needs := v_settled.needs;
    v_waits_for := v_settled.waits_for;
    if needs ? 'refresh' then
        v_waits_for := case when needs -> 'refresh' ? 'tmdb_id' then 'tmdb' else 'plex' end;
        v_may := take_probe(p_user_id, v_waits_for);
        probing := v_may.probing;
        if v_waits_for is not distinct from p_probe or v_may.may_ask then
            v_waits_for := null;
        else
            needs := null;
            v_lookup := v_lookup || jsonb_build_object('failed', jsonb_build_object(v_waits_for,
                jsonb_build_object('problem', 'unavailable', 'not_asked', true)));
        end if;
    end if;

    if status = 'pending' and v_waits_for is null then
        -- More is to be asked, now, by who called.
        update plex_webhook_logs l
        set lookup = v_lookup - 'failed', trace = v_trace || case when needs ? 'refresh' then v_settled.trace else '[]' end,
            action_taken = apply_lookup.action, tvshow_id = apply_lookup.tvshow_id,
            mapping_id = coalesce(v_settled.mapping_id, l.mapping_id), account_id = v_account_id,
            show_key = p_event ->> 'show_key', claimed_until = now() + make_interval(secs => p_lease_seconds)
        where l.id = v_log.id;
        return;
    end if;

    if status = 'pending' then
        v_failed := v_lookup -> 'failed' -> v_waits_for;
        v_asked := (v_failed ->> 'not_asked') is null;
        v_lookup := jsonb_build_object('since', now()) || v_lookup - 'failed';
        -- 5 seconds, doubled up to 4 hours, a quarter more or less so that what failed together does not come back together.
        v_next := now() + greatest(
            make_interval(secs => least(14400, 5 * 2.0 ^ least(v_log.attempts, 20)) * (0.75 + random() / 2)),
            make_interval(secs => coalesce((v_failed ->> 'retry_after')::integer, 0)));
        if v_asked and (v_lookup ->> 'since')::timestamptz < now() - interval '7 days' then
            status := 'failed';
            action := 'out_of_attempts';
        end if;
        v_trace := v_trace || jsonb_strip_nulls(jsonb_build_object(
            'step', 'waits', 'for', v_waits_for, 'attempt', v_log.attempts + v_asked::integer, 'asked', v_asked,
            'again_at', case when status = 'pending' and v_asked then v_next end));
        -- The beginning and the end of a long wait tell enough.
        if jsonb_array_length(v_trace) > 120 then
            select jsonb_agg(t order by n) into v_trace from jsonb_array_elements(v_trace) with ordinality x(t, n)
            where n <= 20 or n > jsonb_array_length(v_trace) - 80;
        end if;
        update plex_webhook_logs l
        set status = apply_lookup.status, action_taken = apply_lookup.action, lookup = v_lookup, trace = v_trace,
            tvshow_id = apply_lookup.tvshow_id, mapping_id = coalesce(v_settled.mapping_id, l.mapping_id),
            account_id = v_account_id, show_key = p_event ->> 'show_key', waits_for = v_waits_for,
            attempts = l.attempts + v_asked::integer, claimed_until = null,
            next_attempt_at = case when apply_lookup.status = 'pending' then v_next end,
            error_message = coalesce(v_failed ->> 'message', l.error_message)
        where l.id = v_log.id;
        return;
    end if;

    update plex_webhook_logs l
    set status = apply_lookup.status, action_taken = apply_lookup.action, tvshow_id = apply_lookup.tvshow_id,
        conflict_id = coalesce(apply_lookup.conflict_id, l.conflict_id), mapping_id = coalesce(v_settled.mapping_id, l.mapping_id),
        account_id = v_account_id, trace = v_trace || v_settled.trace, attempts = l.attempts + 1,
        watched_at = coalesce(l.watched_at, viewing_time(p_event, l.created_at)),
        lookup = null, waits_for = null, next_attempt_at = null, claimed_until = null, error_message = null
    where l.id = v_log.id;
    -- What was learnt about the show is known for its other episodes that wait: they are not asked about again.
    update plex_webhook_logs l set lookup = v_lookup - 'failed' - 'refreshed' - 'since' - 'misses'
    where l.user_id = p_user_id and l.show_key = p_event ->> 'show_key' and l.status = 'pending' and l.lookup is null;
    -- A show that was added, or got its ids, may be the answer to other questions as well; and its own, where it was asked about.
    if tvshow_id is not null and (v_event ->> 'ids_from' is not null or find_open_conflict(p_user_id, v_event) is not null) then
        perform settle_open_conflicts(p_user_id, tvshow_id);
    end if;
    if v_log.conflict_id is distinct from conflict_id then
        perform close_conflict(p_user_id, v_log.conflict_id, 'auto', tvshow_id, v_settled.mapping_id);
    end if;
end
$$;
comment on function apply_lookup(bigint, bigint, jsonb, jsonb, jsonb, boolean, text, jsonb, integer) is
    'Decides a pending event again with what was learnt (p_lookup, see learnt_event) and acts on it, in one transaction. It stays
pending where more is to be asked (needs: ask and call again), or where a service does not answer: then it is due again later, up to 7 days.
p_steps go into the trace. p_probe: the service that this call may ask although it is down; probing: what is needed is its probe.
Raises TK404, 40001 (call again).';
