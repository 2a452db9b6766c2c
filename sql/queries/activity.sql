-- name: activity(user_id, status, event, source, account, tvshow_id, q, since, until, before, through, limit)
-- The log as the pages list it, the newest first: with the kind of question that a conflict asks, and without what is large.
-- q is a pattern for the title that Plex gave. before, through: only older rows than this one, and none older than that one.
select l.id, l.source, l.event_type, l.plex_title, l.plex_season, l.plex_episode, l.plex_account, l.status, l.action_taken,
       l.watched_at, l.created_at, c.conflict_type
from plex_webhook_logs l left join plex_conflicts c on c.id = l.conflict_id
where l.user_id = :user_id
  and (:before::bigint is null or l.id < :before::bigint)
  and (:through::bigint is null or l.id >= :through::bigint)
  and (:event::text is null or l.event_type = :event::text)
  and (:source::text is null or l.source = :source::text)
  and (:account::text is null or l.plex_account = :account::text)
  and (:tvshow_id::bigint is null or l.tvshow_id = :tvshow_id::bigint)
  and (:q::text is null or l.plex_title ilike :q::text)
  and (:since::timestamptz is null or l.created_at >= :since::timestamptz)
  and (:until::timestamptz is null or l.created_at < :until::timestamptz)
  and (:status::text is null or l.status = :status::text)
order by l.id desc
limit :limit;

-- name: rare_activity(user_id, status, event, source, account, tvshow_id, q, since, until, before, through, limit)
-- As activity, for a status that few rows have; see list_rare_logs.
select l.id, l.source, l.event_type, l.plex_title, l.plex_season, l.plex_episode, l.plex_account, l.status, l.action_taken,
       l.watched_at, l.created_at, c.conflict_type
from plex_webhook_logs l left join plex_conflicts c on c.id = l.conflict_id
where l.user_id = :user_id
  and (:before::bigint is null or l.id < :before::bigint)
  and (:through::bigint is null or l.id >= :through::bigint)
  and (:event::text is null or l.event_type = :event::text)
  and (:source::text is null or l.source = :source::text)
  and (:account::text is null or l.plex_account = :account::text)
  and (:tvshow_id::bigint is null or l.tvshow_id = :tvshow_id::bigint)
  and (:q::text is null or l.plex_title ilike :q::text)
  and (:since::timestamptz is null or l.created_at >= :since::timestamptz)
  and (:until::timestamptz is null or l.created_at < :until::timestamptz)
  and l.status in ('pending', 'conflict', 'failed', 'duplicate') and l.status = :status::text
order by l.id desc
limit :limit;

-- name: count_activity(user_id, status, event, source, account, tvshow_id, q, since, until, after, limit)$
-- How many rows came after this one, up to a limit.
select count(*) from (
    select from plex_webhook_logs l
    where l.user_id = :user_id and l.id > :after
      and (:status::text is null or l.status = :status::text)
      and (:event::text is null or l.event_type = :event::text)
      and (:source::text is null or l.source = :source::text)
      and (:account::text is null or l.plex_account = :account::text)
      and (:tvshow_id::bigint is null or l.tvshow_id = :tvshow_id::bigint)
      and (:q::text is null or l.plex_title ilike :q::text)
      and (:since::timestamptz is null or l.created_at >= :since::timestamptz)
      and (:until::timestamptz is null or l.created_at < :until::timestamptz)
    limit :limit
) came;

-- name: activity_accounts(user_id)
-- Whose events the log may have.
select distinct title from plex_accounts where user_id = :user_id and title <> '' order by title limit 200;

-- name: activity_event(user_id, log_id)^
-- Everything about one log row: the show that it went to, the server by name, and the question if it asks one.
select l.id, l.receipt, l.source, l.event_type, l.plex_title, l.plex_season, l.plex_episode, l.plex_account, l.status,
       l.action_taken, l.trace, l.error_message, l.payload, l.attempts, l.next_attempt_at, l.watched_at, l.created_at,
       l.processing_duration_ms, l.conflict_id, l.tvshow_id, m.id as mapping_id, c.conflict_type, c.resolved as conflict_resolved, c.potential_matches,
       s.title as show_title, s.poster_path, s.deleted_at is not null as show_deleted, coalesce(nullif(p.title, ''), l.plex_server) as server_title
from plex_webhook_logs l
left join plex_conflicts c on c.id = l.conflict_id
left join tvshows s on s.id = l.tvshow_id
left join plex_show_mappings m on m.user_id = l.user_id and m.id = l.mapping_id
left join plex_servers p on p.user_id = l.user_id and p.server_uuid = l.plex_server
where l.user_id = :user_id and l.id = :log_id;

-- name: connection_state(user_id)^
-- What the front page says about the connection: whether it is on, the last event, what waits.
select c.enabled, c.webhook_secret, last.id as last_id, last.created_at as last_at,
       coalesce(nullif(p.title, ''), nullif(c.plex_server_name, '')) as server_title,
       (select count(*) from plex_conflicts q where q.user_id = c.user_id and not q.resolved) as open_conflicts,
       (select count(*) from plex_webhook_logs l where l.user_id = c.user_id and l.status = 'pending') as waiting
from plex_config c
left join lateral (
    select l.id, l.created_at, l.plex_server from plex_webhook_logs l
    where l.user_id = c.user_id
    order by l.id desc
    limit 1
) last on true
left join plex_servers p on p.user_id = c.user_id and p.server_uuid = last.plex_server
where c.user_id = :user_id;
