create function conflict_show(p_user_id bigint, p_conflict_id bigint) returns jsonb
language sql stable
set search_path from current
as $$
    select jsonb_strip_nulls(jsonb_build_object(
               'show_key', c.show_key, 'server_uuid', c.plex_server_uuid, 'show_rating_key', c.plex_rating_key,
               'show_guid', c.plex_guid, 'show_title', c.plex_title, 'show_year', c.plex_year,
               'show_guid_local', tracker.guid_is_local(c.plex_guid))) || c.facts
           -- Whoever looks at a question that is open has nobody to ask: it is decided by what is known.
           || '{"lookup": {"failed": {"plex": {"problem": "not_now"}, "tmdb": {"problem": "not_now"}}}}'
    from plex_conflicts c
    where c.user_id = p_user_id and c.id = p_conflict_id
$$;
comment on function conflict_show(bigint, bigint) is
    'The Plex show that a conflict asks about, as an event says it: what find_mapping, decide and map_show take. Null: there is no
such conflict.';
