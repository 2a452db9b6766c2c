create function restore_show(p_user_id bigint, p_tvshow_id bigint) returns void
language plpgsql volatile
set search_path from current
as $$
declare
    v_was jsonb;
    v_deleted_at timestamptz;
begin
    -- Keeps events of the Plex shows out whose questions come back.
    perform pg_advisory_xact_lock(hashtextextended(c.show_key, p_user_id))
    from (select distinct show_key from plex_conflicts
          where user_id = p_user_id and tvshow_id = p_tvshow_id and resolution_action = 'ignore' order by show_key) c;
    -- Before the show's row: an event that wants to ask about this show waits, and then finds it.
    perform lock_mappings(p_user_id);
    select deleted_at into v_deleted_at from tvshows
    where user_id = p_user_id and id = p_tvshow_id and deleted_at is not null for no key update;
    update tvshows set deleted_at = null, updated_at = now() where id = p_tvshow_id and v_deleted_at is not null;
    if not found then
        raise exception 'no deleted show % is there', p_tvshow_id using errcode = 'TK404';
    end if;
    -- Those that the user has pointed to another show meanwhile stay there.
    with back as (
        select m.id, mapping_snapshot(m.id) as was from plex_show_mappings m
        where m.user_id = p_user_id and m.emptied_tvshow_id = p_tvshow_id and m.tvshow_id is null
    ), returned as (
        update plex_show_mappings m set tvshow_id = p_tvshow_id, emptied_tvshow_id = null, updated_at = now()
        from back where m.id = back.id
    )
    select jsonb_object_agg(back.id, back.was) into v_was from back;
    perform note_mapping_change(p_user_id, b.key::bigint, 'show_returned', true, b.value) from jsonb_each(v_was) b;
    -- What was watched while it was deleted was left out; what the deletion itself has left out is asked again below.
    perform take_in_left_out(p_user_id, array(select b.key::bigint from jsonb_each(v_was) b where (b.value ->> 'sync_enabled')::boolean),
                             v_deleted_at);
    perform reopen_conflicts(p_user_id, p_tvshow_id);
    perform settle_open_conflicts(p_user_id, p_tvshow_id);
end
$$;
comment on function restore_show(bigint, bigint) is
    'Undoes delete_show: the show is back with everything that was watched, also meanwhile (what was left out is pending again), and the
mappings that stood for it, and the questions that went with it are asked again (reopen_conflicts). Raises TK404; a unique violation when a show with one of its ids was added meanwhile.';
