-- name: browse_shows(user_id, q, exact, which, sort, after, limit)
-- The tracker as the pages list it: searched in every name, narrowed (unfinished, finished, new, plex, or null), in one of five
-- orders, one page; after is the id of the last show of the page before. Specials are counted apart: they are no progress. Season 0
-- is always a document's first.
with play as materialized (
    select p.tvshow_id, max(p.watched_at) as last_watched_at
    from plays p where p.user_id = :user_id and p.voided_at is null group by p.tvshow_id
), counted as materialized (
    select s.id, s.title, extract(year from s.show_start_date)::integer as year, s.tmdb_id, s.status, s.poster_path, s.created_at,
           s.total_episodes - sp.total as total, s.watched_episodes - sp.watched as watched, p.last_watched_at,
           s.source = 'plex' or s.plex_synced
               or exists (select from plex_show_mappings m where m.user_id = :user_id and m.tvshow_id = s.id) as from_plex
    from tvshows s
    left join play p on p.tvshow_id = s.id
    cross join lateral (
        select c.total_episodes as total, c.watched_episodes as watched
        from recount(case when s.seasons #>> '{0,seasonNumber}' = '0' then jsonb_build_array(s.seasons -> 0) else '[]' end) c
    ) sp
    where s.user_id = :user_id and s.deleted_at is null
), ranked as materialized (
    select c.*,
           case :sort::text
               when 'watched' then coalesce(-extract(epoch from c.last_watched_at), 0)
               when 'progress' then -(c.watched::numeric / greatest(c.total, 1))
               when 'added' then -extract(epoch from c.created_at)
               when 'year' then -coalesce(c.year, 0)
               else 0
           end as place,
           left(lower(c.title), 300) as name
    from counted c
)
select r.id, r.title, r.year, r.tmdb_id, r.status, r.poster_path, r.created_at, r.total, r.watched, r.last_watched_at, r.from_plex
from ranked r
where (:q::text is null or exists (
          select from show_titles t
          where t.user_id = :user_id and t.tvshow_id = r.id
            and (t.title ilike :q or position(nullif(tracker.title_key(:exact), '') in t.title_key) > 0)))
  and case :which::text
          when 'unfinished' then r.watched > 0 and r.watched < r.total
          when 'finished' then r.total > 0 and r.watched >= r.total
          when 'new' then r.watched = 0
          when 'plex' then r.from_plex
          else true
      end
  and (:after::bigint is null or (r.place, r.name, r.id) > (select a.place, a.name, a.id from ranked a where a.id = :after::bigint))
order by r.place, r.name, r.id
limit :limit;

-- name: count_shows(user_id, q, exact)^
-- How many shows each way of narrowing leaves, of those that the search finds.
select count(*)::integer as everything,
       (count(*) filter (where c.watched > 0 and c.watched < c.total))::integer as unfinished,
       (count(*) filter (where c.total > 0 and c.watched >= c.total))::integer as finished,
       (count(*) filter (where c.watched = 0))::integer as new,
       (count(*) filter (where c.from_plex))::integer as plex
from (
    select s.total_episodes - sp.total_episodes as total, s.watched_episodes - sp.watched_episodes as watched,
           s.source = 'plex' or s.plex_synced
               or exists (select from plex_show_mappings m where m.user_id = :user_id and m.tvshow_id = s.id) as from_plex
    from tvshows s
    cross join lateral recount(
        case when s.seasons #>> '{0,seasonNumber}' = '0' then jsonb_build_array(s.seasons -> 0) else '[]' end) sp
    where s.user_id = :user_id and s.deleted_at is null
      and (:q::text is null or exists (
              select from show_titles t
              where t.user_id = :user_id and t.tvshow_id = s.id
                and (t.title ilike :q or position(nullif(tracker.title_key(:exact), '') in t.title_key) > 0)))
) c;

-- name: show_figures(user_id, tvshow_id)
-- What was watched of a show, a row for each season that it has or that has viewings: episodes, plays, minutes (rewatches count).
with entry as (
    select (d ->> 'seasonNumber')::integer as season, (e ->> 'episodeNumber')::integer as episode,
           coalesce((e ->> 'runtime')::integer, 0) as runtime, coalesce((e ->> 'watched')::boolean, false) as watched
    from tvshows s cross join lateral jsonb_array_elements(s.seasons) d cross join lateral jsonb_array_elements(d -> 'episodes') e
    where s.user_id = :user_id and s.id = :tvshow_id and s.deleted_at is null
), play as (
    select p.season, p.episode, count(*)::integer as plays, min(p.watched_at) as first_at, max(p.watched_at) as last_at
    from plays p where p.user_id = :user_id and p.tvshow_id = :tvshow_id and p.voided_at is null
    group by p.season, p.episode
)
select season, count(*)::integer as episodes, (count(*) filter (where e.watched))::integer as watched,
       coalesce(sum(p.plays), 0)::integer as plays,
       coalesce(sum(p.plays - 1) filter (where p.plays > 1), 0)::integer as rewatches,
       coalesce(sum(p.plays * e.runtime), 0)::integer as minutes,
       min(p.first_at) as first_at, max(p.last_at) as last_at
from entry e left join play p using (season, episode)
group by season
order by season;

-- name: episode_plays(user_id, tvshow_id, season, episode)
-- The viewings of one episode that count, the latest first.
select p.id, p.watched_at, p.source, p.server_uuid, v.title as server, a.title as account, p.log_id, p.mapping_id
from plays p
left join plex_accounts a on a.user_id = p.user_id and a.id = p.account_id
left join plex_servers v on v.user_id = p.user_id and v.server_uuid = p.server_uuid
where p.user_id = :user_id and p.tvshow_id = :tvshow_id and p.season = :season and p.episode = :episode and p.voided_at is null
order by p.watched_at desc, p.id desc
limit 200;

-- name: mappings_of_show(user_id, tvshow_id)
-- Which Plex shows stand for a show.
select m.id, m.plex_title, m.plex_year, m.sync_enabled, m.last_synced_at, v.title as server
from plex_show_mappings m left join plex_servers v on v.user_id = m.user_id and v.server_uuid = m.plex_server_uuid
where m.user_id = :user_id and m.tvshow_id = :tvshow_id
order by m.id
limit 50;

-- name: deleted_shows(user_id, limit)
-- What was taken out of the tracker, the latest first.
select s.id, s.title, extract(year from s.show_start_date)::integer as year, s.poster_path, s.deleted_at,
       (select count(*)::integer from plays p where p.tvshow_id = s.id and p.voided_at is null) as plays
from tvshows s
where s.user_id = :user_id and s.deleted_at is not null
order by s.deleted_at desc, s.id desc
limit :limit;

-- name: mark_episodes(user_id, tvshow_id, watched, season, before, at)$
select mark_episodes(:user_id, :tvshow_id, :watched, :season, :before::integer, :at);

-- name: last_said(user_id, tvshow_id)$
-- The latest that was said about a show: with its row locked, what this transaction has just said.
select max(w.id) from watch_events w where w.user_id = :user_id and w.tvshow_id = :tvshow_id;

-- name: said_between(user_id, tvshow_id, first, last)$
-- What was said about a show from one to another: one go of marking has the show's row locked, so that nothing comes between.
select coalesce(array_agg(w.id order by w.id), '{}') from watch_events w
where w.user_id = :user_id and w.tvshow_id = :tvshow_id and w.id between :first and :last and w.source = 'manual';

-- name: add_viewing(user_id, tvshow_id, season, episode, at)^
select action, event_id from add_viewing(:user_id, :tvshow_id, :season, :episode, :at);

-- name: remove_viewing(user_id, play_id)^
select tvshow_id, season, episode, removed_ids from remove_viewing(:user_id, :play_id);

-- name: move_viewing(user_id, play_id, at)^
select tvshow_id, removed_ids, event_id from move_viewing(:user_id, :play_id, :at);

-- name: take_back(user_id, tvshow_id, event_ids)$
select take_back(:user_id, :tvshow_id, :event_ids::bigint[]);

-- name: say_again(user_id, tvshow_id, event_ids)$
select say_again(:user_id, :tvshow_id, :event_ids::bigint[]);

-- name: restore_show(user_id, tvshow_id)^
select restore_show(:user_id, :tvshow_id);
