create function match_title(p_user_id bigint, p_title text, p_show_year integer, p_episode_year integer,
                            p_other_titles jsonb default null,
                            out tvshow_id bigint, out confidence numeric, out method text,
                            out conflict_type text, out candidates jsonb)
language plpgsql volatile
-- Planned once a connection: planning anew took a quarter of a decision.
set plan_cache_mode = force_generic_plan
set search_path from current
as $$
declare
    v_asked record;
    v_equal jsonb;
    v_proposed jsonb := '[]';
    v_best jsonb;
    v_all boolean;
    v_least numeric := coalesce((select map_confidence from settings where user_id = p_user_id), 0.60);
begin
    candidates := '[]';
    conflict_type := 'no_match';
    select * into v_asked from asked_names(p_title, p_other_titles);
    if v_asked.names is null then
        return;
    end if;

    -- Nothing is stronger than the same title with its year, or with no year to compare: then the rest is not read.
    foreach v_all in array array[false, true] loop
        -- 1. Equal names decide: alike in every letter (level 0), but for spaces and how numbers are written (1), but for an article,
        -- the studio or a transliteration (2), or in a part that may stand for the whole (3).
        with found as materialized (
            select t.tvshow_id, t.title, t.title_key, t.spelling_key, t.core_key, t.part_keys from show_titles t
            where t.user_id = p_user_id and t.title_key = any (v_asked.literal_keys)
            union
            select t.tvshow_id, t.title, t.title_key, t.spelling_key, t.core_key, t.part_keys from show_titles t
            where v_all and t.user_id = p_user_id and t.spelling_key = any (v_asked.spelling_keys)
            union
            select t.tvshow_id, t.title, t.title_key, t.spelling_key, t.core_key, t.part_keys from show_titles t
            where v_all and t.user_id = p_user_id and t.core_key = any (v_asked.core_keys)
            union
            select t.tvshow_id, t.title, t.title_key, t.spelling_key, t.core_key, t.part_keys from show_titles t
            where v_all and t.user_id = p_user_id and t.part_keys && v_asked.part_keys
            union
            select t.tvshow_id, t.title, t.title_key, t.spelling_key, t.core_key, t.part_keys from show_titles t
            where v_all and t.user_id = p_user_id and t.core_key = any (v_asked.long_keys)
        ), judged as (
            select s.id, s.tmdb_id, s.title, extract(year from s.show_start_date)::integer as show_year, j.*
            from found f
            -- One by one: the planner does not know how few there are, and would read all shows.
            cross join lateral (
                select x.id, x.tmdb_id, x.title, x.show_start_date, x.country from tvshows x
                where x.id = f.tvshow_id and x.user_id = p_user_id and x.deleted_at is null limit 1
            ) s
            cross join lateral jsonb_array_elements(v_asked.names) a
            cross join lateral judge_name(a, f.title, f.title_key, f.spelling_key, f.core_key,
                                          f.part_keys, v_asked.long_keys,
                                          extract(year from s.show_start_date)::integer, s.country, p_show_year, p_episode_year) j
            where j.level is not null
        ), ranked as (
            select distinct on (id) * from judged order by id, score desc, level
        )
        select jsonb_agg(jsonb_build_object('tvshow_id', r.id, 'tmdb_id', r.tmdb_id, 'title', r.title, 'year', r.show_year,
                                            'score', r.score, 'reason', r.reason, 'level', r.level, 'fit', r.fit, 'method', r.method)
                         order by r.score desc, r.level, r.id)
        into v_equal from ranked r;

        exit when (
            select count(*) filter (where (e ->> 'fit')::integer <= case when coalesce(p_show_year, v_asked.year) is null then 3 else 1 end
                                      and (e ->> 'level')::integer <= 0) = 1
               and count(*) filter (where e ->> 'fit' in ('4', '6')) = 0
            from jsonb_array_elements(v_equal) e);
    end loop;

    if v_equal is not null then
        v_best := v_equal -> 0;
        conflict_type := case when jsonb_array_length(v_equal) > 1 then 'multiple_matches' else 'low_confidence' end;
        confidence := (v_best ->> 'score')::numeric;
        method := v_best ->> 'method';
        if v_best ->> 'fit' = '3' and exists (select from jsonb_array_elements(v_equal) e where e ->> 'fit' = '6') then
            confidence := least(confidence, 0.70);
            method := 'title_episode_year';
        end if;
        -- Another show may be meant as well, unless its name or year fits less in one respect and no better in the other.
        if (v_best ->> 'fit')::integer < 4 and confidence >= v_least and not exists (
            select from jsonb_array_elements(v_equal) e
            where e ->> 'tvshow_id' <> v_best ->> 'tvshow_id'
              -- The start of a show is told off by one at times: only an earlier episode than that rules it out for sure.
              and ((e ->> 'fit')::integer < 4 or e ->> 'fit' = '6' and (e ->> 'year')::integer = p_episode_year + 1)
              and not ((v_best ->> 'level')::integer <= (e ->> 'level')::integer and (v_best ->> 'fit')::integer < (e ->> 'fit')::integer
                       and e ->> 'fit' <> '6'
                    or (v_best ->> 'level')::integer < (e ->> 'level')::integer and v_best ->> 'fit' = e ->> 'fit')
        ) then
            tvshow_id := (v_best ->> 'tvshow_id')::bigint;
            conflict_type := null;
        else
            confidence := null;
            method := null;
        end if;
    end if;

    -- 2. Names that are like it are proposed.
    if tvshow_id is null then
        v_proposed := similar_titles(p_user_id, to_jsonb(v_asked), coalesce(p_show_year, v_asked.year), p_episode_year);
        if v_equal is null and v_proposed <> '[]' then
            conflict_type := case when jsonb_array_length(v_proposed) > 1 then 'multiple_matches' else 'low_confidence' end;
            -- But for one that is the same to a reader, of the very same year.
            select jsonb_agg(to_jsonb(d) || '{"score": 0.70, "level": 3, "fit": 1, "method": "title_year"}') into v_equal
            from (
                select distinct on (c -> 'tvshow_id') c -> 'tvshow_id' as tvshow_id, c -> 'tmdb_id' as tmdb_id, c -> 'title' as title,
                       c -> 'year' as year, r.reason
                from jsonb_array_elements(v_proposed) c
                cross join jsonb_array_elements(v_asked.names) a
                cross join lateral (
                    select x.title, x.title_key from show_titles x where x.tvshow_id = (c ->> 'tvshow_id')::bigint limit 100
                ) t
                cross join lateral disguised_name(a ->> 'base', a ->> 'key', t.title, t.title_key) r(reason)
                where (c ->> 'year')::integer = coalesce(p_show_year, (a ->> 'year')::integer)
                  and a ->> 'bare' = 'no' and a -> 'country' is null and r.reason is not null
            ) d;
            if jsonb_array_length(v_equal) = 1 and 0.70 >= v_least then
                tvshow_id := (v_equal -> 0 ->> 'tvshow_id')::bigint;
                confidence := 0.70;
                method := 'title_year';
                conflict_type := null;
            end if;
        end if;
    end if;

    select coalesce(jsonb_agg(e - 'level' - 'fit' - 'method' order by n), '[]') into candidates
    from (
        select e, row_number() over (order by n) as n
        from (select e, n from jsonb_array_elements(v_equal) with ordinality q(e, n)
              union all
              select e, 1000 + n from jsonb_array_elements(v_proposed) with ordinality p(e, n)
              where not exists (select from jsonb_array_elements(v_equal) q where q -> 'tvshow_id' = e -> 'tvshow_id')) both_kinds
    ) numbered where n <= 5;
end
$$;
comment on function match_title(bigint, text, integer, integer, jsonb) is
    'Decides by name over all names of all shows of the user: a show (0.60 to 0.90) with the rule that gave it, or the kind of
question to ask, with at most five candidates and the score and reason of each. Similar names are proposed, not mapped. Volatile:
sets pg_trgm''s threshold.';
