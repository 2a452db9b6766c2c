create function refresh_needs(p_user_id bigint, p_tvshow_id bigint, p_event jsonb, p_has_tmdb boolean,
                              out needs jsonb, out waits_for text)
language plpgsql stable
set search_path from current
as $$
declare
    v_show record;
    v_can record;
    v_failed jsonb := p_event -> 'lookup' -> 'failed';
begin
    -- Null: whoever settles the event has no look-ups to offer, such as an answer of the user's.
    if p_has_tmdb is null or (p_event -> 'lookup' ->> 'refreshed')::bigint = p_tvshow_id then
        return;
    end if;
    select s.tmdb_id, s.refreshed_at into v_show from tvshows s where s.id = p_tvshow_id;
    if v_show.refreshed_at > now() - interval '10 minutes' then
        return;
    end if;
    v_can := can_ask(p_user_id, p_event, p_has_tmdb);
    if v_show.tmdb_id is not null and (v_can.tmdb or v_failed -> 'tmdb' ->> 'problem' = 'unavailable') then
        if v_can.tmdb then
            needs := jsonb_build_object('refresh', jsonb_build_object('tvshow_id', p_tvshow_id, 'tmdb_id', v_show.tmdb_id));
        else
            waits_for := 'tmdb';
        end if;
    elsif v_can.plex then
        needs := jsonb_build_object('refresh', jsonb_build_object(
            'tvshow_id', p_tvshow_id, 'rating_key', p_event -> 'show_rating_key', 'guid', p_event -> 'show_guid',
            'title', p_event -> 'show_title'));
    elsif v_failed -> 'plex' ->> 'problem' = 'unavailable' then
        waits_for := 'plex';
    end if;
end
$$;
comment on function refresh_needs(bigint, bigint, jsonb, boolean) is
    'How a show that lacks the episode of an event can be read anew: from TMDB by its id, else from the Plex server by its rating
key (needs), or who would have to answer first (waits_for). Both null: there is no way, or it was read within ten minutes.';
