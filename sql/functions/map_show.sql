create function map_show(p_user_id bigint, p_show jsonb, p_tvshow_id bigint, p_confidence numeric, p_method text,
                         p_confirmed boolean default false, p_conflict_id bigint default null) returns bigint
language plpgsql volatile
set search_path from current
as $$
declare
    v_server text := coalesce(p_show ->> 'server_uuid', '');
    v_rating_key text := p_show ->> 'show_rating_key';
    v_guid text := p_show ->> 'show_guid';
    v_mapping_id bigint := find_mapping(p_user_id, p_show);
    v_was jsonb := mapping_snapshot(v_mapping_id);
begin
    -- No lock of its own: its callers have the lock of lock_mappings, so that no two mappings are made or moved at once.
    -- The key of a rebuilt library now stands for this show; the mapping that had it keeps its GUID.
    if v_rating_key is not null then
        update plex_show_mappings set plex_rating_key = null, updated_at = now()
        where user_id = p_user_id and plex_server_uuid = v_server and plex_rating_key = v_rating_key
          and id is distinct from v_mapping_id;
    end if;
    -- A local GUID holds a rating key.
    if tracker.guid_is_local(v_guid) then
        update plex_show_mappings set plex_guid = null, updated_at = now()
        where user_id = p_user_id and plex_server_uuid = v_server and plex_guid = v_guid and tracker.guid_is_local(plex_guid)
          and id is distinct from v_mapping_id;
    end if;
    if v_mapping_id is null then
        insert into plex_show_mappings (user_id, plex_server_uuid, plex_rating_key, plex_guid, plex_title, plex_year,
                                        tvdb_id, imdb_id, tmdb_id, tvshow_id, match_confidence, match_method, manually_confirmed,
                                        sync_enabled, show_key)
        values (p_user_id, v_server, v_rating_key, v_guid, coalesce(p_show ->> 'show_title', ''),
                (p_show ->> 'show_year')::integer, (p_show -> 'show_ids' ->> 'tvdb')::integer, p_show -> 'show_ids' ->> 'imdb',
                (p_show -> 'show_ids' ->> 'tmdb')::integer, p_tvshow_id, p_confidence, p_method, p_confirmed, p_tvshow_id is not null, p_show ->> 'show_key')
        returning id into v_mapping_id;
        perform hama_rules(p_user_id, v_mapping_id);
    else
        if exists (select from plex_show_mappings
                   where id = v_mapping_id and tvshow_id is distinct from p_tvshow_id and (p_confirmed or not manually_confirmed)) then
            perform unlearn_title(p_user_id, v_mapping_id);
        end if;
        update plex_show_mappings
        set tvshow_id = p_tvshow_id, match_confidence = p_confidence, match_method = p_method,
            manually_confirmed = p_confirmed, sync_enabled = p_tvshow_id is not null, emptied_tvshow_id = null,
            -- What counts on every server is not given up for what counts on one.
            plex_guid = case when tracker.guid_is_local(v_guid) then coalesce(plex_guid, v_guid) else coalesce(v_guid, plex_guid) end,
            show_key = coalesce(show_key, p_show ->> 'show_key'), updated_at = now()
        where id = v_mapping_id and (p_confirmed or not manually_confirmed);
    end if;
    perform note_mapping_change(p_user_id, v_mapping_id, case when p_confirmed then 'answered' else 'found' end, p_confirmed, v_was, null,
                                p_conflict_id);
    return v_mapping_id;
end
$$;
comment on function map_show(bigint, jsonb, bigint, numeric, text, boolean, bigint) is
    'Keeps the answer for a Plex show (server_uuid, show_rating_key, show_guid, show_title, show_year, show_ids): the tracker''s
show, or null for "not to be tracked". A rating key or local GUID that stood for another show is taken from it. What the user confirmed is
changed by the user only. p_conflict_id: the question that it is the answer to.';
