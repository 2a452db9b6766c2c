create function note_mapping_change(p_user_id bigint, p_mapping_id bigint, p_what text, p_by_user boolean, p_was jsonb,
                                    p_moved jsonb default null, p_conflict_id bigint default null) returns bigint
language plpgsql volatile
set search_path from current
as $$
declare
    v_now jsonb := mapping_snapshot(p_mapping_id);
    v_id bigint;
begin
    if v_now - 'learnt' = p_was - 'learnt' then
        return null;
    end if;
    insert into mapping_changes (user_id, mapping_id, conflict_id, what, by_user, was, became, rules_added, rules_removed, moved)
    select p_user_id, p_mapping_id, p_conflict_id, p_what, p_by_user, p_was, v_now - 'rules',
           coalesce((select jsonb_agg(r.value order by r.ord) from jsonb_array_elements(v_now -> 'rules') with ordinality r(value, ord)
                     where r.value ->> 'removed_at' is null and not coalesce(p_was -> 'rules', '[]') @> jsonb_build_array(r.value)), '[]'),
           coalesce((select jsonb_agg(r.value order by r.ord) from jsonb_array_elements(p_was -> 'rules') with ordinality r(value, ord)
                     where r.value ->> 'removed_at' is null and not v_now -> 'rules' @> jsonb_build_array(r.value)), '[]'),
           p_moved - 'changes' - 'examples'
    returning id into v_id;
    return v_id;
end
$$;
comment on function note_mapping_change(bigint, bigint, text, boolean, jsonb, jsonb, bigint) is
    'Keeps what was changed in a mapping, at the end of the transaction''s change of it: p_was is its mapping_snapshot before (null: it is
new), p_moved what reapply_mapping moved. Null: nothing is different. The caller has the locks.';
