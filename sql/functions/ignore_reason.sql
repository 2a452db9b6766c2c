create function ignore_reason(p_user_id bigint, p_event jsonb, p_account_id bigint) returns text
language plpgsql stable
set search_path from current
as $$
declare
    v_config record;
    v_counts record;
begin
    select enabled, auto_mark_watched into v_config from plex_config where user_id = p_user_id;
    if not found or not v_config.enabled then
        return 'integration_disabled';
    elsif p_event ->> 'event' is distinct from 'media.scrobble' then
        return 'event_not_scrobble';
    elsif (p_event ->> 'live')::boolean then
        return 'live_tv';
    elsif p_event ->> 'type' is distinct from 'episode' then
        return 'not_an_episode';
    end if;

    -- One statement: each is started anew for every event.
    select (select counts from plex_servers where user_id = p_user_id and server_uuid = p_event ->> 'server_uuid') as server,
           exists (select from plex_servers where user_id = p_user_id and counts) as servers_chosen,
           (select counts from plex_accounts where id = p_account_id) as account,
           exists (select from plex_accounts where user_id = p_user_id and counts) as accounts_chosen
    into v_counts;
    if v_counts.server is not true and (v_counts.server is false or v_counts.servers_chosen) then
        return 'server_not_tracked';
    elsif v_counts.account is not true
          and (v_counts.account is false or (p_event ->> 'user')::boolean is not true or v_counts.accounts_chosen) then
        return 'account_not_tracked';
    end if;

    if not v_config.auto_mark_watched then
        return 'auto_mark_disabled';
    end if;
    return null;
end
$$;
comment on function ignore_reason(bigint, jsonb, bigint) is
    'Why this event is not for the tracker, or null. Nothing chosen: every server, and the events that Plex marks user: true.';
