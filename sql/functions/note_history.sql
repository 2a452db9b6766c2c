create function note_history(p_user_id bigint, p_server_uuid text, p_to timestamptz, p_import boolean, p_ended boolean,
                             p_looked_back boolean default false) returns void
language sql volatile
set search_path from current
as $$
    insert into plex_history_positions as p (user_id, server_uuid, caught_up_to, looked_back_at, imported_to)
    values (p_user_id, p_server_uuid, case when p_ended or not p_import then p_to end, case when p_looked_back then now() end,
            case when p_import and not p_ended then p_to end)
    on conflict (user_id, server_uuid) do update
    set caught_up_to = greatest(p.caught_up_to, excluded.caught_up_to),
        looked_back_at = coalesce(excluded.looked_back_at, p.looked_back_at),
        imported_to = case when p_import then excluded.imported_to else p.imported_to end;

    update settings set history_import_wanted_at = null
    where user_id = p_user_id and p_import and p_ended and history_import_wanted_at is not null;
$$;
comment on function note_history(bigint, text, timestamptz, boolean, boolean, boolean) is
    'How far a server''s history was read, after each page. An import that has ended is not wanted any more.';
