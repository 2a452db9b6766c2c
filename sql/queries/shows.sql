-- name: list_shows(user_id, after, limit)
-- The tracker in the order of titles, one page; after is the id of the last show of the page before.
select id, title, extract(year from show_start_date)::integer as year, tmdb_id, tvdb_id, imdb_id, show_start_date, status,
       poster_path, source, watched_episodes, total_episodes, total_minutes, plex_synced, plex_last_sync, created_at, updated_at
from tvshows
where user_id = :user_id and deleted_at is null
  and (:after::bigint is null
       or (left(lower(title), 300), id) > (select left(lower(a.title), 300), a.id from tvshows a where a.user_id = :user_id and a.id = :after::bigint))
order by left(lower(title), 300), id
limit :limit;

-- name: get_show(user_id, tvshow_id)^
-- One show with its seasons.
select id, title, extract(year from show_start_date)::integer as year, tmdb_id, tvdb_id, imdb_id, show_start_date, status,
       poster_path, source, watched_episodes, total_episodes, total_minutes, plex_synced, plex_last_sync, created_at, updated_at,
       seasons
from tvshows
where user_id = :user_id and id = :tvshow_id and deleted_at is null;

-- name: get_poster(user_id, tvshow_id)^
-- What to show for a show: its title, and where its poster is at TMDB or on the Plex server.
select title, poster_path from tvshows where user_id = :user_id and id = :tvshow_id and deleted_at is null;

-- name: has_show(user_id, tvshow_id)$
select exists (select from tvshows where user_id = :user_id and id = :tvshow_id and deleted_at is null);

-- name: show_of_tmdb_id(user_id, tmdb_id)$
-- The id of the show that has a TMDB id.
select id from tvshows where user_id = :user_id and tmdb_id = :tmdb_id and deleted_at is null;

-- name: shows_of_tmdb_ids(user_id, tmdb_ids)
-- Which of these TMDB ids the tracker has.
select id, tmdb_id from tvshows where user_id = :user_id and tmdb_id = any (:tmdb_ids::integer[]) and deleted_at is null;

-- name: add_show(user_id, show)$
select add_show(:user_id, :show);

-- name: update_show(user_id, tvshow_id, changes)^
select update_show(:user_id, :tvshow_id, :changes);

-- name: delete_show(user_id, tvshow_id)^
select delete_show(:user_id, :tvshow_id);

-- name: get_episode(user_id, tvshow_id, season, episode)^
-- One episode with the totals of its show; no row when there is no such show, empty fields when the show lacks the episode.
select s.id as tvshow_id, f.season, f.episode, f.entry ->> 'title' as title, f.entry ->> 'airDate' as air_date,
       (f.entry ->> 'runtime')::integer as runtime, (f.entry ->> 'watched')::boolean as watched,
       f.entry ->> 'dateWatched' as watched_at, s.watched_episodes, s.total_episodes, s.total_minutes
from tvshows s cross join lateral find_episode(s.seasons, :season, :episode, null) f
where s.user_id = :user_id and s.id = :tvshow_id and s.deleted_at is null;

-- name: set_watched(user_id, tvshow_id, season, episode, watched, watched_at)^
select action, first_watched_at
from set_watched(:user_id, :tvshow_id, :season, :episode, :watched, :watched_at::timestamptz);

-- name: list_plays(user_id, tvshow_id, before, limit)
-- The viewings of a show, the latest first, voided ones included; before is the id of the last play of the page before.
select p.id, p.tvshow_id, p.season, p.episode, p.watched_at, p.source, p.server_uuid, p.account_id, a.title as account,
       p.plex_season, p.plex_episode, p.mapping_id, p.log_id, p.voided_at, p.void_reason, p.created_at
from plays p left join plex_accounts a on a.id = p.account_id
where p.user_id = :user_id and p.tvshow_id = :tvshow_id
  and (:before::bigint is null
       or (p.watched_at, p.id) < (select b.watched_at, b.id from plays b where b.user_id = :user_id and b.id = :before::bigint))
order by p.watched_at desc, p.id desc
limit :limit;

-- name: get_play(user_id, tvshow_id, play_id)^
-- One viewing of a show, voided or not.
select p.id, p.tvshow_id, p.season, p.episode, p.watched_at, p.source, p.server_uuid, p.account_id, a.title as account,
       p.plex_season, p.plex_episode, p.mapping_id, p.log_id, p.voided_at, p.void_reason, p.created_at
from plays p
join tvshows s on s.id = p.tvshow_id and s.user_id = p.user_id and s.deleted_at is null
left join plex_accounts a on a.id = p.account_id
where p.user_id = :user_id and p.tvshow_id = :tvshow_id and p.id = :play_id;

-- name: play_of(user_id, event_id)$
-- Which viewing something that was said belongs to.
select play_id from watch_events where user_id = :user_id and id = :event_id;

-- name: find_shows(user_id, q, beginning, exact, limit)
-- Shows that have a name like this: as it is written, or but for accents and punctuation. What begins so comes first.
select s.id, s.title, extract(year from s.show_start_date)::integer as year, s.tmdb_id, s.poster_path, s.watched_episodes, s.total_episodes,
       nullif(n.title, s.title) as other_name
from tvshows s
cross join lateral (
    select t.title from show_titles t
    where t.user_id = s.user_id and t.tvshow_id = s.id
      and (t.title ilike :q or position(nullif(tracker.title_key(:exact), '') in t.title_key) > 0)
    order by t.kind <> 'main', length(t.title), t.id
    limit 1
) n
where s.user_id = :user_id and s.deleted_at is null
order by lower(n.title) <> lower(:exact), n.title not ilike :beginning, left(lower(s.title), 300), s.show_start_date, s.id
limit :limit;

-- name: name_shows(user_id, tvshow_ids)
-- Titles, years and posters of these shows, deleted ones included.
select id, title, extract(year from show_start_date)::integer as year, poster_path, deleted_at is not null as deleted
from tvshows
where user_id = :user_id and id = any (:tvshow_ids::bigint[]);
