create function add_held_episodes(p_user_id bigint, p_tvshow_id bigint, p_log_ids bigint[], p_mapping_id bigint default null)
    returns jsonb
language plpgsql volatile
set search_path from current
as $$
declare
    v_before jsonb;
begin
    select seasons into v_before from tvshows where user_id = p_user_id and id = p_tvshow_id for no key update;
    perform add_episodes(p_user_id, p_tvshow_id, coalesce((
        select jsonb_agg(jsonb_build_object('seasonNumber', held.season, 'episodes', held.episodes))
        from (
            select n.season, jsonb_agg(jsonb_build_object(
                       'episodeNumber', n.episode, 'title', l.payload #>> '{Metadata,title}',
                       'airDate', l.payload #>> '{Metadata,originallyAvailableAt}',
                       'runtime', round((l.payload #>> '{Metadata,duration}')::numeric / 60000)::integer) order by l.id) as episodes
            from plex_webhook_logs l
            -- Under the number that the mapping's rules will look for.
            left join lateral (
                select r.season, r.episode from number_episode(p_user_id, p_mapping_id, l.plex_season, l.plex_episode, null, l.plex_server) r
                where r.season is not null limit 1
            ) r on p_mapping_id is not null
            cross join lateral (select coalesce(r.season, l.plex_season), coalesce(r.episode, l.plex_episode)) n(season, episode)
            where l.user_id = p_user_id and l.id = any (p_log_ids) and l.plex_season is not null and l.plex_episode is not null
            group by n.season
        ) held), '[]'));
    return (
        select coalesce(jsonb_agg(jsonb_build_array(place.season, place.episode)), '[]')
        from (
            select d -> 'seasonNumber' as season, e -> 'episodeNumber' as episode
            from tvshows s cross join lateral jsonb_array_elements(s.seasons) d
            cross join lateral jsonb_array_elements(d -> 'episodes') e
            where s.id = p_tvshow_id
            except
            select d -> 'seasonNumber', e -> 'episodeNumber'
            from jsonb_array_elements(v_before) d cross join lateral jsonb_array_elements(d -> 'episodes') e
        ) place);
end
$$;
comment on function add_held_episodes(bigint, bigint, bigint[], bigint) is
    'Adds to a show the episodes that these log rows are about, as Plex describes them, where it lacks them. Returns which were added,
[[season, episode], …]. Raises TK404.';
