create function keep_administrator(p_user_id bigint) returns void
language plpgsql volatile
set search_path from current
as $$
begin
    -- All are locked, in the order of their ids: two that go at the same time wait for each other, and the second is seen as the last.
    -- Not `for update`: what is written for them meanwhile points to these rows, and must not wait.
    if array[p_user_id] = (
        select array_agg(a.id) from (select id from users where is_admin order by id for no key update) a
    ) then
        raise exception 'this is the last administrator''s account: make another one an administrator first' using errcode = 'TK409';
    end if;
end
$$;
comment on function keep_administrator(bigint) is
    'Asked before an account goes or is made less: without an administrator nobody could manage what is left. Locks the rows of all
administrators. Raises TK409.';
