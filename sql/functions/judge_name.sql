create function judge_name(p_asked jsonb, p_name text, p_title_key text, p_spelling_key text, p_core_key text, p_part_keys text[], p_long_keys text[],
                           p_start_year integer, p_countries text, p_show_year integer, p_episode_year integer,
                           out level integer, out fit integer, out score numeric, out method text, out reason text)
language plpgsql immutable
set search_path from current
as $$
declare
    v_name record;
    v_name_key text;
    v_year integer := coalesce(p_show_year, (p_asked ->> 'year')::integer);
    v_country text := p_asked ->> 'country';
    v_country_fit text := 'none';
    v_article_only boolean := false;
    v_but text;
begin
    if p_core_key <> p_asked ->> 'core' and p_spelling_key <> p_asked ->> 'spelling'
       and p_title_key is distinct from p_asked ->> 'literal' then
        -- A title without its subtitle, or a part without the name of the series: with the very year only.
        if (p_asked ->> 'core' = any (p_part_keys) or p_core_key = any (p_long_keys)) and p_start_year = v_year and p_asked ->> 'bare' = 'no' and v_country is null then
            level := 3;
            fit := 1;
            score := 0.70;
            method := 'title_year';
            reason := 'same title but for a part of it, same year';
        end if;
        return;
    end if;
    select * into v_name from tracker.split_title(p_name);
    v_name_key := tracker.title_key(v_name.base);
    if p_title_key = p_asked ->> 'literal' or v_name_key = p_asked ->> 'key' then
        level := 0;
    elsif p_spelling_key = p_asked ->> 'spelling' then
        level := 1;
    else
        level := 2;
        v_article_only := tracker.spelling_key(regexp_replace(v_name_key, '^(the|an?) ', ''))
                        = tracker.spelling_key(regexp_replace(p_asked ->> 'key', '^(the|an?) ', ''));
        v_but := case when v_article_only then 'same title but for the article'
                      else 'same title but for its spelling or the studio' end;
    end if;

    -- The country that a title names, or that only this name of the show has.
    if v_country is not null and v_country is distinct from v_name.country then
        v_country_fit := case when p_countries is not null and v_country = any (string_to_array(p_countries, ',')) then 'same'
                              when p_countries is not null or v_name.country is not null then 'other'
                              else 'unsure' end;
    elsif v_country is not null then
        v_country_fit := 'same';
    elsif v_name.country is not null then
        v_country_fit := 'unsure';
    end if;

    -- How the year fits: 1 the same, 2 off by one, 3 nothing to compare, 4 and more: a reason to ask.
    fit := case
        when p_start_year = v_year or v_name.year = v_year and (p_start_year is null or abs(p_start_year - v_year) <= 1) then 1
        when abs(p_start_year - v_year) = 1 then 2
        when abs(p_start_year - v_year) > 1 then 5
        when v_year is null and p_start_year > p_episode_year then 6
        -- A name that has its year or country with it says that there is another show of that name without.
        when v_year is null and v_name.year is not null and level < 2 then 4
        else 3
    end;
    if p_asked ->> 'bare' <> 'no' then
        if (p_asked ->> 'year')::integer is not null and coalesce(abs(p_start_year - (p_asked ->> 'year')::integer) > 1, true)
           or not (case
            when v_country is null then fit <= 2
            -- "us" is a word as well.
            when p_asked ->> 'bare' = 'word' then v_country_fit = 'same' and fit = 1
            when p_asked ->> 'bare' = 'slug' then v_country_fit = 'same' and fit <= 3
            else v_country_fit = 'same' or fit = 1 and v_country_fit = 'unsure' end) then
            level := null;
            return;
        elsif p_asked ->> 'bare' = 'slug' and fit > 1 then
            -- Less sure than a country in brackets: a show that is called so in full is looked for as well, and wins.
            level := greatest(level, 1);
        end if;
    end if;

    if v_country_fit = 'other' and fit > 1 then
        fit := 4;
        score := 0.55;
        reason := 'same title, but of another country';
    elsif v_country_fit = 'unsure' and fit = 3 then
        fit := 4;
        score := 0.55;
        reason := 'same title without "(' || coalesce(v_country, v_name.country) || ')"';
    elsif fit = 5 then
        score := 0.50;
        reason := 'same title, but another year';
    elsif fit = 6 then
        score := 0.45;
        reason := 'same title, but it starts after the year of this episode';
    elsif fit = 4 then
        score := 0.55;
        reason := 'same title without "(' || v_name.year || ')"';
    elsif level = 2 and not (fit = 1 or fit = 2 and v_article_only) then
        fit := 4;
        score := 0.55;
        reason := v_but || case when v_year is null then ', and no year to compare' else ', and the year does not confirm it' end;
    else
        score := (array[array[0.90, 0.85, 0.80], array[0.85, 0.75, 0.70], array[0.80, 0.65, 0]])[level + 1][fit];
        method := case when fit = 1 then 'title_year' when fit = 2 then 'title_near_year'
                       when v_country_fit = 'same' then 'title_country' else 'title' end;
        reason := case when level = 0 or p_asked ->> 'bare' = 'slug' and level = 1 then 'same title'
                       when level = 1 then 'same title but for spaces or numbers'
                       else v_but end
                  || case when fit = 1 then case when level = 0 then ' and year' else ', same year' end
                          when fit = 2 then ', year off by one'
                          when v_country_fit = 'same' then ' and country' else ', year not known' end;
        -- Of two shows of one name and year, the one that is written like it to the last sign.
        if level = 0 and fit = 1 and lower(v_name.base) = lower(p_asked ->> 'base') then
            level := -1;
        end if;
    end if;
end
$$;
comment on function judge_name(jsonb, text, text, text, text, text[], text[], integer, text, integer, integer) is
    'How well one name of a show fits one that is asked for: how equal they are (level 0 to 3, -1 to the last sign), how year and country fit (fit 1 to
3; from 4 on it is a reason to ask), and the score, rule and reason that come of it. Level null: it does not.';
