-- name: claim_pending(lease_seconds, probe_seconds)^
select log_id, user_id, payload, lookup, probe from claim_pending(:lease_seconds, :probe_seconds);

-- name: apply_lookup(user_id, log_id, event, lookup, steps, has_tmdb, probe, document, lease_seconds)^
select status, action, tvshow_id, conflict_id, needs, probing
from apply_lookup(:user_id, :log_id, :event, :lookup, :steps, :has_tmdb, :probe, :document, :lease_seconds);

-- name: renew_claims(log_ids, lease_seconds)^
select renew_claims(:log_ids, :lease_seconds);

-- name: fail_pending(user_id, log_id, steps, error)^
select fail_pending(:user_id, :log_id, :steps, :error);

-- name: note_upstream(user_id, service, outcome, retry_after, probe_seconds)^
select note_upstream(:user_id, :service, :outcome, :retry_after, :probe_seconds);

-- name: look_up_again(user_id)$
-- How many events of open questions wait for a look-up again.
select look_up_again(:user_id);

-- name: merge_show(user_id, tvshow_id, document, source)$
select merge_show(:user_id, :tvshow_id, :document, :source);

-- name: where_to_refresh(user_id, tvshow_id)^
-- How a show can be read anew: by its TMDB id, or by its rating key on the Plex server whose token is set.
-- The key may stand for another show by now: plex_guid and plex_title tell.
select s.tmdb_id, m.plex_rating_key, m.plex_guid, m.plex_title
from tvshows s
left join lateral (
    select m.plex_rating_key, m.plex_guid, m.plex_title from plex_show_mappings m join plex_config c using (user_id)
    where m.tvshow_id = s.id and m.user_id = s.user_id and m.plex_rating_key is not null and c.plex_token is not null
      and (c.plex_server_uuid is null or c.plex_server_uuid = m.plex_server_uuid)
    order by m.updated_at desc limit 1) m on true
where s.user_id = :user_id and s.id = :tvshow_id and s.deleted_at is null;

-- name: note_refreshed(user_id, tvshow_id)!
-- Asked about, and not there.
update tvshows set refreshed_at = now() where user_id = :user_id and id = :tvshow_id;

-- name: shows_to_refresh(limit)
-- What is due for a new reading, of everybody's: daily what is on the air or not known to have ended, monthly the rest. A show with
-- a TMDB id, or one that a Plex server has.
select s.user_id, s.id as tvshow_id
from tvshows s
where s.deleted_at is null
  and (s.refreshed_at is null
       or s.refreshed_at < now() - case when s.status in ('Ended', 'Canceled') then interval '30 days' else interval '22 hours' end)
  and (s.tmdb_id is not null
       or exists (select from plex_show_mappings m join plex_config c using (user_id)
                  where m.tvshow_id = s.id and m.plex_rating_key is not null and c.plex_token is not null
                    and (c.plex_server_uuid is null or c.plex_server_uuid = m.plex_server_uuid)))
order by s.refreshed_at nulls first, s.id
limit :limit;

-- name: start_job(kind, user_id, lease_seconds, apart_seconds)$
select start_job(:kind, :user_id, :lease_seconds, :apart_seconds);

-- name: renew_job(job_id, lease_seconds, progress)$
select renew_job(:job_id, :lease_seconds, :progress);

-- name: finish_job(job_id, status, result, error)^
select finish_job(:job_id, :status, :result, :error);

-- name: drop_expired_cache()!
-- What TMDB answered once, and would be asked for again.
delete from tmdb_cache where expires_at < now();
