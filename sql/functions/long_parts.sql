create function long_parts(p_title text) returns text[]
language plpgsql immutable
set search_path from current
as $$
declare
    v_base text := left((tracker.split_title(p_title)).base, 300);
    v_words text[] := string_to_array(tracker.title_key(v_base), ' ');
    -- How many words stand before the first colon, dash or slash.
    v_head integer := array_length(string_to_array(
        tracker.title_key(substring(v_base from '^(.*?)(?:\s*[:：/|]\s|\s[-–—])')), ' '), 1);
    v_count integer := least(array_length(v_words, 1), 20);
    v_parts text[];
begin
    for i in 1..coalesce(v_count, 0) - 1 loop
        if v_count - i >= 3 or v_head = i and i >= 2 and v_count - i >= 2 then
            v_parts := v_parts || array_to_string(v_words[1:i], ' ');
        end if;
        if v_count - i >= 3 or v_count - i = 2 and i >= 2 then
            v_parts := v_parts || array_to_string(v_words[i + 1:], ' ');
        end if;
    end loop;
    -- A name in Latin letters and one in another script, in one title.
    v_parts := v_parts || substring(v_base from '^([^\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]{3,}?)\s*[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]')
                       || substring(v_base from '^[^\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]{3,}([\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af].*)$')
                       || tracker.without_author(v_base);
    return (select array_agg(distinct tracker.core_key(part)) from unnest(v_parts) part where part is not null);
end
$$;
comment on function long_parts(text) is
    'The core keys of parts of a title that may be a name by themselves, as the rest is too long for the name of another show of the
same series: what three words or more follow, what ends it, what is in another script, what is behind an author''s name.';
