create function decide_unknown(p_user_id bigint, p_event jsonb, p_has_tmdb boolean, p_type text, p_candidates jsonb, p_trace jsonb)
    returns jsonb
language plpgsql stable
set search_path from current
as $$
declare
    v_lookup jsonb := p_event -> 'lookup';
    v_found jsonb := p_event -> 'found';
    v_tmdb jsonb := p_event -> 'show_ids' -> 'tmdb';
    v_tmdb_can boolean := (can_ask(p_user_id, p_event, p_has_tmdb)).tmdb;
    v_refusal text;
    v_needs jsonb;
    v_local jsonb;
    v_there jsonb := '[]';
begin
    -- What does not answer now may know: the event waits, and nobody is asked in vain. What TMDB has said of an id needs no Plex server.
    if jsonb_path_exists(v_lookup, '$.failed.* ? (@.problem == "unavailable")')
       and (v_found ->> 'by' is distinct from 'tmdb' or v_lookup -> 'failed' -> 'tmdb' is not null) then
        return jsonb_build_object('verdict', 'pending', 'trace', p_trace, 'waits_for', (
            select f.key from jsonb_each(v_lookup -> 'failed') f where f.value ->> 'problem' = 'unavailable' order by f.key desc limit 1));
    end if;

    if v_tmdb_can and v_tmdb is null and v_lookup -> 'tmdb_search' is null and p_event ->> 'show_title' is not null
       and coalesce(p_event ->> 'show_guid', '') not like '%.agents.none://%' then  -- home videos
        v_needs := jsonb_build_object('tmdb_search', jsonb_strip_nulls(jsonb_build_object(
            'title', regexp_replace(p_event ->> 'show_title', '(?<=\S)\s*[\[({][^\])}]*[\])}]\s*$', ''), 'year', p_event -> 'show_year')));
        return jsonb_build_object('verdict', 'pending', 'needs', v_needs,
            'trace', p_trace || jsonb_build_object('step', 'look_up', 'needs', v_needs));
    end if;

    -- The Plex server's own word is enough only where TMDB cannot be asked.
    if v_found ->> 'by' = 'tmdb' or (v_found ->> 'by' = 'plex' and not v_tmdb_can) then
        -- A show of this name that may be it: adding it a second time would be as wrong as taking it.
        select jsonb_agg(c) into v_local from jsonb_array_elements(p_candidates) c
        where (c ->> 'score')::numeric >= 0.60 and not other_ids((c ->> 'tvshow_id')::bigint, p_event -> 'show_ids');
        v_refusal := case when v_local is not null then 'similar_show' else add_refusal(p_user_id, p_event) end;
        if v_refusal is null and p_event -> 'document' is not null then
            return jsonb_build_object('verdict', 'add', 'has_tmdb', p_has_tmdb, 'trace', p_trace,
                'confidence', case p_event ->> 'ids_from' when 'search' then 0.90 else 0.95 end,
                'method', case when p_event ->> 'ids_from' = 'search' then 'tmdb_search'
                               when v_found ->> 'by' = 'plex' or p_event ->> 'ids_from' = 'plex' then 'plex_lookup' else 'tmdb_lookup' end);
        elsif v_refusal is null then
            v_needs := case v_found ->> 'by' when 'tmdb' then jsonb_build_object('tmdb_document', v_tmdb)
                                             else jsonb_build_object('plex_document', p_event -> 'show_rating_key') end;
            return jsonb_build_object('verdict', 'pending', 'needs', v_needs,
                'trace', p_trace || jsonb_build_object('step', 'look_up', 'needs', v_needs));
        end if;
        if v_tmdb is not null then
            v_there := jsonb_build_array(jsonb_build_object(
                'tvshow_id', null, 'tmdb_id', v_tmdb, 'title', v_found -> 'title', 'year', v_found -> 'year', 'score', 0.95,
                'reason', case v_refusal when 'deleted' then 'TMDB knows it by its id, but you deleted it'
                                         when 'not_tracked' then 'TMDB knows it by its id, but you chose not to track it'
                                         else 'TMDB knows it by its id' end)
                || jsonb_strip_nulls(jsonb_build_object('poster_path', v_lookup -> 'tmdb_shows' -> (v_tmdb #>> '{}') -> 'poster_path')));
        end if;
        return jsonb_build_object('verdict', 'conflict',
            'conflict_type', case when v_local is null then 'no_match' when jsonb_array_length(v_local) > 1 then 'multiple_matches'
                                  else 'low_confidence' end,
            'candidates', case when v_local is null then v_there || p_candidates else p_candidates || v_there end,
            'trace', p_trace || jsonb_build_object('step', 'not_added', 'why', v_refusal, 'title', v_found -> 'title',
                                                   'year', v_found -> 'year', 'tmdb_id', v_tmdb));
    end if;

    -- What TMDB's search says is proposed only: a name alone is no proof.
    select coalesce(jsonb_agg(jsonb_build_object(
               'tvshow_id', null, 'tmdb_id', h -> 'tmdb_id', 'title', h -> 'title', 'year', h -> 'year',
               'score', case when tracker.title_key(p_event ->> 'show_title') in (tracker.title_key(h ->> 'title'),
                                                                                    tracker.title_key(h ->> 'original_title'))
                             then 0.55 else 0.30 end,
               'reason', 'found by TMDB''s search, not in the tracker')
               || jsonb_strip_nulls(jsonb_build_object('poster_path', h -> 'poster_path')) order by n), '[]')
    into v_there
    from jsonb_array_elements(v_lookup -> 'tmdb_search') with ordinality x(h, n)
    where n <= 5 and not exists (select from tvshows s
                                 where s.user_id = p_user_id and s.deleted_at is null and s.tmdb_id = (h ->> 'tmdb_id')::integer);
    return jsonb_build_object('verdict', 'conflict', 'conflict_type', p_type, 'candidates', p_candidates || v_there, 'trace', p_trace);
end
$$;
comment on function decide_unknown(bigint, jsonb, boolean, text, jsonb, jsonb) is
    'What to do about a show that the tracker does not have for certain (the end of decide): wait for a service that does not
answer, search TMDB, add what a look-up has found (verdict add, once its document is at hand), or ask, with what was found among the candidates.';
