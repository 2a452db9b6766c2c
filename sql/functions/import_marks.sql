create function import_marks(p_user_id bigint, p_tvshow_id bigint, p_seasons jsonb, p_source text) returns void
language sql volatile
set search_path from current
as $$
    with mark as (
        select (s ->> 'seasonNumber')::integer as season, (e ->> 'episodeNumber')::integer as episode,
               (e ->> 'dateWatched')::timestamptz as at
        from jsonb_array_elements(p_seasons) s cross join lateral jsonb_array_elements(s -> 'episodes') e
        where (e ->> 'watched')::boolean
    ), play as (
        insert into plays (user_id, tvshow_id, season, episode, watched_at, source)
        select p_user_id, p_tvshow_id, m.season, m.episode, m.at, p_source
        from mark m
        where not exists (select from watch_events w
                          where w.tvshow_id = p_tvshow_id and w.season = m.season and w.episode = m.episode
                            and w.withdrawn_at is null)
        returning id, season, episode, watched_at, source
    )
    insert into watch_events (user_id, tvshow_id, season, episode, kind, occurred_at, source, play_id)
    select p_user_id, p_tvshow_id, season, episode, 'mark', watched_at, source, id from play
$$;
comment on function import_marks(bigint, bigint, jsonb, text) is
    'What a seasons document brings already watched becomes a mark at its date, so that the fold knows of it. Episodes that
something was said about before are left alone.';
