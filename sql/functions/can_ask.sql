create function can_ask(p_user_id bigint, p_event jsonb, p_has_tmdb boolean, out plex boolean, out tmdb boolean)
language plpgsql stable
set search_path from current
as $$
begin
    -- A refused key counts as none, for an hour: asking with it again and again ends in a ban, and a slip of the server's own must
    -- not switch look-ups off for good.
    select c.plex_token is not null
               and p_event ->> 'show_rating_key' is not null
               and (c.plex_server_uuid is null or c.plex_server_uuid = p_event ->> 'server_uuid')
               and coalesce(c.plex_token_rejected_at < now() - interval '1 hour', true)
               and p_event -> 'lookup' -> 'failed' -> 'plex' is null,
           (p_has_tmdb or s.tmdb_api_key is not null)
               and coalesce(s.tmdb_key_rejected_at < now() - interval '1 hour', true)
               and p_event -> 'lookup' -> 'failed' -> 'tmdb' is null
    into plex, tmdb
    from plex_config c left join settings s using (user_id)
    where c.user_id = p_user_id;
    plex := coalesce(plex, false);
    tmdb := coalesce(tmdb, false);
end
$$;
comment on function can_ask(bigint, jsonb, boolean) is
    'Who can be asked about the show of an event: the Plex server (a token for that server, a rating key) and TMDB (a key); neither
where it has refused the key within the hour, or has failed in this attempt (lookup.failed).';
