create function look_up_again(p_user_id bigint) returns integer
language plpgsql volatile
set search_path from current
as $$
declare
    v_again integer;
begin
    -- The locks of an answer, in the order of the keys, as everywhere where several are taken.
    perform pg_advisory_xact_lock(hashtextextended(c.show_key, p_user_id))
    from (select show_key from plex_conflicts where user_id = p_user_id and not resolved order by show_key) c;
    perform lock_mappings(p_user_id);
    update plex_webhook_logs l
    set status = 'pending', action_taken = 'needs_lookup', next_attempt_at = now(), show_key = c.show_key, attempts = 0,
        lookup = null, waits_for = null,
        trace = l.trace::jsonb || jsonb_build_object('step', 'replayed', 'at', now(), 'was', l.status)
    from plex_conflicts c
    -- Not what the user has taken an answer back of: that is for the user to say.
    where c.user_id = p_user_id and not c.resolved and c.conflict_type <> 'episode_missing' and c.undone_at is null
      and l.conflict_id = c.id and l.status = 'conflict';
    get diagnostics v_again = row_count;
    update plex_webhook_logs l set next_attempt_at = now(), waits_for = null
    where l.user_id = p_user_id and l.status = 'pending' and l.claimed_until is null;
    -- Another address or key may be answered.
    delete from upstreams where user_id = p_user_id;
    update upstreams set next_probe_at = now() where service = 'tmdb';
    return v_again;
end
$$;
comment on function look_up_again(bigint) is
    'After a new key or token: what waits is due now, and the open questions about shows are looked up again; one that is found then
answers itself. Returns how many held events wait again. (An episode that a show lacks is no question for a key.)';
