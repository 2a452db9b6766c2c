create function numbering_rules(p_mapping_id bigint) returns jsonb
language sql stable
set search_path from current
as $$
    select coalesce(jsonb_agg(to_jsonb(r) order by r.id), '[]') from plex_numbering_rules r
    where r.mapping_id = p_mapping_id and r.removed_at is null
$$;
comment on function numbering_rules(bigint) is
    'The numbering rules of a mapping that count, as renumber takes them.';
