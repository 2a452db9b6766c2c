create function mark_numbered(p_user_id bigint, p_tvshow_id bigint, p_mapping_id bigint, p_event jsonb, p_at timestamptz, p_source text,
                              p_account_id bigint, p_log_id bigint, p_later jsonb default null,
                              out action text, out season integer, out episode integer, out became jsonb)
language plpgsql volatile
set search_path from current
as $$
declare
    v_place record;
    v_action text;
    v_season integer;
    v_episode integer;
    v_placed integer := 0;
begin
    action := 'episode_missing';
    became := '[]';
    -- Locked before the rules are read: who changes them holds it until the past events go by the new ones.
    perform from tvshows s where s.user_id = p_user_id and s.id = p_tvshow_id for no key update;
    for v_place in
        select n.* from number_episode(p_user_id, p_mapping_id, (p_event ->> 'season')::integer, (p_event ->> 'episode')::integer,
                                       (p_event ->> 'air_date')::date, coalesce(p_event ->> 'server_uuid', '')) n
    loop
        v_action := 'episode_missing';
        v_season := v_place.season;
        v_episode := v_place.episode;
        -- A rule that leads nowhere is not gone by: the numbers as they stand would be another episode's.
        if v_place.rule is null or v_place.season is not null then
            select m.action, coalesce(m.season, v_season), coalesce(m.episode, v_episode) into v_action, v_season, v_episode from mark_watched(
                p_user_id, p_tvshow_id, v_place.season, v_place.episode, (p_event ->> 'air_date')::date, 'viewing', p_at, p_source,
                coalesce(p_event ->> 'server_uuid', ''), p_account_id,
                -- A row of the history counts once, and this is one viewing of several episodes.
                (p_event ->> 'history_key') || case when v_placed > 0 then '#' || v_placed + 1 else '' end,
                p_mapping_id, p_log_id, (p_event ->> 'season')::integer, (p_event ->> 'episode')::integer, p_later,
                to_timestamp((p_event ->> 'last_viewed_at')::double precision)) m;
            if v_action in ('show_missing', 'mapping_changed') then
                action := v_action;
                return;
            end if;
        end if;
        became := became || jsonb_strip_nulls(jsonb_build_object(
            'season', v_season, 'episode', v_episode, 'rule', v_place.rule, 'action', v_action));
        -- Where the file holds several episodes, one that the show lacks does not keep the others back.
        if v_action <> 'episode_missing' then
            v_placed := v_placed + 1;
            if v_placed = 1 then
                action := v_action;
                season := v_season;
                episode := v_episode;
            end if;
        end if;
    end loop;
end
$$;
comment on function mark_numbered(bigint, bigint, bigint, jsonb, timestamptz, text, bigint, bigint, jsonb) is
    'Takes a viewing whose mapping has numbering rules: each episode that the event''s numbers stand for gets it, with the same time.
became says what they were renumbered to and by which rule; action, season and episode are those of the first that the show has.
later: as in mark_watched.';
