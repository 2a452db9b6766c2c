create function update_mapping(p_user_id bigint, p_mapping_id bigint, p_changes jsonb) returns jsonb
language plpgsql volatile
set search_path from current
as $$
declare
    v_tvshow_id bigint := (p_changes ->> 'tvshow_id')::bigint;
    v_moves boolean;
    v_was jsonb;
    v_moved jsonb;
    v_change_id bigint;
begin
    -- Also keeps the deletion of that show out: a mapping to a deleted show would let no event through.
    perform lock_mapping(p_user_id, p_mapping_id, v_tvshow_id);
    if v_tvshow_id is not null and not exists (
        select from tvshows where user_id = p_user_id and id = v_tvshow_id and deleted_at is null
    ) then
        raise exception 'show % is not there', v_tvshow_id using errcode = 'TK404';
    end if;
    select p_changes ? 'tvshow_id' and m.tvshow_id is distinct from v_tvshow_id into v_moves
    from plex_show_mappings m where m.id = p_mapping_id;
    v_was := mapping_snapshot(p_mapping_id);
    if v_moves then
        perform unlearn_title(p_user_id, p_mapping_id);
    end if;
    update plex_show_mappings m
    set tvshow_id = case when p_changes ? 'tvshow_id' then v_tvshow_id else m.tvshow_id end,
        emptied_tvshow_id = case when not p_changes ? 'tvshow_id' then m.emptied_tvshow_id end,
        match_method = case when p_changes ? 'tvshow_id' then 'manual' else m.match_method end,
        match_confidence = case when p_changes ? 'tvshow_id' then 1 else m.match_confidence end,
        sync_enabled = coalesce((p_changes ->> 'sync_enabled')::boolean, case when v_tvshow_id is not null then true end, m.sync_enabled),
        manually_confirmed = coalesce((p_changes ->> 'manually_confirmed')::boolean,
                                      case when p_changes ? 'tvshow_id' then true end, m.manually_confirmed),
        updated_at = now()
    where m.user_id = p_user_id and m.id = p_mapping_id;
    if v_moves then
        perform hama_rules(p_user_id, p_mapping_id);
        v_moved := reapply_mapping(p_user_id, p_mapping_id);
    end if;
    v_change_id := note_mapping_change(p_user_id, p_mapping_id, 'changed', true, v_was, v_moved);
    if (p_changes ->> 'added')::boolean then
        update mapping_changes c set became = c.became || '{"added": true}' where c.id = v_change_id;
    end if;
    return v_moved;
end
$$;
comment on function update_mapping(bigint, bigint, jsonb) is
    'Changes a mapping''s show (null: not to be tracked), sync_enabled or manually_confirmed. With another show, all that came through the
mapping moves there, and what was moved is returned (see reapply_mapping); with none it counts no more. The show that it no longer stands
for forgets the name learnt from it. added: the show was added for it, and goes again with undo_mapping, which takes all of it back. Raises TK404.';
