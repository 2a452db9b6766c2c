create function open_conflict(p_user_id bigint, p_event jsonb, p_conflict_type text, p_candidates jsonb,
                              p_tvshow_id bigint default null) returns bigint
language plpgsql volatile
set search_path from current
as $$
declare
    v_server text := coalesce(p_event ->> 'server_uuid', '');
    v_facts jsonb := jsonb_strip_nulls(jsonb_build_object(
        'show_ids', p_event -> 'show_ids', 'ids_from', p_event -> 'ids_from', 'other_titles', p_event -> 'other_titles',
        'episode_year', p_event -> 'episode_year',
        -- For other_episode, when the question is looked at without an event at hand.
        'said', case when p_event ? 'air_date' and p_event ? 'title' then jsonb_build_object(
            'season', p_event -> 'season', 'episode', p_event -> 'episode', 'air_date', p_event -> 'air_date', 'title', p_event -> 'title') end));
    v_conflict plex_conflicts;
    v_other_id bigint;
begin
    -- Locked, so that it is not answered before this event is among those that wait; if it was, another one may be open by now.
    loop
        select * into v_conflict from plex_conflicts c
        where c.id = find_open_conflict(p_user_id, p_event) and not c.resolved for update;
        exit when found or find_open_conflict(p_user_id, p_event) is null;
    end loop;
    if v_conflict.id is null then
        insert into plex_conflicts as c (user_id, show_key, plex_server_uuid, plex_rating_key, plex_guid, plex_title, plex_year,
                                         conflict_type, potential_matches, tvshow_id, facts)
        values (p_user_id, p_event ->> 'show_key', v_server, p_event ->> 'show_rating_key', p_event ->> 'show_guid',
                coalesce(p_event ->> 'show_title', ''), (p_event ->> 'show_year')::integer, p_conflict_type, p_candidates, p_tvshow_id,
                v_facts)
        -- Its callers keep each other out; this is for the one that would not.
        on conflict (user_id, show_key) where not resolved do update set updated_at = now()
        returning c.* into v_conflict;
        return v_conflict.id;
    end if;

    -- An episode's year says that its show did not start later: the earliest one says the most.
    -- One episode is enough to tell two shows apart, and another one each time would be an update each time.
    v_facts := v_conflict.facts || v_facts || jsonb_strip_nulls(jsonb_build_object(
        'episode_year', least((v_conflict.facts ->> 'episode_year')::integer, (p_event ->> 'episode_year')::integer),
        'said', v_conflict.facts -> 'said'));
    -- What one message lacked another one has. What counts on every server is not given up for what counts on one.
    if v_conflict.plex_guid is null or (tracker.guid_is_local(v_conflict.plex_guid) and not tracker.guid_is_local(p_event ->> 'show_guid'))
    then
        v_conflict.plex_guid := coalesce(p_event ->> 'show_guid', v_conflict.plex_guid);
    end if;
    -- A library that was rebuilt has given the show another key.
    if v_conflict.plex_server_uuid = v_server
       and (v_conflict.plex_rating_key is null
            or (v_conflict.plex_guid = p_event ->> 'show_guid' and not tracker.guid_is_local(v_conflict.plex_guid))) then
        v_conflict.plex_rating_key := coalesce(p_event ->> 'show_rating_key', v_conflict.plex_rating_key);
    end if;
    v_conflict.plex_title := coalesce(nullif(v_conflict.plex_title, ''), p_event ->> 'show_title', '');
    v_conflict.plex_year := coalesce((p_event ->> 'show_year')::integer, v_conflict.plex_year);
    -- Only what is new: of many events that are replayed in one transaction each would leave a dead row.
    update plex_conflicts c
    set conflict_type = p_conflict_type, potential_matches = p_candidates, tvshow_id = p_tvshow_id, facts = v_facts,
        plex_guid = v_conflict.plex_guid, plex_rating_key = v_conflict.plex_rating_key, plex_title = v_conflict.plex_title,
        plex_year = v_conflict.plex_year, updated_at = now()
    where c.id = v_conflict.id
      and (c.conflict_type, c.potential_matches, c.tvshow_id, c.facts, c.plex_guid, c.plex_rating_key, c.plex_title, c.plex_year)
          is distinct from (p_conflict_type, p_candidates, p_tvshow_id, v_facts, v_conflict.plex_guid, v_conflict.plex_rating_key,
                            v_conflict.plex_title, v_conflict.plex_year);

    -- One was asked without the GUID and another one without the key, and this event has both.
    for v_other_id in
        select c.id from plex_conflicts c
        where c.user_id = p_user_id and not c.resolved and c.id <> v_conflict.id
          and ((c.plex_guid = v_conflict.plex_guid and not tracker.guid_is_local(c.plex_guid))
               or (c.plex_server_uuid = v_server and c.plex_rating_key = p_event ->> 'show_rating_key' and c.plex_guid is null
                   and tracker.title_key(c.plex_title) = tracker.title_key(v_conflict.plex_title)))
        order by c.id
    loop
        perform join_conflict(p_user_id, v_other_id, v_conflict.id);
    end loop;
    return v_conflict.id;
end
$$;
comment on function open_conflict(bigint, jsonb, text, jsonb, bigint) is
    'The open conflict of the event''s show (find_open_conflict): a new one, or the one that is open, with the candidates of today
and what this event says more about the show. Events of one show with another key are kept out by the lock of lock_mappings, or,
where its episode is missing, by the show''s row.';
