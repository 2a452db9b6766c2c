-- name: waiting_events()
-- How many log rows wait for something, and since when the first of them does. By the index of the open ones: the log itself, which
-- may be long, is read for three rows.
select w.status, w.events, extract(epoch from now() - l.created_at)::float8 as oldest_seconds
from (select status, count(*) as events, min(id) as first
      from plex_webhook_logs where status in ('pending', 'conflict', 'failed')
      group by status) w
join plex_webhook_logs l on l.id = w.first;

-- name: open_questions()^
-- How many conflicts are open, and since when the first of them is; null when there is none.
select count(*) as conflicts, extract(epoch from now() - min(created_at))::float8 as oldest_seconds
from plex_conflicts where not resolved;

-- name: last_received()^
-- Seconds since the newest row of the log (null when it is empty), and since the last time that anything could have begun to
-- arrive: an event, or the first account. Null while there is none that wants events.
select (select extract(epoch from now() - l.created_at)::float8 from plex_webhook_logs l order by l.id desc limit 1)
           as event_seconds,
       (select extract(epoch from now() - max(greatest(c.last_webhook_at, c.created_at)))::float8 from plex_config c where c.enabled)
           as webhook_seconds;

-- name: last_job_runs()
-- Of each job that ever ran: how its last run ended, and when it went well last. One look into the index for each, however many runs
-- there were.
with recursive kinds as (
    (select kind from job_runs order by kind limit 1)
    union all
    select (select r.kind from job_runs r where r.kind > k.kind order by r.kind limit 1) from kinds k where k.kind is not null
)
select k.kind, l.status, extract(epoch from l.started_at)::float8 as started,
       extract(epoch from l.finished_at - l.started_at)::float8 as seconds,
       extract(epoch from good.finished_at)::float8 as succeeded
from kinds k
cross join lateral (select r.status, r.started_at, r.finished_at from job_runs r
                    where r.kind = k.kind and r.status <> 'running' order by r.started_at desc limit 1) l
left join lateral (select r.finished_at from job_runs r
                   where r.kind = k.kind and r.status = 'success' order by r.started_at desc limit 1) good on true;

-- name: job_overview(user_id, is_admin)
-- The last run of each job of the installation and of this user. What a job of the installation did may be about other people's
-- shows: admins see it.
select distinct on (r.kind, r.user_id is null)
       r.kind, r.user_id is null as is_shared, r.status, r.started_at, r.finished_at,
       case when r.user_id is not null or :is_admin then r.progress end as progress,
       case when r.user_id is not null or :is_admin then r.result end as result,
       r.error_message,
       (select max(good.finished_at) from job_runs good
        where good.kind = r.kind and good.user_id is not distinct from r.user_id and good.status = 'success') as last_success_at
from job_runs r
where r.user_id is null or r.user_id = :user_id
order by r.kind, r.user_id is null, r.started_at desc;
