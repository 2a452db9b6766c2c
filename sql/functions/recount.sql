create function recount(p_seasons jsonb, out total_episodes integer, out watched_episodes integer, out total_minutes integer)
language sql immutable parallel safe
set search_path from current
as $$
    select count(*)::integer,
           (count(*) filter (where (e ->> 'watched')::boolean))::integer,
           coalesce(sum((e ->> 'runtime')::integer) filter (where (e ->> 'watched')::boolean), 0)::integer
    from jsonb_array_elements(p_seasons) s cross join lateral jsonb_array_elements(s -> 'episodes') e
$$;
comment on function recount(jsonb) is
    'The totals of a seasons document: episodes, watched episodes, minutes watched. Specials count.';
