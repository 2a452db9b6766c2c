-- name: list_conflicts(user_id, conflict_ids, resolved, before, limit)
-- Questions to the user, the newest first. resolved: answered ones (true), open ones (false), all (null). conflict_ids: only these.
-- Each says which episodes wait, at most 20 of them, and by when its answer can be taken back (undo_conflict).
select c.id, c.plex_server_uuid, c.plex_rating_key, c.plex_guid, c.plex_title, c.plex_year, c.conflict_type, c.potential_matches,
       c.tvshow_id, c.resolved, c.resolved_tvshow_id, c.resolution_action, c.resolved_at, c.created_at, c.updated_at, c.undone_at,
       c.joined_id,
       case when not c.resolved then coalesce(c.undone_at, c.created_at) end as waiting_since,
       not c.resolved and coalesce(c.undone_at, c.created_at) < now() - interval '24 hours' as overdue,
       case when c.resolved and c.undo is not null and c.undone_at is null and c.resolved_at > now() - interval '7 days'
           then c.resolved_at + interval '7 days' end as undo_until,
       (select count(*) from plex_webhook_logs l where l.conflict_id = c.id and l.status = 'conflict') as held,
       (select coalesce(jsonb_agg(jsonb_build_object(
                   'season', l.plex_season, 'episode', l.plex_episode, 'title', l.payload #>> '{Metadata,title}',
                   'air_date', l.payload #>> '{Metadata,originallyAvailableAt}', 'events', h.events,
                   'watched_at', to_char(h.watched_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'),
                   'waiting_since', to_char(h.waiting_since at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'))
                   order by h.watched_at, h.id), '[]')
        from (
            select min(w.id) as id, count(*) as events, min(w.watched_at) as watched_at, min(w.created_at) as waiting_since
            from plex_webhook_logs w
            where w.conflict_id = c.id and w.status = 'conflict'
            group by w.plex_season, w.plex_episode, case when w.plex_episode is null then w.id end
            order by min(w.watched_at), min(w.id)
            limit 20
        ) h join plex_webhook_logs l on l.id = h.id) as held_episodes
from plex_conflicts c
where c.user_id = :user_id
  and (:conflict_ids::bigint[] is null or c.id = any (:conflict_ids::bigint[]))
  and (:resolved::boolean is null or c.resolved = :resolved::boolean)
  and (:before::bigint is null or c.id < :before::bigint)
order by c.id desc
limit :limit;

-- name: conflict_show(user_id, conflict_id)$
-- The Plex show that a question is about, as an event says it.
select conflict_show(:user_id, :conflict_id);

-- name: resolve_conflict(user_id, conflict_id, action, tvshow_id, season, episode, show)^
select tvshow_id, replayed, outcomes
from resolve_conflict(:user_id, :conflict_id, :action, :tvshow_id, :season, :episode, :show);

-- name: held_events(user_id, conflict_id)
-- What waits for an answer, in the order in which it was watched.
select id, payload from plex_webhook_logs
where user_id = :user_id and conflict_id = :conflict_id and status = 'conflict'
order by watched_at, id;

-- name: search_again(user_id, conflict_id, events, has_tmdb)^
select resolved, tvshow_id, replayed, outcomes
from search_again(:user_id, :conflict_id, :events, :has_tmdb);

-- name: undo_conflict(user_id, conflict_id)^
select withdrawn, held, removed_tvshow_id, kept_tvshow_id
from undo_conflict(:user_id, :conflict_id);

-- name: lock_mappings(user_id)^
-- Before the row of a show, in a transaction that adds or changes a show and then looks at the open questions.
select lock_mappings(:user_id);

-- name: settle_open_conflicts(user_id, tvshow_id)$
-- How many open questions the show has answered.
select settle_open_conflicts(:user_id, :tvshow_id);

-- name: return_mappings(user_id, tvshow_id)$
-- The mappings that came back to a show that the user has added again.
select return_mappings(:user_id, :tvshow_id);

-- name: count_open_conflicts(user_id)$
select count(*) from plex_conflicts where user_id = :user_id and not resolved;

-- name: answered_events(user_id, conflict_ids)
-- What became of the events that answered questions held, as the log has it now: for each question and outcome how many, the first
-- 20 of them, and the question that the others wait in when they wait again.
select c.id as conflict_id, l.status, l.action_taken, count(*) as events,
       max(l.conflict_id) filter (where l.status = 'conflict') as next_conflict_id,
       jsonb_path_query_array(
           jsonb_agg(jsonb_build_object('log_id', l.id, 'season', l.plex_season, 'episode', l.plex_episode)
                     order by l.watched_at, l.id),
           '$[0 to 19]') as first_events
from plex_conflicts c
cross join lateral jsonb_array_elements(c.undo -> 'held') h
join plex_webhook_logs l on l.user_id = c.user_id and l.id = h::bigint
where c.user_id = :user_id and c.id = any (:conflict_ids::bigint[]) and c.resolved
group by c.id, l.status, l.action_taken
order by c.id, count(*) desc, l.action_taken;
