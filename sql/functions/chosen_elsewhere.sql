create function chosen_elsewhere(p_user_id bigint, p_server_uuid text, p_plex_account_id bigint, p_title text, p_is_own boolean)
    returns boolean
language sql stable
set search_path from current
as $$
    select a.counts from plex_accounts a
    where a.user_id = p_user_id and a.counts is not null and a.plex_account_id = p_plex_account_id
      and case
          -- A number of plex.tv is one person's: also under a new name, and with its name on every server.
          when p_plex_account_id > 1 then a.server_uuid = p_server_uuid or (a.title = p_title and p_title <> '')
          -- Each server's owner is 1 there: the same one only where the name is the same, and Plex says that it is whose webhook it is.
          else a.title = p_title and p_title <> '' and p_is_own end
    order by a.server_uuid = p_server_uuid desc, a.id desc
    limit 1
$$;
comment on function chosen_elsewhere(bigint, text, bigint, text, boolean) is
    'Whether an account that is seen for the first time counts, as the user has chosen for the same person on another server, or
under an earlier name: null when nothing was chosen. p_is_own: it is the owner of the webhook or of the server.';
