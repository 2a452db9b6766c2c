create function note_rating_key(p_user_id bigint, p_mapping_id bigint, p_event jsonb) returns void
language plpgsql volatile
set search_path from current
as $$
declare
    v_server text := coalesce(p_event ->> 'server_uuid', '');
    v_rating_key text := p_event ->> 'show_rating_key';
begin
    -- Looked at again: it was read before the lock of lock_mappings.
    perform from plex_show_mappings m
    where m.user_id = p_user_id and m.id = p_mapping_id and m.plex_guid = p_event ->> 'show_guid' and not tracker.guid_is_local(m.plex_guid);
    if not found or v_rating_key is null then
        return;
    end if;
    -- As in map_show: the mapping that had the key keeps its GUID.
    update plex_show_mappings set plex_rating_key = null, updated_at = now()
    where user_id = p_user_id and plex_server_uuid = v_server and plex_rating_key = v_rating_key and id <> p_mapping_id;
    -- The files are others as well: their names are read with the next look-up or refresh of the show.
    update plex_show_mappings
    set plex_server_uuid = v_server, plex_rating_key = v_rating_key, files_read_at = null, updated_at = now()
    where id = p_mapping_id;
end
$$;
comment on function note_rating_key(bigint, bigint, jsonb) is
    'Brings the server and rating key of a mapping up to date with an event that was found by its GUID: rows of a server''s history have
nothing but the key, and its library is asked by it. Another mapping that had the key loses it. The caller has the locks of
lock_mappings and of the show''s row.';
