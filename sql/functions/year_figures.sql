create function year_figures(p_user_id bigint, p_timezone text, p_year integer, p_tvshow_id bigint) returns jsonb
language plpgsql stable
set search_path from current
as $$
declare
    v_zone text := known_timezone(p_timezone);
    v_from timestamptz := make_timestamp(p_year, 1, 1, 0, 0, 0) at time zone v_zone;
    v_to timestamptz := make_timestamp(p_year + 1, 1, 1, 0, 0, 0) at time zone v_zone;
    v_figures jsonb;
begin
    with play as materialized (
        -- Numbered from the first viewing of an episode on, of whatever year: one sort, where a look for an earlier one would be one
        -- for each viewing.
        select p.tvshow_id, p.season, p.episode, p.local, p.nth
        from (select a.tvshow_id, a.season, a.episode, a.watched_at, a.watched_at at time zone v_zone as local,
                     row_number() over (partition by a.tvshow_id, a.season, a.episode order by a.watched_at, a.id) as nth
              from plays a
              where a.user_id = p_user_id and a.voided_at is null and a.watched_at < v_to
                and (p_tvshow_id is null or a.tvshow_id = p_tvshow_id)) p
        where p.watched_at >= v_from
    ), show as materialized (
        -- Each document is taken apart once, however many of its episodes were watched, and only for those: what has a viewing that
        -- counts is marked there. A map rather than a join: how long a document is, the planner cannot know.
        select s.id, s.title, extract(year from s.show_start_date)::integer as year, s.tmdb_id, s.poster_path,
               (select jsonb_object_agg((d ->> 'seasonNumber') || '.' || (e ->> 'episodeNumber'), e -> 'runtime')
                from jsonb_array_elements(s.seasons) d
                cross join lateral jsonb_path_query(d, '$.episodes[*] ? (@.watched == true)') e) as runtimes
        from tvshows s
        where s.user_id = p_user_id and s.deleted_at is null and s.id in (select p.tvshow_id from play p)
    ), viewing as materialized (
        select p.tvshow_id, p.local, p.local::date as day, (s.runtimes ->> (p.season || '.' || p.episode))::integer as minutes,
               p.nth > 1 as again
        from play p
        join show s on s.id = p.tvshow_id
    )
    select jsonb_build_object(
        'totals', (select jsonb_build_object('episodes', count(*), 'minutes', coalesce(sum(v.minutes), 0),
                                             'shows', count(distinct v.tvshow_id), 'days', count(distinct v.day),
                                             'rewatches', count(*) filter (where v.again),
                                             'without_runtime', count(*) filter (where v.minutes is null))
                   from viewing v),
        'days', (select coalesce(jsonb_agg(to_jsonb(d) order by d.day), '[]')
                 from (select v.day, count(*) as episodes, coalesce(sum(v.minutes), 0) as minutes from viewing v group by v.day) d),
        'months', (select jsonb_agg(to_jsonb(m) order by m.month)
                   from (select g.month, count(v.day) as episodes, coalesce(sum(v.minutes), 0) as minutes
                         from generate_series(1, 12) g(month)
                         left join viewing v on extract(month from v.day)::integer = g.month
                         group by g.month) m),
        'hours', (select coalesce(jsonb_agg(to_jsonb(h) order by h.weekday, h.hour), '[]')
                  from (select extract(isodow from v.local)::integer as weekday, extract(hour from v.local)::integer as hour,
                               count(*) as episodes
                        from viewing v group by 1, 2) h),
        'shows', (select coalesce(jsonb_agg(to_jsonb(m) order by m.minutes desc, m.episodes desc, lower(m.title), m.id), '[]')
                  from (select s.id, s.title, s.year, s.tmdb_id, s.poster_path, c.episodes, c.minutes
                        from (select v.tvshow_id, count(*) as episodes, coalesce(sum(v.minutes), 0) as minutes
                              from viewing v group by v.tvshow_id) c
                        join show s on s.id = c.tvshow_id
                        order by c.minutes desc, c.episodes desc, lower(s.title), s.id
                        limit 10) m))
    into v_figures;
    return v_figures;
end
$$;
comment on function year_figures(bigint, text, integer, bigint) is
    'What was watched in a year, by the days and hours of where the user is: totals, the days on which something was, all months, weekday
(1 is Monday) and hour, and the ten shows that took most time. Viewings that count of shows that are there; of one show, or, with
null, of all. Minutes are those of episodes whose runtime is known; without_runtime says how many have none.';
