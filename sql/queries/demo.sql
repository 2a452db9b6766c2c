-- name: demo_events_by_status(user_id)
-- How many log rows there are of each status.
select status, count(*) as events from plex_webhook_logs where user_id = :user_id group by status;

-- name: demo_watched_episodes(user_id)
-- Every episode that the seasons documents say is watched.
select s.id as tvshow_id, (season ->> 'seasonNumber')::integer as season, (e ->> 'episodeNumber')::integer as episode
from tvshows s
cross join lateral jsonb_array_elements(s.seasons) season
cross join lateral jsonb_array_elements(season -> 'episodes') e
where s.user_id = :user_id and s.deleted_at is null and (e ->> 'watched')::boolean;

-- name: demo_count_plays(user_id)$
-- Viewings that were not voided.
select count(*) from plays where user_id = :user_id and voided_at is null;

-- name: demo_drifted_totals(user_id)$
-- Shows whose stored totals are not those of a recount.
select count(*) from tvshows s cross join lateral recount(s.seasons) r
where s.user_id = :user_id
  and (s.total_episodes, s.watched_episodes, s.total_minutes)
      is distinct from (r.total_episodes, r.watched_episodes, r.total_minutes);

-- name: demo_hang_poster(user_id, title, year, poster_path)!
-- Gives a sample show its poster: what the API takes of a show has none, and reading all of them anew would undo the script.
update tvshows set poster_path = :poster_path
where user_id = :user_id and title = :title and extract(year from show_start_date) = :year and poster_path is null;
