create function plan_mapping(p_user_id bigint, p_mapping_id bigint, p_tvshow_id bigint, p_rules jsonb,
                             p_rules_before jsonb default null,
                             out grp text, out event_id bigint, out log_id bigint, out act text,
                             out tvshow_id bigint, out season integer, out episode integer,
                             out to_season integer, out to_episode integer, out rule jsonb,
                             out plex_season integer, out plex_episode integer, out occurred_at timestamptz)
returns setof record
language plpgsql stable
set search_path from current
-- Every step has a row for each event: a nested loop, which a plan made for a few rows takes, is two thousand times two thousand.
set enable_nestloop to off
as $$
declare
    v_seasons jsonb := coalesce((select s.seasons from tvshows s
                                 where s.user_id = p_user_id and s.id = p_tvshow_id and s.deleted_at is null), '[]');
    v_server_uuid text := (select m.plex_server_uuid from plex_show_mappings m where m.user_id = p_user_id and m.id = p_mapping_id);
begin
    return query
    with event as materialized (
        -- What came of one message of Plex belongs together: by its log row, whose number stays when the row is purged.
        select coalesce('log ' || w.log_id,
                        concat_ws(' ', 'at', w.occurred_at, w.server_uuid, w.account_id, w.plex_season, w.plex_episode)) as grp,
               w.id as event_id, w.log_id, w.withdrawn_at is null as counts,
               w.tvshow_id, w.season, w.episode, coalesce(w.plex_season, w.season) as plex_season,
               case when w.plex_season is null and w.plex_episode is null then w.episode else w.plex_episode end as plex_episode,
               w.occurred_at, w.server_uuid
        from watch_events w
        where w.user_id = p_user_id and w.mapping_id = p_mapping_id and w.kind = 'viewing'
          and w.withdrawn_why is distinct from 'undone'
        union all
        -- What waits because the show lacked the episode, or did so until the mapping stood for none.
        select 'log ' || l.id, null, l.id, false, null, null, null, l.plex_season, l.plex_episode, l.watched_at, l.plex_server
        from plex_webhook_logs l
        where l.user_id = p_user_id and l.mapping_id = p_mapping_id and l.watched_at is not null and l.conflict_id is not null
          and (l.status = 'conflict'
               or (l.status = 'ignored' and l.action_taken = 'sync_disabled' and l.trace::jsonb @> '[{"step": "moved"}]'))
          and 0 = (select count(*) from watch_events w where w.log_id = l.id and w.withdrawn_why is distinct from 'undone')
          -- Whose viewings count may have been decided while they waited.
          and coalesce(ignore_reason(p_user_id, jsonb_build_object(
                  'event', l.event_type, 'type', 'episode', 'server_uuid', l.plex_server, 'user', l.payload -> 'user'), l.account_id), '')
              not in ('account_not_tracked', 'server_not_tracked')
    ), message as materialized (
        select e.grp, min(e.log_id) as log_id, min(e.plex_season) as plex_season, min(e.plex_episode) as plex_episode,
               min(e.occurred_at) as occurred_at, min(e.tvshow_id) as tvshow_id, min(e.season) as season, min(e.episode) as episode,
               coalesce(min(e.server_uuid) <> v_server_uuid, false) as other_server
        from event e group by e.grp
    ), dated as materialized (
        select m.grp, m.plex_season, m.plex_episode, m.other_server,
               coalesce(
                   (select case when l.payload #>> '{Metadata,originallyAvailableAt}' ~ '^\d{4}-\d\d-\d\d$'
                               then (l.payload #>> '{Metadata,originallyAvailableAt}')::date end
                    from plex_webhook_logs l where l.id = m.log_id),
                   -- Purged from the log: that of the episode that it was found by.
                   case when m.plex_episode is null then (
                       select (find_episode(s.seasons, m.season, m.episode, null)).entry ->> 'airDate'
                       from tvshows s where s.id = m.tvshow_id)::date end) as air_date
        from message m
    ), said as materialized (
        select row_number() over ()::integer as n, d.plex_season, d.plex_episode, d.air_date, d.other_server
        from dated d group by d.plex_season, d.plex_episode, d.air_date, d.other_server
    ), numbered as materialized (
        select r.* from renumber(v_seasons, p_rules, coalesce((
            select jsonb_agg(jsonb_build_object('n', s.n, 'season', s.plex_season, 'episode', s.plex_episode, 'air_date', s.air_date, 'other_server', s.other_server))
            from said s), '[]')) r
    ), place as materialized (
        select p.season, p.episode from episode_places(v_seasons) p
    ), found as materialized (
        select r.n, r.part, p.season, p.episode, r.rule from numbered r join place p on p.season = r.season and p.episode = r.episode
        union all
        -- Without a number the date decides, as it does for an event that arrives.
        select r.n, r.part, f.season, f.episode, r.rule
        from numbered r join said s on s.n = r.n
        cross join lateral find_episode(v_seasons, r.season, null, s.air_date) f
        where r.episode is null and s.plex_episode is null and f.entry is not null
    ), target as materialized (
        select distinct on (d.grp, f.season, f.episode) d.grp, f.part, f.season, f.episode, f.rule
        from dated d
        join said s on s.plex_season is not distinct from d.plex_season and s.plex_episode is not distinct from d.plex_episode
                   and s.air_date is not distinct from d.air_date and s.other_server = d.other_server
        join found f on f.n = s.n
        order by d.grp, f.season, f.episode, f.part
    ), steady as materialized (
        -- Under these rules as before: it stays where it is, also where the show was renumbered since or the user had placed it.
        select d.grp
        from dated d
        join said s on s.plex_season is not distinct from d.plex_season and s.plex_episode is not distinct from d.plex_episode
                   and s.air_date is not distinct from d.air_date and s.other_server = d.other_server
        join (select b.n, array_agg(array[b.season, b.episode] order by b.part) as places
              from renumber(v_seasons, p_rules_before, coalesce((
                  select jsonb_agg(jsonb_build_object('n', s.n, 'season', s.plex_season, 'episode', s.plex_episode, 'air_date', s.air_date, 'other_server', s.other_server))
                  from said s where p_rules_before is not null), '[]')) b
              group by b.n) b on b.n = s.n
        join (select r.n, array_agg(array[r.season, r.episode] order by r.part) as places from numbered r group by r.n) r
            on r.n = s.n and r.places = b.places
        join (select e.grp, count(*) as places, bool_and(e.tvshow_id is not distinct from p_tvshow_id) as here
              from event e where e.counts group by e.grp) e on e.grp = d.grp and e.here
        left join (select t.grp, count(*) as places from target t group by t.grp) t on t.grp = d.grp
        where e.places >= coalesce(t.places, 0)
    ), stays as materialized (
        select distinct on (t.grp, t.season, t.episode) t.grp, t.season, t.episode, t.rule, e.event_id, e.counts
        from target t
        join event e on e.grp = t.grp and e.season = t.season and e.episode = t.episode
        where e.tvshow_id = p_tvshow_id and t.grp not in (select y.grp from steady y)
        order by t.grp, t.season, t.episode, e.counts desc, e.event_id
    ), leaves as (
        select e.*, row_number() over (partition by e.grp order by e.counts desc, e.event_id) as place
        from event e
        where e.event_id is not null and not exists (select from stays s where s.event_id = e.event_id)
          and e.grp not in (select y.grp from steady y)
    ), wanted as (
        select t.*, row_number() over (partition by t.grp order by t.part) as place
        from target t
        where not exists (select from stays s where s.grp = t.grp and s.season = t.season and s.episode = t.episode)
          and t.grp not in (select y.grp from steady y)
    ), done as (
        select s.grp, s.event_id, case when s.counts then 'keep' else 'move' end as act, s.season as to_season, s.episode as to_episode, s.rule
        from stays s
        union all
        select coalesce(l.grp, w.grp), l.event_id,
               case when l.event_id is null then 'mark' when w.grp is null then 'withdraw' else 'move' end,
               w.season, w.episode, w.rule
        from leaves l full join wanted w on w.grp = l.grp and w.place = l.place
        union all
        select m.grp, null, 'wait', null, null, null from message m
        where not exists (select from target t where t.grp = m.grp) and m.grp not in (select y.grp from steady y)
        union all
        select e.grp, e.event_id, 'keep', e.season, e.episode, null from event e join steady y on y.grp = e.grp where e.counts
    )
    select d.grp, d.event_id, m.log_id, d.act, case when e.counts then e.tvshow_id end, case when e.counts then e.season end,
           case when e.counts then e.episode end, d.to_season, d.to_episode, d.rule, m.plex_season, m.plex_episode, m.occurred_at
    from done d join message m on m.grp = d.grp left join event e on e.event_id = d.event_id
    order by m.occurred_at, d.grp, d.to_season, d.to_episode;
end
$$;
comment on function plan_mapping(bigint, bigint, bigint, jsonb, jsonb) is
    'Where everything that came through a mapping belongs if it stood for this show (null: none) under these rules: each viewing that
was reported stays (keep), moves, or counts no more (withdraw); a mark is missing (mark); and a message without any place waits (wait).
tvshow_id, season and episode are where it counts now, to_… where it belongs. What the rules before made the same of is left. Reads only: a preview and a correction go by the same plan.';
