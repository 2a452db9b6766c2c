create function resolve_conflict(p_user_id bigint, p_conflict_id bigint, p_action text, p_tvshow_id bigint default null,
                                 p_season integer default null, p_episode integer default null, p_show jsonb default null,
                                 out tvshow_id bigint, out replayed integer, out outcomes jsonb)
language plpgsql volatile
set search_path from current
as $$
declare
    v_conflict plex_conflicts;
    v_show jsonb;
    v_mapping_id bigint;
    v_log plex_webhook_logs;
    v_event jsonb;
    v_settled record;
    v_reason text;
    v_actions text[] := '{}';
begin
    select * into v_conflict from plex_conflicts where user_id = p_user_id and id = p_conflict_id;
    if not found then
        raise exception 'conflict % is not there', p_conflict_id using errcode = 'TK404';
    end if;
    -- The same lock, in the same order, as an arriving event of this show: none slips between the answer and the replay.
    perform pg_advisory_xact_lock(hashtextextended(v_conflict.show_key, p_user_id));
    perform lock_mappings(p_user_id);
    select * into v_conflict from plex_conflicts where id = p_conflict_id for update;
    if v_conflict.resolved then
        raise exception 'conflict % was resolved before', p_conflict_id using errcode = 'TK409';
    end if;

    v_show := jsonb_strip_nulls(jsonb_build_object(
        'show_key', v_conflict.show_key, 'server_uuid', v_conflict.plex_server_uuid, 'show_rating_key', v_conflict.plex_rating_key,
        'show_guid', v_conflict.plex_guid, 'show_title', v_conflict.plex_title, 'show_year', v_conflict.plex_year,
        'show_guid_local', tracker.guid_is_local(v_conflict.plex_guid)));

    if p_action <> 'select' and (p_season is not null or p_episode is not null) then
        raise exception 'a season and episode number can only be given with the show' using errcode = 'TK422';
    end if;

    if p_action = 'select' then
        if coalesce(p_tvshow_id, v_conflict.tvshow_id) is null then
            raise exception 'which show? tvshow_id is missing' using errcode = 'TK422';
        end if;
        -- Locked now, and so before its mapping, as everywhere.
        select s.id into tvshow_id from tvshows s
        where s.user_id = p_user_id and s.id = coalesce(p_tvshow_id, v_conflict.tvshow_id) and s.deleted_at is null
        for no key update;
        if not found then
            raise exception 'show % is not there', coalesce(p_tvshow_id, v_conflict.tvshow_id) using errcode = 'TK404';
        end if;
        if (p_season is not null or p_episode is not null) and 1 < (
            -- What has no number is told apart by its date and name.
            select count(distinct (l.plex_season, l.plex_episode, l.payload #>> '{Metadata,originallyAvailableAt}',
                                   case when l.plex_episode is null then l.payload #>> '{Metadata,title}' end))
            from plex_webhook_logs l where l.conflict_id = p_conflict_id and l.status = 'conflict'
        ) then
            raise exception 'several episodes wait here: one season and episode number cannot be right for all of them'
                using errcode = 'TK422';
        end if;
    elsif p_action = 'create_new' then
        tvshow_id := add_show(p_user_id, coalesce(p_show, '{}') || jsonb_build_object(
            'title', coalesce(p_show ->> 'title', nullif(v_conflict.plex_title, ''), 'Untitled'),
            'year', coalesce((p_show ->> 'year')::integer, v_conflict.plex_year), 'source', 'plex'));
    elsif p_action not in ('ignore', 'ignore_forever') then
        raise exception 'unknown action %', p_action using errcode = 'TK422';
    end if;

    update plex_conflicts
    set resolved = true, resolved_at = now(), resolution_action = p_action, resolved_tvshow_id = resolve_conflict.tvshow_id,
        updated_at = now()
    where id = p_conflict_id;

    if p_action = 'ignore_forever' then
        v_mapping_id := map_show(p_user_id, v_show, null, 1, 'manual', true);
    elsif p_action <> 'ignore' then
        v_mapping_id := map_show(p_user_id, v_show, tvshow_id, 1, 'manual', true);
        if v_conflict.plex_title <> '' then
            insert into show_titles (user_id, tvshow_id, title, kind)
            values (p_user_id, resolve_conflict.tvshow_id, v_conflict.plex_title, 'learnt')
            on conflict do nothing;
        end if;
        -- The show was named but lacks these episodes: Plex knew them first, so they are taken from it.
        if p_action = 'create_new'
           or (v_conflict.conflict_type = 'episode_missing' and p_season is null and v_conflict.tvshow_id = tvshow_id) then
            perform add_episodes(p_user_id, tvshow_id, coalesce((
                select jsonb_agg(jsonb_build_object('seasonNumber', l.plex_season, 'episodes', jsonb_build_array(jsonb_build_object(
                    'episodeNumber', l.plex_episode, 'title', l.payload #>> '{Metadata,title}',
                    'airDate', l.payload #>> '{Metadata,originallyAvailableAt}',
                    'runtime', round((l.payload #>> '{Metadata,duration}')::numeric / 60000)::integer))))
                from plex_webhook_logs l
                where l.conflict_id = p_conflict_id and l.status = 'conflict'
                  and l.plex_season is not null and l.plex_episode is not null), '[]'));
        end if;
    end if;

    for v_log in
        select * from plex_webhook_logs l where l.conflict_id = p_conflict_id and l.status = 'conflict'
        order by l.watched_at, l.id for update
    loop
        if p_action in ('ignore', 'ignore_forever') then
            update plex_webhook_logs l
            set status = 'ignored', action_taken = case p_action when 'ignore' then 'ignored_by_user' else 'sync_disabled' end,
                mapping_id = coalesce(v_mapping_id, l.mapping_id),
                trace = l.trace::jsonb || jsonb_build_object('step', 'resolved', 'conflict_id', p_conflict_id, 'action', p_action)
            where l.id = v_log.id;
            v_actions := v_actions || 'ignored'::text;
            continue;
        end if;
        -- Whose viewings count may have been decided while they waited.
        v_reason := ignore_reason(p_user_id, jsonb_build_object('event', v_log.event_type, 'type', 'episode',
                                  'server_uuid', v_log.plex_server, 'user', v_log.payload -> 'user'), v_log.account_id);
        if v_reason in ('account_not_tracked', 'server_not_tracked') then
            update plex_webhook_logs l
            set status = 'ignored', action_taken = v_reason,
                trace = l.trace::jsonb || jsonb_build_object('step', 'resolved', 'conflict_id', p_conflict_id, 'action', p_action)
            where l.id = v_log.id;
            v_actions := v_actions || v_reason;
            continue;
        end if;
        v_event := v_show || jsonb_strip_nulls(jsonb_build_object(
            'season', coalesce(p_season, v_log.plex_season), 'episode', coalesce(p_episode, v_log.plex_episode),
            'plex_season', v_log.plex_season, 'plex_episode', v_log.plex_episode,
            'air_date', v_log.payload #>> '{Metadata,originallyAvailableAt}', 'server_uuid', v_log.plex_server,
            'history_key', v_log.payload ->> 'history_key'));
        select * into v_settled from settle_event(
            p_user_id, v_event,
            jsonb_build_object('verdict', 'mapped', 'tvshow_id', tvshow_id, 'mapping_id', v_mapping_id,
                'trace', v_log.trace::jsonb || jsonb_build_object('step', 'resolved', 'conflict_id', p_conflict_id, 'action', p_action)),
            v_log.id, v_log.source, v_log.watched_at, v_log.account_id);
        update plex_webhook_logs l
        set status = v_settled.status, action_taken = v_settled.action, tvshow_id = v_settled.tvshow_id,
            mapping_id = v_settled.mapping_id, conflict_id = coalesce(v_settled.conflict_id, l.conflict_id), trace = v_settled.trace
        where l.id = v_log.id;
        v_actions := v_actions || v_settled.action;
    end loop;

    replayed := cardinality(v_actions);
    select coalesce(jsonb_object_agg(a, n), '{}') into outcomes
    from (select a, count(*) as n from unnest(v_actions) a group by a) counted;
end
$$;
comment on function resolve_conflict(bigint, bigint, text, bigint, integer, integer, jsonb) is
    'The user''s answer (select, create_new, ignore, ignore_forever): keeps the mapping, learns the name, and replays every held
event in viewing order, in one transaction; of accounts and servers that do not count any more it is ignored. Raises TK404, TK409 (resolved before), TK422.';
