create function relog_mapping(p_user_id bigint, p_mapping_id bigint, p_plan jsonb) returns bigint
language plpgsql volatile
set search_path from current
as $$
declare
    v_mapping plex_show_mappings;
    v_lost record;
    v_log_id bigint;
    v_conflict_id bigint;
    v_held bigint[];
begin
    select * into v_mapping from plex_show_mappings m where m.user_id = p_user_id and m.id = p_mapping_id;

    select array_agg(s.log_id) into v_held
    from jsonb_to_recordset(p_plan) as s(grp text, log_id bigint, act text) join plex_webhook_logs l on l.id = s.log_id
    where s.act = 'wait';
    if v_mapping.tvshow_id is not null then
        -- The log row is purged: what has no place any more gets another one, so that it can wait and be decided again.
        for v_lost in
            select s.grp, w.source, w.server_uuid, w.account_id, a.plex_account_id, a.title, s.plex_season, s.plex_episode, s.occurred_at,
                   array_agg(w.id) over (partition by s.grp) as events, row_number() over (partition by s.grp order by w.id) as place
            from jsonb_to_recordset(p_plan) as s(grp text, event_id bigint, log_id bigint, act text, plex_season integer,
                                                 plex_episode integer, occurred_at timestamptz)
            join watch_events w on w.id = s.event_id
            left join plex_accounts a on a.id = w.account_id
            left join plex_webhook_logs l on l.id = s.log_id
            where s.act = 'withdraw' and l.id is null
              and exists (select from jsonb_to_recordset(p_plan) as x(grp text, act text) where x.grp = s.grp and x.act = 'wait')
        loop
            continue when v_lost.place > 1;
            insert into plex_webhook_logs (user_id, receipt, source, status, action_taken, event_type, plex_title, plex_season, plex_episode,
                                           plex_account, plex_server, account_id, mapping_id, watched_at, payload)
            values (p_user_id, gen_random_uuid(), case v_lost.source when 'import' then 'manual' else v_lost.source end, 'failed', 'internal_error',
                    'media.scrobble', v_mapping.plex_title, v_lost.plex_season, v_lost.plex_episode, v_lost.title, v_lost.server_uuid,
                    v_lost.account_id, p_mapping_id, v_lost.occurred_at,
                    jsonb_strip_nulls(jsonb_build_object(
                        'event', 'media.scrobble', 'user', true,
                        'Account', jsonb_build_object('id', v_lost.plex_account_id, 'title', v_lost.title),
                        'Server', jsonb_build_object('uuid', v_lost.server_uuid),
                        'Metadata', jsonb_build_object(
                            'type', 'episode', 'grandparentTitle', nullif(v_mapping.plex_title, ''),
                            'grandparentGuid', v_mapping.plex_guid, 'grandparentRatingKey', v_mapping.plex_rating_key,
                            'parentIndex', v_lost.plex_season, 'index', v_lost.plex_episode))))
            returning id into v_log_id;
            update watch_events w set log_id = v_log_id where w.id = any (v_lost.events);
            v_held := v_held || v_log_id;
        end loop;
    end if;

    if v_mapping.tvshow_id is null then
        update plex_webhook_logs l
        set status = 'ignored', action_taken = 'sync_disabled', tvshow_id = null,
            trace = l.trace::jsonb || jsonb_build_object('step', 'moved', 'mapping_id', p_mapping_id)
        where l.id = any (v_held) and (l.status, l.action_taken) is distinct from ('ignored', 'sync_disabled');
    elsif cardinality(v_held) > 0 then
        v_conflict_id := open_conflict(
            p_user_id,
            jsonb_build_object(
                'show_key', coalesce(v_mapping.show_key, v_mapping.plex_guid, 'title/' || lower(v_mapping.plex_title)),
                'server_uuid', v_mapping.plex_server_uuid, 'show_rating_key', v_mapping.plex_rating_key,
                'show_guid', v_mapping.plex_guid, 'show_title', v_mapping.plex_title, 'show_year', v_mapping.plex_year),
            'episode_missing',
            (select jsonb_build_array(jsonb_build_object(
                 'tvshow_id', s.id, 'tmdb_id', s.tmdb_id, 'title', s.title, 'year', extract(year from s.show_start_date)::integer,
                 'score', 1, 'reason', 'this show, but it has no such episode'))
             from tvshows s where s.id = v_mapping.tvshow_id),
            v_mapping.tvshow_id);
        update plex_webhook_logs l
        set status = 'conflict', action_taken = 'needs_user_input', tvshow_id = v_mapping.tvshow_id, conflict_id = v_conflict_id,
            trace = l.trace::jsonb || jsonb_build_object('step', 'moved', 'mapping_id', p_mapping_id, 'tvshow_id', v_mapping.tvshow_id)
                    || jsonb_build_object('step', 'episode_missing', 'season', l.plex_season, 'episode', l.plex_episode)
        where l.id = any (v_held)
          and (l.status, l.tvshow_id, l.conflict_id) is distinct from ('conflict', v_mapping.tvshow_id, v_conflict_id);
    end if;

    update plex_webhook_logs l
    set status = 'success', tvshow_id = v_mapping.tvshow_id, mapping_id = p_mapping_id, error_message = null,
        action_taken = case when l.status = 'success' then l.action_taken else (
            select case when p.id is null or p.watched_at <> w.occurred_at or p.voided_at is not null then 'already_watched'
                        when exists (select from plays o
                                     where o.tvshow_id = p.tvshow_id and o.season = p.season and o.episode = p.episode
                                       and o.voided_at is null and o.watched_at < p.watched_at) then 'rewatched'
                        else 'marked_watched' end
            from watch_events w left join plays p on p.id = w.play_id
            where w.log_id = l.id and w.withdrawn_at is null order by w.id limit 1) end,
        trace = l.trace::jsonb || jsonb_build_object('step', 'moved', 'mapping_id', p_mapping_id, 'tvshow_id', v_mapping.tvshow_id,
                                                     'became', g.became)
    from (select s.log_id, jsonb_agg(jsonb_strip_nulls(jsonb_build_object('season', s.to_season, 'episode', s.to_episode, 'rule', s.rule))
                                     order by s.to_season, s.to_episode) filter (where s.to_season is not null) as became
          from jsonb_to_recordset(p_plan) as s(log_id bigint, act text, to_season integer, to_episode integer, rule jsonb)
          group by s.log_id
          having bool_or(s.act in ('move', 'mark', 'withdraw')) and bool_or(s.to_season is not null)) g
    where l.id = g.log_id;

    perform close_conflict(p_user_id, c.id, 'auto', v_mapping.tvshow_id, null)
    from (select distinct l.conflict_id as id from plex_webhook_logs l
          where l.user_id = p_user_id and l.mapping_id = p_mapping_id and l.conflict_id is distinct from v_conflict_id) c
    where c.id is not null;
    return v_conflict_id;
end
$$;
comment on function relog_mapping(bigint, bigint, jsonb) is
    'What a correction means for the log: what was moved or marked by it says so, what has no place waits in the open conflict of the Plex
show (whose id is returned), or is ignored when the mapping stands for no show; questions that nothing waits for any more are closed.';
