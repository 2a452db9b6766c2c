create function mapping_snapshot(p_mapping_id bigint) returns jsonb
language sql stable
set search_path from current
as $$
    select jsonb_build_object(
        'tvshow_id', m.tvshow_id, 'emptied_tvshow_id', m.emptied_tvshow_id, 'match_confidence', m.match_confidence,
        'match_method', m.match_method, 'manually_confirmed', m.manually_confirmed, 'sync_enabled', m.sync_enabled,
        'learnt', (select t.title from show_titles t
                   where t.tvshow_id = m.tvshow_id and t.kind = 'learnt' and t.title = m.plex_title),
        'rules', (select coalesce(jsonb_agg(to_jsonb(r) order by r.id), '[]') from plex_numbering_rules r where r.mapping_id = m.id))
    from plex_show_mappings m
    where m.id = p_mapping_id
$$;
comment on function mapping_snapshot(bigint) is
    'What the user can change of a mapping, as it is now: its show, its state, the name learnt from it, its numbering rules. Taken before a
change for note_mapping_change. Null: there is no such mapping.';
