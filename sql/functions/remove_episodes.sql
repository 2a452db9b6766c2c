create function remove_episodes(p_user_id bigint, p_tvshow_id bigint, p_places jsonb) returns integer
language plpgsql volatile
set search_path from current
as $$
declare
    v_old record;
    v_seasons jsonb;
    v_totals record;
begin
    select s.seasons, s.total_episodes into v_old from tvshows s
    where s.user_id = p_user_id and s.id = p_tvshow_id and s.deleted_at is null for no key update;
    if not found then
        return 0;
    end if;
    select coalesce(jsonb_agg(d.value || jsonb_build_object('episodes', kept.episodes) order by d.ord), '[]') into v_seasons
    from jsonb_array_elements(v_old.seasons) with ordinality d(value, ord)
    cross join lateral (
        select coalesce(jsonb_agg(e.value order by e.ord) filter (where not gone.is_gone), '[]') as episodes,
               coalesce(bool_or(gone.is_gone), false) as had_gone
        from jsonb_array_elements(d.value -> 'episodes') with ordinality e(value, ord)
        cross join lateral (
            select jsonb_build_array(d.value -> 'seasonNumber', e.value -> 'episodeNumber')
                   in (select place from jsonb_array_elements(p_places) place)
               and not exists (select from watch_events w
                               where w.tvshow_id = p_tvshow_id and w.season = (d.value ->> 'seasonNumber')::integer
                                 and w.episode = (e.value ->> 'episodeNumber')::integer and w.withdrawn_at is null) as is_gone
        ) gone
    ) kept
    where kept.episodes <> '[]' or not kept.had_gone;
    v_totals := recount(v_seasons);
    update tvshows
    set seasons = v_seasons, total_episodes = v_totals.total_episodes, watched_episodes = v_totals.watched_episodes,
        total_minutes = v_totals.total_minutes, updated_at = now()
    where id = p_tvshow_id and seasons <> v_seasons;
    return v_old.total_episodes - v_totals.total_episodes;
end
$$;
comment on function remove_episodes(bigint, bigint, jsonb) is
    'Takes episodes out of a show''s document ([[season, episode], …]) that nothing is said about any more, and seasons that are empty
then; returns how many. Their voided plays stay.';
