create function reopen_conflicts(p_user_id bigint, p_tvshow_id bigint) returns integer
language plpgsql volatile
set search_path from current
as $$
declare
    v_conflict_id bigint;
    v_show jsonb;
    v_other_id bigint;
    v_reopened integer := 0;
begin
    for v_conflict_id in
        select c.id from plex_conflicts c
        where c.user_id = p_user_id and c.tvshow_id = p_tvshow_id and c.resolved and c.resolution_action = 'ignore'
        order by c.id
    loop
        v_show := conflict_show(p_user_id, v_conflict_id);
        -- That it is another show, or none, was said meanwhile: this is the answer.
        continue when exists (select from plex_show_mappings m
                              where m.id = find_mapping(p_user_id, v_show) and m.tvshow_id is distinct from p_tvshow_id);
        update plex_webhook_logs l
        set status = 'conflict', action_taken = 'needs_user_input',
            trace = l.trace::jsonb || jsonb_build_object('step', 'show_returned', 'tvshow_id', p_tvshow_id, 'at', now())
        where l.user_id = p_user_id and l.conflict_id = v_conflict_id
          -- Left out by the deletion, and not decided again since.
          and l.status = 'ignored' and l.trace::jsonb #>> '{-1,step}' = 'show_deleted';
        continue when not found;
        -- The same question may have been asked again since: with what was learnt by then.
        v_other_id := find_open_conflict(p_user_id, v_show);
        if v_other_id is not null then
            perform join_conflict(p_user_id, v_conflict_id, v_other_id);
        else
            update plex_conflicts c
            set resolved = false, resolved_at = null, resolution_action = null, resolved_tvshow_id = null, updated_at = now()
            where c.id = v_conflict_id;
        end if;
        v_reopened := v_reopened + 1;
    end loop;
    return v_reopened;
end
$$;
comment on function reopen_conflicts(bigint, bigint) is
    'Asks again what the deletion of a show that is back has closed (delete_show), where it was not answered meanwhile by giving the mapping
another show; what waited waits again. The caller has the locks of the questions'' Plex shows and of lock_mappings, and the show''s row.
Returns how many.';
