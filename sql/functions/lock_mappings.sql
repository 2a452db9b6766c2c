create function lock_mappings(p_user_id bigint) returns void
language sql volatile
set search_path from current
as $$
    select pg_advisory_xact_lock(hashtextextended('mappings', p_user_id))
$$;
comment on function lock_mappings(bigint) is
    'Held to the end of a transaction that makes, moves or forgets mappings of a user: two events of one show, one with its GUID and
one without, have different locks, and a rating key may pass from one mapping to another. Taken after the lock of a show''s key and
before any row.';
