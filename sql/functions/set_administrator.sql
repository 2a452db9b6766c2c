create function set_administrator(p_user_id bigint, p_is_admin boolean) returns boolean
language plpgsql volatile
set search_path from current
as $$
begin
    if not p_is_admin then
        perform keep_administrator(p_user_id);
    end if;
    update users set is_admin = p_is_admin where id = p_user_id and is_admin <> p_is_admin;
    if found then
        return true;
    end if;
    if not exists (select from users where id = p_user_id) then
        raise exception 'account % is not there', p_user_id using errcode = 'TK404';
    end if;
    return false;
end
$$;
comment on function set_administrator(bigint, boolean) is
    'Makes an account an administrator''s, or takes that from it; whether it was otherwise before. Raises TK404, TK409 (the last one).';
