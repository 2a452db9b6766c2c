create function missing_history(p_user_id bigint, p_server_uuid text, p_rows jsonb) returns integer[]
language sql stable
set search_path from current
as $$
    select coalesce(array_agg(r.n order by r.n), '{}')
    from jsonb_to_recordset(p_rows) r(n integer, receipt uuid, history_key text, show_rating_key text, show_title text, season integer,
                                      episode integer, at timestamptz, account_id bigint)
    where not exists (
            select from watch_events w
            where w.user_id = p_user_id and w.server_uuid = p_server_uuid and w.history_key = r.history_key and w.withdrawn_at is null)
      -- Asked about, pending, ignored or failed: for as long as the log has it.
      and not exists (select from plex_webhook_logs l where l.receipt = r.receipt)
      -- Told by a webhook that came in time, and counted as a viewing of that time. Nearer than any two viewings can be: what is
      -- farther apart is left to the fold.
      and not exists (
            select from plex_show_mappings m
            join watch_events w on w.tvshow_id = m.tvshow_id
            join plays p on p.id = w.play_id
            where m.id = find_mapping(p_user_id, jsonb_strip_nulls(jsonb_build_object(
                      'server_uuid', p_server_uuid, 'show_rating_key', r.show_rating_key, 'show_title', r.show_title)))
              and w.kind = 'viewing' and w.history_key is null and w.withdrawn_at is null
              and w.server_uuid = p_server_uuid and w.account_id = r.account_id
              and w.plex_season = r.season and w.plex_episode = r.episode
              and w.occurred_at between r.at - interval '2 minutes' and r.at + interval '2 minutes'
              and p.watched_at between r.at - interval '2 minutes' and r.at + interval '2 minutes')
      -- Told by a webhook that waits for a look-up or an answer: no gap, and the question is not to hold it twice.
      and not exists (
            select from plex_webhook_logs l
            where l.user_id = p_user_id and l.status in ('pending', 'conflict')
              and l.plex_server = p_server_uuid and l.account_id = r.account_id and l.plex_title = r.show_title
              and l.plex_season = r.season and l.plex_episode = r.episode
              and l.watched_at between r.at - interval '2 minutes' and r.at + interval '2 minutes')
      -- Or that the user has answered "not this time" about: that is not asked again.
      and not exists (
            select from plex_webhook_logs l
            where l.user_id = p_user_id and l.status = 'ignored' and l.conflict_id is not null
              and l.plex_server = p_server_uuid and l.account_id = r.account_id and l.plex_title = r.show_title
              and l.plex_season = r.season and l.plex_episode = r.episode
              and l.watched_at between r.at - interval '2 minutes' and r.at + interval '2 minutes')
$$;
comment on function missing_history(bigint, text, jsonb) is
    'Which rows of a server''s history (their n) are not known yet: neither taken before, by history key or receipt, nor a viewing that a
webhook has told. Compared with what was said about the episodes, not with the log, which is purged; and with what waits in the log.';
