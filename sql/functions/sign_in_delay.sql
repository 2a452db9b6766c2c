create function sign_in_delay(p_failures integer, p_free integer, p_longest integer) returns integer
language sql immutable
set search_path from current
as $$
    select case when p_failures < p_free then 0
                else least(p_longest, (2 ^ least(p_failures - p_free, 20))::integer) end
$$;
comment on function sign_in_delay(integer, integer, integer) is
    'Seconds to wait after so many failures: none while they are fewer than p_free, then 1, 2, 4 and so on up to p_longest.';
