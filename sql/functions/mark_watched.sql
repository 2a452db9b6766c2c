create function mark_watched(p_user_id bigint, p_tvshow_id bigint, p_season integer, p_episode integer, p_air_date date,
                             p_kind text, p_at timestamptz, p_source text,
                             p_server_uuid text default null, p_account_id bigint default null, p_history_key text default null,
                             p_mapping_id bigint default null, p_log_id bigint default null,
                             p_plex_season integer default null, p_plex_episode integer default null,
                             p_later jsonb default null, p_said_at timestamptz default null,
                             out action text, out season integer, out episode integer, out play_id bigint, out first_watched_at timestamptz)
language plpgsql volatile
set search_path from current
as $$
declare
    v_show record;
    v_found record;
    v_event_id bigint;
    v_fold record;
    v_was boolean;
    v_entry jsonb;
    v_known boolean;
begin
    -- The lock that makes two marks of one show follow each other: without it both would write back the document they had
    -- read, and one of the two would be lost. No other row is locked before it but the advisory lock of receive_event.
    v_known := p_later is not null and coalesce((p_later ->> 'season')::integer = p_season and (p_later ->> 'episode')::integer = p_episode, false);
    select s.id, case when not v_known then s.seasons end as seasons into v_show from tvshows s
    where s.user_id = p_user_id and s.id = p_tvshow_id and s.deleted_at is null
    for no key update;
    if not found then
        action := 'show_missing';
        return;
    end if;
    if v_known then
        select p_season as season, p_episode as episode, p_later as entry, 0 as season_index, 0 as episode_index into v_found;
    else
        v_found := find_episode(v_show.seasons, p_season, p_episode, p_air_date);
    end if;
    if v_found.entry is null then
        action := 'episode_missing';
        return;
    end if;
    season := v_found.season;
    episode := v_found.episode;
    v_was := coalesce((v_found.entry ->> 'watched')::boolean, false);

    -- The mapping was read before the show was locked: it may have been changed or forgotten since.
    -- Once a transaction: of many events replayed in one, each would leave a dead row that the next has to walk past.
    if p_mapping_id is not null and not (p_later is not null and exists (
        select from plex_show_mappings m
        where m.id = p_mapping_id and m.tvshow_id = p_tvshow_id and m.sync_enabled and m.last_synced_at = now()
    )) then
        update plex_show_mappings m set last_synced_at = now()
        where m.id = p_mapping_id and m.tvshow_id = p_tvshow_id and m.sync_enabled;
        if not found then
            action := 'mapping_changed';
            return;
        end if;
    end if;

    if p_kind = 'viewing' and p_history_key is null and not exists (
        select from watch_events w
        where w.tvshow_id = p_tvshow_id and w.season = v_found.season and w.episode = v_found.episode and w.withdrawn_at is null
          and (w.occurred_at > p_at - make_interval(mins => coalesce(nullif((v_found.entry ->> 'runtime')::integer, 0), 30))
               -- A webhook that came late, of a viewing that the server's history has told.
               or (p_said_at <> p_at and w.history_key is not null))
    ) then
        -- Nothing was said about this episode that lies within a runtime before it, or after it: a viewing of its own, and no fold
        -- is needed.
        if v_was or p_later is not null then
            select min(p.watched_at) into first_watched_at from plays p
            where p.tvshow_id = p_tvshow_id and p.season = v_found.season and p.episode = v_found.episode and p.voided_at is null;
        end if;
        insert into plays (user_id, tvshow_id, season, episode, watched_at, source, server_uuid, account_id, history_key,
                           plex_season, plex_episode, mapping_id, log_id)
        values (p_user_id, p_tvshow_id, season, episode, p_at, p_source, p_server_uuid, p_account_id, p_history_key,
                p_plex_season, p_plex_episode, p_mapping_id, p_log_id)
        returning id into play_id;
        insert into watch_events (user_id, tvshow_id, season, episode, kind, occurred_at, source, server_uuid, account_id,
                                  history_key, plex_season, plex_episode, mapping_id, log_id, play_id, said_at)
        values (p_user_id, p_tvshow_id, season, episode, 'viewing', p_at, p_source, p_server_uuid, p_account_id,
                p_history_key, p_plex_season, p_plex_episode, p_mapping_id, p_log_id, play_id, p_said_at);
        action := case when first_watched_at is null then 'marked_watched' else 'rewatched' end;
        first_watched_at := coalesce(first_watched_at, p_at);
    else
        insert into watch_events (user_id, tvshow_id, season, episode, kind, occurred_at, source, server_uuid, account_id,
                                  history_key, plex_season, plex_episode, mapping_id, log_id, said_at)
        values (p_user_id, p_tvshow_id, season, episode, p_kind, p_at, p_source, p_server_uuid, p_account_id,
                p_history_key, p_plex_season, p_plex_episode, p_mapping_id, p_log_id, p_said_at)
        on conflict (user_id, server_uuid, history_key) where history_key is not null and withdrawn_at is null do nothing
        returning id into v_event_id;
        v_fold := fold_episode(p_user_id, p_tvshow_id, season, episode, (v_found.entry ->> 'runtime')::integer, v_event_id);
        play_id := v_fold.event_play_id;
        first_watched_at := v_fold.first_watched_at;
        action := case
            when v_fold.event_starts_play is not true or v_fold.event_voided then 'already_watched'
            when v_fold.live_plays > 1 then 'rewatched'
            else 'marked_watched'
        end;
    end if;

    if p_later is not null then
        return;
    end if;
    v_entry := v_found.entry || jsonb_build_object(
        'watched', first_watched_at is not null,
        'dateWatched', to_char(first_watched_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'));
    if v_entry is distinct from v_found.entry then
        update tvshows s
        set seasons = jsonb_set(v_show.seasons, array[v_found.season_index::text, 'episodes', v_found.episode_index::text], v_entry),
            watched_episodes = s.watched_episodes + (first_watched_at is not null)::integer - v_was::integer,
            total_minutes = s.total_minutes
                + ((first_watched_at is not null)::integer - v_was::integer) * coalesce((v_entry ->> 'runtime')::integer, 0),
            plex_synced = s.plex_synced or p_mapping_id is not null,
            plex_last_sync = case when p_mapping_id is not null then now() else s.plex_last_sync end,
            updated_at = now()
        where s.id = v_show.id;
    end if;
end
$$;
comment on function mark_watched(bigint, bigint, integer, integer, date, text, timestamptz, text, text, bigint, text, bigint, bigint, integer, integer, jsonb, timestamptz) is
    'Takes one viewing, mark or unmark of one episode: row lock, watch event, plays, seasons document, totals, the mapping''s last
sync. action: marked_watched, rewatched, already_watched; or, with nothing written, episode_missing, show_missing or
mapping_changed (it is not the mapping''s show any more, or sync is off). With p_later the document and the totals are left to
write_watched, which the caller calls once for many; it may hold the season, episode and runtime of an episode that the caller has
found, so that the document is not read for each. p_said_at: the time by the Plex server''s own clock.';
