create function update_mapping(p_user_id bigint, p_mapping_id bigint, p_changes jsonb) returns void
language plpgsql volatile
set search_path from current
as $$
begin
    -- Keeps the deletion of that show out: a mapping to a deleted show would let no event through.
    perform lock_mappings(p_user_id);
    if p_changes ->> 'tvshow_id' is not null and not exists (
        select from tvshows where user_id = p_user_id and id = (p_changes ->> 'tvshow_id')::bigint and deleted_at is null
    ) then
        raise exception 'show % is not there', p_changes ->> 'tvshow_id' using errcode = 'TK404';
    end if;
    if exists (select from plex_show_mappings m
               where m.user_id = p_user_id and m.id = p_mapping_id and p_changes ? 'tvshow_id'
                 and m.tvshow_id is distinct from (p_changes ->> 'tvshow_id')::bigint) then
        perform unlearn_title(p_user_id, p_mapping_id);
    end if;
    update plex_show_mappings m
    set tvshow_id = case when p_changes ? 'tvshow_id' then (p_changes ->> 'tvshow_id')::bigint else m.tvshow_id end,
        emptied_tvshow_id = case when not p_changes ? 'tvshow_id' then m.emptied_tvshow_id end,
        match_method = case when p_changes ? 'tvshow_id' then 'manual' else m.match_method end,
        match_confidence = case when p_changes ? 'tvshow_id' then 1 else m.match_confidence end,
        sync_enabled = coalesce((p_changes ->> 'sync_enabled')::boolean,
                                case when p_changes ->> 'tvshow_id' is not null then true end, m.sync_enabled),
        manually_confirmed = coalesce((p_changes ->> 'manually_confirmed')::boolean,
                                      case when p_changes ? 'tvshow_id' then true end, m.manually_confirmed),
        updated_at = now()
    where m.user_id = p_user_id and m.id = p_mapping_id;
    if not found then
        raise exception 'mapping % is not there', p_mapping_id using errcode = 'TK404';
    end if;
end
$$;
comment on function update_mapping(bigint, bigint, jsonb) is
    'Changes a mapping''s show (null: not to be tracked), sync_enabled or manually_confirmed. A show that it no longer
stands for forgets the name learnt from it. Raises TK404.';
