create function delete_user(p_user_id bigint) returns text
language plpgsql volatile
set search_path from current
as $$
declare
    v_username text;
begin
    perform keep_administrator(p_user_id);
    -- What an event locks on its way comes before the account's row: its line in the log, which it writes last, points there, and each
    -- would wait for the other.
    perform lock_mappings(p_user_id);
    perform from tvshows s where s.user_id = p_user_id order by s.id for update;
    delete from users where id = p_user_id returning username into v_username;
    if not found then
        raise exception 'account % is not there', p_user_id using errcode = 'TK404';
    end if;
    return v_username;
end
$$;
comment on function delete_user(bigint) is
    'Deletes an account with everything that belongs to it, at once and for good; its name. Raises TK404, TK409 (the last administrator).';
