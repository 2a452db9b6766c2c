create function rule_answer(p_user_id bigint, p_conflict_id bigint, p_mapping_id bigint) returns jsonb
language sql stable
set search_path from current
as $$
    select jsonb_build_object(
        'mapping', null, 'learnt', null, 'others', '[]'::jsonb, 'mapping_id', m.id, 'after_event', 0,
        -- The show, too, where a look-up added it for this question; see undo_conflict.
        'added_tvshow_id', (select l.tvshow_id from watch_events w join plex_webhook_logs l on l.id = w.log_id
                            where w.user_id = p_user_id and w.mapping_id = m.id and w.tvshow_id = m.tvshow_id
                              and l.action_taken = 'added_show' limit 1),
        'after_log', (select coalesce(max(id), 0) from plex_webhook_logs),
        'held', (select coalesce(jsonb_agg(l.id), '[]') from plex_webhook_logs l
                 where l.user_id = p_user_id and l.conflict_id = p_conflict_id and (l.status = 'conflict' or l.mapping_id = m.id)))
    from plex_show_mappings m join plex_conflicts c on c.user_id = m.user_id and c.id = p_conflict_id
    where m.user_id = p_user_id and m.id = p_mapping_id and not m.manually_confirmed and m.created_at >= c.created_at
$$;
comment on function rule_answer(bigint, bigint, bigint) is
    'What undo_conflict takes back of an answer that a rule gave while events of the question were decided one by one: the mapping, when
it was made by a rule since the question was asked, all that came through it, and the show if a look-up added it. Null: the mapping was there before, or the user''s own.';
