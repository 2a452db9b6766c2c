create function upcoming_episodes(p_user_id bigint, p_from date, p_to date, p_watched_too boolean)
returns table (tvshow_id bigint, title text, poster_path text, updated_at timestamptz, season integer, episode integer,
               episode_title text, air_date text, runtime integer)
language sql stable
set search_path from current
as $$
    select s.id, s.title, s.poster_path, s.updated_at, (d ->> 'seasonNumber')::integer, (e ->> 'episodeNumber')::integer,
           e ->> 'title', e ->> 'airDate', (e ->> 'runtime')::integer
    from tvshows s
    cross join lateral jsonb_array_elements(s.seasons) d
    -- Dates as they are written compare like dates. Expanding all episodes of 500 shows to look at each takes four times as long.
    cross join lateral jsonb_path_query(
        d, '$.episodes[*] ? (@.airDate >= $from && @.airDate <= $to && @.airDate like_regex "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"
                             && (@.watched == false || $watched_too == true))',
        jsonb_build_object('from', p_from, 'to', p_to, 'watched_too', p_watched_too)) e
    where s.user_id = p_user_id and s.deleted_at is null
    order by e ->> 'airDate', lower(s.title), s.id, 5, 6
$$;
comment on function upcoming_episodes(bigint, date, date, boolean) is
    'The episodes of a tracker that air from one day to another, those of one day by show; only what was not watched, or all. air_date is
as the show has it: four, two and two digits, which need not be a day of the calendar.';
