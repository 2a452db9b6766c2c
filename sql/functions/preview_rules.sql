create function preview_rules(p_user_id bigint, p_mapping_id bigint, p_rules jsonb, p_source text, p_replace boolean) returns jsonb
language plpgsql stable
set search_path from current
as $$
declare
    v_tvshow_id bigint;
    v_seasons jsonb;
    v_beside jsonb;
    v_rules jsonb;
    v_plan jsonb;
    v_examples jsonb;
begin
    select m.tvshow_id, s.seasons into v_tvshow_id, v_seasons
    from plex_show_mappings m left join tvshows s on s.id = m.tvshow_id
    where m.user_id = p_user_id and m.id = p_mapping_id;
    if not found then
        raise exception 'mapping % is not there', p_mapping_id using errcode = 'TK404';
    end if;
    select coalesce(jsonb_agg(r.value order by r.ord), '[]') into v_beside
    from jsonb_array_elements(numbering_rules(p_mapping_id)) with ordinality r(value, ord)
    where not (p_replace and r.value ->> 'source' = p_source);
    perform check_rules(p_rules, v_beside, v_seasons);
    v_rules := v_beside || (
        select coalesce(jsonb_agg(r.value || jsonb_build_object('source', p_source) order by r.ord), '[]')
        from jsonb_array_elements(p_rules) with ordinality r(value, ord));
    select coalesce(jsonb_agg(to_jsonb(p)), '[]') into v_plan from plan_mapping(p_user_id, p_mapping_id, v_tvshow_id, v_rules, numbering_rules(p_mapping_id)) p;

    -- What is to come: where each rule begins and ends, and what follows what was seen last.
    with wanted as (
        select coalesce((r.value ->> 'plex_season')::integer, 1) as season, e.episode, r.ord, e.place
        from jsonb_array_elements(p_rules) with ordinality r(value, ord)
        cross join lateral (values (greatest((r.value ->> 'from_episode')::integer, 1), 1),
                                   (greatest((r.value ->> 'from_episode')::integer, 1) + 1, 2),
                                   ((r.value ->> 'to_episode')::integer, 3)) e(episode, place)
        where r.ord <= 12 and e.episode <= coalesce((r.value ->> 'to_episode')::integer, e.episode)
        union all
        select * from (
            select p.plex_season, p.plex_episode + 1, 1000, 1
            from jsonb_to_recordset(v_plan) as p(plex_season integer, plex_episode integer, occurred_at timestamptz)
            where p.plex_episode is not null
            order by p.occurred_at desc, p.plex_season desc, p.plex_episode desc limit 1) seen
    ), said as (
        select row_number() over (order by min(w.ord), min(w.place), w.season, w.episode)::integer as n, w.season, w.episode
        from wanted w group by w.season, w.episode
    ), numbered as (
        select r.n, jsonb_agg(jsonb_build_object('season', r.season, 'episode', r.episode, 'title', p.title, 'known', p.season is not null)
                              order by r.part) filter (where r.season is not null) as becomes,
               min(r.rule ->> 'kind') as rule
        from renumber(coalesce(v_seasons, '[]'), v_rules, coalesce((
            select jsonb_agg(jsonb_build_object('n', s.n, 'season', s.season, 'episode', s.episode)) from said s), '[]')) r
        left join episode_places(coalesce(v_seasons, '[]')) p on p.season = r.season and p.episode = r.episode
        group by r.n
    )
    select coalesce(jsonb_agg(jsonb_build_object('plex_season', s.season, 'plex_episode', s.episode,
                                                 'becomes', coalesce(n.becomes, '[]'), 'rule', n.rule) order by s.n), '[]')
    into v_examples
    from said s join numbered n on n.n = s.n;
    return summarise_plan(v_plan, v_tvshow_id) || jsonb_build_object('examples', v_examples);
end
$$;
comment on function preview_rules(bigint, bigint, jsonb, text, boolean) is
    'What save_rules with these arguments would move of a mapping''s past, by the plan that it would follow, and examples of what would
come to be. Writes nothing. Raises TK404, TK422 (check_rules).';
