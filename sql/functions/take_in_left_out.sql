create function take_in_left_out(p_user_id bigint, p_mapping_ids bigint[], p_since timestamptz) returns integer
language sql volatile
set search_path from current
as $$
    with taken as (
        update plex_webhook_logs l
        set status = 'pending', action_taken = 'needs_lookup', next_attempt_at = now(), attempts = 0, lookup = null, waits_for = null,
            claimed_until = null, trace = l.trace::jsonb || jsonb_build_object('step', 'replayed', 'at', now(), 'was', l.status)
        where l.user_id = p_user_id and l.mapping_id = any (p_mapping_ids)
          and l.status = 'ignored' and l.action_taken = 'sync_disabled'
          -- What waited for an answer then has ways of its own.
          and l.conflict_id is null
          -- Who notes when an event came may have another clock.
          and l.created_at >= p_since - interval '1 minute'
        returning l.id
    )
    select count(*)::integer from taken
$$;
comment on function take_in_left_out(bigint, bigint[], timestamptz) is
    'What came through mappings while they stood for no show or were switched off, since a change that was taken back: it is decided
again one by one, as what waits for a look-up is. Returns how many events. The caller has the locks of the mappings.';
