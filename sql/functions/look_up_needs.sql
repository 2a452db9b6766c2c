create function look_up_needs(p_user_id bigint, p_event jsonb, p_has_tmdb boolean) returns jsonb
language sql stable
set search_path from current
as $$
    select jsonb_strip_nulls(jsonb_build_object(
        'plex_show', case
            when c.plex_token is not null
             and (c.plex_server_uuid is null or c.plex_server_uuid = p_event ->> 'server_uuid')
            then p_event ->> 'show_rating_key' end,
        'tmdb_show_ids', case when p_has_tmdb or s.tmdb_api_key is not null
            then nullif(jsonb_strip_nulls(nullif(p_event -> 'show_ids', 'null')) - 'anidb', '{}') end,
        'tmdb_episode_ids', case when p_has_tmdb or s.tmdb_api_key is not null
            then nullif(jsonb_strip_nulls(p_event -> 'episode_ids'), '{}') end))
    from plex_config c left join settings s using (user_id)
    where c.user_id = p_user_id
$$;
comment on function look_up_needs(bigint, jsonb, boolean) is
    'What could be asked to learn which show an event belongs to: the Plex server''s metadata of the show (with a token for that
server), TMDB''s find for its ids (with a key). An empty object: nothing, the title must decide.';
