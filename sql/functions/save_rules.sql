create function save_rules(p_user_id bigint, p_mapping_id bigint, p_rules jsonb, p_source text, p_replace boolean, p_apply boolean)
    returns jsonb
language plpgsql volatile
set search_path from current
as $$
declare
    v_before jsonb;
    v_was jsonb;
    v_moved jsonb;
begin
    perform lock_mapping(p_user_id, p_mapping_id);
    v_before := numbering_rules(p_mapping_id);
    v_was := mapping_snapshot(p_mapping_id);
    if p_replace then
        delete from plex_numbering_rules r
        where r.user_id = p_user_id and r.mapping_id = p_mapping_id and r.source = p_source and r.removed_at is null;
    end if;
    -- What is read from the names of files is no reason to refuse anything: it goes around what is there.
    if p_source <> 'plex_file' then
        delete from plex_numbering_rules r where r.mapping_id = p_mapping_id and r.removed_at is not null and exists (
            select from jsonb_to_recordset(p_rules) as n(kind text, plex_season integer, from_episode integer)
            where n.kind = 'double' and n.plex_season = r.plex_season and n.from_episode = r.from_episode);
        perform check_rules(p_rules, numbering_rules(p_mapping_id), (
            select s.seasons from plex_show_mappings m join tvshows s on s.id = m.tvshow_id where m.id = p_mapping_id));
    end if;
    insert into plex_numbering_rules (user_id, mapping_id, kind, source, plex_season, from_episode, to_episode, season, episode_offset,
                                      season_lengths, first_episode, last_episode)
    select p_user_id, p_mapping_id, r.kind, p_source, r.plex_season, r.from_episode, r.to_episode, r.season, r.episode_offset,
           r.season_lengths, r.first_episode, r.last_episode
    from jsonb_to_recordset(p_rules) as r(
        kind text, plex_season integer, from_episode integer, to_episode integer, season integer, episode_offset integer,
        season_lengths integer[], first_episode integer, last_episode integer)
    -- One that the user took away stays away.
    on conflict (mapping_id, (kind = 'double'), (source = 'hama'), (source = 'answer'), plex_season, from_episode) do nothing;
    update plex_show_mappings m set has_rules = numbering_rules(p_mapping_id) <> '[]', updated_at = now() where m.id = p_mapping_id;
    if p_apply then
        v_moved := reapply_mapping(p_user_id, p_mapping_id, v_before);
    end if;
    perform note_mapping_change(p_user_id, p_mapping_id, 'rules', p_source <> 'plex_file', v_was, v_moved);
    return v_moved;
end
$$;
comment on function save_rules(bigint, bigint, jsonb, text, boolean, boolean) is
    'Keeps numbering rules for a mapping, beside those that it has or in place of those from the same source (user, answer, plex_file,
tmdb_group); with p_apply its past goes by them too, and what that moved is returned. Raises TK404, TK422 (check_rules).';
