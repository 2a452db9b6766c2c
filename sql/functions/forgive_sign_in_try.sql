create function forgive_sign_in_try(p_asker bytea, p_account bytea default null, p_address bytea default null) returns void
language plpgsql volatile
set search_path from current
as $$
begin
    -- In the order in which take_sign_in_try locks them.
    delete from sign_in_tries where key = p_asker;
    update sign_in_tries set failures = greatest(failures - 1, 0), not_before = null where key = p_account;
    -- Only this one: who has an account here must not begin anew against the others by signing in to it.
    update sign_in_tries set failures = greatest(failures - 1, 0), not_before = null where key = p_address;
end
$$;
comment on function forgive_sign_in_try(bytea, bytea, bytea) is
    'Takes back what take_sign_in_try has counted, as it was no failure; of the asker everything.';
