create function take_back(p_user_id bigint, p_tvshow_id bigint, p_event_ids bigint[]) returns bigint[]
language plpgsql volatile
set search_path from current
as $$
declare
    v_ids bigint[];
begin
    perform from tvshows where user_id = p_user_id and id = p_tvshow_id and deleted_at is null for no key update;
    if not found then
        raise exception 'show % is not there', p_tvshow_id using errcode = 'TK404';
    end if;
    with taken as (
        update watch_events w
        set withdrawn_at = case when w.source = 'manual' then now() end,
            withdrawn_why = case when w.source = 'manual' then 'removed' end,
            removed_at = now()
        where w.user_id = p_user_id and w.tvshow_id = p_tvshow_id and w.id = any (p_event_ids)
          and w.withdrawn_at is null and w.removed_at is null
        returning w.id, w.play_id
    ), voided as (
        -- A viewing that was told in other ways as well goes with those.
        update plays p set voided_at = coalesce(p.voided_at, now()), void_reason = 'removed'
        where p.id in (select play_id from taken)
          and not exists (select from watch_events w
                          where w.tvshow_id = p_tvshow_id and w.season = p.season and w.episode = p.episode and w.play_id = p.id
                            and w.withdrawn_at is null and w.id not in (select id from taken))
    )
    select coalesce(array_agg(id order by id), '{}') into v_ids from taken;
    if cardinality(v_ids) > 0 then
        perform refold_said(p_user_id, p_tvshow_id, v_ids);
    end if;
    return v_ids;
end
$$;
comment on function take_back(bigint, bigint, bigint[]) is
    'The user takes back what was said: of his own words nothing is left, what Plex told counts no more, also when it is told again.
Plays, flags, dates and totals follow from what is left. Returns which, for say_again. Raises TK404.';
