create function asked_names(p_title text, p_other_titles jsonb, out names jsonb, out year integer,
                            out literal_keys text[], out spelling_keys text[], out core_keys text[], out part_keys text[],
                            out long_keys text[])
language sql stable
set search_path from current
as $$
    with given as (
        select p_title as title, 0 as n
        union all
        select o, n::integer from jsonb_array_elements_text(
            case jsonb_typeof(p_other_titles) when 'array' then p_other_titles end) with ordinality x(o, n) where n <= 10
        union all
        select a, 20 from regexp_split_to_table(left(p_title, 300), '\s+(?:AKA|a\.k\.a\.|aka)\s+') a where a <> left(p_title, 300)
        union all
        -- "(TV)" says what every show is.
        select left(p_title, -5), 21 where upper(right(p_title, 5)) = ' (TV)'
    ), split as (
        select g.n, s.base, s.year, s.country, 'no' as bare, tracker.title_key(g.title) as literal
        from given g cross join lateral tracker.split_title(g.title) s
        where tracker.title_key(g.title) <> ''
    ), every as (
        select * from split
        union all
        -- File names and addresses put year and country behind the name without brackets. A name may end so as well: it counts
        -- only where the show agrees.
        select s.n, b.parts[1], coalesce(s.year, b.parts[2]::integer),
               coalesce(s.country, tracker.country_code(upper(b.parts[3]))),
               case when b.parts[3] is null or b.parts[3] = upper(b.parts[3]) then 'sign'
                    -- "us" is a word as well: no country but in a title that is all in small letters, as an address is, and
                    -- not behind a word that it belongs to.
                    when s.base = lower(s.base) and s.base !~ ('\m(of|to|for|with|without|between|among|behind|beside|inside|within|'
                        'around|after|before|about|against|above|from|like|by|on|is|are|let|and|both) us$')
                    then 'slug' else 'word' end, null
        from split s
        cross join lateral regexp_match(
            case when length(s.base) <= 300 then s.base end, '^(.*?[^\s-])(?:[\s-]+((?:19|20)\d\d))?(?:[\s-]+(us|uk|au|nz|ca|usa))?$', 'i') b(parts)
        where num_nonnulls(b.parts[2], b.parts[3]) > 0
          and num_nonnulls(b.parts[2], s.year) < 2 and num_nonnulls(b.parts[3], s.country) < 2
    ), keyed as (
        select e.*, tracker.title_key(e.base) as key, tracker.spelling_key(e.base) as spelling, tracker.core_key(e.base) as core
        from every e
    )
    select jsonb_agg(jsonb_strip_nulls(to_jsonb(k)) order by n, bare),
           (array_agg(k.year order by n, bare) filter (where k.year is not null))[1],
           array_agg(literal) filter (where literal is not null) || array_agg(key), array_agg(spelling), array_agg(core),
           array_agg(core) filter (where bare = 'no'),
           long_parts(p_title)
    from keyed k
$$;
comment on function asked_names(text, jsonb) is
    'The names under which a show is looked for, with year and country taken off each, and the keys of all of them: null when the
titles hold nothing to look for.';
