create function find_mapping(p_user_id bigint, p_event jsonb) returns bigint
language plpgsql stable
set search_path from current
as $$
declare
    v_guid text := p_event ->> 'show_guid';
    v_server text := coalesce(p_event ->> 'server_uuid', '');
    v_rating_key text := p_event ->> 'show_rating_key';
    v_title text := coalesce(p_event ->> 'show_title', '');
    v_id bigint;
begin
    if v_guid is not null then
        if tracker.guid_is_local(v_guid) then
            select id into v_id from plex_show_mappings
            where user_id = p_user_id and plex_server_uuid = v_server and plex_guid = v_guid and tracker.guid_is_local(plex_guid)
              -- Such a GUID holds a rating key; see below.
              and (v_title = '' or plex_title = '' or tracker.title_key(plex_title) = tracker.title_key(v_title));
        else
            select id into v_id from plex_show_mappings
            where user_id = p_user_id and plex_guid = v_guid and not tracker.guid_is_local(plex_guid);
        end if;
        if found then
            return v_id;
        end if;
    end if;

    -- A rebuilt library hands its rating keys out anew: the key counts only while the title is still the same one. A remake has
    -- the same title, and Plex's "Fix Match" keeps the key: when one agent gives two GUIDs, those are two shows.
    if v_rating_key is not null then
        select id into v_id from plex_show_mappings
        where user_id = p_user_id and plex_server_uuid = v_server and plex_rating_key = v_rating_key
          and (v_title = '' or plex_title = '' or tracker.title_key(plex_title) = tracker.title_key(v_title))
          and (v_guid is null or plex_guid is null or tracker.guid_is_local(v_guid)
               or split_part(plex_guid, '://', 1) <> split_part(v_guid, '://', 1));
        return v_id;
    end if;

    if v_guid is null and v_title <> '' then
        select id into v_id from plex_show_mappings
        where user_id = p_user_id and plex_server_uuid = v_server and plex_guid is null and plex_rating_key is null
          and tracker.title_key(plex_title) = tracker.title_key(v_title)
        limit 1;
    end if;
    return v_id;
end
$$;
comment on function find_mapping(bigint, jsonb) is
    'The mapping that answers for the show of an event: by Plex GUID (local GUIDs per server and while the title is unchanged), else
by server and rating key while the title is unchanged and the agent gives it no other GUID, else, for an event with neither, by
server and title.';
