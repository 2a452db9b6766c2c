create function renumber(p_seasons jsonb, p_rules jsonb, p_said jsonb,
                         out n integer, out part integer, out season integer, out episode integer, out rule jsonb)
returns setof record
language plpgsql stable
set search_path from current
as $$
begin
    return query
    with rules as materialized (
        select * from jsonb_to_recordset(p_rules) as r(
            id bigint, kind text, source text, plex_season integer, from_episode integer, to_episode integer, season integer,
            episode_offset integer, season_lengths jsonb, first_episode integer, last_episode integer)
    ), place as materialized (
        -- The document is unpacked only for a rule that counts in it.
        select p.* from episode_places(p_seasons) p
        where exists (select from rules r where r.kind in ('absolute', 'air_date'))
    ), day as (
        select p.air_date, min(p.season) as season, min(p.episode) as episode from place p
        where p.air_date is not null group by p.air_date having count(*) = 1
    ), said as (
        -- One Plex episode whose file holds several: each of them, the one that was named first.
        select s.n, s.season, e.episode, d.id as double_id,
               -- The date is that of the episode that was named.
               case when e.episode is not distinct from s.episode then s.air_date end as air_date,
               row_number() over (partition by s.n order by e.episode is distinct from s.episode, e.episode)::integer as part
        from jsonb_to_recordset(p_said) as s(n integer, season integer, episode integer, air_date date, other_server boolean)
        left join rules d on d.kind = 'double' and d.plex_season = s.season and d.from_episode = s.episode
                         -- Another server has other files of the same show.
                         and not (d.source is not distinct from 'plex_file' and coalesce(s.other_server, false))
        cross join lateral (
            select s.episode where d.kind is null
            union all
            select generate_series(d.first_episode, d.last_episode) where d.kind is not null
        ) e(episode)
    ), ruled as (
        select s.*, b.kind, b.source, b.id as rule_id, b.season as to_season, b.episode_offset, b.season_lengths
        from said s left join lateral (
            select r.* from rules r
            where r.kind <> 'double' and (r.plex_season = s.season or (r.plex_season is null and s.season > 0))
              and s.episode >= r.from_episode and (r.to_episode is null or s.episode <= r.to_episode)
            -- What the user says goes before what HAMA's name of the show says, and what was said of one episode before all.
            order by r.source is distinct from 'answer', r.source = 'hama', r.id limit 1
        ) b on true
    ), placed as (
        select r.*, case r.kind
            when 'offset' then r.to_season
            when 'absolute' then a.season
            when 'to_absolute' then case when r.season <= jsonb_array_length(r.season_lengths) + 1 then r.to_season end
            when 'air_date' then d.season
            else r.season end as new_season,
        case r.kind
            when 'offset' then r.episode + r.episode_offset
            when 'absolute' then a.episode
            when 'to_absolute' then case when coalesce(r.episode <= (r.season_lengths ->> r.season - 1)::integer, true) then
                r.episode + r.episode_offset
                + (select coalesce(sum(l.n::integer), 0)::integer from jsonb_array_elements_text(r.season_lengths) with ordinality l(n, season)
                   where l.season < r.season) end
            when 'air_date' then d.episode
            else r.episode end as new_episode,
            -- Absolute numbers of two databases are not always the same. Where HAMA's name alone made the rule, the dates must not
            -- speak against it (a day or two apart are time zones and streaming).
            r.kind = 'absolute' and r.source = 'hama' and abs(r.air_date - a.air_date) > 3
                and (a.season, a.episode) is distinct from (r.season, r.episode) as doubted,
            d.season as day_season, d.episode as day_episode
        from ruled r
        left join place a on r.kind = 'absolute' and a.absolute = r.episode + r.episode_offset
        left join day d on d.air_date = r.air_date
    )
    select p.n, p.part,
           case when p.new_episode is null and p.kind is not null then null when p.doubted then p.day_season else p.new_season end,
           case when p.new_season is null and p.kind is not null then null when p.doubted then p.day_episode else p.new_episode end,
           case when p.kind is not null or p.double_id is not null or p.part > 1 then jsonb_strip_nulls(jsonb_build_object(
               'id', p.rule_id, 'kind', coalesce(p.kind, 'double'), 'source', p.source, 'double', p.double_id)) end
    from placed p
    order by p.n, p.part;
end
$$;
comment on function renumber(jsonb, jsonb, jsonb) is
    'What the numbers that Plex said ([{n, season, episode, air_date}]) are in the tracker''s show under these rules: a file that holds
several episodes is taken apart (part 1 is the episode named), then each part goes by the one rule that covers it. Season and episode
are null where a rule covers it and leads nowhere; the rule is null where none does. Whether the show has the episode is not looked at.';
