create function export_show(p_user_id bigint, p_tvshow_id bigint) returns jsonb
language sql stable
set search_path from current
set timezone to 'UTC'
as $$
    with show as (
        select * from tvshows where user_id = p_user_id and id = p_tvshow_id
    ), account as (
        -- The numbers that the list of accounts in the same export counts them with.
        select id, row_number() over (order by id) as number from plex_accounts where user_id = p_user_id
    ), mapping as (
        select m.id, row_number() over (order by m.id) as number
        from plex_show_mappings m join show s on m.user_id = s.user_id
        where m.tvshow_id = s.id or (s.deleted_at is not null and m.emptied_tvshow_id = s.id)
    )
    select jsonb_strip_nulls(jsonb_build_object(
        'title', s.title, 'tmdb_id', s.tmdb_id, 'tvdb_id', s.tvdb_id, 'imdb_id', s.imdb_id, 'show_start_date', s.show_start_date,
        'status', s.status, 'poster_path', s.poster_path, 'country', s.country, 'source', s.source, 'created_at', s.created_at,
        'deleted_at', s.deleted_at, 'plex_synced', s.plex_synced, 'plex_last_sync', s.plex_last_sync,
        'total_episodes', s.total_episodes, 'watched_episodes', s.watched_episodes, 'total_minutes', s.total_minutes,
        'names', (select coalesce(jsonb_agg(jsonb_build_object('title', t.title, 'kind', t.kind) order by t.kind, t.title collate "C"), '[]')
                  from show_titles t where t.tvshow_id = s.id and t.title <> s.title),
        'mappings', (select coalesce(jsonb_agg(export_mapping(m.id) order by m.number), '[]') from mapping m),
        'said', (select coalesce(jsonb_agg(jsonb_build_object(
                     'season', w.season, 'episode', w.episode, 'kind', w.kind, 'occurred_at', w.occurred_at, 'source', w.source,
                     'server_uuid', w.server_uuid, 'account', a.number, 'history_key', w.history_key,
                     'plex_season', w.plex_season, 'plex_episode', w.plex_episode, 'mapping', m.number, 'said_at', w.said_at,
                     'withdrawn_at', w.withdrawn_at, 'withdrawn_why', w.withdrawn_why, 'removed_at', w.removed_at) order by w.occurred_at, w.id), '[]')
                 from watch_events w left join account a on a.id = w.account_id left join mapping m on m.id = w.mapping_id
                 where w.tvshow_id = s.id),
        'plays', (select coalesce(jsonb_agg(jsonb_build_object(
                      'season', p.season, 'episode', p.episode, 'watched_at', p.watched_at, 'source', p.source,
                      'server_uuid', p.server_uuid, 'account', a.number, 'history_key', p.history_key,
                      'plex_season', p.plex_season, 'plex_episode', p.plex_episode, 'mapping', m.number,
                      'voided_at', p.voided_at, 'void_reason', p.void_reason)
                      order by p.watched_at, p.season, p.episode, p.voided_at nulls first, p.id), '[]')
                  from plays p left join account a on a.id = p.account_id left join mapping m on m.id = p.mapping_id
                  where p.tvshow_id = s.id)))
        -- Beside the rest: of an episode, null says that it is not known.
        || jsonb_build_object('seasons', s.seasons)
    from show s
$$;
comment on function export_show(bigint, bigint) is
    'A show with everything that belongs to it (names, seasons, mappings with their rules, viewings, and what was said that they are
the fold of), as an export holds it: without ids of this database. Accounts are named by their place in the list of accounts,
mappings by their place in the show''s own. Null: there is no such show.';
