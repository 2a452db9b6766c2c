-- name: list_logs(user_id, before, status, event, q, limit)
-- The log, the newest first, without the payloads. q is a pattern for the title that Plex gave.
select id, receipt, source, event_type, plex_title, plex_season, plex_episode, plex_account, plex_server, status, action_taken,
       trace, error_message, tvshow_id, conflict_id, mapping_id, attempts, next_attempt_at, watched_at, processing_duration_ms,
       created_at
from plex_webhook_logs
where user_id = :user_id
  and (:before::bigint is null or id < :before::bigint)
  and (:status::text is null or status = :status::text)
  and (:event::text is null or event_type = :event::text)
  and (:q::text is null or plex_title ilike :q::text)
order by id desc
limit :limit;

-- name: list_rare_logs(user_id, before, status, event, q, limit)
-- As list_logs, for a status that few rows have. Those have an index, which a plan for any status could not use: without it
-- the page of the failed events of a long log with few of them read all of it.
select id, receipt, source, event_type, plex_title, plex_season, plex_episode, plex_account, plex_server, status, action_taken,
       trace, error_message, tvshow_id, conflict_id, mapping_id, attempts, next_attempt_at, watched_at, processing_duration_ms,
       created_at
from plex_webhook_logs
where user_id = :user_id
  and (:before::bigint is null or id < :before::bigint)
  and status in ('pending', 'conflict', 'failed', 'duplicate') and status = :status::text
  and (:event::text is null or event_type = :event::text)
  and (:q::text is null or plex_title ilike :q::text)
order by id desc
limit :limit;

-- name: get_log(user_id, log_id)^
select id, receipt, source, event_type, plex_title, plex_season, plex_episode, plex_account, plex_server, status, action_taken,
       trace, error_message, tvshow_id, conflict_id, mapping_id, attempts, next_attempt_at, watched_at, processing_duration_ms,
       created_at, payload
from plex_webhook_logs
where user_id = :user_id and id = :log_id;

-- name: replay_event(user_id, log_id, event, has_tmdb)^
select status, action, log_id, tvshow_id, conflict_id
from replay_event(:user_id, :log_id, :event, :has_tmdb);

-- name: stored_events(status)
-- Everybody's events of a status, in the order in which they were watched.
select id, user_id from plex_webhook_logs where status = :status order by coalesce(watched_at, created_at), id;

-- name: stored_events_of(user_id, status, after, limit)
-- One user's of a status, in the same order; after: only those that come after the event with this id.
select id, user_id from plex_webhook_logs l
where user_id = :user_id and status in ('pending', 'conflict', 'failed', 'duplicate') and status = :status::text
  and (:after::bigint is null or (coalesce(watched_at, created_at), id)
       > (select coalesce(a.watched_at, a.created_at), a.id from plex_webhook_logs a where a.user_id = :user_id and a.id = :after::bigint))
order by coalesce(watched_at, created_at), id
limit :limit;

-- name: log_owner(log_id)$
-- Whose log row it is.
select user_id from plex_webhook_logs where id = :log_id;
