create function receive_event(p_user_id bigint, p_receipt uuid, p_source text, p_event jsonb, p_payload json,
                              p_received_at timestamptz, p_has_tmdb boolean, p_elapsed_ms real default 0,
                              out status text, out action text, out log_id bigint, out tvshow_id bigint, out conflict_id bigint)
language plpgsql volatile
set lock_timeout = '700ms'
set search_path from current
as $$
declare
    v_account_id bigint;
    v_watched_at timestamptz;
    v_reason text;
    v_repeat_of bigint;
    v_decision jsonb;
    v_settled record;
    v_mapping_id bigint;
    v_trace jsonb := '[]';
    v_event_key text;
begin
    -- The answer to this receipt got lost on its way: give it again. "is true" keeps the planner to the index of receipts: on a
    -- table that was not analysed yet it took the one that begins with the user, and read the user's log for each event.
    select l.status, l.action_taken, l.id, l.tvshow_id, l.conflict_id into status, action, log_id, tvshow_id, conflict_id
    from plex_webhook_logs l where l.receipt = p_receipt and (l.user_id = p_user_id) is true;
    if found then
        return;
    end if;

    v_account_id := note_account(p_user_id, p_event);
    v_reason := ignore_reason(p_user_id, p_event, v_account_id);
    log_id := nextval('tracker.plex_webhook_logs_id_seq');
    if v_reason is not null then
        status := 'ignored';
        action := v_reason;
        if v_reason = 'account_not_tracked' or v_reason = 'server_not_tracked' then
            v_trace := jsonb_build_array(jsonb_build_object('step', v_reason, 'account', p_event ->> 'account_title',
                                                            'user', p_event -> 'user', 'server', p_event ->> 'server_uuid'));
        end if;
    else
        -- One show at a time per user: two first events of a show must not both find it unmapped, and of twenty equal events
        -- nineteen must see the first.
        perform pg_advisory_xact_lock(hashtextextended(p_event ->> 'show_key', p_user_id));
        -- How wrong the server's clock is matters only where it says something else than ours.
        v_watched_at := viewing_time(p_event, p_received_at, case
            when abs(extract(epoch from p_received_at) - (p_event ->> 'last_viewed_at')::numeric) > 20 then (
                select s.clock_ahead from plex_servers s
                where s.user_id = p_user_id and s.server_uuid = p_event ->> 'server_uuid') end);
        v_event_key := p_event ->> 'event_key';
        select l.id into v_repeat_of from plex_webhook_logs l
        where l.event_key = v_event_key and (l.user_id = p_user_id) is true
          and l.status in ('success', 'pending', 'conflict')
          -- lastViewedAt names a viewing only where it was believed: of a shared user's viewing Plex may tell the owner's, which
          -- is the same from one rewatch to the next.
          and (abs(extract(epoch from l.watched_at) - (p_event ->> 'last_viewed_at')::numeric) <= 1800
               or abs(extract(epoch from l.watched_at - v_watched_at))
                  < coalesce(nullif((p_event ->> 'duration_ms')::numeric, 0) / 1000, 1800))
        limit 1;
        if found then
            status := 'duplicate';
            action := 'duplicate';
            v_trace := jsonb_build_array(jsonb_build_object('step', 'duplicate', 'of', v_repeat_of));
        else
            v_decision := decide(p_user_id, p_event, p_has_tmdb);
            if v_decision ->> 'verdict' = 'conflict' then
                -- Whoever adds, names or maps a show looks at the open questions, and this one is not there yet. Decided again now
                -- that they, and events of this show that have another key, are kept out.
                perform lock_mappings(p_user_id);
                v_decision := decide(p_user_id, p_event, p_has_tmdb);
            end if;
            -- Assigned, here and below: "select * into … from f()" starts an executor for what is one expression.
            v_settled := settle_event(p_user_id, p_event, v_decision, log_id, p_source, v_watched_at, v_account_id);
            status := v_settled.status;
            action := v_settled.action;
            tvshow_id := v_settled.tvshow_id;
            conflict_id := v_settled.conflict_id;
            v_mapping_id := v_settled.mapping_id;
            v_trace := v_settled.trace;
        end if;
    end if;

    insert into plex_webhook_logs (id, user_id, receipt, source, event_type, event_key, plex_title, plex_season, plex_episode,
                                   plex_account, plex_server, account_id, payload, status, action_taken, trace, tvshow_id,
                                   conflict_id, mapping_id, next_attempt_at, show_key, watched_at, created_at,
                                   processing_duration_ms)
    overriding system value
    values (log_id, p_user_id, p_receipt, p_source, p_event ->> 'event', v_event_key,
            coalesce(p_event ->> 'show_title', p_event ->> 'title'), (p_event ->> 'season')::integer, (p_event ->> 'episode')::integer,
            p_event ->> 'account_title', p_event ->> 'server_uuid', v_account_id, p_payload, status, action, v_trace, tvshow_id,
            conflict_id, v_mapping_id, case when status = 'pending' then now() end,
            case when status = 'pending' then p_event ->> 'show_key' end, v_watched_at, p_received_at,
            p_elapsed_ms + extract(epoch from clock_timestamp() - statement_timestamp()) * 1000);

    -- A rule has mapped the show by this event: what was asked about it before has its answer too.
    if v_mapping_id is not null and v_decision ->> 'mapping_id' is null and find_open_conflict(p_user_id, p_event) is not null then
        perform settle_open_conflicts(p_user_id, tvshow_id);
    end if;

    if p_source in ('webhook', 'spool') then
        update plex_config set last_webhook_at = p_received_at
        where user_id = p_user_id and (last_webhook_at is null or last_webhook_at < p_received_at - interval '1 minute');
    end if;
end
$$;
comment on function receive_event(bigint, uuid, text, jsonb, json, timestamptz, boolean, real) is
    'The door for every event, from a webhook, the history or the spool: dedupe, decide, act, log, in one transaction and one round
trip. The same receipt gets the same answer and is not applied again.';
