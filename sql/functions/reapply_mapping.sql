create function reapply_mapping(p_user_id bigint, p_mapping_id bigint, p_rules_before jsonb default null) returns jsonb
language plpgsql volatile
set search_path from current
as $$
declare
    v_mapping plex_show_mappings;
    v_show record;
    v_plan jsonb;
    v_summary jsonb;
    v_left bigint[];
    v_touched jsonb;
    v_folded jsonb[];
    v_place record;
    v_conflict_id bigint;
begin
    select * into v_mapping from plex_show_mappings m where m.user_id = p_user_id and m.id = p_mapping_id;
    select coalesce(jsonb_agg(to_jsonb(p)), '[]') into v_plan
    from plan_mapping(p_user_id, p_mapping_id, v_mapping.tvshow_id, numbering_rules(p_mapping_id), p_rules_before) p;
    v_summary := summarise_plan(v_plan, v_mapping.tvshow_id);

    -- Plays that a correction voided come to life again when what was said comes back to them, so that correcting back restores all.
    select array_agg(distinct w.play_id) into v_left
    from jsonb_to_recordset(v_plan) as s(event_id bigint, act text) join watch_events w on w.id = s.event_id
    where s.act in ('move', 'withdraw') and w.play_id is not null;
    select coalesce(jsonb_agg(distinct jsonb_build_object('tvshow_id', p.tvshow_id, 'season', p.season, 'episode', p.episode)), '[]')
    into v_touched
    from jsonb_to_recordset(v_plan) as s(act text, tvshow_id bigint, season integer, episode integer, to_season integer, to_episode integer)
    cross join lateral (values (s.tvshow_id, s.season, s.episode), (v_mapping.tvshow_id, s.to_season, s.to_episode)) p(tvshow_id, season, episode)
    where s.act in ('move', 'withdraw', 'mark') and p.tvshow_id is not null and p.season is not null;

    -- First what makes room: a row of the history counts once.
    update watch_events w set withdrawn_at = now(), withdrawn_why = 'moved', play_id = null
    from jsonb_to_recordset(v_plan) as s(event_id bigint, act text)
    where w.id = s.event_id and s.act = 'withdraw' and w.withdrawn_at is null;
    update watch_events w
    set tvshow_id = v_mapping.tvshow_id, season = s.to_season, episode = s.to_episode, withdrawn_at = null, withdrawn_why = null,
        play_id = (select p.id from plays p
                   where p.tvshow_id = v_mapping.tvshow_id and p.season = s.to_season and p.episode = s.to_episode
                     and p.void_reason = 'moved' and p.watched_at = w.occurred_at
                     and p.account_id is not distinct from w.account_id and p.server_uuid is not distinct from w.server_uuid
                   order by p.id limit 1)
    from jsonb_to_recordset(v_plan) as s(event_id bigint, act text, to_season integer, to_episode integer)
    where w.id = s.event_id and s.act = 'move';
    -- What waited, and the other episodes of a file that was taken for one.
    with step as materialized (
        select s.*, row_number() over (partition by s.grp order by s.act = 'mark', s.to_season, s.to_episode) as part
        from jsonb_to_recordset(v_plan) as s(grp text, event_id bigint, log_id bigint, act text, to_season integer, to_episode integer,
                                             plex_season integer, plex_episode integer, occurred_at timestamptz)
    ), told as materialized (
        select distinct on (s.grp) s.grp, w.source, w.server_uuid, w.account_id, split_part(w.history_key, '#', 1) as history_key,
               w.said_at
        from step s join watch_events w on w.id = s.event_id
        order by s.grp, w.history_key like '%#%', w.id
    )
    insert into watch_events (user_id, tvshow_id, season, episode, kind, occurred_at, source, server_uuid, account_id, history_key,
                              plex_season, plex_episode, mapping_id, log_id, said_at)
    select p_user_id, v_mapping.tvshow_id, s.to_season, s.to_episode, 'viewing', s.occurred_at, coalesce(t.source, l.source),
           coalesce(t.server_uuid, l.plex_server, ''), coalesce(t.account_id, l.account_id),
           coalesce(t.history_key, l.payload ->> 'history_key') || case when s.part > 1 then '#' || s.part else '' end,
           s.plex_season, s.plex_episode, p_mapping_id, s.log_id,
           coalesce(t.said_at, to_timestamp((l.payload #>> '{Metadata,lastViewedAt}')::double precision))
    from step s left join told t on t.grp = s.grp left join plex_webhook_logs l on l.id = s.log_id
    where s.act = 'mark'
    on conflict (user_id, server_uuid, history_key) where history_key is not null and withdrawn_at is null do nothing;

    update plays p set voided_at = coalesce(p.voided_at, now()), void_reason = 'moved'
    where p.id = any (v_left)
      and 0 = (select count(*) from watch_events w
               where w.tvshow_id = p.tvshow_id and w.season = p.season and w.episode = p.episode and w.play_id = p.id);

    for v_show in
        select s.id, s.seasons from tvshows s
        where s.user_id = p_user_id and s.id in (select (t ->> 'tvshow_id')::bigint from jsonb_array_elements(v_touched) t)
        order by s.id
    loop
        v_folded := '{}';
        for v_place in
            select t.season, t.episode, (e.value ->> 'runtime')::integer as runtime
            from jsonb_to_recordset(v_touched) as t(tvshow_id bigint, season integer, episode integer)
            left join (jsonb_array_elements(v_show.seasons) s(value) cross join lateral jsonb_array_elements(s.value -> 'episodes') e(value))
                on (s.value ->> 'seasonNumber')::integer = t.season and (e.value ->> 'episodeNumber')::integer = t.episode
            where t.tvshow_id = v_show.id
        loop
            v_folded := array_append(v_folded, (
                select jsonb_build_object('season', v_place.season, 'episode', v_place.episode, 'first_watched_at', f.first_watched_at)
                from fold_episode(p_user_id, v_show.id, v_place.season, v_place.episode, v_place.runtime, null) f));
        end loop;
        perform rewrite_watched(v_show.id, to_jsonb(v_folded));
    end loop;

    v_conflict_id := relog_mapping(p_user_id, p_mapping_id, v_plan);
    if v_mapping.tvshow_id is not null and v_summary ->> 'changes' <> '[]' then
        update tvshows s set plex_synced = true, plex_last_sync = now() where s.id = v_mapping.tvshow_id;
    end if;
    return v_summary || jsonb_build_object('conflict_id', v_conflict_id);
end
$$;
comment on function reapply_mapping(bigint, bigint, jsonb) is
    'Brings everything that came through a mapping to where it belongs under its show and rules of now, in the plays, flags, dates and
totals of every show concerned, as if it had always gone there. What has no place waits in a conflict, or, when the mapping stands for no
show, counts no more. With the rules before: what they and those of now make the same of stays where it is. The caller holds the locks of lock_mapping. Returns what was moved.';
