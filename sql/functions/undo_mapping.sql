create function undo_mapping(p_user_id bigint, p_mapping_id bigint, p_change_id bigint default null) returns jsonb
language plpgsql volatile
set search_path from current
as $$
declare
    v_change mapping_changes;
    v_last_id bigint;
    v_now jsonb;
    v_tvshow_id bigint;
    v_moves boolean;
    v_rules_before jsonb;
    v_moved jsonb;
begin
    select (c.was ->> 'tvshow_id')::bigint into v_tvshow_id from mapping_changes c where c.id = last_mapping_change(p_mapping_id);
    perform lock_mapping(p_user_id, p_mapping_id, v_tvshow_id);
    -- Another change may have come before the locks.
    v_last_id := last_mapping_change(p_mapping_id);
    select * into v_change from mapping_changes c where c.id = v_last_id;
    if not found or v_change.what not in ('changed', 'rules') then
        raise exception 'nothing was changed here that can be taken back' using errcode = 'TK409';
    elsif v_last_id <> p_change_id then
        raise exception 'the mapping was changed again meanwhile' using errcode = 'TK409';
    elsif (v_change.was ->> 'tvshow_id')::bigint is distinct from v_tvshow_id then
        raise exception 'the mapping was changed meanwhile' using errcode = 'serialization_failure';
    elsif v_tvshow_id is not null and not exists (
        select from tvshows s where s.user_id = p_user_id and s.id = v_tvshow_id and s.deleted_at is null
    ) then
        raise exception 'the show that it stood for is not in the tracker any more' using errcode = 'TK409';
    end if;
    v_now := mapping_snapshot(p_mapping_id);
    v_rules_before := numbering_rules(p_mapping_id);
    v_moves := (v_now ->> 'tvshow_id')::bigint is distinct from v_tvshow_id;
    if v_moves then
        perform unlearn_title(p_user_id, p_mapping_id);
    end if;

    update plex_show_mappings m
    set tvshow_id = v_tvshow_id, emptied_tvshow_id = (v_change.was ->> 'emptied_tvshow_id')::bigint,
        match_confidence = (v_change.was ->> 'match_confidence')::numeric, match_method = v_change.was ->> 'match_method',
        manually_confirmed = (v_change.was ->> 'manually_confirmed')::boolean, sync_enabled = (v_change.was ->> 'sync_enabled')::boolean,
        updated_at = now()
    where m.id = p_mapping_id;
    insert into show_titles (user_id, tvshow_id, title, kind)
    select p_user_id, v_tvshow_id, v_change.was ->> 'learnt', 'learnt'
    where v_tvshow_id is not null and v_change.was ->> 'learnt' is not null
    on conflict do nothing;
    -- What was read from the names of files since then is no part of the change, and stays.
    delete from plex_numbering_rules r
    where r.mapping_id = p_mapping_id
      and not exists (select from jsonb_array_elements(v_change.was -> 'rules') w where (w.value ->> 'id')::bigint = r.id)
      and (r.source <> 'plex_file' or exists (select from jsonb_array_elements(v_change.rules_added) a
                                              where (a.value ->> 'id')::bigint = r.id));
    update plex_numbering_rules r
    set season = w.season, episode_offset = w.episode_offset, removed_at = w.removed_at
    from jsonb_populate_recordset(null::plex_numbering_rules, v_change.was -> 'rules') w
    where r.id = w.id and r.mapping_id = p_mapping_id
      and (r.season, r.episode_offset, r.removed_at) is distinct from (w.season, w.episode_offset, w.removed_at);
    insert into plex_numbering_rules overriding system value
    select w.* from jsonb_populate_recordset(null::plex_numbering_rules, v_change.was -> 'rules') w
    where w.user_id = p_user_id and w.mapping_id = p_mapping_id
      and not exists (select from plex_numbering_rules r where r.id = w.id)
    on conflict do nothing;
    update plex_show_mappings m set has_rules = numbering_rules(p_mapping_id) <> '[]' where m.id = p_mapping_id;

    if v_moves then
        v_moved := reapply_mapping(p_user_id, p_mapping_id);
    elsif v_change.moved is not null then
        v_moved := reapply_mapping(p_user_id, p_mapping_id, v_rules_before);
    end if;
    -- What was watched while it stood for no show, or was switched off.
    if v_tvshow_id is not null and (v_change.was ->> 'sync_enabled')::boolean
       and (v_now ->> 'tvshow_id' is null or not (v_now ->> 'sync_enabled')::boolean) then
        perform take_in_left_out(p_user_id, array[p_mapping_id], v_change.created_at);
    end if;
    if (v_change.became ->> 'added')::boolean then
        update tvshows s set deleted_at = now(), updated_at = now()
        where s.user_id = p_user_id and s.id = (v_change.became ->> 'tvshow_id')::bigint and s.deleted_at is null
          and not exists (select from watch_events w where w.tvshow_id = s.id and w.withdrawn_at is null)
          and not exists (select from plex_show_mappings m where m.user_id = p_user_id and m.tvshow_id = s.id)
          and not exists (select from plex_conflicts c where c.user_id = p_user_id and c.tvshow_id = s.id and not c.resolved);
    end if;
    update mapping_changes c set undone_at = now() where c.id = v_change.id;
    perform note_mapping_change(p_user_id, p_mapping_id, 'undone', true, v_now, v_moved);
    return v_moved;
end
$$;
comment on function undo_mapping(bigint, bigint, bigint) is
    'Takes the last change of a mapping back that the user made there (its show, its state, its rules), and the one before it when called
again: the mapping is as it was, its past, where it was moved, goes by that again, and what was left out meanwhile is pending. Returns what was moved (see reapply_mapping); null:
the past was left alone. A show that was added for it goes, unless something else came to it. p_change_id: only if it is this one. Raises TK404; TK409: nothing can be taken back (answers to questions:
undo_conflict), another change came after that one, or the show is gone; 40001 when it was changed meanwhile.';
