-- name: list_mappings(user_id, mapping_id, before, unmapped, conflicts, tracked, confirmed, switched_on, below, method, q, limit)
-- What is known about Plex shows, the newest first. unmapped: stands for no show of the tracker (true) or for one (false).
-- conflicts: a question about this Plex show, or about the show it stands for, is open (true) or not (false). Null: all.
-- tracked: its events count (true) or are left out (false). confirmed: by the user's own word or not. below: only those with less
-- confidence. switched_on: whether its sync is on. method: only those found in this way. mapping_id: only this one.
select m.id, m.plex_server_uuid, m.plex_rating_key, m.plex_guid, m.plex_title, m.plex_year, m.tvdb_id, m.imdb_id, m.tmdb_id,
       m.tvshow_id, s.title as tvshow_title, m.match_confidence, m.match_method, m.manually_confirmed, m.sync_enabled,
       m.last_synced_at, m.created_at, m.updated_at, c.id as open_conflict_id,
       case when m.tvshow_id is null and m.emptied_tvshow_id is not null then 'show_deleted'
            when m.tvshow_id is null then 'ignored'
            when not m.sync_enabled then 'switched_off' end as not_tracked_because
from plex_show_mappings m
left join tvshows s on s.id = m.tvshow_id
left join lateral (
    select min(c.id) as id from plex_conflicts c
    where c.user_id = m.user_id and not c.resolved
      and (c.tvshow_id = m.tvshow_id
           or (c.plex_guid = m.plex_guid
               and (c.plex_server_uuid = m.plex_server_uuid or not tracker.guid_is_local(m.plex_guid)))
           or (c.plex_guid is null and c.plex_server_uuid = m.plex_server_uuid and c.plex_rating_key = m.plex_rating_key))
) c on true
where m.user_id = :user_id
  and (:mapping_id::bigint is null or m.id = :mapping_id::bigint)
  and (:before::bigint is null or m.id < :before::bigint)
  and (:unmapped::boolean is null or (m.tvshow_id is null) = :unmapped::boolean)
  and (:conflicts::boolean is null or (c.id is not null) = :conflicts::boolean)
  and (:tracked::boolean is null or (m.tvshow_id is not null and m.sync_enabled) = :tracked::boolean)
  and (:confirmed::boolean is null or m.manually_confirmed = :confirmed::boolean)
  and (:below::numeric is null or m.match_confidence < :below::numeric)
  and (:switched_on::boolean is null or m.sync_enabled = :switched_on::boolean)
  and (:method::text is null or m.match_method = :method::text)
  and (:q::text is null or m.plex_title ilike :q::text or s.title ilike :q::text)
order by m.id desc
limit :limit;

-- name: update_mapping(user_id, mapping_id, changes)$
-- What came through it and was moved; null when its show stays.
select update_mapping(:user_id, :mapping_id, :changes);

-- name: delete_mapping(user_id, mapping_id)$
-- Whether there was one. The next event of that Plex show is decided anew; plays and log rows stay.
select delete_mapping(:user_id, :mapping_id);

-- name: list_rules(user_id, mapping_id)
-- The numbering rules of a mapping, in the order of Plex's episodes.
select id, kind, source, plex_season, from_episode, to_episode, season, episode_offset, season_lengths, first_episode, last_episode,
       created_at
from plex_numbering_rules
where user_id = :user_id and mapping_id = :mapping_id and removed_at is null
order by plex_season nulls first, from_episode, id;

-- name: save_rules(user_id, mapping_id, rules, source, replace, apply)$
-- What it moved of the past; null when it was left alone.
select save_rules(:user_id, :mapping_id, :rules, :source, :replace, :apply);

-- name: preview_rules(user_id, mapping_id, rules, source, replace)$
select preview_rules(:user_id, :mapping_id, :rules, :source, :replace);

-- name: remove_rules(user_id, mapping_id, rule_id, apply)^
-- rule_id null: all.
select removed, correction from remove_rules(:user_id, :mapping_id, :rule_id, :apply);

