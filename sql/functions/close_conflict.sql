create function close_conflict(p_user_id bigint, p_conflict_id bigint, p_action text, p_tvshow_id bigint, p_mapping_id bigint)
    returns boolean
language plpgsql volatile
set search_path from current
as $$
begin
    -- An event whose episode is missing joins a question with the show's row alone, and locks the question's: what it adds is seen
    -- by the statement after this one.
    perform from plex_conflicts c where c.user_id = p_user_id and c.id = p_conflict_id and not c.resolved for update;
    if not found then
        return false;
    end if;
    update plex_conflicts c
    set resolved = true, resolved_at = now(), resolution_action = p_action, resolved_tvshow_id = p_tvshow_id, undone_at = null,
        updated_at = now(), undo = rule_answer(p_user_id, c.id, p_mapping_id)
    where c.id = p_conflict_id
      and not exists (select from plex_webhook_logs l where l.conflict_id = c.id and l.status in ('conflict', 'pending'));
    return found;
end
$$;
comment on function close_conflict(bigint, bigint, text, bigint, bigint) is
    'Closes a question when nothing waits for its answer any more, since rules have decided its events one by one. Whether it did.';
