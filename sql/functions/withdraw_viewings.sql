create function withdraw_viewings(p_user_id bigint, p_log_ids bigint[], p_reason text) returns integer
language plpgsql volatile
set search_path from current
as $$
declare
    v_show record;
    v_place record;
    v_withdrawn integer := 0;
begin
    -- Several shows are locked, in the order of their ids; a caller that locks more has the lock of lock_mappings, so that no two
    -- such transactions meet.
    for v_show in
        select s.id, s.seasons from tvshows s
        where s.user_id = p_user_id
          and s.id in (select w.tvshow_id from watch_events w
                       where w.user_id = p_user_id and w.log_id = any (p_log_ids) and w.withdrawn_at is null)
        order by s.id for no key update
    loop
        -- Looked at after the lock: what was said up to it, and how it was folded.
        with said as (
            select w.id, w.play_id from watch_events w
            where w.user_id = p_user_id and w.tvshow_id = v_show.id and w.log_id = any (p_log_ids) and w.withdrawn_at is null
        ), taken as (
            update watch_events w set withdrawn_at = now(), withdrawn_why = p_reason, play_id = null
            from said where w.id = said.id
            returning w.id
        ), voided as (
            -- A viewing that was reported in other ways as well stays.
            update plays p set voided_at = coalesce(p.voided_at, now()), void_reason = p_reason
            where p.id in (select play_id from said)
              and p.id not in (select w.play_id from watch_events w
                               where w.tvshow_id = v_show.id and w.play_id is not null and w.withdrawn_at is null
                                 and w.id not in (select id from said))
        )
        select v_withdrawn + count(*) into v_withdrawn from taken;
        for v_place in
            select t.season, t.episode, d.runtime
            from (select distinct w.season, w.episode from watch_events w
                  where w.tvshow_id = v_show.id and w.log_id = any (p_log_ids)) t
            left join (select (s ->> 'seasonNumber')::integer as season, (e ->> 'episodeNumber')::integer as episode,
                              (e ->> 'runtime')::integer as runtime
                       from jsonb_array_elements(v_show.seasons) s cross join lateral jsonb_array_elements(s -> 'episodes') e) d
                on d.season = t.season and d.episode = t.episode
            -- Where nothing is left that was said, there is nothing to fold.
            where exists (select from watch_events w
                          where w.tvshow_id = v_show.id and w.season = t.season and w.episode = t.episode and w.withdrawn_at is null)
        loop
            perform fold_episode(p_user_id, v_show.id, v_place.season, v_place.episode, v_place.runtime, null);
        end loop;
        perform write_watched(p_user_id, v_show.id, p_log_ids);
    end loop;
    return v_withdrawn;
end
$$;
comment on function withdraw_viewings(bigint, bigint[], text) is
    'Takes back what came through these log rows (moved, undone): what was said is kept but counts no more, its plays are voided with
the reason, and flags, dates and totals follow from what is left. Returns how many viewings. Locks the shows, in the order of their ids.';