-- name: files_of_event(user_id, log_id)
-- The mapping of an event with its rating key on the server that has a token, unless the names of its files were read before.
select m.id as mapping_id, m.plex_rating_key, m.plex_guid, m.plex_title
from plex_webhook_logs l
join plex_show_mappings m on m.id = l.mapping_id and m.user_id = l.user_id
join plex_config c on c.user_id = m.user_id
where l.user_id = :user_id and l.id = :log_id and m.tvshow_id is not null and m.plex_rating_key is not null
  and c.plex_token is not null and (c.plex_server_uuid is null or c.plex_server_uuid = m.plex_server_uuid)
  and coalesce(c.plex_token_rejected_at < now() - interval '1 hour', true) and not is_down(m.user_id, 'plex')
  and m.files_read_at is null;

-- name: files_of_show(user_id, tvshow_id)
-- The same of every mapping that stands for a show.
select m.id as mapping_id, m.plex_rating_key, m.plex_guid, m.plex_title
from plex_show_mappings m
join plex_config c on c.user_id = m.user_id
where m.user_id = :user_id and m.tvshow_id = :tvshow_id and m.plex_rating_key is not null
  and c.plex_token is not null and (c.plex_server_uuid is null or c.plex_server_uuid = m.plex_server_uuid)
  and coalesce(c.plex_token_rejected_at < now() - interval '1 hour', true) and not is_down(m.user_id, 'plex')
order by m.id;

-- name: files_due(limit)
-- Everybody's mappings whose files were not read yet, or were not since an episode was watched, once a day: the show may have been
-- mapped by an answer, and a file may have come to a show that has long ended.
select m.user_id, m.id as mapping_id, m.plex_rating_key, m.plex_guid, m.plex_title
from plex_show_mappings m
join plex_config c on c.user_id = m.user_id
where m.tvshow_id is not null and m.sync_enabled and m.plex_rating_key is not null
  and c.enabled and c.plex_token is not null and c.plex_server_url is not null
  and (c.plex_server_uuid is null or c.plex_server_uuid = m.plex_server_uuid)
  and coalesce(c.plex_token_rejected_at < now() - interval '1 hour', true) and not is_down(m.user_id, 'plex')
  and coalesce(m.files_read_at > now()  -- by a wrong clock
               or (m.files_read_at < m.last_synced_at and m.files_read_at < now() - interval '22 hours'), true)
order by m.files_read_at nulls first, m.id
limit :limit;

-- name: note_files_read(user_id, mapping_id)!
update plex_show_mappings set files_read_at = now() where user_id = :user_id and id = :mapping_id;

-- name: list_mapping_changes(user_id, mapping_id, limit)
-- The history of a mapping, the newest first, and whether undo_mapping takes this one back.
select c.id, c.what, c.by_user, c.was, c.became, c.rules_added, c.rules_removed, c.moved, c.undone_at, c.created_at, c.conflict_id,
       c.what in ('changed', 'rules') and c.id = last_mapping_change(c.mapping_id) as can_be_undone
from mapping_changes c
where c.user_id = :user_id and c.mapping_id = :mapping_id
order by c.id desc
limit :limit;

-- name: lock_mapping(user_id, mapping_id)^
select lock_mapping(:user_id, :mapping_id);

-- name: change_made(user_id, mapping_id)$
-- The change that this transaction has made of a mapping; null where nothing is different. The caller has the mapping's lock.
select max(id) from mapping_changes
where user_id = :user_id and mapping_id = :mapping_id and what = 'changed' and created_at = now();

-- name: undo_mapping(user_id, mapping_id, change_id)$
-- What was moved; null when the past was left alone. change_id null: whichever is the last one.
select undo_mapping(:user_id, :mapping_id, :change_id);

-- name: mapping_methods(user_id)
-- By which methods a user's mappings were found, and how many by each.
select match_method, count(*) as mappings from plex_show_mappings where user_id = :user_id group by match_method order by match_method;
