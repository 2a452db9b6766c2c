create function learn_number(p_user_id bigint, p_mapping_id bigint, p_plex_season integer, p_plex_episode integer,
                             p_season integer, p_episode integer) returns bigint
language plpgsql volatile
set search_path from current
as $$
declare
    v_id bigint;
begin
    -- As Plex numbers it, and nothing says otherwise: nothing to keep.
    if p_plex_season is null or p_plex_episode is null
       or ((p_plex_season, p_plex_episode) = (p_season, p_episode)
           and not exists (select from plex_show_mappings m where m.id = p_mapping_id and m.has_rules)) then
        return null;
    end if;
    insert into plex_numbering_rules (user_id, mapping_id, kind, source, plex_season, from_episode, to_episode, season, episode_offset)
    values (p_user_id, p_mapping_id, 'offset', 'answer', p_plex_season, p_plex_episode, p_plex_episode, p_season, p_episode - p_plex_episode)
    on conflict (mapping_id, (kind = 'double'), (source = 'hama'), (source = 'answer'), plex_season, from_episode)
        do update set season = excluded.season, episode_offset = excluded.episode_offset
    returning id into v_id;
    update plex_show_mappings m set has_rules = true where m.id = p_mapping_id and not m.has_rules;
    return v_id;
end
$$;
comment on function learn_number(bigint, bigint, integer, integer, integer, integer) is
    'Keeps the user''s answer that this episode of Plex is that episode of the show, as a rule that goes before the others: for a rewatch,
and so that a correction of the mapping finds it again. Returns the rule; null where nothing had to be kept. The caller holds the lock of
lock_mappings.';
