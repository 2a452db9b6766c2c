create function last_mapping_change(p_mapping_id bigint) returns bigint
language sql stable
set search_path from current
as $$
    select c.id from mapping_changes c
    where c.mapping_id = p_mapping_id and c.undone_at is null and c.what not in ('undone', 'answer_undone')
      -- What is read from the names of files comes at any time, and stands in nobody's way.
      and not (c.what = 'rules' and not c.by_user)
    order by c.id desc limit 1
$$;
comment on function last_mapping_change(bigint) is
    'The change of a mapping that undo_mapping would take back, if it is one that can be. Null: there is none.';
