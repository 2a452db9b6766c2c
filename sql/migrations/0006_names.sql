-- Names: what two ways to write the name of one show have in common, in three keys of growing looseness, and what decides
-- between shows of one name: the country of a show and how sure a match by title has to be.

-- In plpgsql, whose plans are kept; and with few regular expressions, as a session keeps 32 of them compiled.
drop index tracker.show_titles_equal;
drop index tracker.show_titles_similar;
alter table tracker.show_titles drop column title_key;

create or replace function tracker.title_key(p_title text) returns text
language plpgsql immutable strict parallel safe
set search_path = tracker, public, pg_temp
as $$
declare
    v_key text;
begin
    -- Apostrophes, soft hyphens and invisible marks of direction stand within words: they go, and what is around them joins.
    v_key := regexp_replace(p_title, '[''’‘ʼʻ`´＇\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]', '', 'g');
    -- Composed again after its accents went: marks outside U+0300..U+036F (the Japanese voiced ones) belong to the letter.
    v_key := normalize(regexp_replace(lower(normalize(v_key, nfkd)), '[\u0300-\u036f]', '', 'g'), nfc);
    -- Letters that Unicode does not take apart.
    v_key := translate(v_key, 'ıłøđħŧ×', 'ilodhtx');
    v_key := replace(replace(replace(replace(v_key, 'æ', 'ae'), 'œ', 'oe'), 'ß', 'ss'), '&', ' and ');
    v_key := replace(v_key, '@', ' at ');
    v_key := regexp_replace(v_key, '(?<=\d) ?%', ' percent ', 'g');
    v_key := regexp_replace(v_key, '(?<=\m[[:alnum:]])[.*]', '', 'g');
    v_key := btrim(regexp_replace(v_key, '[^[:alnum:]]+', ' ', 'g'));
    if v_key = '' then
        v_key := lower(btrim(p_title));
    end if;
    -- 500 letters at most: normalisation can make eighteen of one, and an index entry holds 2,704 bytes.
    return rtrim(left(v_key, 500));
end
$$;
comment on function tracker.title_key(text) is
    'Normalised title: lower case, no diacritics, no punctuation, & as and, S.W.A.T. as swat, M*A*S*H as
mash. Indexed: change by migration only.';

create function tracker.country_code(p_country text) returns text
language plpgsql immutable strict parallel safe
set search_path = tracker, public, pg_temp
as $$
begin
    return case p_country when 'UK' then 'GB' when 'USA' then 'US' else p_country end;
end
$$;
comment on function tracker.country_code(text) is
    'ISO 3166 for what titles say: UK is GB, USA is US. Indexed: change by migration only.';

create function tracker.split_title(p_title text, out base text, out year integer, out country text)
language plpgsql immutable parallel safe
set search_path = tracker, public, pg_temp
as $$
declare
    v_end text;
begin
    base := btrim(p_title);
    for i in 1..3 loop
        v_end := substring(base from '(?<=\S)\s*[\[({][^\[({\])}]{2,40}[\])}]$');
        exit when v_end is null;
        if year is null and v_end ~ '^\s*[\[(](19|20)\d\d[\])]$' then
            year := substring(v_end from '\d{4}')::integer;
        elsif country is null and v_end ~ '^\s*[\[(](USA?|UK|GB|AU|NZ|CA|IE|ZA|IN|DE|AT|CH|FR|BE|NL|ES|PT|IT|SE|NO|DK|FI|IS|PL|CZ|HU|RO|GR|TR|RU|UA|IL|JP|KR|CN|TW|HK|TH|PH|BR|MX|AR|CL|CO)[\])]$' then
            country := tracker.country_code(substring(v_end from '[A-Z]+'));
        elsif v_end !~* '^\s*[\[({](tvdb|tmdb|imdb|anidb)(id)?\d?[-=][a-z0-9]+[\])}]$' then
            exit;
        end if;
        base := rtrim(left(base, -length(v_end)));
    end loop;
