create function lock_sign_in_tries(p_key bytea, out failures integer, out not_before timestamptz, out is_new boolean)
language plpgsql volatile
set search_path from current
as $$
begin
    loop
        insert into sign_in_tries (key) values (p_key) on conflict (key) do nothing;
        is_new := found;
        -- Tries at the same time come in one after the other: none of them reads a count that another is about to raise.
        select case when t.failed_at < now() - interval '1 day' then 0 else t.failures end,
               -- Farther ahead than any delay: the clock was wrong when that was written.
               case when t.not_before < now() + interval '10 minutes' then t.not_before end
        into failures, not_before
        from sign_in_tries t where t.key = p_key
        for update;
        -- Forgiven or forgotten in between: without the lock, the order of the locks would be lost with it.
        exit when found;
    end loop;
end
$$;
comment on function lock_sign_in_tries(bytea) is
    'Locks what is known of the failed tries of somebody, or begins to know it; those of a day ago count no more. Several in one
transaction: first who asks, then the account, then the address.';
