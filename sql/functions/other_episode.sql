create function other_episode(p_tvshow_id bigint, p_said jsonb, out air_date date, out title text)
language sql stable
set search_path from current
as $$
    select e.air_date, e.title
    from tvshows s
    cross join lateral find_episode(s.seasons, (p_said ->> 'season')::integer, (p_said ->> 'episode')::integer, null) f
    cross join lateral (select nullif(f.entry ->> 'airDate', '')::date as air_date, f.entry ->> 'title' as title,
                               tracker.title_key(f.entry ->> 'title') as key, tracker.title_key(p_said ->> 'title') as said_key) e
    where s.id = p_tvshow_id
      -- Specials are numbered by everybody in another way.
      and (p_said ->> 'season')::integer > 0
      -- Time zones, streaming and broadcast, the order of a DVD: all of that is less.
      and abs(e.air_date - (p_said ->> 'air_date')::date) > 730
      and e.key <> '' and e.said_key <> '' and similarity(e.key, e.said_key) < 0.3
      -- "Episode 3" is any episode's name, and says nothing.
      and e.key !~ '\d|^(episode|episodio|folge|part|teil) ' and e.said_key !~ '\d|^(episode|episodio|folge|part|teil) '
$$;
comment on function other_episode(bigint, jsonb) is
    'The episode that a show has under the number that Plex said ({season, episode, air_date, title}), where it is quite another one:
it aired years apart and is called otherwise. Then a show of that name is another show, such as the remake. Null else, and where
either side does not know.';
