create function delete_show(p_user_id bigint, p_tvshow_id bigint) returns void
language plpgsql volatile
set search_path from current
as $$
declare
    v_emptied jsonb;
begin
    -- Keeps events and answers that concern its open questions out, as they lock those rows before the show's.
    perform pg_advisory_xact_lock(hashtextextended(c.show_key, p_user_id))
    from (select show_key from plex_conflicts
          where user_id = p_user_id and tvshow_id = p_tvshow_id and not resolved order by show_key) c;
    perform lock_mappings(p_user_id);
    update tvshows set deleted_at = now(), updated_at = now()
    where user_id = p_user_id and id = p_tvshow_id and deleted_at is null;
    if not found then
        raise exception 'show % is not there', p_tvshow_id using errcode = 'TK404';
    end if;
    select jsonb_object_agg(m.id, mapping_snapshot(m.id)) into v_emptied
    from plex_show_mappings m where m.user_id = p_user_id and m.tvshow_id = p_tvshow_id;
    update plex_show_mappings set tvshow_id = null, emptied_tvshow_id = p_tvshow_id, updated_at = now()
    where user_id = p_user_id and tvshow_id = p_tvshow_id;
    perform note_mapping_change(p_user_id, e.key::bigint, 'show_deleted', true, e.value) from jsonb_each(v_emptied) e;
    -- It is no answer to other questions any more.
    update plex_conflicts c
    set potential_matches = (
            select coalesce(jsonb_agg(m.value order by m.ord), '[]')
            from jsonb_array_elements(c.potential_matches) with ordinality m(value, ord)
            where (m.value ->> 'tvshow_id')::bigint is distinct from p_tvshow_id),
        updated_at = now()
    where c.user_id = p_user_id and not c.resolved and c.tvshow_id is distinct from p_tvshow_id
      and c.potential_matches @> jsonb_build_array(jsonb_build_object('tvshow_id', p_tvshow_id));
    with closed as (
        update plex_conflicts set resolved = true, resolved_at = now(), resolution_action = 'ignore', updated_at = now()
        where user_id = p_user_id and tvshow_id = p_tvshow_id and not resolved returning id
    )
    update plex_webhook_logs l
    set status = 'ignored', action_taken = 'sync_disabled',
        trace = l.trace::jsonb || jsonb_build_object('step', 'show_deleted', 'tvshow_id', p_tvshow_id, 'at', now())
    from closed where l.conflict_id = closed.id and l.status = 'conflict';
end
$$;
comment on function delete_show(bigint, bigint) is
    'Hides a show with its plays; its mappings stay and mean "not to be tracked", so that nothing revives it, and the questions about its
episodes are closed. restore_show undoes all of it. Raises TK404.';
