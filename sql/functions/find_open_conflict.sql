create function find_open_conflict(p_user_id bigint, p_event jsonb) returns bigint
language sql stable
set search_path from current
as $$
    with show as (
        select p_event ->> 'show_key' as show_key, p_event ->> 'show_guid' as guid,
               coalesce(tracker.guid_is_local(p_event ->> 'show_guid'), false) as guid_is_local,
               coalesce(p_event ->> 'server_uuid', '') as server, p_event ->> 'show_rating_key' as rating_key,
               coalesce(p_event ->> 'show_title', '') as title
    )
    select c.id
    from plex_conflicts c cross join show e
    where c.user_id = p_user_id and not c.resolved
      and (c.show_key = e.show_key
           or (c.plex_guid = e.guid and not e.guid_is_local)
           -- As find_mapping: a key while the title is the same, and two GUIDs of one agent are two shows.
           or (c.plex_server_uuid = e.server and c.plex_rating_key = e.rating_key
               and (e.title = '' or c.plex_title = '' or tracker.title_key(c.plex_title) = tracker.title_key(e.title))
               and (e.guid is null or c.plex_guid is null or e.guid_is_local or tracker.guid_is_local(c.plex_guid)
                    or split_part(c.plex_guid, '://', 1) <> split_part(e.guid, '://', 1))))
    order by (c.show_key = e.show_key) desc, (c.plex_guid = e.guid) is true desc, c.id
    limit 1
$$;
comment on function find_open_conflict(bigint, jsonb) is
    'The open conflict that asks about the show of an event: by the show''s key, its GUID, or server and rating key while the title is
unchanged and the agent gives it no other GUID. What find_mapping takes for one show is one question, with a GUID or without.';
