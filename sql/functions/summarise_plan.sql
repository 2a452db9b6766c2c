create function summarise_plan(p_plan jsonb, p_tvshow_id bigint) returns jsonb
language plpgsql stable
set search_path from current
set enable_nestloop to off
as $$
begin
    return (
        with step as materialized (
            select * from jsonb_to_recordset(p_plan) as s(
                grp text, act text, tvshow_id bigint, season integer, episode integer, to_season integer, to_episode integer, rule jsonb,
                plex_season integer, plex_episode integer)
        ), message as materialized (
            select s.grp, min(s.plex_season) as plex_season, min(s.plex_episode) as plex_episode,
                   coalesce(jsonb_agg(jsonb_build_object('tvshow_id', s.tvshow_id, 'season', s.season, 'episode', s.episode)
                                      order by s.season, s.episode) filter (where s.tvshow_id is not null), '[]') as was,
                   coalesce(jsonb_agg(jsonb_build_object('tvshow_id', p_tvshow_id, 'season', s.to_season, 'episode', s.to_episode)
                                      order by s.to_season, s.to_episode) filter (where s.to_season is not null), '[]') as becomes,
                   min(s.rule ->> 'kind') as rule
            from step s group by s.grp
        )
        select jsonb_build_object(
            'events', count(*),
            'unchanged', count(*) filter (where m.was = m.becomes and m.becomes <> '[]'),
            'moved', count(*) filter (where m.was <> m.becomes and m.was <> '[]' and m.becomes <> '[]'),
            'marked', count(*) filter (where m.was = '[]' and m.becomes <> '[]'),
            'unplaced', count(*) filter (where m.becomes = '[]'),
            'changes', coalesce((
                select jsonb_agg(jsonb_build_object(
                    'plex_season', c.plex_season, 'plex_episode', c.plex_episode, 'was', c.was, 'becomes', c.becomes, 'rule', c.rule,
                    'events', c.events) order by c.plex_season, c.plex_episode, c.was)
                from (select m.plex_season, m.plex_episode, m.was, m.becomes, m.rule, count(*) as events from message m
                      where m.was <> m.becomes
                      group by m.plex_season, m.plex_episode, m.was, m.becomes, m.rule
                      order by m.plex_season, m.plex_episode, m.was limit 500) c), '[]'))
        from message m);
end
$$;
comment on function summarise_plan(jsonb, bigint) is
    'What a plan of plan_mapping comes to, for people: how many events stay, move, are newly marked or find no place, and the changes by
episode (500 at most).';
