-- name: begin_history(user_id, server_uuid, server_title, clock_ahead, accounts)^
select refused, accounts, caught_up_to, looked_back_at, imported_to
from begin_history(:user_id, :server_uuid, :server_title, :clock_ahead, :accounts);

-- name: missing_history(user_id, server_uuid, rows)$
select missing_history(:user_id, :server_uuid, :rows);

-- name: note_history(user_id, server_uuid, to, is_import, ended, looked_back)^
select note_history(:user_id, :server_uuid, :to, :is_import, :ended, :looked_back);

-- name: want_history_import(user_id, from_start)!
-- Asks for everything ever watched. From the start also where an earlier import was stopped on its way.
with forgotten as (
    update plex_history_positions set imported_to = null where user_id = :user_id and :from_start
)
insert into settings (user_id, history_import_wanted_at) values (:user_id, now())
on conflict (user_id) do update
set history_import_wanted_at = coalesce(settings.history_import_wanted_at, excluded.history_import_wanted_at), updated_at = now();

-- name: drop_history_import(user_id)!
-- It ends by itself.
update settings set history_import_wanted_at = null where user_id = :user_id and history_import_wanted_at is not null;

-- name: end_history_import(user_id, error)$
select end_history_import(:user_id, :error);

-- name: history_users()
-- Everybody whose Plex server can be asked, and what is due by the clock. A run that failed is tried again sooner; a token that was
-- refused not for an hour, or until there is another.
select c.user_id, u.is_on, s.history_import_wanted_at is not null as wants_import, coalesce(s.sync_library, false) as sync_library,
       w.retry_seconds, r.started_at is null or r.started_at > now()
       or r.started_at <= now() - make_interval(secs => w.retry_seconds) as is_due
from plex_config c left join settings s using (user_id)
cross join lateral (
    select c.enabled and c.auto_mark_watched
       and (c.plex_token_rejected_at is null or c.plex_token_rejected_at < now() - interval '1 hour') as is_on) u
left join lateral (
    select j.started_at, j.status from job_runs j
    where j.kind = 'catch_up' and j.user_id = c.user_id order by j.started_at desc limit 1) r on true
cross join lateral (
    select 60 * case when r.status = 'failed' then least(coalesce(s.history_poll_minutes, 60), 10)
                     else coalesce(s.history_poll_minutes, 60) end as retry_seconds) w
where c.plex_token is not null and c.plex_server_url is not null and (u.is_on or s.history_import_wanted_at is not null)
order by c.user_id;

-- name: library_shows(user_id, server_uuid)
-- The shows that are mapped on a server, each with the key that it was last seen with.
select m.plex_rating_key, m.plex_guid, m.plex_title, m.tvshow_id
from plex_show_mappings m join tvshows t on t.id = m.tvshow_id and t.deleted_at is null
where m.user_id = :user_id and m.plex_server_uuid = :server_uuid and m.plex_rating_key is not null and m.sync_enabled
order by m.id;

-- name: unseen_in_library(user_id, tvshow_id, rows)
-- Which of the rows (n, receipt, history_key, server_uuid, season and episode as Plex numbers them) about a show are news.
select n from unseen_in_library(:user_id, :tvshow_id, :rows) as n;

-- name: count_watched_of(user_id, tvshow_id, numbers)$
-- How many of these episodes ([[season, episode]]) the tracker has as watched.
select count(distinct (coalesce(w.plex_season, w.season), coalesce(w.plex_episode, w.episode)))
from watch_events w join plays p on p.id = w.play_id and p.voided_at is null
where w.user_id = :user_id and w.tvshow_id = :tvshow_id and w.withdrawn_at is null
  and jsonb_build_array(coalesce(w.plex_season, w.season), coalesce(w.plex_episode, w.episode))
      in (select n from jsonb_array_elements(:numbers::jsonb) n);

-- name: last_history_run(user_id, kind)^
select id, status, started_at, finished_at, progress, result, error_message from job_runs
where user_id = :user_id and kind = :kind order by started_at desc, id desc limit 1;

-- name: history_gaps(user_id, limit)
-- The catch-ups that have found something, the last one first.
select id, started_at, finished_at, result from job_runs
where user_id = :user_id and kind = 'catch_up' and status = 'success' and (result ->> 'missed')::integer > 0
order by started_at desc, id desc limit :limit;

-- name: history_settings(user_id)^
-- What decides whether and when the history is read.
select c.plex_token is not null and c.plex_server_url is not null as connected, c.plex_token_rejected_at,
       coalesce(s.history_poll_minutes, 60) as poll_minutes, coalesce(s.sync_library, false) as sync_library,
       s.history_import_wanted_at,
       (select jsonb_agg(jsonb_build_object('server_uuid', p.server_uuid, 'caught_up_to', p.caught_up_to, 'imported_to', p.imported_to)
                         order by p.server_uuid)
        from plex_history_positions p where p.user_id = c.user_id) as positions
from plex_config c left join settings s using (user_id)
where c.user_id = :user_id;

-- name: history_outcomes(user_id, first_log_id, last_log_id)
-- What became, up to now, of the events that one run has received.
select status, action_taken, count(*) as events from plex_webhook_logs
where user_id = :user_id and source = 'history' and id between :first_log_id and :last_log_id
group by status, action_taken;

-- name: history_is_looked_up(user_id, first_log_id, last_log_id)$
-- Whether any of these events is being looked up, or will be at once.
select exists (
    select from plex_webhook_logs
    where user_id = :user_id and source = 'history' and id between :first_log_id and :last_log_id and status = 'pending'
      and (claimed_until > now() or next_attempt_at <= now()));

-- name: look_back(user_id)!
-- Others count from now on: the next run looks as far back as the daily one does.
update plex_history_positions set looked_back_at = null where user_id = :user_id and looked_back_at is not null;

-- name: import_users(username)
-- Everybody, or one account, and whether the Plex server can be asked.
select u.id as user_id, u.username, coalesce(c.plex_token is not null and c.plex_server_url is not null, false) as connected
from users u left join plex_config c on c.user_id = u.id
where :username::text is null or lower(u.username) = lower(:username)
order by u.id;

-- name: forget_import_position(user_id)!
-- The next import begins at the beginning.
update plex_history_positions set imported_to = null where user_id = :user_id and imported_to is not null;
