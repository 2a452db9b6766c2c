create function episode_runtimes(p_tvshow_id bigint) returns jsonb
language sql stable
set search_path from current
as $$
    select coalesce(jsonb_object_agg((d ->> 'seasonNumber') || '.' || (e ->> 'episodeNumber'), jsonb_build_object(
               'season', d -> 'seasonNumber', 'episode', e -> 'episodeNumber', 'runtime', e -> 'runtime')), '{}')
    from tvshows s cross join lateral jsonb_array_elements(s.seasons) d cross join lateral jsonb_array_elements(d -> 'episodes') e
    where s.id = p_tvshow_id
$$;
comment on function episode_runtimes(bigint) is
    'Every episode of a show, as "season.episode": what mark_watched takes in place of reading the document for each of many events. A
map rather than a join, which the planner, who cannot know how many there are, may make by comparing each with each.';
