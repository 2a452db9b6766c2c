create function search_again(p_user_id bigint, p_conflict_id bigint, p_events jsonb, p_has_tmdb boolean,
                             out resolved boolean, out tvshow_id bigint, out replayed integer, out outcomes jsonb)
language plpgsql volatile
set search_path from current
as $$
declare
    v_conflict plex_conflicts;
    v_undo jsonb;
    v_event jsonb;
    v_row record;
    v_actions text[] := '{}';
    v_log_ids bigint[];
    v_show_id bigint;
    v_show jsonb;
    v_entries jsonb;
begin
    select * into v_conflict from plex_conflicts where user_id = p_user_id and id = p_conflict_id;
    if not found then
        raise exception 'conflict % is not there', p_conflict_id using errcode = 'TK404';
    end if;
    perform pg_advisory_xact_lock(hashtextextended(v_conflict.show_key, p_user_id));
    perform lock_mappings(p_user_id);
    select * into v_conflict from plex_conflicts where id = p_conflict_id;
    if v_conflict.resolved then
        raise exception 'conflict % was resolved before', p_conflict_id using errcode = 'TK409';
    end if;
    -- A new search is a new word: an answer that was taken back does not stand against it.
    update plex_conflicts set undone_at = null where id = p_conflict_id and undone_at is not null;
    v_show := conflict_show(p_user_id, p_conflict_id);
    select coalesce(array_agg((e ->> 'log_id')::bigint), '{}') into v_log_ids from jsonb_array_elements(p_events) e;
    v_undo := mapping_state(p_user_id, v_show)
        || jsonb_build_object('held', v_log_ids, 'after_event', (select coalesce(max(id), 0) from watch_events));

    for v_event in select e from jsonb_array_elements(p_events) e
    loop
        -- From the second one on the show is known, and where its episodes stand: as in replay_held.
        v_row := replay_event(p_user_id, (v_event ->> 'log_id')::bigint, v_event -> 'event', p_has_tmdb,
                              coalesce(v_entries -> ((v_event #>> '{event,season}') || '.' || (v_event #>> '{event,episode}')), '{}'));
        v_actions := v_actions || v_row.action;
        if v_row.tvshow_id is distinct from v_show_id then
            v_show_id := v_row.tvshow_id;
            v_entries := episode_runtimes(v_show_id);
        end if;
    end loop;
    for v_show_id in
        select distinct l.tvshow_id from plex_webhook_logs l
        where l.id = any (v_log_ids) and l.tvshow_id is not null order by l.tvshow_id
    loop
        perform write_watched(p_user_id, v_show_id, v_log_ids, true);
        -- What came in after the events were read.
        perform settle_open_conflicts(p_user_id, v_show_id);
    end loop;

    if close_conflict(p_user_id, p_conflict_id, 'search_again', (
           select l.tvshow_id from plex_webhook_logs l
           where l.id = any (v_log_ids) and l.status = 'success' order by l.watched_at desc, l.id desc limit 1), null) then
        update plex_conflicts c set undo = v_undo || jsonb_build_object('mapping_id', find_mapping(p_user_id, v_show))
        where c.id = p_conflict_id
        returning true, c.resolved_tvshow_id into resolved, tvshow_id;
    end if;
    if resolved is null then
        select c.resolved, c.resolved_tvshow_id into resolved, tvshow_id from plex_conflicts c where c.id = p_conflict_id;
    end if;
    replayed := cardinality(v_actions);
    select coalesce(jsonb_object_agg(a, n), '{}') into outcomes
    from (select a, count(*) as n from unnest(v_actions) a group by a) counted;
end
$$;
comment on function search_again(bigint, bigint, jsonb, boolean) is
    'Decides every event that a conflict holds anew ([{"log_id", "event"}], in viewing order), in one transaction. The conflict is
resolved when none of them waits for it any more. Raises TK404, TK409 (resolved before).';
