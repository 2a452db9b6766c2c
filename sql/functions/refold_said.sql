create function refold_said(p_user_id bigint, p_tvshow_id bigint, p_event_ids bigint[]) returns void
language plpgsql volatile
set search_path from current
as $$
declare
    v_place record;
    v_first timestamptz;
    v_folded jsonb := '[]';
begin
    for v_place in
        select t.season, t.episode, d.runtime,
               exists (select from watch_events w
                       where w.tvshow_id = p_tvshow_id and w.season = t.season and w.episode = t.episode
                         and w.withdrawn_at is null) as has_more
        from (select distinct w.season, w.episode from watch_events w
              where w.user_id = p_user_id and w.tvshow_id = p_tvshow_id and w.id = any (p_event_ids)) t
        left join (select (s ->> 'seasonNumber')::integer as season, (e ->> 'episodeNumber')::integer as episode,
                          (e ->> 'runtime')::integer as runtime
                   from tvshows i
                   cross join lateral jsonb_array_elements(i.seasons) s
                   cross join lateral jsonb_array_elements(s -> 'episodes') e
                   where i.id = p_tvshow_id) d
            on d.season = t.season and d.episode = t.episode
    loop
        -- Where nothing is left that was said, there is nothing to fold.
        v_first := null;
        if v_place.has_more then
            v_first := (select f.first_watched_at
                        from fold_episode(p_user_id, p_tvshow_id, v_place.season, v_place.episode, v_place.runtime, null) f);
        end if;
        v_folded := v_folded || jsonb_build_object(
            'season', v_place.season, 'episode', v_place.episode,
            'first_watched_at', v_first);
    end loop;
    perform rewrite_watched(p_tvshow_id, v_folded);
end
$$;
comment on function refold_said(bigint, bigint, bigint[]) is
    'Makes plays, flags, dates and totals anew for every episode that these watch events are about; the document is written once.
The caller holds the lock on the show''s row.';
