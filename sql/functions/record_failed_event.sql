create function record_failed_event(p_user_id bigint, p_receipt uuid, p_source text, p_event jsonb, p_payload jsonb,
                                    p_received_at timestamptz, p_error text) returns bigint
language sql volatile
set search_path from current
as $$
    insert into plex_webhook_logs (user_id, receipt, source, event_type, plex_title, plex_season, plex_episode, plex_account,
                                   plex_server, payload, status, action_taken, error_message, watched_at, created_at, attempts)
    values (p_user_id, p_receipt, p_source, p_event ->> 'event', coalesce(p_event ->> 'show_title', p_event ->> 'title'),
            (p_event ->> 'season')::integer, (p_event ->> 'episode')::integer, p_event ->> 'account_title', p_event ->> 'server_uuid',
            p_payload, 'failed', 'internal_error', p_error, viewing_time(p_event, p_received_at), p_received_at, 1)
    returning id
$$;
comment on function record_failed_event(bigint, uuid, text, jsonb, jsonb, timestamptz, text) is
    'Keeps an event that receive_event could not process (a fault of ours), so that it can be seen and replayed.';