end
$$;
comment on function tracker.split_title(text) is
    'Takes "(2016)", "(US)" and "[tvdb-371310]" off the end of a title: the bare title, the year and the country (ISO 3166, so
that "(UK)" is GB) that they name. Indexed: change by migration only.';

create function tracker.leading_article(p_title text) returns text
language plpgsql immutable strict parallel safe
set search_path = tracker, public, pg_temp
as $$
begin
    return regexp_replace(p_title, '^(.*[^\s,]),\s+(the|an?|der|die|das|les?|la|el|los|las|il)$', '\2 \1', 'i');
end
$$;
comment on function tracker.leading_article(text) is
    '"Office, The" as "The Office": lists that are sorted by name put the article behind. Indexed: change by migration only.';

create function tracker.spelled_out(p_key text) returns text
language plpgsql immutable strict parallel safe
set search_path = tracker, public, pg_temp
as $$
declare
    v_small constant text[] := '{zero,one,two,three,four,five,six,seven,eight,nine,ten,eleven,twelve,thirteen,fourteen,fifteen,sixteen,seventeen,eighteen,nineteen}';
    v_tens constant text[] := '{twenty,thirty,forty,fifty,sixty,seventy,eighty,ninety}';
    -- Two ways to write one word. Of the Roman numbers those of one letter are words too: they count at the end only.
    v_same constant jsonb := '{
        "ii": "two", "iii": "three", "iv": "four", "vi": "six", "vii": "seven", "viii": "eight", "ix": "nine", "xi": "eleven",
        "xii": "twelve", "xiii": "thirteen", "xiv": "fourteen", "xv": "fifteen", "xvi": "sixteen", "xvii": "seventeen",
        "xviii": "eighteen", "xix": "nineteen", "100": "hundred", "1000": "thousand",
        "1st": "first", "2nd": "second", "3rd": "third", "4th": "fourth", "5th": "fifth", "6th": "sixth", "7th": "seventh",
        "8th": "eighth", "9th": "ninth", "10th": "tenth", "11th": "eleventh", "12th": "twelfth", "13th": "thirteenth",
        "doctor": "dr", "mister": "mr", "saint": "st", "versus": "vs", "volume": "vol", "junior": "jr"}';
    v_last constant jsonb := '{"i": "one", "v": "five", "x": "ten"}';
    v_and constant jsonb := '{"n": "and", "und": "and", "et": "and", "y": "and"}';
    v_words text[];
    v_word text;
    v_count integer;
    v_number integer;
    v_result text := '';
begin
    -- "DNA2" and "DNA 2" are one name; "2nd" is one word.
    v_words := string_to_array(
        regexp_replace(p_key, '(?<=[[:alpha:]])(?=\d)|(?<=\d)(?=[[:alpha:]])(?!(st|nd|rd|th)\M)', ' ', 'g'), ' ');
    v_count := coalesce(array_length(v_words, 1), 0);
    for i in 1..v_count loop
        v_word := v_words[i];
        if length(v_word) <= 2 and v_word ~ '^(0|[1-9][0-9]?)$' then
            v_number := v_word::integer;
            v_result := v_result || case when v_number < 20 then v_small[v_number + 1]
                else v_tens[v_number / 10 - 1] || case when v_number % 10 > 0 then v_small[v_number % 10 + 1] else '' end end;
        elsif v_word = 'one' and v_words[i + 1] in ('hundred', 'thousand') then
            continue;
        else
            v_result := v_result || coalesce(
                v_same ->> v_word,
                case when i > 1 and i = v_count then v_last ->> v_word when i > 1 then v_and ->> v_word end,
                v_word);
        end if;
    end loop;
    return left(v_result, 500);
end
$$;
comment on function tracker.spelled_out(text) is
    'The words of a title_key without spaces, with numbers in words and one form for what is written in two: "planet earth ii" as
planetearthtwo. Indexed: change by migration only.';

