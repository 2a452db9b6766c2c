create function look_up_needs(p_user_id bigint, p_event jsonb, p_has_tmdb boolean) returns jsonb
language plpgsql stable
set search_path from current
as $$
declare
    v_can record;
    v_lookup jsonb := coalesce(p_event -> 'lookup', '{}');
    v_tmdb text := p_event -> 'show_ids' ->> 'tmdb';
    v_finds jsonb;
begin
    v_can := can_ask(p_user_id, p_event, p_has_tmdb);
    if v_can.plex and v_lookup -> 'plex_show' is null then
        return jsonb_build_object('plex_show', p_event -> 'show_rating_key');
    elsif not v_can.tmdb then
        return '{}';
    elsif v_tmdb is not null then
        return case when v_lookup -> 'tmdb_shows' -> v_tmdb is null
                    then jsonb_build_object('tmdb_show', p_event -> 'show_ids' -> 'tmdb') else '{}' end;
    end if;
    -- Ids of the show prove more than those of the episode, so they are asked for first.
    for v_finds in
        select jsonb_build_object('tmdb_find', jsonb_agg(a.key order by a.key desc))
        from (values (1, 'tvdb_id:' || (p_event #>> '{show_ids,tvdb}')), (1, 'imdb_id:' || (p_event #>> '{show_ids,imdb}')),
                     (2, 'tvdb_id:' || (p_event #>> '{episode_ids,tvdb}')), (2, 'imdb_id:' || (p_event #>> '{episode_ids,imdb}'))
             ) a(round, key)
        where a.key is not null and v_lookup -> 'tmdb_find' -> a.key is null
        group by a.round order by a.round
    loop
        return v_finds;
    end loop;
    return '{}';
end
$$;
comment on function look_up_needs(bigint, jsonb, boolean) is
    'What is to be asked next to learn by ids which show an event belongs to: plex_show (a rating key), tmdb_find (TVDB or IMDb ids),
tmdb_show (a TMDB id), one kind at a time. An empty object: no id leads any further, the title must decide.';
