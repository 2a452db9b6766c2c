create function join_conflict(p_user_id bigint, p_conflict_id bigint, p_into_id bigint) returns void
language plpgsql volatile
set search_path from current
as $$
begin
    perform from plex_conflicts c where c.user_id = p_user_id and c.id = p_conflict_id for update;
    update plex_webhook_logs l set conflict_id = p_into_id
    where l.user_id = p_user_id and l.conflict_id = p_conflict_id and l.status = 'conflict';
    update plex_conflicts
    set resolved = true, resolved_at = now(), resolution_action = 'auto', joined_id = p_into_id, undo = null, updated_at = now()
    where user_id = p_user_id and id = p_conflict_id;
end
$$;
comment on function join_conflict(bigint, bigint, bigint) is
    'Two open conflicts turned out to ask about one show: the first one''s events wait in the second from now on. The caller has the
lock of lock_mappings.';
