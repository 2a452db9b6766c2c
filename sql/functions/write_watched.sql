create function write_watched(p_user_id bigint, p_tvshow_id bigint, p_log_ids bigint[], p_synced boolean default false) returns void
language plpgsql volatile
set search_path from current
as $$
declare
    v_old jsonb;
    v_seasons jsonb;
    v_fold jsonb;
    v_totals record;
begin
    select s.seasons into v_old from tvshows s where s.user_id = p_user_id and s.id = p_tvshow_id for no key update;
    if not found then
        return;
    end if;
    -- Season.episode -> the first viewing that counts. A map rather than a join, see episode_runtimes.
    select coalesce(jsonb_object_agg(f.season || '.' || f.episode, jsonb_build_object(
               'watched', f.first_watched_at is not null,
               'dateWatched', to_char(f.first_watched_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'))), '{}')
    into v_fold
    from (
        select t.season, t.episode, min(p.watched_at) as first_watched_at
        from (select distinct w.season, w.episode from watch_events w
              where w.log_id = any (p_log_ids) and w.tvshow_id = p_tvshow_id) t
        left join plays p on p.tvshow_id = p_tvshow_id and p.season = t.season and p.episode = t.episode and p.voided_at is null
        group by t.season, t.episode
    ) f;
    select jsonb_agg(
               s.value || jsonb_build_object('episodes', (
                   select coalesce(jsonb_agg(
                              e.value || coalesce(v_fold -> ((s.value ->> 'seasonNumber') || '.' || (e.value ->> 'episodeNumber')), '{}')
                              order by e.ord), '[]')
                   from jsonb_array_elements(s.value -> 'episodes') with ordinality e(value, ord)))
               order by s.ord)
    into v_seasons
    from jsonb_array_elements(v_old) with ordinality s(value, ord);
    if v_seasons is null or v_seasons = v_old then
        return;
    end if;
    v_totals := recount(v_seasons);
    update tvshows
    set seasons = v_seasons, watched_episodes = v_totals.watched_episodes, total_minutes = v_totals.total_minutes,
        plex_synced = plex_synced or p_synced, plex_last_sync = case when p_synced then now() else plex_last_sync end,
        updated_at = now()
    where id = p_tvshow_id;
end
$$;
comment on function write_watched(bigint, bigint, bigint[], boolean) is
    'Writes into a show''s document what its plays say of the episodes that these log rows are about, once for all of them, and
counts the totals anew: a document costs its size with every writing. p_synced: what was said came from Plex. Locks the show.';
