-- name: export_account(user_id)^
-- Whose export it is, and what was set that is no secret.
select u.username, jsonb_build_object(
           'timezone', u.timezone, 'enabled', c.enabled, 'auto_add_shows', c.auto_add_shows, 'auto_mark_watched', c.auto_mark_watched,
           'plex_server_url', c.plex_server_url, 'plex_server_name', c.plex_server_name, 'plex_server_uuid', c.plex_server_uuid,
           'map_confidence', coalesce(s.map_confidence, 0.60), 'propose_similarity', coalesce(s.propose_similarity, 0.35::real),
           'log_retention_days', s.log_retention_days, 'history_poll_minutes', s.history_poll_minutes,
           'sync_library', coalesce(s.sync_library, false)) as settings
from users u left join plex_config c on c.user_id = u.id left join settings s on s.user_id = u.id
where u.id = :user_id;

-- name: export_servers(user_id)
select server_uuid, title, counts from plex_servers where user_id = :user_id order by id;

-- name: export_accounts(user_id)
-- The Plex accounts, in the order by which the shows of an export name them.
select server_uuid, plex_account_id, title, counts from plex_accounts where user_id = :user_id order by id;

-- name: export_not_tracked(user_id)
-- Plex shows that are not to be tracked, and never were one of the tracker.
select export_mapping(id) as mapping from plex_show_mappings
where user_id = :user_id and tvshow_id is null and emptied_tvshow_id is null order by id;

-- name: export_show_ids(user_id, deleted)
-- Every show, in the order of titles.
select id from tvshows where user_id = :user_id and (:deleted or deleted_at is null) order by left(lower(title), 300), id;

-- name: export_show(user_id, tvshow_id)$
select export_show(:user_id, :tvshow_id)::text;

-- name: export_questions(user_id)
-- What was asked and what was answered.
select c.plex_title, c.plex_year, c.conflict_type, c.resolved, c.resolution_action, s.title as resolved_title, c.resolved_at, c.created_at
from plex_conflicts c left join tvshows s on s.id = c.resolved_tvshow_id
where c.user_id = :user_id order by c.id;

-- name: export_log(user_id, after, limit)
-- The log, oldest first, one page.
select id, created_at, source, event_type, status, action_taken, plex_title, plex_season, plex_episode, plex_account, plex_server,
       watched_at, error_message, trace, payload
from plex_webhook_logs where user_id = :user_id and id > :after order by id limit :limit;

-- name: export_viewings(user_id, tvshow_id)
-- The viewings of a show that count, each with what names it.
select p.watched_at, s.title, extract(year from s.show_start_date)::integer as year, s.tmdb_id, s.tvdb_id, s.imdb_id, p.season,
       p.episode, e.title as episode_title, p.source, a.title as account
from plays p
join tvshows s on s.id = p.tvshow_id
left join plex_accounts a on a.id = p.account_id
left join episode_places(s.seasons) e on e.season = p.season and e.episode = p.episode
where p.user_id = :user_id and p.tvshow_id = :tvshow_id and p.voided_at is null
order by p.watched_at, p.season, p.episode, p.id;

-- name: import_settings(user_id, settings)!
select import_settings(:user_id, :settings);

-- name: import_server(user_id, server_uuid, title, counts, chooses)!
-- A Plex server, which is made where it was never seen; whether it counts is a setting.
insert into plex_servers as s (user_id, server_uuid, title, counts)
values (:user_id, :server_uuid, :title, case when :chooses then :counts::boolean end)
on conflict (user_id, server_uuid) do update set counts = case when :chooses then excluded.counts else s.counts end;

-- name: import_account(user_id, server_uuid, plex_account_id, title, counts, chooses)$
-- The id of a Plex account, which is made where it was never seen; whether it counts is a setting.
insert into plex_accounts as a (user_id, server_uuid, plex_account_id, title, counts)
values (:user_id, :server_uuid, :plex_account_id, :title, case when :chooses then :counts::boolean end)
on conflict (user_id, server_uuid, plex_account_id, md5(title)) do update
set counts = case when :chooses then excluded.counts else a.counts end
returning id;

-- name: account_called(user_id, title)$
-- The id of a Plex account by its name, which is made where nobody is called so.
with known as (
    select id from plex_accounts where user_id = :user_id and lower(title) = lower(:title) order by id limit 1
), made as (
    insert into plex_accounts (user_id, server_uuid, title)
    select :user_id, '', :title where not exists (select from known)
    on conflict do nothing
    returning id
)
select id from known union all select id from made;

-- name: import_show(user_id, show, accounts)^
select tvshow_id, added, said, mappings from import_show(:user_id, :show, :accounts::bigint[]);

-- name: import_mapping(user_id, mapping)^
select mapping_id, added from import_mapping(:user_id, :mapping, null);

-- name: begin_export#
-- The first statements of a transaction that reads an account as it is at one moment. A show is one statement.
set transaction isolation level repeatable read, read only;
set local statement_timeout = '60s';

-- name: patient_transaction#
-- A show with thousands of viewings, or an account that goes, takes longer than a request may.
set local statement_timeout = '120s';
