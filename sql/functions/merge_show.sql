create function merge_show(p_user_id bigint, p_tvshow_id bigint, p_document jsonb, p_from text) returns jsonb
language plpgsql volatile
set search_path from current
as $$
declare
    v_show tvshows;
    v_new jsonb := normal_seasons(coalesce(p_document -> 'seasons', '[]'));
    v_start date := nullif(p_document ->> 'show_start_date', '')::date;
    v_merged jsonb;
    v_seasons jsonb;
    v_totals record;
    v_names integer;
begin
    -- Before the show's row: an event that wants to ask about this show waits, and then finds it.
    perform lock_mappings(p_user_id);
    select * into v_show from tvshows s
    where s.user_id = p_user_id and s.id = p_tvshow_id and s.deleted_at is null for no key update;
    if not found then
        raise exception 'show % is not there', p_tvshow_id using errcode = 'TK404';
    end if;
    select coalesce(jsonb_agg(m), '[]') into v_merged
    from merge_seasons(v_show.seasons, v_new, (
        select coalesce(jsonb_agg(distinct jsonb_build_array(w.season, w.episode)), '[]')
        from watch_events w where w.tvshow_id = p_tvshow_id), p_from) m;

    -- Viewings follow their episode. One statement each: two episodes may have changed places.
    update watch_events w set season = m.season, episode = m.episode
    from jsonb_to_recordset(v_merged) m(old_season integer, old_episode integer, season integer, episode integer)
    where w.tvshow_id = p_tvshow_id and (w.season, w.episode) = (m.old_season, m.old_episode)
      and (m.season, m.episode) <> (m.old_season, m.old_episode);
    update plays p set season = m.season, episode = m.episode
    from jsonb_to_recordset(v_merged) m(old_season integer, old_episode integer, season integer, episode integer)
    where p.tvshow_id = p_tvshow_id and (p.season, p.episode) = (m.old_season, m.old_episode)
      and (m.season, m.episode) <> (m.old_season, m.old_episode);

    select coalesce(jsonb_agg(jsonb_build_object('seasonNumber', d.season, 'episodes', d.episodes) order by d.season), '[]')
    into v_seasons
    from (
        select n.season, coalesce(jsonb_agg(e.entry order by e.episode) filter (where e.entry is not null), '[]') as episodes
        from (select (s ->> 'seasonNumber')::integer as season from jsonb_array_elements(v_show.seasons || v_new) s group by 1) n
        left join (
            select m.season, m.episode, jsonb_build_object('episodeNumber', m.episode) || case
                when m.old_entry is null then m.new_entry || '{"watched": false, "dateWatched": null}'
                -- TMDB's word is newer, a Plex server's only fills gaps; nothing known is replaced by nothing.
                when p_from = 'tmdb' then m.old_entry || jsonb_strip_nulls(coalesce(m.new_entry, '{}')) - 'episodeNumber'
                     || jsonb_build_object('watched', m.old_entry -> 'watched', 'dateWatched', m.old_entry -> 'dateWatched')
                else m.old_entry || coalesce(m.new_entry, '{}') || jsonb_strip_nulls(m.old_entry)
                     || jsonb_build_object('watched', m.old_entry -> 'watched', 'dateWatched', m.old_entry -> 'dateWatched')
            end || jsonb_build_object('episodeNumber', m.episode) as entry
            from jsonb_to_recordset(v_merged) m(season integer, episode integer, old_entry jsonb, new_entry jsonb)
            where m.season is not null) e using (season)
        group by n.season
    ) d;
    select * into v_totals from recount(v_seasons);
    update tvshows s
    set seasons = v_seasons, total_episodes = v_totals.total_episodes, watched_episodes = v_totals.watched_episodes,
        total_minutes = v_totals.total_minutes, refreshed_at = now(), updated_at = now(),
        status = coalesce(p_document ->> 'status', s.status),
        -- A Plex server's poster makes place for TMDB's, never the other way round.
        poster_path = case
            when p_from = 'tmdb' or s.poster_path like '/library/%' then coalesce(p_document ->> 'poster_path', s.poster_path)
            else coalesce(s.poster_path, p_document ->> 'poster_path') end,
        -- TMDB's document names the first country only; an import may know several.
        country = coalesce(s.country, p_document ->> 'country'),
        -- A year alone is kept as its first day; another year than the user's is not taken.
        show_start_date = case
            when s.show_start_date is null
              or (s.show_start_date = date_trunc('year', v_start)::date) then coalesce(v_start, s.show_start_date)
            else s.show_start_date end
    where s.id = p_tvshow_id;
    perform give_ids(p_user_id, p_tvshow_id, jsonb_strip_nulls(jsonb_build_object(
        'tmdb', p_document -> 'tmdb_id', 'tvdb', p_document -> 'tvdb_id', 'imdb', p_document -> 'imdb_id')));
    with named as (
        insert into show_titles (user_id, tvshow_id, title, kind)
        select p_user_id, p_tvshow_id, t ->> 'title', coalesce(t ->> 'kind', 'alternative')
        from jsonb_array_elements(coalesce(p_document -> 'titles', '[]')
                                  || jsonb_build_object('title', p_document -> 'title', 'kind', 'alternative')) t
        where coalesce(t ->> 'title', '') <> ''
        on conflict (tvshow_id, md5(title)) do nothing
        returning title
    )
    select count(*) into v_names from named;

    -- Names, ids and episodes may answer what is asked.
    perform settle_open_conflicts(p_user_id, p_tvshow_id);

    return (
        select jsonb_build_object(
            'added', count(*) filter (where m.old_season is null),
            'moved', coalesce(jsonb_agg(jsonb_build_object('from', jsonb_build_array(m.old_season, m.old_episode),
                                                           'to', jsonb_build_array(m.season, m.episode))
                                        order by m.old_season, m.old_episode)
                              filter (where (m.season, m.episode) <> (m.old_season, m.old_episode)), '[]'),
            'removed', coalesce(jsonb_agg(jsonb_build_array(m.old_season, m.old_episode) order by m.old_season, m.old_episode)
                                filter (where m.season is null), '[]'),
            'kept', coalesce(jsonb_agg(jsonb_build_array(m.season, m.episode) order by m.season, m.episode)
                             filter (where m.season is not null and m.new_entry is null and m.old_entry ? 'tmdbId'), '[]'),
            'names', v_names)
        from jsonb_to_recordset(v_merged)
            m(old_season integer, old_episode integer, old_entry jsonb, new_entry jsonb, season integer, episode integer));
end
$$;
comment on function merge_show(bigint, bigint, jsonb, text) is
    'Brings what TMDB or a Plex server (p_from: tmdb, plex) knows now into a show. No watched flag, date or viewing is lost:
renumbered episodes take theirs along, vanished ones are removed only when nobody ever spoke of them. Returns added (a number), moved,
removed and kept (which), names (a number). Raises TK404, TK422.';
