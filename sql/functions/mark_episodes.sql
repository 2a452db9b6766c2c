create function mark_episodes(p_user_id bigint, p_tvshow_id bigint, p_watched boolean, p_season integer, p_before integer default null,
                              p_when text default 'now') returns bigint[]
language plpgsql volatile
set search_path from current
as $$
declare
    v_seasons jsonb;
    v_zone text := (select timezone from users where id = p_user_id);
    v_ids bigint[];
begin
    -- As for one mark: two that change a show follow each other.
    select seasons into v_seasons from tvshows
    where user_id = p_user_id and id = p_tvshow_id and deleted_at is null
    for no key update;
    if not found then
        raise exception 'show % is not there', p_tvshow_id using errcode = 'TK404';
    elsif not jsonb_path_exists(v_seasons, '$[*] ? (@.seasonNumber == $n)', jsonb_build_object('n', p_season)) then
        raise exception 'show % has no season %', p_tvshow_id, p_season using errcode = 'TK404';
    end if;
    with meant as (
        select d.season, d.episode, d.aired
        from (
            select (s ->> 'seasonNumber')::integer as season, (e ->> 'episodeNumber')::integer as episode,
                   (e ->> 'airDate')::date as aired, coalesce((e ->> 'watched')::boolean, false) as watched
            from jsonb_array_elements(v_seasons) s cross join lateral jsonb_array_elements(s -> 'episodes') e
        ) d
        where d.watched <> p_watched
          -- What has not aired nobody has watched, but for one by one.
          and (not p_watched or d.aired is null or d.aired <= (now() at time zone v_zone)::date)
          and case when p_before is null then d.season = p_season
                   -- Specials lie beside the story: what comes before an episode is what comes before it in the seasons.
                   else d.season = p_season and d.episode < p_before or d.season between 1 and p_season - 1 end
    ), said as (
        insert into watch_events (user_id, tvshow_id, season, episode, kind, occurred_at, source)
        select p_user_id, p_tvshow_id, m.season, m.episode, case when p_watched then 'mark' else 'unmark' end,
               case
                   when not p_watched then greatest(now(), (
                       -- "Not watched" is about every viewing that is known: also one that a fast clock dated minutes ahead.
                       select max(w.occurred_at) from watch_events w
                       where w.tvshow_id = p_tvshow_id and w.season = m.season and w.episode = m.episode
                         and w.kind = 'viewing' and w.withdrawn_at is null))
                   when p_when = 'aired' then least(now(), coalesce((m.aired + time '20:00') at time zone v_zone, now()))
                   else now()
               end, 'manual'
        from meant m
        returning id
    )
    select coalesce(array_agg(id order by id), '{}') into v_ids from said;
    if cardinality(v_ids) > 0 then
        perform refold_said(p_user_id, p_tvshow_id, v_ids);
    end if;
    return v_ids;
end
$$;
comment on function mark_episodes(bigint, bigint, boolean, integer, integer, text) is
    'The user''s own mark or unmark of many episodes: of a season, or of all that come before episode p_before of that season, earlier
seasons included (specials only for season 0). Marks only what has aired and is not watched yet, unmarks what is. p_when: now, or aired
(the evening of its air date). Returns the watch events, which take_back undoes. Raises TK404.';
