create function import_show(p_user_id bigint, p_show jsonb, p_accounts bigint[],
                            out tvshow_id bigint, out added boolean, out said integer, out mappings integer)
language plpgsql volatile
set search_path from current
as $$
declare
    v_seasons jsonb := normal_seasons(coalesce(p_show -> 'seasons', '[]'));
    v_deleted_at timestamptz := (p_show ->> 'deleted_at')::timestamptz;
    v_said jsonb := p_show -> 'said';
    v_viewings_only boolean := v_said is null and p_show ? 'plays';
    v_mapping jsonb;
    v_mapping_of record;
    v_mapping_ids bigint[] := '{}';
    v_runtimes jsonb;
    v_folded jsonb := '[]';
    v_place record;
begin
    -- As for every show that is added: an event that wants to ask about it waits, and then finds it.
    perform lock_mappings(p_user_id);
    -- A list from elsewhere may have viewings only, or only say which episodes were watched.
    if v_viewings_only then
        select coalesce(jsonb_agg(p || jsonb_build_object('kind', 'viewing', 'occurred_at', p -> 'watched_at')), '[]') into v_said
        from jsonb_array_elements(p_show -> 'plays') p where p ->> 'voided_at' is null;
    elsif v_said is null then
        select coalesce(jsonb_agg(jsonb_build_object('season', s -> 'seasonNumber', 'episode', e -> 'episodeNumber', 'kind', 'mark',
                                                     'occurred_at', e -> 'dateWatched')), '[]') into v_said
        from jsonb_array_elements(v_seasons) s cross join lateral jsonb_array_elements(s -> 'episodes') e
        where (e ->> 'watched')::boolean;
    end if;
    -- What was said makes the flags, below.
    select coalesce(jsonb_agg(s.value || jsonb_build_object('episodes', (
               select coalesce(jsonb_agg(e.value || '{"watched": false, "dateWatched": null}' order by e.ord), '[]')
               from jsonb_array_elements(s.value -> 'episodes') with ordinality e(value, ord))) order by s.ord), '[]')
    into v_seasons from jsonb_array_elements(v_seasons) with ordinality s(value, ord);

    tvshow_id := find_exported_show(p_user_id, p_show);
    added := tvshow_id is null;
    if added then
        tvshow_id := add_show(p_user_id, jsonb_build_object('source', 'import') || p_show
                                         || jsonb_build_object('seasons', v_seasons, 'titles', coalesce(p_show -> 'names', '[]'))
                                         -- A deleted one may share its ids with one that is there.
                                         || case when v_deleted_at is null then '{}'
                                                 else '{"tmdb_id": null, "tvdb_id": null, "imdb_id": null}'::jsonb end);
        update tvshows s
        set created_at = coalesce((p_show ->> 'created_at')::timestamptz, s.created_at), deleted_at = v_deleted_at,
            plex_synced = coalesce((p_show ->> 'plex_synced')::boolean, false), plex_last_sync = (p_show ->> 'plex_last_sync')::timestamptz,
            tmdb_id = (p_show ->> 'tmdb_id')::integer, tvdb_id = (p_show ->> 'tvdb_id')::integer, imdb_id = p_show ->> 'imdb_id'
        where s.id = tvshow_id;
    elsif v_deleted_at is null then
        perform add_episodes(p_user_id, tvshow_id, v_seasons);
        perform give_ids(p_user_id, tvshow_id, jsonb_strip_nulls(jsonb_build_object(
            'tmdb', p_show -> 'tmdb_id', 'tvdb', p_show -> 'tvdb_id', 'imdb', p_show -> 'imdb_id')));
        insert into show_titles (user_id, tvshow_id, title, kind)
        select p_user_id, import_show.tvshow_id, n ->> 'title', coalesce(n ->> 'kind', 'alternative')
        from jsonb_array_elements(coalesce(p_show -> 'names', '[]') || jsonb_build_array(jsonb_build_object('title', p_show -> 'title'))) n
        on conflict do nothing;
    else
        perform from tvshows s where s.id = tvshow_id for no key update;
    end if;

    mappings := 0;
    for v_mapping in select m from jsonb_array_elements(coalesce(p_show -> 'mappings', '[]')) with ordinality x(m, ord) order by ord
    loop
        v_mapping_of := import_mapping(p_user_id, v_mapping, case when v_deleted_at is null then tvshow_id end,
                                       case when v_deleted_at is not null then tvshow_id end);
        v_mapping_ids := array_append(v_mapping_ids, v_mapping_of.mapping_id);
        mappings := mappings + v_mapping_of.added::integer;
    end loop;

    said := 0;
    for v_place in
        with given as (
            select g.*, p_accounts[g.account] as account_id, v_mapping_ids[g.mapping] as mapping_id
            from jsonb_to_recordset(v_said) as g(
                season integer, episode integer, kind text, occurred_at timestamptz, source text, server_uuid text, account integer,
                history_key text, plex_season integer, plex_episode integer, mapping integer, said_at timestamptz,
                withdrawn_at timestamptz, withdrawn_why text, removed_at timestamptz)
        ), taken as (
            -- The same thing said about the same episode at the same moment is what an earlier import has brought, or what was here.
            insert into watch_events (user_id, tvshow_id, season, episode, kind, occurred_at, source, server_uuid, account_id,
                                      history_key, plex_season, plex_episode, mapping_id, said_at, withdrawn_at, withdrawn_why,
                                      removed_at)
            select p_user_id, import_show.tvshow_id, g.season, g.episode, g.kind, g.occurred_at, coalesce(g.source, 'import'),
                   g.server_uuid, g.account_id, g.history_key, g.plex_season, g.plex_episode, g.mapping_id, g.said_at, g.withdrawn_at,
                   g.withdrawn_why, g.removed_at
            from given g
            where not exists (
                select from watch_events w
                where w.tvshow_id = import_show.tvshow_id and w.season = g.season and w.episode = g.episode and w.kind = g.kind
                  and w.occurred_at = g.occurred_at and w.server_uuid is not distinct from g.server_uuid
                  and w.account_id is not distinct from g.account_id and w.history_key is not distinct from g.history_key
                  and w.withdrawn_why is not distinct from g.withdrawn_why)
              -- Who only lists viewings does not say which server told them: one at that moment is known, also where it does not count.
              and not (v_viewings_only and exists (
                  select from plays p where p.tvshow_id = import_show.tvshow_id and p.season = g.season and p.episode = g.episode
                                        and p.watched_at = g.occurred_at))
            on conflict (user_id, server_uuid, history_key) where history_key is not null and withdrawn_at is null do nothing
            returning season, episode, withdrawn_at
        )
        select t.season, t.episode, count(*)::integer as news, bool_or(t.withdrawn_at is null) as counts from taken t
        group by t.season, t.episode order by t.season, t.episode
    loop
        said := said + v_place.news;
        if v_place.counts then
            v_runtimes := coalesce(v_runtimes, episode_runtimes(tvshow_id));
            v_folded := v_folded || (
                select jsonb_build_object('season', v_place.season, 'episode', v_place.episode, 'first_watched_at', f.first_watched_at)
                from fold_episode(p_user_id, tvshow_id, v_place.season, v_place.episode,
                                  (v_runtimes -> (v_place.season || '.' || v_place.episode) ->> 'runtime')::integer, null) f);
        end if;
    end loop;

    -- What the fold does not make: viewings that were taken back, by hand too, or turned out to be part of another one.
    insert into plays (user_id, tvshow_id, season, episode, watched_at, source, server_uuid, account_id, history_key, plex_season,
                       plex_episode, mapping_id, voided_at, void_reason)
    select p_user_id, import_show.tvshow_id, g.season, g.episode, g.watched_at, coalesce(g.source, 'import'), g.server_uuid,
           p_accounts[g.account], g.history_key, g.plex_season, g.plex_episode, v_mapping_ids[g.mapping], g.voided_at, g.void_reason
    from jsonb_to_recordset(coalesce(p_show -> 'plays', '[]')) as g(
        season integer, episode integer, watched_at timestamptz, source text, server_uuid text, account integer, history_key text,
        plex_season integer, plex_episode integer, mapping integer, voided_at timestamptz, void_reason text)
    where g.void_reason <> 'unmarked'
      and not exists (select from plays p
                      where p.tvshow_id = import_show.tvshow_id and p.season = g.season and p.episode = g.episode
                        and p.watched_at = g.watched_at and p.voided_at = g.voided_at and p.void_reason = g.void_reason);
    if v_folded <> '[]' then
        perform rewrite_watched(tvshow_id, v_folded);
    end if;
end
$$;
comment on function import_show(bigint, jsonb, bigint[]) is
    'Brings a show of an export into a tracker, or into the show that it is there already: episodes, names and ids that are missing,
mappings (import_mapping), and what was said that is not known; viewings and flags are the fold of it. A second time brings nothing.
p_accounts: the ids here of the export''s accounts, in its order. Raises TK422, and what the tables refuse.';
