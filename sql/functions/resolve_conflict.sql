create function resolve_conflict(p_user_id bigint, p_conflict_id bigint, p_action text, p_tvshow_id bigint default null,
                                 p_season integer default null, p_episode integer default null, p_show jsonb default null,
                                 out tvshow_id bigint, out replayed integer, out outcomes jsonb)
language plpgsql volatile
set search_path from current
as $$
declare
    v_conflict plex_conflicts;
    v_show jsonb;
    v_added jsonb;
    v_held bigint[];
    v_undo jsonb;
    v_mapping_id bigint;
    v_learnt_id bigint;
    v_returned jsonb;
begin
    select * into v_conflict from plex_conflicts where user_id = p_user_id and id = p_conflict_id;
    if not found then
        raise exception 'conflict % is not there', p_conflict_id using errcode = 'TK404';
    end if;
    -- The same locks, in the same order, as an arriving event of this show: none slips between the answer and the replay.
    perform pg_advisory_xact_lock(hashtextextended(v_conflict.show_key, p_user_id));
    perform lock_mappings(p_user_id);
    -- The show's row before the conflict's: an event whose episode is missing has the first and wants the second.
    if p_action = 'select' then
        select s.id into tvshow_id from tvshows s
        where s.user_id = p_user_id and s.id = coalesce(p_tvshow_id, v_conflict.tvshow_id) and s.deleted_at is null
        for no key update;
    end if;
    select * into v_conflict from plex_conflicts where id = p_conflict_id for update;
    if v_conflict.resolved then
        raise exception 'conflict % was resolved before', p_conflict_id using errcode = 'TK409';
    end if;
    v_show := conflict_show(p_user_id, p_conflict_id);
    select coalesce(array_agg(l.id), '{}') into v_held from plex_webhook_logs l
    where l.conflict_id = p_conflict_id and l.status = 'conflict';
    v_undo := mapping_state(p_user_id, v_show)
        || jsonb_build_object('held', v_held, 'after_event', (select coalesce(max(id), 0) from watch_events),
                              'after_log', (select coalesce(max(id), 0) from plex_webhook_logs));

    if p_action <> 'select' and (p_season is not null or p_episode is not null) then
        raise exception 'a season and episode number can only be given with the show' using errcode = 'TK422';
    end if;

    if p_action = 'select' then
        if coalesce(p_tvshow_id, v_conflict.tvshow_id) is null then
            raise exception 'which show? tvshow_id is missing' using errcode = 'TK422';
        elsif tvshow_id is null then
            raise exception 'show % is not there', coalesce(p_tvshow_id, v_conflict.tvshow_id) using errcode = 'TK404';
        elsif p_tvshow_id is null and v_conflict.tvshow_id is distinct from tvshow_id then
            raise exception 'the question changed meanwhile' using errcode = 'serialization_failure';
        end if;
        if (p_season is not null or p_episode is not null) and 1 < (
            -- What has no number is told apart by its date and name.
            select count(distinct (l.plex_season, l.plex_episode, l.payload #>> '{Metadata,originallyAvailableAt}',
                                   case when l.plex_episode is null then l.payload #>> '{Metadata,title}' end))
            from plex_webhook_logs l where l.id = any (v_held)
        ) then
            raise exception 'several episodes wait here: one season and episode number cannot be right for all of them'
                using errcode = 'TK422';
        end if;
    elsif p_action = 'create_new' then
        -- TMDB may have two entries with one TVDB or IMDb id. Who names the entry wants that show, and the other one keeps the id.
        v_added := coalesce(p_show, '{}') - (
            select coalesce(array_agg(taken.id), '{}')
            from (select case when s.tvdb_id = (p_show ->> 'tvdb_id')::integer then 'tvdb_id' end as tvdb,
                         case when s.imdb_id = p_show ->> 'imdb_id' then 'imdb_id' end as imdb
                  from tvshows s
                  where s.user_id = p_user_id and s.deleted_at is null and s.tmdb_id <> (p_show ->> 'tmdb_id')::integer) x
            cross join lateral (values (x.tvdb), (x.imdb)) taken(id) where taken.id is not null);
        tvshow_id := add_show(p_user_id, v_added || jsonb_build_object(
            'title', coalesce(p_show ->> 'title', nullif(v_conflict.plex_title, ''), 'Untitled'),
            'year', coalesce((p_show ->> 'year')::integer, v_conflict.plex_year), 'source', 'plex'));
        -- The user adds it: what stood for it until it was deleted comes back.
        v_returned := return_mappings(p_user_id, tvshow_id);
        v_undo := v_undo || jsonb_build_object('added_tvshow_id', tvshow_id, 'returned', v_returned);
    elsif p_action not in ('ignore', 'ignore_forever') then
        raise exception 'unknown action %', p_action using errcode = 'TK422';
    end if;

    -- Closed first: what finds its episode missing in the show that was named is another question.
    update plex_conflicts
    set resolved = true, resolved_at = now(), resolution_action = p_action, resolved_tvshow_id = resolve_conflict.tvshow_id,
        undone_at = null, updated_at = now()
    where id = p_conflict_id;

    if p_action = 'ignore' or p_action = 'ignore_forever' then
        if p_action = 'ignore_forever' then
            v_mapping_id := map_show(p_user_id, v_show, null, 1, 'manual', true, p_conflict_id);
        end if;
        update plex_webhook_logs l
        set status = 'ignored', action_taken = case p_action when 'ignore' then 'ignored_by_user' else 'sync_disabled' end,
            mapping_id = coalesce(v_mapping_id, l.mapping_id),
            trace = l.trace::jsonb || jsonb_build_object('step', 'resolved', 'conflict_id', p_conflict_id, 'action', p_action)
        where l.id = any (v_held);
        replayed := cardinality(v_held);
        outcomes := case when replayed > 0 then jsonb_build_object('ignored', replayed) else '{}' end;
    else
        v_mapping_id := map_show(p_user_id, v_show, tvshow_id, 1, 'manual', true, p_conflict_id);
        if v_conflict.plex_title <> '' then
            insert into show_titles (user_id, tvshow_id, title, kind)
            values (p_user_id, resolve_conflict.tvshow_id, v_conflict.plex_title, 'learnt')
            on conflict do nothing
            returning id into v_learnt_id;
            v_undo := v_undo || jsonb_build_object('learnt_id', v_learnt_id);
        end if;
        if p_season is not null then
            v_undo := v_undo || jsonb_build_object('rules', (
                select jsonb_agg(learn_number(p_user_id, v_mapping_id, l.plex_season, l.plex_episode, p_season, p_episode))
                from plex_webhook_logs l where l.id = v_held[1]));
        elsif v_conflict.conflict_type = 'episode_missing' and v_conflict.tvshow_id = tvshow_id then
            -- A numbering rule that leads nowhere is not asked about for ever: the answer is that Plex's number is right.
            v_undo := v_undo || jsonb_build_object('rules', (
                select jsonb_agg(learn_number(p_user_id, v_mapping_id, h.plex_season, h.plex_episode, h.plex_season, h.plex_episode))
                from (select distinct l.plex_season, l.plex_episode,
                             (l.payload #>> '{Metadata,originallyAvailableAt}')::date as air_date
                      from plex_webhook_logs l where l.id = any (v_held)) h
                join plex_show_mappings m on m.id = v_mapping_id and m.has_rules
                where exists (select from number_episode(p_user_id, m.id, h.plex_season, h.plex_episode, h.air_date) n
                              where n.rule is not null and n.season is null)));
        end if;
        -- The show was named but lacks these episodes: Plex knew them first, so they are taken from it. Not where the show came with
        -- its episodes: what is missing then is numbered in another way, and is asked.
        if (p_action = 'create_new' and not coalesce(p_show -> 'seasons' @? '$[*].episodes[*]', false))
           or (v_conflict.conflict_type = 'episode_missing' and p_season is null and v_conflict.tvshow_id = tvshow_id) then
            v_undo := v_undo || jsonb_build_object('episodes', add_held_episodes(p_user_id, tvshow_id, v_held, v_mapping_id));
        end if;
        select r.replayed, r.outcomes into replayed, outcomes
        from replay_held(p_user_id, p_conflict_id, v_show, tvshow_id, v_mapping_id, p_action, v_held, p_season, p_episode) r;
    end if;

    update plex_conflicts set undo = v_undo || jsonb_build_object('mapping_id', v_mapping_id) where id = p_conflict_id;
    if tvshow_id is not null then
        -- Added, or known by one more name: other questions may be about it.
        perform settle_open_conflicts(p_user_id, tvshow_id);
    end if;
end
$$;
comment on function resolve_conflict(bigint, bigint, text, bigint, integer, integer, jsonb) is
    'The user''s answer (select, create_new, ignore, ignore_forever): keeps the mapping, learns the name, and replays every held
event in viewing order, in one transaction; what it changed is kept for undo_conflict. Raises TK404, TK409 (resolved before), TK422;
40001 when the question changed meanwhile.';
