create function open_conflict(p_user_id bigint, p_event jsonb, p_conflict_type text, p_candidates jsonb,
                              p_tvshow_id bigint default null) returns bigint
language sql volatile
set search_path from current
as $$
    insert into plex_conflicts as c (user_id, show_key, plex_server_uuid, plex_rating_key, plex_guid, plex_title, plex_year,
                                conflict_type, potential_matches, tvshow_id)
    values (p_user_id, p_event ->> 'show_key', coalesce(p_event ->> 'server_uuid', ''), p_event ->> 'show_rating_key',
            p_event ->> 'show_guid', coalesce(p_event ->> 'show_title', ''), (p_event ->> 'show_year')::integer,
            p_conflict_type, p_candidates, p_tvshow_id)
    on conflict (user_id, show_key) where not resolved do update
    set conflict_type = excluded.conflict_type, potential_matches = excluded.potential_matches,
        tvshow_id = excluded.tvshow_id, updated_at = now()
    returning c.id
$$;
comment on function open_conflict(bigint, jsonb, text, jsonb, bigint) is
    'The open conflict of the event''s show: a new one, or the one that is open with the candidates of today.';
