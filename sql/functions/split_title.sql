create function split_title(p_title text, out base text, out year integer, out country text)
language plpgsql immutable parallel safe
set search_path from current
as $$
declare
    v_parts text[];
begin
    base := btrim(p_title);
    for i in 1..3 loop
        v_parts := regexp_match(base, '^(.*\S)\s*[\[({](?:tvdb|tmdb|imdb|anidb)(?:id)?\d?[-=][a-z0-9]+[\])}]$', 'i');
        if v_parts is not null then
            base := v_parts[1];
            continue;
        end if;
        v_parts := regexp_match(base, '^(.*\S)\s*[\[(]((?:19|20)\d\d)[\])]$');
        if v_parts is not null and year is null then
            base := v_parts[1];
            year := v_parts[2]::integer;
            continue;
        end if;
        v_parts := regexp_match(base, '^(.*\S)\s*[\[(](US|UK|GB|AU|NZ|CA|IE|DE|FR|NL|SE|NO|DK|JP|KR)[\])]$');
        if v_parts is not null and country is null then
            base := v_parts[1];
            country := v_parts[2];
            continue;
        end if;
        exit;
    end loop;
end
$$;
comment on function split_title(text) is
    'Takes "(2016)", "(US)" and "[tvdb-371310]" off the end of a title: the bare title, the year and the country they name.';
