create function decide(p_user_id bigint, p_event jsonb, p_has_tmdb boolean) returns jsonb
language plpgsql volatile
set search_path from current
as $$
declare
    v_mapping_id bigint := find_mapping(p_user_id, p_event);
    v_mapping record;
    v_new_key boolean;
    v_match record;
    v_other record;
    v_needs jsonb;
    v_type text;
    v_candidates jsonb;
    v_trace jsonb := '[]';
begin
    if v_mapping_id is not null then
        select tvshow_id, sync_enabled, has_rules, plex_server_uuid, plex_rating_key, plex_guid into v_mapping
        from plex_show_mappings where id = v_mapping_id;
        v_trace := jsonb_build_array(jsonb_build_object('step', 'mapping', 'mapping_id', v_mapping_id));
        if v_mapping.tvshow_id is null or not v_mapping.sync_enabled then
            return jsonb_build_object('verdict', 'ignored', 'reason', 'sync_disabled', 'mapping_id', v_mapping_id, 'trace', v_trace);
        end if;
        -- A library that was rebuilt knows the show by another key; so does the server that the token is for, where another one has
        -- told of the show first.
        if v_mapping.plex_guid = p_event ->> 'show_guid' and p_event ->> 'show_rating_key' is not null
           and (v_mapping.plex_rating_key is distinct from p_event ->> 'show_rating_key'
                or v_mapping.plex_server_uuid <> coalesce(p_event ->> 'server_uuid', '')) then
            v_new_key := not tracker.guid_is_local(v_mapping.plex_guid)
                and (v_mapping.plex_server_uuid = coalesce(p_event ->> 'server_uuid', '')
                     or exists (select from plex_config c
                                where c.user_id = p_user_id and c.plex_server_uuid = p_event ->> 'server_uuid'));
        end if;
        return jsonb_build_object('verdict', 'mapped', 'tvshow_id', v_mapping.tvshow_id, 'mapping_id', v_mapping_id,
                                  'has_tmdb', p_has_tmdb, 'has_rules', v_mapping.has_rules, 'new_key', v_new_key, 'trace', v_trace);
    end if;

    if p_event -> 'show_ids' is not null then
        select * into v_match from match_ids(p_user_id, p_event -> 'show_ids');
        v_trace := v_trace || jsonb_build_object('step', 'ids', 'ids', p_event -> 'show_ids',
                                                 'found', jsonb_array_length(v_match.candidates));
        if v_match.tvshow_id is not null and p_event ->> 'ids_from' is not null
           and other_ids(v_match.tvshow_id, p_event -> 'show_ids', v_match.method) then
            -- What one id says another one denies: TMDB's record of the show's ids, or the tracker's, is wrong.
            return jsonb_build_object('verdict', 'conflict', 'conflict_type', 'low_confidence', 'candidates', (
                select jsonb_agg(c || jsonb_build_object('score', 0.55, 'reason', (c ->> 'reason') || ', but another id differs'))
                from jsonb_array_elements(v_match.candidates) c), 'trace', v_trace);
        elsif v_match.tvshow_id is not null then
            return jsonb_build_object('verdict', 'mapped', 'tvshow_id', v_match.tvshow_id, 'has_tmdb', p_has_tmdb,
                'confidence', case p_event ->> 'ids_from' when 'search' then 0.90 when 'plex' then 0.95 when 'tmdb' then 0.95
                                                          else v_match.confidence end,
                'method', case p_event ->> 'ids_from' when 'search' then 'tmdb_search' when 'plex' then 'plex_lookup'
                                                      when 'tmdb' then 'tmdb_lookup' else v_match.method end,
                'trace', v_trace);
        elsif v_match.candidates <> '[]' then
            return jsonb_build_object('verdict', 'conflict', 'conflict_type', 'multiple_matches',
                                      'candidates', v_match.candidates, 'trace', v_trace);
        end if;
    end if;

    v_needs := look_up_needs(p_user_id, p_event, p_has_tmdb);
    if v_needs <> '{}' then
        return jsonb_build_object('verdict', 'pending', 'needs', v_needs,
            'trace', v_trace || jsonb_build_object('step', 'look_up', 'needs', v_needs));
    end if;

    select * into v_match from match_title(p_user_id, p_event ->> 'show_title', (p_event ->> 'show_year')::integer,
                                           (p_event ->> 'episode_year')::integer, p_event -> 'other_titles');
    v_trace := v_trace || jsonb_build_object('step', 'title', 'title', p_event ->> 'show_title',
                                             'candidates', v_match.candidates, 'verdict', coalesce(v_match.method, v_match.conflict_type));
    v_type := v_match.conflict_type;
    v_candidates := v_match.candidates;
    select * into v_other from other_episode(v_match.tvshow_id, coalesce(p_event -> 'said', p_event));
    -- A remake is called what the first one is called. When one agent gives two GUIDs, those are two shows, and the name alone
    -- does not make them one.
    if v_match.method <> 'title_year' and exists (
        select from plex_show_mappings m
        where m.user_id = p_user_id and m.tvshow_id = v_match.tvshow_id and m.plex_guid <> p_event ->> 'show_guid'
          and split_part(m.plex_guid, '://', 1) = split_part(p_event ->> 'show_guid', '://', 1)
          and not tracker.guid_is_local(m.plex_guid)
    ) then
        v_type := 'low_confidence';
        v_candidates := (
            select jsonb_agg(c || jsonb_build_object('score', 0.55, 'reason', 'same title, but another Plex show is mapped to it'))
            from jsonb_array_elements(v_match.candidates) c where (c ->> 'tvshow_id')::bigint = v_match.tvshow_id);
        v_trace := v_trace || jsonb_build_object('step', 'title_taken', 'tvshow_id', v_match.tvshow_id);
    elsif v_match.tvshow_id is not null and other_ids(v_match.tvshow_id, p_event -> 'show_ids') then
        -- Two shows of one name, and the ids tell them apart.
        v_type := 'low_confidence';
        v_trace := v_trace || jsonb_build_object('step', 'title_other_ids', 'tvshow_id', v_match.tvshow_id);
    elsif v_other.air_date is not null then
        -- A remake, or the one before it, has other episodes.
        v_type := 'low_confidence';
        v_candidates := (
            select jsonb_agg(case when (c ->> 'tvshow_id')::bigint = v_match.tvshow_id then c || jsonb_build_object('score', 0.55,
                       'reason', 'same title, but its episode of this number is of ' || extract(year from v_other.air_date)) else c end)
            from jsonb_array_elements(v_candidates) c);
        v_trace := v_trace || jsonb_build_object('step', 'other_episode', 'tvshow_id', v_match.tvshow_id,
                                                 'title', v_other.title, 'air_date', v_other.air_date);
    elsif v_match.tvshow_id is not null then
        return jsonb_build_object('verdict', 'mapped', 'tvshow_id', v_match.tvshow_id, 'confidence', v_match.confidence,
                                  'method', v_match.method, 'has_tmdb', p_has_tmdb, 'trace', v_trace);
    end if;
    return decide_unknown(p_user_id, p_event, p_has_tmdb, v_type, v_candidates, v_trace);
end
$$;
comment on function decide(bigint, jsonb, boolean) is
    'Which show an event belongs to: mapping, show-level ids, look-up, title, in this order. Reads only; the answer carries the
verdict (mapped, add, ignored, pending, conflict), what it is based on, and the trace. new_key: the mapping has another rating key
than the event, see note_rating_key. pending: needs is what has to be asked, or
waits_for the service that does not answer.';
