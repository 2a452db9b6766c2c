create function merge_seasons(p_old jsonb, p_new jsonb, p_spoken_of jsonb, p_from text)
    returns table (old_season integer, old_episode integer, old_entry jsonb, new_entry jsonb, season integer, episode integer)
language sql stable
set search_path from current
as $$
    with old_one as (
        select (s ->> 'seasonNumber')::integer as season, (e ->> 'episodeNumber')::integer as episode, e as entry,
               -- Watched, ever spoken of, or not from TMDB at all: a Plex server or the user knows it.
               (e ->> 'watched')::boolean or not e ? 'tmdbId'
                   or p_spoken_of @> jsonb_build_array(jsonb_build_array(s -> 'seasonNumber', e -> 'episodeNumber')) as known
        from jsonb_array_elements(p_old) s cross join lateral jsonb_array_elements(s -> 'episodes') e
    ), new_one as (
        select (s ->> 'seasonNumber')::integer as season, (e ->> 'episodeNumber')::integer as episode, e as entry
        from jsonb_array_elements(p_new) s cross join lateral jsonb_array_elements(s -> 'episodes') e
    ), by_id as (
        -- The same one by TMDB's id, whatever its number;
        select distinct on (n.entry -> 'tmdbId') o.season as old_season, o.episode as old_episode, n.season, n.episode
        from new_one n join old_one o on o.entry -> 'tmdbId' = n.entry -> 'tmdbId'
        order by n.entry -> 'tmdbId', ((o.season, o.episode) = (n.season, n.episode)) desc, o.season, o.episode
    ), pair as (
        select * from by_id
        union all
        -- else by its number, whatever TMDB's id, since TMDB deletes entries and makes them anew.
        select o.season, o.episode, n.season, n.episode
        from old_one o join new_one n on (n.season, n.episode) = (o.season, o.episode)
        where not exists (select from by_id i where (i.old_season, i.old_episode) = (o.season, o.episode))
          and not exists (select from by_id i where (i.season, i.episode) = (n.season, n.episode))
    ), vanished as (
        select o.*, n.taken,
               -- A Plex server lists the files that it has, not the episodes that there are. A document without a whole season that
               -- had episodes, or without half of the show, is a fault of its source.
               o.known or p_from <> 'tmdb' or count(*) filter (where not o.known) over () * 2 > (select count(*) from old_one)
                   or not exists (select from new_one n where n.season = o.season) as kept
        from old_one o
        cross join lateral (select exists (select from new_one n where (n.season, n.episode) = (o.season, o.episode)) as taken) n
        where not exists (select from pair p where (p.old_season, p.old_episode) = (o.season, o.episode))
    ), last_one as (
        select x.season, max(x.episode) as episode
        from (select v.season, v.episode from vanished v where v.kept union all select n.season, n.episode from new_one n) x
        group by x.season
    )
    select o.season, o.episode, o.entry, n.entry, n.season, n.episode
    from new_one n
    left join pair p on (p.season, p.episode) = (n.season, n.episode)
    left join old_one o on (o.season, o.episode) = (p.old_season, p.old_episode)
    union all
    -- Kept, but its number is another episode's now: behind the last one, rather than have its viewings counted for that one.
    select v.season, v.episode, v.entry, null, v.season,
           case when v.taken then l.episode + (row_number() over (partition by v.season, v.taken order by v.episode))::integer
                else v.episode end
    from vanished v join last_one l on l.season = v.season
    where v.kept
    union all
    select v.season, v.episode, v.entry, null, null, null from vanished v where not v.kept
$$;
comment on function merge_seasons(jsonb, jsonb, jsonb, text) is
    'Which episode of a show is which one of a document that TMDB or a Plex server (p_from) gives now, and which number it has from now
on. One row an episode: old_… null where it is new, new_entry null where it vanished, season null where it is to go. p_spoken_of: places
([season, episode]) of which a viewing or a mark was ever told; those never go.';
