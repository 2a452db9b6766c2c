create function forget_sign_in_tries(p_most integer default 20000) returns integer
language plpgsql volatile
set search_path from current
as $$
declare
    v_forgotten integer;
begin
    -- Rows that somebody is at are passed over: nobody waits here, whatever they hold themselves.
    delete from sign_in_tries t where t.key in (
        select o.key from sign_in_tries o
        where o.failed_at <= greatest(
            now() - interval '1 day',
            (select n.failed_at from sign_in_tries n order by n.failed_at desc offset p_most limit 1))
        for update skip locked);
    get diagnostics v_forgotten = row_count;
    return v_forgotten;
end
$$;
comment on function forget_sign_in_tries(integer) is
    'Forgets failed tries of a day ago, and the oldest beyond as many as a burst from everywhere leaves; how many. After the locks
of take_sign_in_try: it holds rows that others may wait for, so it must wait for nobody any more.';
