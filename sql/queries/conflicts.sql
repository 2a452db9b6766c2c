-- name: list_conflicts(user_id, resolved, before, limit)
-- Questions to the user, the newest first. resolved: answered ones (true), open ones (false), all (null).
select c.id, c.plex_server_uuid, c.plex_rating_key, c.plex_guid, c.plex_title, c.plex_year, c.conflict_type, c.potential_matches,
       c.tvshow_id, c.resolved, c.resolved_tvshow_id, c.resolution_action, c.resolved_at, c.created_at, c.updated_at,
       (select count(*) from plex_webhook_logs l where l.conflict_id = c.id and l.status = 'conflict') as held
from plex_conflicts c
where c.user_id = :user_id
  and (:resolved::boolean is null or c.resolved = :resolved::boolean)
  and (:before::bigint is null or c.id < :before::bigint)
order by c.id desc
limit :limit;

-- name: get_conflict(user_id, conflict_id)^
select c.id, c.plex_server_uuid, c.plex_rating_key, c.plex_guid, c.plex_title, c.plex_year, c.conflict_type, c.potential_matches,
       c.tvshow_id, c.resolved, c.resolved_tvshow_id, c.resolution_action, c.resolved_at, c.created_at, c.updated_at,
       (select count(*) from plex_webhook_logs l where l.conflict_id = c.id and l.status = 'conflict') as held
from plex_conflicts c
where c.user_id = :user_id and c.id = :conflict_id;

-- name: resolve_conflict(user_id, conflict_id, action, tvshow_id, season, episode, show)^
select tvshow_id, replayed, outcomes
from resolve_conflict(:user_id, :conflict_id, :action, :tvshow_id, :season, :episode, :show);

-- name: held_events(user_id, conflict_id)
-- What waits for an answer, in the order in which it was watched.
select id, payload from plex_webhook_logs
where user_id = :user_id and conflict_id = :conflict_id and status = 'conflict'
order by watched_at, id;
