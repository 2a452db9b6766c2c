create function similar_titles(p_user_id bigint, p_asked jsonb, p_year integer, p_episode_year integer) returns jsonb
language plpgsql volatile
-- Planned once a connection: planning anew took a quarter of a decision.
set plan_cache_mode = force_generic_plan
set search_path from current
as $$
declare
    v_least real := coalesce((select propose_similarity from settings where user_id = p_user_id), 0.35);
    -- How a show was found; the first that applies is the reason that is told.
    v_kinds constant text[] := array['within', 'part', 'short', 'like', 'word', 'year'];
    v_name jsonb;
    v_key text;
    v_pattern text;
    v_patterns text[];
    v_words text[];
    v_word text;
    v_parts text[];
    v_round jsonb;
    v_country text;
    v_found jsonb := '[]';
begin
    for v_name in
        select e from (
            (select e, 1 as n from jsonb_array_elements(p_asked -> 'names') e where e ->> 'bare' = 'no' limit 3)
            union all
            -- Many Japanese shows are known by their names in Latin letters only.
            select e || jsonb_build_object('key', k.key, 'core', tracker.sound_key(k.key), 'read', true), 2
            from jsonb_array_elements(p_asked -> 'names') e cross join lateral romaji(e ->> 'key') k(key)
            where e ->> 'key' ~ '[\u3041-\u30ff]' and length(k.key) >= 4
        ) every order by n
    loop
        v_key := v_name ->> 'key';
        v_pattern := regexp_replace(v_key, '([\\%_])', '\\\1', 'g');
        -- Where words begin and end is looked at afterwards: one search of the index instead of the three that short words need.
        v_patterns := case when (select max(length(w)) from unnest(string_to_array(v_key, ' ')) w) >= 5 then array['%' || v_pattern || '%']
                           else array[v_pattern || ' %', '% ' || v_pattern || ' %', '% ' || v_pattern] end;
        -- Half of a title that was read from kana may be missing.
        perform set_config('pg_trgm.similarity_threshold',
            case when v_name ? 'read' then greatest(0.1, v_least / 2) else v_least end::text, true);
        v_words := (string_to_array(v_key, ' '))[1:12];
        -- Every run of words of the title that may be a name by itself: at its beginning, or long enough to mean something.
        select array_agg(distinct part) into v_parts
        from generate_series(1, array_length(v_words, 1)) a, generate_series(a, array_length(v_words, 1)) b,
             array_to_string(v_words[a:b], ' ') part
        where part <> v_key and length(part) >= case when a = 1 then 2 else 5 end;

        with near as (
            select t.tvshow_id as id, similarity(t.title_key, v_key) as likeness, 'like' as how, null as part
            from show_titles t where t.user_id = p_user_id and t.title_key % v_key
            union all
            (select t.tvshow_id, similarity(t.title_key, v_key) + 0.3, 'within', null
             from show_titles t
             where t.user_id = p_user_id and t.title_key like any (v_patterns)
               and ' ' || t.title_key || ' ' like '% ' || v_pattern || ' %' and t.title_key <> v_key
             limit 1000)
            union all
            select t.tvshow_id, similarity(t.title_key, v_key) + 0.2, 'part', t.title_key
            from show_titles t where t.user_id = p_user_id and t.title_key = any (v_parts)
            union all
            select t.tvshow_id, 0.6, 'short', null
            from show_titles t
            where t.user_id = p_user_id and t.part_keys && array[v_name ->> 'core', '.' || v_key]
        ), best as (
            select id, max(likeness) as likeness, (array_agg(how order by array_position(v_kinds, how)))[1] as how,
                   (array_agg(part order by length(part) desc) filter (where how = 'part'))[1] as part
            from near group by id
        )
        select jsonb_agg(jsonb_build_object('id', id, 'likeness', likeness, 'how', how, 'part', part, 'name', v_name -> 'base'))
        into v_round from (select * from best order by likeness desc limit 50) b;
        v_found := v_found || coalesce(v_round, '[]');

        -- Half as alike is enough for a show of the very year.
        if p_year is not null and jsonb_array_length(v_found) < 5 then
            with near as (
                select s.id, max(similarity(t.title_key, v_key)) as likeness
                from tvshows s
                cross join lateral (select x.title_key from show_titles x where x.tvshow_id = s.id limit 100) t
                where s.user_id = p_user_id and s.deleted_at is null
                  and s.show_start_date >= make_date(p_year, 1, 1) and s.show_start_date < make_date(p_year + 1, 1, 1)
                group by s.id order by likeness desc limit 5
            )
            select jsonb_agg(jsonb_build_object('id', id, 'how', 'like', 'name', v_name -> 'base', 'likeness', likeness))
            into v_round from near where likeness >= greatest(0.1, v_least / 2);
            v_found := v_found || coalesce(v_round, '[]');
        end if;

        -- One word that few names have says more than many letters.
        if jsonb_array_length(v_found) < 5 then
            for v_word in select distinct w from unnest(v_words) w where length(w) >= 5 loop
                with having_it as materialized (
                    select t.tvshow_id, t.title_key from show_titles t
                    where t.user_id = p_user_id and t.title_key like '%' || v_word || '%'
                      and ' ' || t.title_key || ' ' like '% ' || v_word || ' %' and t.title_key <> v_word
                    limit 41
                )
                select jsonb_agg(jsonb_build_object('id', h.tvshow_id, 'how', 'word', 'part', v_word, 'name', v_name -> 'base',
                    'likeness', similarity(h.title_key, v_key) + 0.5 / (1 + n)))
                into v_round
                from having_it h cross join (select count(*) as n from having_it) c where n <= 40;
                v_found := v_found || coalesce(v_round, '[]');
            end loop;
        end if;
    end loop;

    -- A title in its own script, known here by a translation only: year and country may leave few shows.
    if p_year is not null then
        v_country := case when p_asked -> 'names' -> 0 ->> 'key' ~ '[\uac00-\ud7af]' then 'KR'
                          when p_asked -> 'names' -> 0 ->> 'key' ~ '[\u3041-\u30ff]' then 'JP'
                          when p_asked -> 'names' -> 0 ->> 'key' ~ '[\u3400-\u9fff]' then 'CN' end;
        select coalesce(jsonb_agg(jsonb_build_object('id', s.id, 'how', 'year', 'likeness', 0.1)), '[]') into v_round
        from (select s.id from tvshows s
              where s.user_id = p_user_id and s.deleted_at is null and s.country ~ v_country
                and s.show_start_date between make_date(p_year, 1, 1) and make_date(p_year, 12, 31)
              order by s.id limit 6) s
        having count(*) <= 5;
        v_found := v_found || coalesce(v_round, '[]');
    end if;

    return (
        select coalesce(jsonb_agg(jsonb_build_object(
                   'tvshow_id', id, 'tmdb_id', tmdb_id, 'title', title, 'year', show_year,
                   'score', round(0.55 * least(1, greatest(0.05, rank)), 2),
                   'reason', case how
                       when 'within' then 'its name contains "' || left(name, 60) || '"'
                       when 'part' then 'the title contains its name "' || left(part, 60) || '"'
                       when 'short' then 'the title may be short for its name'
                       when 'word' then 'both names have "' || left(part, 60) || '"'
                       when 'year' then 'no name alike, but it started in this year where the title''s script is written'
                       else 'similar title' end)
                   order by rank desc, id), '[]')
        from (
            select s.id, s.tmdb_id, s.title, y.show_year, n.how, n.part, n.name, r.rank
            from (
                select distinct on (e ->> 'id') (e ->> 'id')::bigint as id, e ->> 'how' as how, e ->> 'part' as part,
                       e ->> 'name' as name, max((e ->> 'likeness')::numeric) over (partition by e ->> 'id') as likeness
                from jsonb_array_elements(v_found) e order by e ->> 'id', array_position(v_kinds, e ->> 'how')
            ) n
            -- One by one: the planner does not know how few there are, and would read all shows.
            cross join lateral (
                select x.id, x.tmdb_id, x.title, x.show_start_date from tvshows x
                where x.id = n.id and x.user_id = p_user_id and x.deleted_at is null limit 1
            ) s
            cross join lateral (select extract(year from s.show_start_date)::integer as show_year) y
            -- The year makes one of several likelier; it excludes none.
            cross join lateral (select n.likeness + case
                when y.show_year = p_year then 0.2
                when abs(y.show_year - p_year) = 1 then 0.1
                when abs(y.show_year - p_year) > 1 or p_year is null and y.show_year > p_episode_year then -0.1
                else 0 end as rank) r
            order by r.rank desc, s.id
            limit 5
        ) proposed
    );
end
$$;
comment on function similar_titles(bigint, jsonb, integer, integer) is
    'At most five shows whose names are like the asked ones (a row of asked_names): alike in spelling, containing the title as whole
words or contained in it, short or long for it, or with a rare word in common; ranked, with a score of at most 0.55 and the reason.
Volatile: sets pg_trgm''s threshold.';
