create function take_sign_in_try(p_asker bytea, p_account bytea default null, p_address bytea default null,
                                 p_strict boolean default false, out wait_seconds integer)
language plpgsql volatile
set search_path from current
as $$
declare
    v_asker record;
    v_account record;
    v_address record;
    v_newcomer integer := 0;
    v_until timestamptz;
begin
    v_asker := lock_sign_in_tries(p_asker);
    v_until := v_asker.not_before;
    if p_account is not null then
        v_account := lock_sign_in_tries(p_account);
        if p_strict then
            v_until := greatest(v_until, v_account.not_before);
        else
            v_newcomer := sign_in_delay(v_account.failures, 20, 30);
            if v_newcomer > 0 and v_asker.is_new then
                update sign_in_tries set not_before = now() + make_interval(secs => v_newcomer) where key = p_asker
                returning not_before into v_until;
            end if;
        end if;
    end if;
    if p_address is not null then
        v_address := lock_sign_in_tries(p_address);
        v_until := greatest(v_until, v_address.not_before);
    end if;
    if v_asker.is_new then
        perform forget_sign_in_tries();
    end if;
    wait_seconds := greatest(0, coalesce(ceil(extract(epoch from v_until - now())), 0));
    if wait_seconds > 0 then
        return;
    end if;
    -- Counted before anything is compared; forgive_sign_in_try takes it back where it was right. No delay is null, not this moment:
    -- to a session that began before and waited here it would lie ahead.
    update sign_in_tries
    set failures = v_asker.failures + 1, failed_at = now(),
        not_before = now() + make_interval(secs => nullif(greatest(v_newcomer, sign_in_delay(v_asker.failures + 1, 5, 300)), 0))
    where key = p_asker;
    if p_account is not null then
        update sign_in_tries
        set failures = v_account.failures + 1, failed_at = now(),
            not_before = case when p_strict then
                             now() + make_interval(secs => nullif(sign_in_delay(v_account.failures + 1, 20, 300), 0)) end
        where key = p_account;
    end if;
    if p_address is not null then
        update sign_in_tries
        set failures = v_address.failures + 1, failed_at = now(),
            not_before = now() + make_interval(secs => nullif(sign_in_delay(v_address.failures + 1, 20, 60), 0))
        where key = p_address;
    end if;
end
$$;
comment on function take_sign_in_try(bytea, bytea, bytea, boolean) is
    'One try of somebody (p_asker: an account at an address, or in a browser that is known) to sign in: 0, and it is counted as failed;
or the seconds to wait, and nothing is counted. Every asker has a delay of its own. What failed for the account only makes those who are
new wait, each for itself, so that nobody can keep its owner out; with p_strict, where the password was right already, it makes all wait.';