create function tracker.spelling_key(p_title text) returns text
language plpgsql immutable strict parallel safe
set search_path = tracker, public, pg_temp
as $$
begin
    return tracker.spelled_out(tracker.title_key(tracker.leading_article((tracker.split_title(p_title)).base)));
end
$$;
comment on function tracker.spelling_key(text) is
    'Title without its year, country or id in brackets, as title_key has it, but without spaces and with numbers in words:
One-Punch Man as onepunchman. Indexed: change by migration only.';

create function tracker.core_words(p_title text) returns text
language plpgsql immutable strict parallel safe
set search_path = tracker, public, pg_temp
as $$
begin
    return regexp_replace(
        regexp_replace(
            tracker.title_key(p_title),
            '^(marvel studios|marvels?|dcs?|dc comics|star wars|star trek|walt disneys?|disneys?|pixars?|dreamworks|netflix|hbo|bbc|itv|'
            'pbs|cbs|nbc|abc|amc|mtv|espn|hulu|national geographic|nat geo|nickelodeons?|hallmark|lifetimes?|jim hensons?|'
            'hanna barberas?|cartoon network|adult swim|lego)( originals?)?(?: |$)', ''),
        '^(the|an?|der|die|das|les?|la|l|el|los|las|il) (?=.)', '');
end
$$;
comment on function tracker.core_words(text) is
    'The title_key of a part of a title without the name of the house that made it and without an article at its beginning; empty
when nothing else is there. Indexed: change by migration only.';

create function tracker.sound_key(p_words text) returns text
language plpgsql immutable strict parallel safe
set search_path = tracker, public, pg_temp
as $$
declare
    v_key text := tracker.spelled_out(btrim(p_words));
begin
    v_key := regexp_replace(v_key, 'oh(?![aeiou])|o[oue]', 'o', 'g');
    v_key := replace(replace(replace(replace(v_key, 'uu', 'u'), 'ue', 'u'), 'aa', 'a'), 'ae', 'a');
    v_key := replace(replace(replace(replace(v_key, 'tsu', 'tu'), 'shi', 'si'), 'chi', 'ti'), 'wo', 'o');
    return regexp_replace(v_key, '([[:alpha:]])\1+', '\1', 'g');
end
$$;
comment on function tracker.sound_key(text) is
    'The words of a title_key spelled out, with one form for what transliterations write in several: long vowels, doubled letters,
umlauts, Japanese syllables. Indexed: change by migration only.';

create function tracker.core_key(p_title text) returns text
language plpgsql immutable strict parallel safe
set search_path = tracker, public, pg_temp
as $$
declare
    v_base text := tracker.leading_article((tracker.split_title(p_title)).base);
    v_part text;
    v_words text := '';
begin
    foreach v_part in array regexp_split_to_array(v_base, '\s*[:：/|]\s+|\s+[-–—]+\s+') loop
        v_words := v_words || ' ' || tracker.core_words(v_part);
    end loop;
    if btrim(v_words) = '' then
        v_words := tracker.title_key(v_base);
    end if;
    return tracker.sound_key(v_words);
end
$$;
comment on function tracker.core_key(text) is
    'What is left of a title without articles and studios before it and behind a colon, and without the differences of
transliterations: Marvel''s The Punisher as punisher. Equal ones may be two shows. Indexed: change by migration only.';

create function tracker.without_author(p_title text) returns text
language plpgsql immutable strict parallel safe
set search_path = tracker, public, pg_temp
as $$
begin
    if p_title !~ '[''’]s\s' or p_title ~* '^(the|an?|my|our|your|his|her|their|new|old|no)\M' then
        return null;
    end if;
    return substring(p_title from
        '^[[:upper:]][[:alnum:].-]*(?: (?:[[:upper:]][[:alnum:].-]*|de|del|della|la|von|van|der|di|da)){1,3}[''’]s\s+(\S.*)$');
