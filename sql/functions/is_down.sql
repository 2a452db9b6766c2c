create function is_down(p_user_id bigint, p_service text) returns boolean
language sql stable
set search_path from current
as $$
    select exists (select from upstreams u
                   where u.service = p_service and coalesce(u.user_id, 0) = case p_service when 'tmdb' then 0 else p_user_id end
                     and u.next_probe_at > now() and u.next_probe_at <= now() + interval '1 hour')
$$;
comment on function is_down(bigint, text) is
    'Whether a service is known not to answer and not due for its next probe: TMDB, which is one for all, or the user''s own Plex
server. For what need not be asked now; a look-up that needs it takes its probe, see take_probe.';
