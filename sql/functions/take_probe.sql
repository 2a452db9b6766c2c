create function take_probe(p_user_id bigint, p_service text, p_probe_seconds integer default 30,
                           out may_ask boolean, out probing boolean)
language plpgsql volatile
set search_path from current
as $$
declare
    v_next timestamptz;
begin
    select u.next_probe_at into v_next from upstreams u
    where u.service = p_service and coalesce(u.user_id, 0) = case p_service when 'tmdb' then 0 else p_user_id end;
    may_ask := not found;
    probing := false;
    -- Nobody may be waiting for it: then the next one that needs it finds out whether it answers again.
    -- More than an hour ahead, as no service may ask for: the clock was wrong when that was written.
    if v_next <= now() or v_next > now() + interval '1 hour' then
        update upstreams u set next_probe_at = now() + make_interval(secs => p_probe_seconds)
        where u.service = p_service and coalesce(u.user_id, 0) = case p_service when 'tmdb' then 0 else p_user_id end
          and (u.next_probe_at <= now() or u.next_probe_at > now() + interval '1 hour');
        may_ask := found;
        probing := found;
    end if;
end
$$;
comment on function take_probe(bigint, text, integer) is
    'Whether a service may be asked now: TMDB, which is one for all, or the user''s own Plex server. Yes while it is not known to be
down; while it is, yes (probing) for one each p_probe_seconds.';
