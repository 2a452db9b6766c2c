-- A pattern that refers back to what it has found is tried again from every letter: a fifth of a second for 500 letters, and a title is
-- looked for under some forty keys. "1 1 1 1 …" so kept a webhook for ten seconds. Letter by letter it takes half a millisecond,
-- with the same keys.

create or replace function tracker.sound_key(p_words text) returns text
language plpgsql immutable strict parallel safe
set search_path = tracker, public, pg_temp
as $$
declare
    v_key text := tracker.spelled_out(btrim(p_words));
    v_letter text;
    v_before text := '';
    v_result text := '';
begin
    v_key := regexp_replace(v_key, 'oh(?![aeiou])|o[oue]', 'o', 'g');
    v_key := replace(replace(replace(replace(v_key, 'uu', 'u'), 'ue', 'u'), 'aa', 'a'), 'ae', 'a');
    v_key := replace(replace(replace(replace(v_key, 'tsu', 'tu'), 'shi', 'si'), 'chi', 'ti'), 'wo', 'o');
    foreach v_letter in array string_to_array(v_key, null) loop
        -- Digits are no doubled letters: 100 and 10 are two numbers.
        if v_letter <> v_before or v_letter !~ '[[:alpha:]]' then
            v_result := v_result || v_letter;
        end if;
        v_before := v_letter;
    end loop;
    return v_result;
end
$$;
