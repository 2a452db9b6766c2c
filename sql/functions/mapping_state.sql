create function mapping_state(p_user_id bigint, p_show jsonb) returns jsonb
language sql stable
set search_path from current
as $$
    select jsonb_build_object(
        'mapping', (select to_jsonb(m) from plex_show_mappings m where m.id = find_mapping(p_user_id, p_show)),
        'learnt', (
            select jsonb_build_object('tvshow_id', t.tvshow_id, 'title', t.title)
            from plex_show_mappings m join show_titles t on t.tvshow_id = m.tvshow_id and t.kind = 'learnt' and t.title = m.plex_title
            where m.id = find_mapping(p_user_id, p_show)),
        'others', (
            select coalesce(jsonb_agg(jsonb_build_object('id', m.id, 'rating_key', m.plex_rating_key, 'guid', m.plex_guid)), '[]')
            from plex_show_mappings m
            where m.user_id = p_user_id and m.plex_server_uuid = coalesce(p_show ->> 'server_uuid', '')
              and m.id is distinct from find_mapping(p_user_id, p_show)
              and (m.plex_rating_key = p_show ->> 'show_rating_key'
                   or (m.plex_guid = p_show ->> 'show_guid' and tracker.guid_is_local(m.plex_guid)))))
$$;
comment on function mapping_state(bigint, jsonb) is
    'What map_show would change for this Plex show, as it is now: its mapping (null: none), the name learnt from it, and the mappings
that a rating key or local GUID would be taken from. Kept with an answer, so that undo_conflict can restore it.';
