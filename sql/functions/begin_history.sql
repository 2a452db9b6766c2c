create function begin_history(p_user_id bigint, p_server_uuid text, p_server_title text, p_clock_ahead integer, p_accounts jsonb,
                              out refused text, out accounts jsonb, out caught_up_to timestamptz, out looked_back_at timestamptz,
                              out imported_to timestamptz)
language plpgsql volatile
set search_path from current
as $$
declare
    v_config record;
    v_chosen boolean;
    v_given record;
    v_account plex_accounts;
    v_owner bigint := (select min((a ->> 'id')::bigint) from jsonb_array_elements(p_accounts) a where (a ->> 'id')::bigint > 0);
begin
    insert into plex_servers as s (user_id, server_uuid, title, clock_ahead)
    values (p_user_id, p_server_uuid, coalesce(p_server_title, ''), p_clock_ahead)
    on conflict on constraint plex_servers_uuid_key do update
    set clock_ahead = excluded.clock_ahead, title = case when s.title = '' then excluded.title else s.title end;

    select c.enabled, c.auto_mark_watched,
           coalesce(s.counts, not exists (select from plex_servers o where o.user_id = p_user_id and o.counts)) as server_counts
    into v_config
    from plex_config c join plex_servers s on s.user_id = c.user_id and s.server_uuid = p_server_uuid
    where c.user_id = p_user_id;
    refused := case when v_config.enabled is not true then 'integration_disabled'
                    when not v_config.auto_mark_watched then 'auto_mark_disabled'
                    when not v_config.server_counts then 'server_not_tracked' end;

    accounts := '[]';
    v_chosen := exists (select from plex_accounts where user_id = p_user_id and counts);
    for v_given in
        select (a ->> 'id')::bigint as id, coalesce(a ->> 'title', '') as title
        from jsonb_array_elements(p_accounts) a where (a ->> 'id')::bigint > 0 order by 1
    loop
        -- The number is the server's own and stays; a name may have been changed since it was seen in a webhook.
        select * into v_account from plex_accounts a
        where a.user_id = p_user_id and a.server_uuid = p_server_uuid and a.plex_account_id = v_given.id
        order by a.title = v_given.title desc, a.counts desc nulls last, a.id desc limit 1;
        if not found and v_given.id = v_owner and v_given.title <> '' then
            -- Webhooks may call the owner by the number of plex.tv.
            select * into v_account from plex_accounts a
            where a.user_id = p_user_id and a.server_uuid = p_server_uuid and a.title = v_given.title
            order by a.counts desc nulls last, a.id limit 1;
        end if;
        if not found then
            insert into plex_accounts (user_id, server_uuid, plex_account_id, title, counts)
            values (p_user_id, p_server_uuid, v_given.id, v_given.title,
                    chosen_elsewhere(p_user_id, p_server_uuid, v_given.id, v_given.title, v_given.id = v_owner))
            on conflict (user_id, server_uuid, plex_account_id, md5(title)) do update set title = excluded.title
            returning * into v_account;
        end if;
        accounts := accounts || jsonb_build_object(
            'history_id', v_given.id, 'id', v_account.id, 'plex_account_id', v_account.plex_account_id, 'title', v_account.title,
            'own', v_given.id = v_owner,
            -- As ignore_reason has it of webhooks, where Plex says whose they are.
            'counts', coalesce(v_account.counts, not v_chosen and v_given.id = v_owner));
    end loop;

    select p.caught_up_to, p.looked_back_at, p.imported_to into caught_up_to, looked_back_at, imported_to
    from plex_history_positions p where p.user_id = p_user_id and p.server_uuid = p_server_uuid;
end
$$;
comment on function begin_history(bigint, text, text, integer, jsonb) is
    'Before a server''s history is read: remembers the server, how much its clock is ahead and its accounts ([{id, title}]), and says
whose viewings count (accounts; nobody chosen: the owner''s, whose number is the lowest), how far it was read, and why it is not
to be read at all (refused: integration_disabled, auto_mark_disabled, server_not_tracked).';
