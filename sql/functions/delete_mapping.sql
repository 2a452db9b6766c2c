create function delete_mapping(p_user_id bigint, p_mapping_id bigint) returns boolean
language plpgsql volatile
set search_path from current
as $$
begin
    perform lock_mappings(p_user_id);
    -- The show's row before the mapping's, as everywhere: its plays lose the mapping, and a mark has both.
    perform from tvshows s join plex_show_mappings m on m.tvshow_id = s.id
    where m.user_id = p_user_id and m.id = p_mapping_id
    for no key update of s;
    perform unlearn_title(p_user_id, p_mapping_id);
    delete from plex_show_mappings where user_id = p_user_id and id = p_mapping_id;
    return found;
end
$$;
comment on function delete_mapping(bigint, bigint) is
    'Forgets an answer, and the name learnt from it: the next event of that Plex show is decided anew. Plays and log rows stay.
False: there is no such mapping.';
