create function replay_held(p_user_id bigint, p_conflict_id bigint, p_show jsonb, p_tvshow_id bigint, p_mapping_id bigint,
                            p_action text, p_log_ids bigint[], p_season integer default null, p_episode integer default null,
                            out replayed integer, out outcomes jsonb)
language plpgsql volatile
set search_path from current
as $$
declare
    v_log record;
    v_entries jsonb;
    v_step jsonb := jsonb_build_object('step', 'resolved', 'conflict_id', p_conflict_id, 'action', p_action);
    v_reason text;
    v_settled record;
    v_actions text[] := '{}';
begin
    -- The document is read once for all of them: reading it for each costs its size each time.
    v_entries := episode_runtimes(p_tvshow_id);
    for v_log in
        select l.* from plex_webhook_logs l
        where l.user_id = p_user_id and l.conflict_id = p_conflict_id and l.status = 'conflict' and l.id = any (p_log_ids)
        order by l.watched_at, l.id for update
    loop
        -- Whose viewings count may have been decided while they waited.
        v_reason := ignore_reason(p_user_id, jsonb_build_object('event', v_log.event_type, 'type', 'episode',
                                  'server_uuid', v_log.plex_server, 'user', v_log.payload -> 'user'), v_log.account_id);
        if v_reason in ('account_not_tracked', 'server_not_tracked') then
            update plex_webhook_logs l
            set status = 'ignored', action_taken = v_reason, trace = l.trace::jsonb || v_step
            where l.id = v_log.id;
            v_actions := v_actions || v_reason;
            continue;
        end if;
        v_settled := settle_event(
            p_user_id,
            p_show || jsonb_strip_nulls(jsonb_build_object(
                'season', coalesce(p_season, v_log.plex_season), 'episode', coalesce(p_episode, v_log.plex_episode),
                'plex_season', v_log.plex_season, 'plex_episode', v_log.plex_episode,
                'air_date', v_log.payload #>> '{Metadata,originallyAvailableAt}', 'server_uuid', v_log.plex_server,
                'history_key', v_log.payload ->> 'history_key',
                'last_viewed_at', v_log.payload #> '{Metadata,lastViewedAt}')),
            jsonb_build_object('verdict', 'mapped', 'tvshow_id', p_tvshow_id, 'mapping_id', p_mapping_id, 'later', coalesce(v_entries -> (coalesce(p_season, v_log.plex_season) || '.'
                                                            || coalesce(p_episode, v_log.plex_episode)), '{}'),
                               'trace', v_log.trace::jsonb || v_step),
            v_log.id, v_log.source, v_log.watched_at, v_log.account_id);
        update plex_webhook_logs l
        set status = v_settled.status, action_taken = v_settled.action, tvshow_id = v_settled.tvshow_id,
            mapping_id = v_settled.mapping_id, conflict_id = coalesce(v_settled.conflict_id, l.conflict_id), trace = v_settled.trace
        where l.id = v_log.id;
        v_actions := v_actions || v_settled.action;
    end loop;
    perform write_watched(p_user_id, p_tvshow_id, p_log_ids, true);

    replayed := cardinality(v_actions);
    select coalesce(jsonb_object_agg(a, n), '{}') into outcomes
    from (select a, count(*) as n from unnest(v_actions) a group by a) counted;
end
$$;
comment on function replay_held(bigint, bigint, jsonb, bigint, bigint, text, bigint[], integer, integer) is
    'Applies a mapping to events that a conflict held, in viewing order, as if each came now; the show''s document is written once. Of
accounts and servers that do not count any more it is ignored. The caller has the locks, the show''s row included.';
