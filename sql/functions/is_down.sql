create function is_down(p_user_id bigint, p_service text) returns boolean
language sql stable
set search_path from current
as $$
    select exists (select from upstreams u
                   where u.service = p_service and coalesce(u.user_id, 0) = case p_service when 'tmdb' then 0 else p_user_id end)
$$;
comment on function is_down(bigint, text) is
    'Whether a service is known not to answer: TMDB, which is one for all, or the user''s own Plex server.';
