create function unseen_in_library(p_user_id bigint, p_tvshow_id bigint, p_rows jsonb) returns setof integer
language sql stable
set search_path from current
as $$
    select r.n
    from jsonb_to_recordset(p_rows) r(n integer, receipt uuid, history_key text, server_uuid text, season integer, episode integer)
    where not exists (select from plex_webhook_logs l where l.receipt = r.receipt)
      and not exists (
            select from watch_events w
            where w.user_id = p_user_id and w.server_uuid = r.server_uuid and w.history_key = r.history_key and w.withdrawn_at is null)
      -- Watched: by a viewing, in Plex's own numbers, or by a mark, which has the tracker's only.
      and not exists (
            select from watch_events w join plays p on p.id = w.play_id and p.voided_at is null
            where w.user_id = p_user_id and w.tvshow_id = p_tvshow_id and w.withdrawn_at is null
              and coalesce(w.plex_season, w.season) = r.season and coalesce(w.plex_episode, w.episode) = r.episode)
    order by r.n
$$;
comment on function unseen_in_library(bigint, bigint, jsonb) is
    'Which episodes that a Plex server''s library has as watched (n of the rows) the tracker has not, and was not told of before: one that
the user has unmarked since stays so.';
