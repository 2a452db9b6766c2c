create function undo_conflict(p_user_id bigint, p_conflict_id bigint,
                              out withdrawn integer, out held integer, out removed_tvshow_id bigint, out kept_tvshow_id bigint)
language plpgsql volatile
set search_path from current
as $$
declare
    v_conflict plex_conflicts;
    v_undo jsonb;
    v_before plex_show_mappings;
    v_mapping plex_show_mappings;
    v_added_id bigint;
    v_logs bigint[];
    v_other_id bigint;
    v_was jsonb;
begin
    select * into v_conflict from plex_conflicts where user_id = p_user_id and id = p_conflict_id;
    if not found then
        raise exception 'conflict % is not there', p_conflict_id using errcode = 'TK404';
    end if;
    perform pg_advisory_xact_lock(hashtextextended(v_conflict.show_key, p_user_id));
    perform lock_mappings(p_user_id);
    select * into v_conflict from plex_conflicts where id = p_conflict_id;
    v_undo := v_conflict.undo;
    if v_conflict.undone_at is not null then
        raise exception 'the answer to conflict % was taken back before', p_conflict_id using errcode = 'TK409';
    elsif not v_conflict.resolved then
        raise exception 'conflict % has no answer that could be taken back', p_conflict_id using errcode = 'TK409';
    elsif v_undo is null then
        raise exception 'conflict % was closed without an answer: nothing can be taken back', p_conflict_id using errcode = 'TK409';
    elsif v_conflict.resolved_at < now() - interval '7 days' then
        raise exception 'conflict % was answered more than 7 days ago: change its mapping instead', p_conflict_id
            using errcode = 'TK409';
    end if;
    v_added_id := (v_undo ->> 'added_tvshow_id')::bigint;
    v_before := jsonb_populate_record(null::plex_show_mappings, nullif(v_undo -> 'mapping', 'null'));

    select * into v_mapping from plex_show_mappings where user_id = p_user_id and id = (v_undo ->> 'mapping_id')::bigint;
    if found and v_mapping.tvshow_id is distinct from v_conflict.resolved_tvshow_id
       and (v_mapping.tvshow_id is not null or v_mapping.emptied_tvshow_id is distinct from v_conflict.resolved_tvshow_id) then
        raise exception 'the mapping was changed since conflict % was answered: change it there', p_conflict_id
            using errcode = 'TK409';
    end if;
    -- What came through the mapping is looked at with the show locked: an event that has the row is counted, one that waits for it
    -- finds the mapping changed and is decided anew. Several shows in the order of their ids; nobody else who locks several is here.
    perform from tvshows s
    where s.user_id = p_user_id and s.id in (v_conflict.resolved_tvshow_id, v_before.tvshow_id, v_added_id)
    order by s.id for no key update;
    select coalesce(array_agg(distinct found.id), '{}') into v_logs
    from (
        select l.id from jsonb_array_elements_text(v_undo -> 'held') h(id) join plex_webhook_logs l on l.id = h.id::bigint
        where l.user_id = p_user_id
          -- One that was left out, and replayed since, went another way.
          and (v_conflict.resolution_action <> 'ignore' or l.status = 'ignored')
        union all
        -- The log may have been purged since; what was said is kept.
        select h.id::bigint from jsonb_array_elements_text(v_undo -> 'held') h(id)
        where not exists (select from plex_webhook_logs l where l.id = h.id::bigint)
        union all
        select w.log_id from watch_events w
        where w.user_id = p_user_id and w.tvshow_id = v_conflict.resolved_tvshow_id and w.mapping_id = (v_undo ->> 'mapping_id')::bigint
          and w.id > (v_undo ->> 'after_event')::bigint and w.withdrawn_at is null
        union all
        -- What was left out because of the answer "never".
        select l.id from plex_webhook_logs l
        where v_conflict.resolution_action = 'ignore_forever' and l.user_id = p_user_id and l.mapping_id = v_mapping.id
          and l.status = 'ignored' and l.action_taken = 'sync_disabled' and l.id > (v_undo ->> 'after_log')::bigint
    ) found;

    withdrawn := withdraw_viewings(p_user_id, v_logs, 'undone');

    -- The mapping as it was.
    v_was := mapping_snapshot(v_mapping.id);
    if v_before.id is null then
        delete from plex_show_mappings where id = v_mapping.id;
    else
        update plex_show_mappings m
        set tvshow_id = (select s.id from tvshows s where s.id = v_before.tvshow_id and s.deleted_at is null),
            emptied_tvshow_id = v_before.emptied_tvshow_id, match_confidence = v_before.match_confidence,
            match_method = v_before.match_method, manually_confirmed = v_before.manually_confirmed,
            sync_enabled = v_before.sync_enabled, updated_at = now(),
            -- What another mapping has by now stays with it.
            plex_guid = case when exists (
                select from plex_show_mappings x
                where x.user_id = p_user_id and x.id <> m.id and x.plex_guid = v_before.plex_guid
                  and (x.plex_server_uuid = m.plex_server_uuid or not tracker.guid_is_local(x.plex_guid)))
                then m.plex_guid else v_before.plex_guid end,
            plex_rating_key = case when exists (
                select from plex_show_mappings x
                where x.user_id = p_user_id and x.id <> m.id and x.plex_server_uuid = m.plex_server_uuid
                  and x.plex_rating_key = v_before.plex_rating_key)
                then m.plex_rating_key else v_before.plex_rating_key end
        where m.id = v_mapping.id;
    end if;
    delete from plex_numbering_rules r
    where r.user_id = p_user_id and r.mapping_id = v_mapping.id and v_undo -> 'rules' @> to_jsonb(r.id);
    update plex_show_mappings m set has_rules = numbering_rules(m.id) <> '[]' where m.id = v_mapping.id and m.has_rules;
    -- Forgotten since, it has no history.
    if v_before.id is not null and v_mapping.id is not null then
        update mapping_changes c set undone_at = now()
        where c.mapping_id = v_mapping.id and c.conflict_id = p_conflict_id and c.what = 'answered' and c.undone_at is null;
        perform note_mapping_change(p_user_id, v_mapping.id, 'answer_undone', true, v_was, null, p_conflict_id);
    end if;
    update plex_show_mappings m
    set plex_rating_key = coalesce(m.plex_rating_key, o.rating_key), plex_guid = coalesce(m.plex_guid, o.guid), updated_at = now()
    from jsonb_to_recordset(v_undo -> 'others') o(id bigint, rating_key text, guid text)
    where m.user_id = p_user_id and m.id = o.id
      and not exists (select from plex_show_mappings x
                      where x.user_id = p_user_id and x.id <> m.id
                        and ((x.plex_server_uuid = m.plex_server_uuid and x.plex_rating_key = o.rating_key)
                             or (x.plex_guid = o.guid
                                 and (x.plex_server_uuid = m.plex_server_uuid or not tracker.guid_is_local(x.plex_guid)))));

    update plex_show_mappings m set tvshow_id = null, emptied_tvshow_id = o.emptied_tvshow_id, updated_at = now()
    from jsonb_to_recordset(v_undo -> 'returned') o(id bigint, emptied_tvshow_id bigint)
    where m.user_id = p_user_id and m.id = o.id and m.tvshow_id = v_added_id;

    -- The name as it was.
    delete from show_titles t
    where t.user_id = p_user_id and t.id = (v_undo ->> 'learnt_id')::bigint and t.kind = 'learnt'
      and not exists (select from plex_show_mappings m
                      where m.user_id = p_user_id and m.tvshow_id = t.tvshow_id and m.plex_title = t.title);
    insert into show_titles (user_id, tvshow_id, title, kind)
    select p_user_id, s.id, v_undo #>> '{learnt,title}', 'learnt'
    from tvshows s where s.user_id = p_user_id and s.id = (v_undo #>> '{learnt,tvshow_id}')::bigint and s.deleted_at is null
    on conflict do nothing;

    update plex_webhook_logs l
    set status = 'conflict', action_taken = 'needs_user_input', conflict_id = p_conflict_id, tvshow_id = null, mapping_id = null,
        next_attempt_at = null, claimed_until = null, show_key = null, lookup = null, waits_for = null,
        trace = l.trace::jsonb || jsonb_build_object('step', 'undone', 'conflict_id', p_conflict_id, 'at', now())
    where l.user_id = p_user_id and l.id = any (v_logs);
    -- The same question may have been asked again since.
    for v_other_id in
        select c.id from plex_conflicts c
        where c.user_id = p_user_id and not c.resolved and c.id <> p_conflict_id
          and (c.id = find_open_conflict(p_user_id, conflict_show(p_user_id, p_conflict_id))
               or not exists (select from plex_webhook_logs l where l.conflict_id = c.id and l.status = 'conflict'))
        order by c.id
    loop
        perform join_conflict(p_user_id, v_other_id, p_conflict_id);
    end loop;
    select count(*) into held from plex_webhook_logs l where l.conflict_id = p_conflict_id and l.status = 'conflict';
    if v_added_id is not null then
        update tvshows s set deleted_at = now(), updated_at = now()
        where s.id = v_added_id and s.deleted_at is null
          and not exists (select from watch_events w where w.tvshow_id = s.id and w.withdrawn_at is null)
          and not exists (select from plex_show_mappings m where m.user_id = p_user_id and m.tvshow_id = s.id)
          and not exists (select from plex_conflicts c
                          where c.user_id = p_user_id and c.tvshow_id = s.id and not c.resolved);
        if found then
            removed_tvshow_id := v_added_id;
        else
            select s.id into kept_tvshow_id from tvshows s where s.id = v_added_id and s.deleted_at is null;
        end if;
    end if;
    if removed_tvshow_id is null and jsonb_array_length(coalesce(v_undo -> 'episodes', '[]')) > 0 then
        perform remove_episodes(p_user_id, v_conflict.resolved_tvshow_id, v_undo -> 'episodes');
    end if;

    update plex_conflicts
    set undone_at = now(), undo = null, updated_at = now(),
        -- A question that nothing waits for is not asked: the log may have been purged since.
        resolved = held = 0, resolved_at = case when held = 0 then resolved_at end,
        resolution_action = case when held = 0 then resolution_action end,
        resolved_tvshow_id = case when held = 0 then resolved_tvshow_id end,
        tvshow_id = case when tvshow_id is distinct from removed_tvshow_id then tvshow_id end
    where id = p_conflict_id;
end
$$;
comment on function undo_conflict(bigint, bigint) is
    'Takes the answer to a conflict back, up to 7 days after it, in one transaction: the mapping, the name and the episodes are as they
were before, what was marked through the answer is withdrawn (the events that waited and those that came since) and waits again, and a
show that it added is removed unless something else was done with it. Raises TK404; TK409: not answered, too long ago, taken back
before, or the mapping was changed since.';
