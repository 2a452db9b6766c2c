create function disguised_name(p_title text, p_title_key text, p_name text, p_name_key text) returns text
language plpgsql immutable
set search_path from current
as $$
declare
    v_words text[];
    v_base text;
    v_hidden text;
begin
    if length(p_title_key) = length(p_name_key) and p_title_key <> p_name_key then
        select array_agg(w order by w) into v_words from unnest(string_to_array(p_title_key, ' ')) w;
        -- Of fewer words the order tells two names apart.
        if v_words = (select array_agg(w order by w) from unnest(string_to_array(p_name_key, ' ')) w)
           and (select count(distinct w) from unnest(v_words) w) >= 4 then
            return 'same words in another order';
        end if;
    end if;
    if length(p_title) <= 300 and (p_title like '%**%' or p_name like '%**%') then
        v_base := (tracker.split_title(p_name)).base;
        foreach v_hidden in array array[v_base, p_title] loop
            -- Two asterisks or more behind a letter: M*A*S*H hides nothing.
            if length(p_title) = length(v_base) and v_hidden ~ '[[:alpha:]]\*\*'
               and (case v_hidden when v_base then p_title else v_base end)
                   ~* ('^' || replace(regexp_replace(v_hidden, '([^[:alnum:]\s*])', '\\\1', 'g'), '*', '[[:alpha:]]') || '$') then
                return 'same title but for hidden letters';
            end if;
        end loop;
    end if;
    if (p_name like '%…' or p_name like '%...') and p_title_key like p_name_key || ' %' and p_name_key like '% % %' then
        return 'same title, of which the tracker has the beginning';
    end if;
    return null;
end
$$;
comment on function disguised_name(text, text, text, text) is
    'Whether a title and a name of a show, each with its title_key, are one although no key says so, and how: four words or more in
another order, asterisks that stand for letters, a name that is cut ("…"). Null: no. True of names only in the very same year.';
