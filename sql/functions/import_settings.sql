create function import_settings(p_user_id bigint, p_settings jsonb) returns void
language sql volatile
set search_path from current
as $$
    update users u set timezone = p_settings ->> 'timezone' where u.id = p_user_id and u.timezone <> p_settings ->> 'timezone';

    update plex_config c
    set auto_add_shows = coalesce((p_settings ->> 'auto_add_shows')::boolean, c.auto_add_shows),
        auto_mark_watched = coalesce((p_settings ->> 'auto_mark_watched')::boolean, c.auto_mark_watched), updated_at = now()
    where c.user_id = p_user_id;

    insert into settings (user_id) values (p_user_id) on conflict do nothing;
    update settings s
    set map_confidence = coalesce((p_settings ->> 'map_confidence')::numeric, s.map_confidence),
        propose_similarity = coalesce((p_settings ->> 'propose_similarity')::real, s.propose_similarity),
        sync_library = coalesce((p_settings ->> 'sync_library')::boolean, s.sync_library),
        -- Null is a choice here: what this installation does where nothing is set.
        log_retention_days = case when p_settings ? 'log_retention_days' then (p_settings ->> 'log_retention_days')::integer
                                  else s.log_retention_days end,
        history_poll_minutes = case when p_settings ? 'history_poll_minutes' then (p_settings ->> 'history_poll_minutes')::integer
                                    else s.history_poll_minutes end,
        updated_at = now()
    where s.user_id = p_user_id;
$$;
comment on function import_settings(bigint, jsonb) is
    'Takes the settings of an export over: those that it names, the rest stays. The address of a Plex server and whether it is asked are
never among them: the token that is kept here would be sent there.';
