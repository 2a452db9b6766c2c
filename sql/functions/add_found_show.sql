create function add_found_show(p_user_id bigint, p_event jsonb, out tvshow_id bigint, out added boolean, out step jsonb)
language plpgsql volatile
set search_path from current
as $$
declare
    v_show jsonb := jsonb_strip_nulls(p_event -> 'document');
    v_ids jsonb;
    v_match record;
begin
    v_ids := coalesce(p_event -> 'show_ids', '{}') || jsonb_strip_nulls(jsonb_build_object(
        'tmdb', v_show -> 'tmdb_id', 'tvdb', v_show -> 'tvdb_id', 'imdb', v_show -> 'imdb_id'));
    -- Its caller has the lock of lock_mappings: of two events that found the same show at once, the second one sees it here.
    select * into v_match from match_ids(p_user_id, v_ids);
    if v_match.candidates <> '[]' then
        if v_match.tvshow_id is null then
            raise exception 'shows with these ids came meanwhile' using errcode = 'serialization_failure';
        end if;
        tvshow_id := v_match.tvshow_id;
        added := false;
        step := jsonb_build_object('step', 'added_meanwhile', 'tvshow_id', tvshow_id);
        return;
    end if;
    tvshow_id := add_show(p_user_id, jsonb_strip_nulls(jsonb_build_object('title', p_event -> 'found' -> 'title', 'year', p_event -> 'show_year'))
        || v_show || jsonb_strip_nulls(jsonb_build_object(
            'tmdb_id', v_ids -> 'tmdb', 'tvdb_id', v_ids -> 'tvdb', 'imdb_id', v_ids -> 'imdb', 'source', 'plex')));
    update tvshows s set refreshed_at = now() where s.id = add_found_show.tvshow_id;
    added := true;
    step := (
        select jsonb_build_object('step', 'added', 'tvshow_id', s.id, 'title', s.title, 'episodes', s.total_episodes,
                                  'from', p_event -> 'found' -> 'by')
        from tvshows s where s.id = add_found_show.tvshow_id);
exception
    -- Somebody added it by hand at the same moment, which needs no lock of lock_mappings.
    when unique_violation then
        raise exception 'the show was added meanwhile' using errcode = 'serialization_failure';
end
$$;
comment on function add_found_show(bigint, jsonb) is
    'Adds the show that a look-up has found (p_event.document, as add_show takes it) with source plex; the one that has one of its
ids by now, if there is one (added is false). Raises 40001 when it came at the same moment: call again.';
