create function note_account(p_user_id bigint, p_event jsonb) returns bigint
language plpgsql volatile
set search_path from current
as $$
declare
    v_server text := coalesce(p_event ->> 'server_uuid', '');
    v_plex_account_id bigint := (p_event ->> 'account_id')::bigint;
    v_title text := coalesce(p_event ->> 'account_title', '');
    v_server_is_known boolean;
    v_account_id bigint;
begin
    -- One statement: each is started anew for every event.
    select exists (select from plex_servers s where s.user_id = p_user_id and s.server_uuid = v_server),
           (select a.id from plex_accounts a
            where a.user_id = p_user_id and a.server_uuid = v_server and a.title = v_title
              and a.plex_account_id is not distinct from v_plex_account_id)
    into v_server_is_known, v_account_id;
    if v_server <> '' and not v_server_is_known then
        insert into plex_servers (user_id, server_uuid, title)
        values (p_user_id, v_server, coalesce(p_event ->> 'server_title', ''))
        on conflict on constraint plex_servers_uuid_key do nothing;
    end if;
    if v_plex_account_id is null and v_title = '' then
        return null;
    end if;
    if v_account_id is null and (p_event ->> 'user')::boolean and v_title <> '' then
        -- The history calls a server's owner 1, webhooks may use the number of plex.tv: one person all the same.
        select a.id into v_account_id from plex_accounts a
        where a.user_id = p_user_id and a.server_uuid = v_server and a.title = v_title and a.plex_account_id = 1;
    end if;
    if v_account_id is null then
        insert into plex_accounts (user_id, server_uuid, plex_account_id, title, counts)
        values (p_user_id, v_server, v_plex_account_id, v_title,
                chosen_elsewhere(p_user_id, v_server, v_plex_account_id, v_title, (p_event ->> 'user')::boolean))
        on conflict (user_id, server_uuid, plex_account_id, md5(title)) do update set title = excluded.title
        returning id into v_account_id;
    end if;
    return v_account_id;
end
$$;
comment on function note_account(bigint, jsonb) is
    'Remembers the server and the account that an event names, and returns the account''s id (null when the event names none).
An account is id and title together, per server: id 1 is usually the owner, but not always. A new one counts as the same person does
elsewhere (chosen_elsewhere). The owner of a server whose
history was read is the same account whatever number a webhook gives.';
