-- name: list_mappings(user_id, mapping_id, before, unmapped, conflicts, q, limit)
-- What is known about Plex shows, the newest first. unmapped: stands for no show of the tracker (true) or for one (false).
-- conflicts: a question about this Plex show, or about the show it stands for, is open (true) or not (false). Null: all.
-- mapping_id: only this one.
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
