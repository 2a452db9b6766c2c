-- name: event_figures(user_id, days)^
-- What became of the events of the last days, and how long their processing took, in milliseconds.
select now() - make_interval(days => :days) as since,
       count(*) as received,
       count(*) filter (where status = 'success') as success,
       count(*) filter (where status = 'failed') as failed,
       count(*) filter (where status = 'ignored') as ignored,
       count(*) filter (where status = 'duplicate') as duplicate,
       count(*) filter (where status = 'conflict') as conflict,
       count(*) filter (where status = 'pending') as pending,
       avg(processing_duration_ms) as processing_average_ms,
       percentile_cont(0.95) within group (order by processing_duration_ms) as processing_p95_ms
from plex_webhook_logs
where user_id = :user_id and created_at >= now() - make_interval(days => :days);

-- name: tracker_figures(user_id, days)^
-- What was watched and added in the last days, how many questions are open, and how many of them for more than 24 hours.
-- Of a deleted show nothing counts, as in the figures of a year.
select (select count(*) from plays p
        where p.user_id = :user_id and p.voided_at is null and p.watched_at >= now() - make_interval(days => :days)
          and p.watched_at <= now()
          and exists (select from tvshows s where s.id = p.tvshow_id and s.deleted_at is null))
           as watched_episodes,
       (select count(*) from tvshows
        where user_id = :user_id and deleted_at is null and created_at >= now() - make_interval(days => :days))
           as shows_added,
       (select count(*) from plex_conflicts where user_id = :user_id and not resolved) as open_conflicts,
       (select count(*) from plex_conflicts
        where user_id = :user_id and not resolved and coalesce(undone_at, created_at) < now() - interval '24 hours')
           as conflicts_overdue;

-- name: mapping_figures(user_id)^
-- Mappings by how sure they are; not_tracked are those that stand for no show.
select count(*) filter (where tvshow_id is not null and match_confidence = 1) as certain,
       count(*) filter (where tvshow_id is not null and match_confidence >= 0.9 and match_confidence < 1) as high,
       count(*) filter (where tvshow_id is not null and match_confidence >= 0.75 and match_confidence < 0.9) as medium,
       count(*) filter (where tvshow_id is not null and match_confidence < 0.75) as low,
       count(*) filter (where tvshow_id is null) as not_tracked
from plex_show_mappings
where user_id = :user_id;

-- name: last_event(user_id)^
select id, event_type, plex_title, status, action_taken, created_at
from plex_webhook_logs
where user_id = :user_id
order by id desc
limit 1;
