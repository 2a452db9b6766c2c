create function find_episode(p_seasons jsonb, p_season integer, p_episode integer, p_air_date date,
                             out season_index integer, out episode_index integer,
                             out season integer, out episode integer, out entry jsonb)
language plpgsql stable
set search_path from current
as $$
declare
    v_season jsonb;
begin
    if p_season is not null and p_episode is not null then
        -- Mostly the first season is 0 or 1, the first episode is 1 and none is missing: then the numbers tell the place.
        season_index := p_season - (p_seasons -> 0 ->> 'seasonNumber')::integer;
        v_season := p_seasons -> season_index;
        entry := v_season -> 'episodes' -> (p_episode - 1);
        if season_index >= 0 and (v_season ->> 'seasonNumber')::integer = p_season
           and p_episode > 0 and (entry ->> 'episodeNumber')::integer = p_episode then
            episode_index := p_episode - 1;
            season := p_season;
            episode := p_episode;
            return;
        end if;
        season_index := null;
        entry := null;
        -- Else two small expansions, season then episode: the whole document is never unpacked.
        select (s.ord - 1)::integer, s.value -> 'episodes' into season_index, v_season
        from jsonb_array_elements(p_seasons) with ordinality s(value, ord)
        where (s.value ->> 'seasonNumber')::integer = p_season;
        if not found then
            return;
        end if;
        select (e.ord - 1)::integer, e.value into episode_index, entry
        from jsonb_array_elements(v_season) with ordinality e(value, ord)
        where (e.value ->> 'episodeNumber')::integer = p_episode;
        if found then
            season := p_season;
            episode := p_episode;
        end if;
    elsif p_air_date is not null then
        -- Date-based shows: the air date decides, but only when one episode alone has it.
        select min(season_ord), min(episode_ord), min(season_number), min(episode_number), (array_agg(value))[1]
        into season_index, episode_index, season, episode, entry
        from (
            select (s.ord - 1)::integer as season_ord, (e.ord - 1)::integer as episode_ord,
                   (s.value ->> 'seasonNumber')::integer as season_number,
                   (e.value ->> 'episodeNumber')::integer as episode_number, e.value
            from jsonb_array_elements(p_seasons) with ordinality s(value, ord)
            cross join lateral jsonb_array_elements(s.value -> 'episodes') with ordinality e(value, ord)
            where e.value ->> 'airDate' = p_air_date::text
              and (p_season is null or (s.value ->> 'seasonNumber')::integer = p_season
                   -- Plex numbers seasons by year where the tracker does not: then the number says nothing.
                   or not jsonb_path_exists(p_seasons, '$[*] ? (@.seasonNumber == $n)', jsonb_build_object('n', p_season)))
        ) on_that_day
        having count(*) = 1;
    end if;
end
$$;
comment on function find_episode(jsonb, integer, integer, date) is
    'Where an episode stands in a seasons document (zero-based), by season and episode number (0 is a number like any other) or,
when there is no episode number, by an air date that one episode alone has. entry is null when it is not there.';
