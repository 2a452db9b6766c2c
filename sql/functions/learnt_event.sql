create function learnt_event(p_event jsonb) returns jsonb
language plpgsql immutable
set search_path from current
as $$
declare
    v_lookup jsonb := p_event -> 'lookup';
    v_plex jsonb := v_lookup -> 'plex_show';
    v_guid text := p_event ->> 'show_guid';
    v_given jsonb := coalesce(nullif(p_event -> 'show_ids', 'null'), '{}');
    v_ids jsonb;
    v_from text;
    v_year integer := (p_event ->> 'show_year')::integer;
    v_title text := p_event ->> 'show_title';
    v_names text[] := '{}';
    v_tmdb integer[];
    v_show jsonb;
begin
    if v_lookup is null then
        return p_event;
    end if;
    v_ids := v_given;

    -- 1. The Plex server's own record of the show. A rebuilt library hands its rating keys out anew: another GUID of the same
    -- agent, or another name where there is no GUID to compare, is another show.
    if v_plex ->> 'title' is not null and (case
        when v_guid is not null and v_plex ->> 'guid' is not null
             and split_part(v_guid, '://', 1) = split_part(v_plex ->> 'guid', '://', 1) then v_guid = v_plex ->> 'guid'
        else v_title is null or tracker.title_key(v_title) in (tracker.title_key(v_plex ->> 'title'),
                                                               tracker.title_key(v_plex ->> 'original_title'))
    end) then
        v_ids := coalesce(v_plex -> 'ids', '{}') || v_ids;
        v_year := coalesce(v_year, (v_plex ->> 'year')::integer);
        v_names := v_names || array[v_plex ->> 'title', v_plex ->> 'original_title'];
        v_title := coalesce(v_title, v_plex ->> 'title');
        v_guid := coalesce(v_guid, v_plex ->> 'guid');
        v_from := case when v_ids <> v_given then 'plex' end;
    else
        v_plex := null;
    end if;
    -- TMDB does not know that id: it is wrong.
    if (v_lookup -> 'tmdb_shows' -> (v_ids ->> 'tmdb') ->> 'gone')::boolean then
        v_ids := v_ids - 'tmdb';
    end if;

    -- 2. TMDB's find. Series, seasons and episodes are numbered apart, so the same number may be a series and an unrelated episode:
    -- of an id of the show only series count, of an id of the episode only episodes, and only with its season and number.
    if v_ids ->> 'tmdb' is null then
        select array_agg(distinct (f ->> 'tmdb_id')::integer) into v_tmdb
        from (values ('tvdb_id:' || (v_ids ->> 'tvdb')), ('imdb_id:' || (v_ids ->> 'imdb'))) asked(key)
        cross join lateral jsonb_array_elements(v_lookup -> 'tmdb_find' -> asked.key -> 'shows') f;
        if v_tmdb is null then
            select array_agg(distinct (f ->> 'tmdb_id')::integer) into v_tmdb
            from (values ('tvdb_id:' || (p_event #>> '{episode_ids,tvdb}')), ('imdb_id:' || (p_event #>> '{episode_ids,imdb}'))) asked(key)
            cross join lateral jsonb_array_elements(v_lookup -> 'tmdb_find' -> asked.key -> 'episodes') f
            where case when p_event ->> 'episode' is not null and p_event ->> 'season' is not null
                       then f -> 'season' = p_event -> 'season' and f -> 'episode' = p_event -> 'episode'
                       else f ->> 'air_date' = p_event ->> 'air_date' end;
        end if;
        -- What points to two shows proves neither.
        if cardinality(v_tmdb) = 1
           and not coalesce((v_lookup -> 'tmdb_shows' -> v_tmdb[1]::text ->> 'gone')::boolean, false) then
            v_ids := v_ids || jsonb_build_object('tmdb', v_tmdb[1]);
            v_from := coalesce(v_from, 'tmdb');
        end if;
    end if;

    -- 3. TMDB's search, where no id led anywhere: one show of that very name, and of the year that the Plex server gives it.
    if v_ids ->> 'tmdb' is null and v_plex ->> 'year' is not null then
        select array_agg(distinct (h ->> 'tmdb_id')::integer) into v_tmdb
        from jsonb_array_elements(v_lookup -> 'tmdb_search') h
        where h -> 'year' = v_plex -> 'year' and v_title is not null
          and tracker.title_key(regexp_replace(v_title, '\s*[\[({][^\])}]*[\])}]\s*$', ''))
              in (tracker.title_key(h ->> 'title'), tracker.title_key(h ->> 'original_title'));
        if cardinality(v_tmdb) = 1 then
            v_ids := v_ids || jsonb_build_object('tmdb', v_tmdb[1]);
            v_from := coalesce(v_from, 'search');
        end if;
    end if;

    -- 4. What TMDB says of that show: its other ids, its names, its year.
    v_show := v_lookup -> 'tmdb_shows' -> (v_ids ->> 'tmdb');
    if v_show ->> 'title' is not null then
        v_ids := coalesce(v_show -> 'ids', '{}') || v_ids;
        v_from := coalesce(v_from, case when v_ids <> v_given then 'tmdb' end);
        v_year := coalesce(v_year, (v_show ->> 'year')::integer);
        v_names := v_names || array[v_show ->> 'title', v_show ->> 'original_title']
            || array(select jsonb_array_elements_text(v_show -> 'titles') limit 40);
    end if;

    return p_event || jsonb_strip_nulls(jsonb_build_object(
        'show_ids', nullif(v_ids, '{}'), 'ids_from', v_from, 'show_year', v_year, 'show_title', v_title, 'show_guid', v_guid,
        'other_titles', (select jsonb_agg(distinct n) from unnest(v_names) n where n <> '' and n is distinct from v_title),
        'found', case
            when v_show ->> 'title' is not null then
                v_show || jsonb_build_object('by', 'tmdb')
            when v_plex is not null then
                jsonb_build_object('by', 'plex', 'title', v_plex -> 'title', 'year', v_plex -> 'year')
        end));
end
$$;
comment on function learnt_event(jsonb) is
    'An event with what look-ups (its key lookup) have taught about its show: show_ids that are proven, ids_from (plex, tmdb or
search), show_year, other_titles, and found, the show as TMDB or the Plex server calls it. An id of the episode proves its show only where season and
number agree, and what points to two shows proves none.';
