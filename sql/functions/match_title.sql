create function match_title(p_user_id bigint, p_title text, p_show_year integer, p_episode_year integer,
                            out tvshow_id bigint, out confidence numeric, out method text,
                            out conflict_type text, out candidates jsonb)
language plpgsql volatile
set search_path from current
as $$
declare
    v_split record;
    v_literal text := tracker.title_key(p_title);
    v_base text;
    v_pattern text;
    v_year integer;
    v_equal jsonb;
    v_similar jsonb;
    v_best jsonb;
    v_fitting integer;
begin
    candidates := '[]';
    conflict_type := 'no_match';
    if coalesce(v_literal, '') = '' then
        return;
    end if;
    select * into v_split from split_title(p_title);
    v_base := tracker.title_key(v_split.base);
    v_pattern := regexp_replace(v_base, '([\\%_])', '\\\1', 'g');
    v_year := coalesce(p_show_year, v_split.year);

    -- 1. Equal names: the title as it stands, else without its year, country or id. A year can support or contradict; an
    -- episode's year proves only that the show did not start after it.
    with hit as (
        select s.id, min(case when t.title_key = v_literal then 0 else 1 end) as stripped
        from show_titles t join tvshows s on s.id = t.tvshow_id
        where t.user_id = p_user_id and t.title_key in (v_literal, v_base) and s.deleted_at is null
        group by s.id
    ), judged as (
        select s.id, s.tmdb_id, s.title, y.show_year, h.stripped,
               case
                   when h.stripped = 0 and v_split.year is not null then 'exact'
                   when y.show_year is not null and v_year is not null and y.show_year = v_year then 'exact'
                   when y.show_year is not null and v_year is not null and abs(y.show_year - v_year) = 1 then 'near'
                   when y.show_year is not null and v_year is not null then 'contradicts'
                   when y.show_year > p_episode_year then 'contradicts'
                   when h.stripped = 1 and v_split.country is not null and v_year is null then 'country'
                   else 'unknown'
               end as year_fit
        from hit h join tvshows s on s.id = h.id
        cross join lateral (select extract(year from s.show_start_date)::integer as show_year) y
        where h.stripped = (select min(stripped) from hit)
    )
    select jsonb_agg(jsonb_build_object(
               'tvshow_id', id, 'tmdb_id', tmdb_id, 'title', title, 'year', show_year,
               'score', case year_fit when 'exact' then 0.90 when 'near' then 0.85 when 'unknown' then 0.80
                                      when 'country' then 0.60 else 0.55 end,
               'reason', 'same title' || case year_fit
                   when 'exact' then ' and year' when 'near' then ', year off by one'
                   when 'unknown' then ', year not known'
                   when 'country' then ' without "(' || v_split.country || ')"'
                   else case when v_year is null then ', but it starts after the year of this episode'
                             else ', but another year' end end,
               'fit', year_fit) order by
                   array_position(array['exact', 'near', 'unknown', 'country', 'contradicts'], year_fit), id)
    into v_equal from judged;

    if v_equal is not null then
        v_best := v_equal -> 0;
        -- With a year at hand the exact one wins, then the one that is off by one; otherwise only a single name decides.
        select count(*) into v_fitting from jsonb_array_elements(v_equal) e
        where e ->> 'fit' = v_best ->> 'fit' or (v_best ->> 'fit' in ('unknown', 'country'));
        if v_fitting = 1 and v_best ->> 'fit' in ('exact', 'near', 'unknown') then
            tvshow_id := (v_best ->> 'tvshow_id')::bigint;
            confidence := (v_best ->> 'score')::numeric;
            method := case v_best ->> 'fit' when 'exact' then 'title_year' when 'near' then 'title_near_year' else 'title' end;
            conflict_type := null;
        elsif jsonb_array_length(v_equal) > 1 then
            conflict_type := 'multiple_matches';
        else
            conflict_type := 'low_confidence';
        end if;
    end if;

    -- 2. Names that are like it: proposed, never mapped.
    if tvshow_id is null then
        perform set_config('pg_trgm.similarity_threshold',
            coalesce((select propose_similarity from settings where user_id = p_user_id), 0.35)::text, true);
        with near as (
            select t.tvshow_id as id, max(similarity(t.title_key, v_base)) as sim, false as contained
            from show_titles t where t.user_id = p_user_id and t.title_key % v_base group by t.tvshow_id
            union all
            select t.tvshow_id, max(similarity(t.title_key, v_base)), true
            from show_titles t
            where t.user_id = p_user_id and length(v_base) >= 3
              and (t.title_key like v_pattern || ' %' or t.title_key like '% ' || v_pattern || ' %'
                   or t.title_key like '% ' || v_pattern)
            group by t.tvshow_id
        ), ranked as (
            select s.id, s.tmdb_id, s.title, extract(year from s.show_start_date)::integer as show_year,
                   max(n.sim) as sim, bool_or(n.contained) as contained
            from near n join tvshows s on s.id = n.id
            where s.deleted_at is null
              and not exists (select from jsonb_array_elements(coalesce(v_equal, '[]')) e where (e ->> 'tvshow_id')::bigint = s.id)
            group by s.id
            order by max(n.sim) + case when bool_or(n.contained) then 0.3 else 0 end desc, s.id
            limit 5
        )
        select jsonb_agg(jsonb_build_object(
                   'tvshow_id', id, 'tmdb_id', tmdb_id, 'title', title, 'year', show_year,
                   'score', round((0.55 * least(1, sim + case when contained then 0.3 else 0 end))::numeric, 2),
                   'reason', case when contained then 'its name contains "' || left(v_split.base, 60) || '"'
                                  else 'similar title' end)
                   order by sim + case when contained then 0.3 else 0 end desc, id)
        into v_similar from ranked;
        if v_equal is null and v_similar is not null then
            conflict_type := case when jsonb_array_length(v_similar) > 1 then 'multiple_matches' else 'low_confidence' end;
        end if;
    end if;

    select coalesce(jsonb_agg((e - 'fit') order by n), '[]') into candidates
    from jsonb_array_elements(coalesce(v_equal, '[]') || coalesce(v_similar, '[]')) with ordinality c(e, n)
    where n <= 5;
end
$$;
comment on function match_title(bigint, text, integer, integer) is
    'Decides by name over all names of all shows of the user: a show (0.60 to 0.90), or the kind of question to ask with ranked
candidates and the reason for each. Similar names are proposed, never mapped. Volatile: sets pg_trgm''s threshold.';
