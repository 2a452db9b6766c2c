-- name: watched_per_day(user_id, timezone, since, until)
select day, episodes from watched_per_day(:user_id, :timezone, :since, :until);

-- name: shows_in_progress(user_id, today, limit)
-- Where to go on: shows that were begun and have an aired episode left, the last watched first. In the order of the inner select, so
-- that next_episode reads the documents of those that are shown and not of all.
select b.id, b.title, b.year, b.tmdb_id, b.poster_path, b.last_watched_at,
       n.season, n.episode, n.title as episode_title, n.air_date, n.watched, n.aired
from (
    select s.id, s.title, extract(year from s.show_start_date)::integer as year, s.tmdb_id, s.poster_path, s.seasons,
           l.watched_at as last_watched_at
    from (select p.tvshow_id, max(p.watched_at) as watched_at
          from plays p where p.user_id = :user_id and p.voided_at is null
          group by p.tvshow_id) l
    join tvshows s on s.id = l.tvshow_id
    where s.deleted_at is null and s.watched_episodes < s.total_episodes
    order by l.watched_at desc, s.id
) b
cross join lateral next_episode(b.seasons, :today) n
where n.season is not null
order by b.last_watched_at desc, b.id
limit :limit;

-- name: watched_years(user_id, timezone)^
-- The first and the last year in which anything was watched; null when nothing ever was.
select extract(year from min(watched_at) at time zone z.name)::integer as first,
       extract(year from max(watched_at) at time zone z.name)::integer as last
from plays, known_timezone(:timezone) z(name)
where user_id = :user_id and voided_at is null
group by z.name;

-- name: shows_of_year(user_id, timezone, year)
-- The shows of which something was watched in a year, to choose one.
select s.id, s.title, extract(year from s.show_start_date)::integer as year
from tvshows s
where s.user_id = :user_id and s.deleted_at is null
  and s.id in (select p.tvshow_id from plays p, known_timezone(:timezone) z(name)
               where p.user_id = :user_id and p.voided_at is null
                 and p.watched_at >= make_timestamp(:year, 1, 1, 0, 0, 0) at time zone z.name
                 and p.watched_at < make_timestamp(:year + 1, 1, 1, 0, 0, 0) at time zone z.name)
order by left(lower(s.title), 300), s.show_start_date, s.id;

-- name: year_figures(user_id, timezone, year, tvshow_id)$
select year_figures(:user_id, :timezone, :year, :tvshow_id);

-- name: watch_streaks(user_id, timezone, today, tvshow_id)^
select current_days, current_since, longest_days, longest_from, longest_to
from watch_streaks(:user_id, :timezone, :today, :tvshow_id);
