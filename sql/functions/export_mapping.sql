create function export_mapping(p_mapping_id bigint) returns jsonb
language sql stable
set search_path from current
set timezone to 'UTC'
as $$
    select jsonb_strip_nulls(jsonb_build_object(
        'plex_server_uuid', nullif(m.plex_server_uuid, ''), 'plex_rating_key', m.plex_rating_key, 'plex_guid', m.plex_guid,
        'plex_title', m.plex_title, 'plex_year', m.plex_year, 'tvdb_id', m.tvdb_id, 'imdb_id', m.imdb_id, 'tmdb_id', m.tmdb_id,
        'match_confidence', m.match_confidence, 'match_method', m.match_method, 'manually_confirmed', m.manually_confirmed,
        'sync_enabled', m.sync_enabled, 'last_synced_at', m.last_synced_at, 'created_at', m.created_at, 'show_key', m.show_key,
        'rules', (select jsonb_agg(jsonb_strip_nulls(jsonb_build_object(
                      'kind', r.kind, 'source', r.source, 'plex_season', r.plex_season, 'from_episode', r.from_episode,
                      'to_episode', r.to_episode, 'season', r.season, 'episode_offset', r.episode_offset,
                      'season_lengths', to_jsonb(r.season_lengths), 'first_episode', r.first_episode,
                      'last_episode', r.last_episode, 'removed_at', r.removed_at)) order by r.id)
                  from plex_numbering_rules r where r.mapping_id = m.id)))
    from plex_show_mappings m where m.id = p_mapping_id
$$;
comment on function export_mapping(bigint) is
    'A mapping with its numbering rules as an export holds it: without ids of this database.';
