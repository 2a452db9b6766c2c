create function remove_rules(p_user_id bigint, p_mapping_id bigint, p_rule_id bigint, p_apply boolean,
                             out removed integer, out correction jsonb)
language plpgsql volatile
set search_path from current
as $$
declare
    v_before jsonb;
    v_was jsonb;
begin
    perform lock_mapping(p_user_id, p_mapping_id);
    v_before := numbering_rules(p_mapping_id);
    v_was := mapping_snapshot(p_mapping_id);
    with gone as (
        delete from plex_numbering_rules r
        where r.user_id = p_user_id and r.mapping_id = p_mapping_id and r.source <> 'plex_file'
          and (p_rule_id is null or r.id = p_rule_id)
        returning r.id
    ), hidden as (
        -- The next reading of the file names would bring it back.
        update plex_numbering_rules r set removed_at = now()
        where r.user_id = p_user_id and r.mapping_id = p_mapping_id and r.source = 'plex_file' and r.removed_at is null
          and (p_rule_id is null or r.id = p_rule_id)
        returning r.id
    )
    select (select count(*) from gone) + (select count(*) from hidden) into removed;
    if removed = 0 and p_rule_id is not null then
        raise exception 'rule % is not there', p_rule_id using errcode = 'TK404';
    end if;
    update plex_show_mappings m set has_rules = numbering_rules(p_mapping_id) <> '[]', updated_at = now() where m.id = p_mapping_id;
    correction := case when p_apply then reapply_mapping(p_user_id, p_mapping_id, v_before) end;
    perform note_mapping_change(p_user_id, p_mapping_id, 'rules', true, v_was, correction);
end
$$;
comment on function remove_rules(bigint, bigint, bigint, boolean) is
    'Takes one numbering rule of a mapping away, or all (null); with p_apply its past goes by what is left, and what that moved is
returned. Raises TK404.';
