create function number_episode(p_user_id bigint, p_mapping_id bigint, p_season integer, p_episode integer, p_air_date date default null,
                               p_server_uuid text default null,
                               out season integer, out episode integer, out rule jsonb)
returns setof record
language plpgsql stable
set search_path from current
as $$
begin
    return query
    select r.season, r.episode, r.rule
    from plex_show_mappings m left join tvshows s on s.id = m.tvshow_id
    cross join lateral renumber(
        coalesce(s.seasons, '[]'), numbering_rules(m.id),
        jsonb_build_array(jsonb_build_object('n', 1, 'season', p_season, 'episode', p_episode, 'air_date', p_air_date,
                                             'other_server', m.plex_server_uuid <> p_server_uuid))) r
    where m.user_id = p_user_id and m.id = p_mapping_id
    order by r.part;
end
$$;
comment on function number_episode(bigint, bigint, integer, integer, date, text) is
    'What one episode that Plex named is in the tracker, by the numbering rules of a mapping: one row for each episode of its file, with
the rule that renumbered it. What was read from the names of files counts for the mapping''s own server. See renumber.';