end
$$;
comment on function tracker.without_author(text) is
    'What stands behind a first and a last name in the genitive: Agatha Christie''s Poirot as Poirot; null where there is none.
Indexed: change by migration only.';

create function tracker.part_keys(p_title text) returns text[]
language plpgsql immutable strict parallel safe
set search_path = tracker, public, pg_temp
as $$
declare
    v_base text := left((tracker.split_title(p_title)).base, 300);
    v_parts text[] := regexp_split_to_array(v_base, '\s*[:：/|~～]\s*|\s+[-–—]+\s*|[-–—]+\s+');
    v_words text[] := string_to_array(tracker.title_key(v_base), ' ');
    v_count integer := coalesce(array_length(v_words, 1), 0);
    v_author text := tracker.without_author(v_base);
    v_letters text;
    v_keys text[] := '{}';
    v_key text;
begin
    if v_author is not null then
        v_keys := v_keys || tracker.core_key(v_author);
    end if;
    if array_length(v_parts, 1) between 2 and 6 then
        for i in 1..array_length(v_parts, 1) - 1 loop
            -- What stands before a colon, and what behind.
            v_key := tracker.core_key(array_to_string(v_parts[1:i], ' '));
            if v_key <> '' and v_parts[i] <> '' and v_parts[i + 1] <> '' then
                v_keys := v_keys || v_key;
            end if;
            v_key := tracker.core_key(array_to_string(v_parts[i + 1:], ' '));
            if length(v_key) >= 4 then
                v_keys := v_keys || v_key;
            end if;
        end loop;
    end if;
    -- "Law & Order SVU": the last words by their first letters. All words so ("GOT") may be anything: marked by a dot, to propose.
    if v_count between 3 and 8 then
        select string_agg(case w when 'nine' then '9' else left(w, 1) end, '' order by n) into v_letters
        from unnest(v_words) with ordinality u(w, n);
        v_keys := v_keys || ('.' || v_letters);
        for i in greatest(1, v_count - 4)..v_count - 2 loop
            v_keys := v_keys || tracker.sound_key(
                tracker.core_words(array_to_string(v_words[1:i], ' ')) || ' ' || substr(v_letters, i + 1));
        end loop;
    end if;
    return v_keys;
end
$$;
comment on function tracker.part_keys(text) is
    'The core keys of parts of a title by which it may be called: before and behind its colon, dash or slash, without the author''s
name, and with the first letters of its last words. Indexed: change by migration only.';

alter table tracker.show_titles
    add column title_key text not null generated always as (tracker.title_key(title)) stored,
    add column spelling_key text not null generated always as (tracker.spelling_key(title)) stored,
    add column core_key text not null generated always as (tracker.core_key(title)) stored,
    add column part_keys text[] not null generated always as (tracker.part_keys(title)) stored;
create index show_titles_equal on tracker.show_titles (user_id, title_key);
create index show_titles_spelling on tracker.show_titles (user_id, spelling_key);
create index show_titles_core on tracker.show_titles (user_id, core_key);
create index show_titles_parts on tracker.show_titles using gin (part_keys);
create index show_titles_similar on tracker.show_titles using gin (title_key public.gin_trgm_ops);

create domain tracker.countries as text
    constraint countries check (value ~ '^[A-Z]{2}(,[A-Z]{2})*$' and length(value) <= 60);
comment on domain tracker.countries is 'ISO 3166 alpha-2; several with commas between them.';
alter table tracker.tvshows add column country tracker.countries;
comment on column tracker.tvshows.country is
    'Where it was made: "(US)" behind a title is compared with it.';

alter table tracker.settings add column map_confidence numeric(3, 2) not null default 0.60 check (map_confidence between 0.60 and 1);
comment on column tracker.settings.map_confidence is
    'The lowest confidence of a match by title that is taken without asking; what is less sure is asked.';

-- The shows that started in one year: proposed for a title of that year that is only half alike.
create index tvshows_user_start on tracker.tvshows (user_id, show_start_date) where deleted_at is null;
