-- name: begin_snapshot#
-- The first statements of a transaction that reads everything as it is at one moment. Times and numbers are written in the one form
-- that every server reads back without loss.
set transaction isolation level repeatable read, read only;
set local statement_timeout = 0;
set local idle_in_transaction_session_timeout = 0;
set local timezone = 'UTC';
set local datestyle = 'ISO, YMD';
set local intervalstyle = 'postgres';
set local extra_float_digits = 1;
set local bytea_output = 'hex';

-- name: begin_loading#
-- The first statements of the transaction that restores: as begin_snapshot, and a lock that is held elsewhere is not waited for
-- forever.
set local statement_timeout = 0;
set local idle_in_transaction_session_timeout = 0;
set local lock_timeout = '30s';
set local timezone = 'UTC';
set local datestyle = 'ISO, YMD';
set local intervalstyle = 'postgres';
set local extra_float_digits = 1;
set local bytea_output = 'hex';

-- name: applied_migrations()
-- The numbered migrations that made this schema.
select version, checksum from tracker.schema_migrations order by version;

-- name: stored_tables()
-- Every table with the columns that hold something of their own (not the generated ones), and the statements that copy it out, in
-- an order that does not depend on the database's collation, in, and whatever else a restore asks of it.
with stored as (
    select c.oid, c.relname::text as name,
           array(select a.attname::text from pg_attribute a
                 where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
                 order by a.attnum) as columns,
           (select string_agg(format(case when a.attcollation = 0 then '%%I' else '%%I collate "C"' end, a.attname), ', '
                              order by k.place)
            from pg_index i
            cross join lateral unnest(i.indkey::smallint[]) with ordinality k(number, place)
            join pg_attribute a on a.attrelid = c.oid and a.attnum = k.number
            where i.indrelid = c.oid and i.indisprimary) as in_order
    from pg_class c
    where c.relnamespace = 'tracker'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
      and c.relname <> 'schema_migrations'
)
select name, columns,
       format('copy (select %%s from tracker.%%I order by %%s) to stdout', list, name, in_order) as copy_out,
       format('select exists (select from tracker.%%I)', name) as is_filled,
       format('copy tracker.%%I (%%s) from stdin', name, list) as copy_in,
       format('alter table tracker.%%I disable trigger user', name) as triggers_off,
       format('alter table tracker.%%I enable trigger user', name) as triggers_on
from stored
cross join lateral (select string_agg(format('%%I', c), ', ' order by o) as list from unnest(columns) with ordinality u(c, o)) l
order by name;

-- name: stored_references()
-- Which table must be filled before which other one: the foreign keys that are checked at once.
select distinct f.relname::text as name, t.relname::text as needs
from pg_constraint k
join pg_class f on f.oid = k.conrelid
join pg_class t on t.oid = k.confrelid
where k.contype = 'f' and k.connamespace = 'tracker'::regnamespace and not k.condeferred and k.conrelid <> k.confrelid;

-- name: sequence_values()
-- The last number that each sequence gave, null where it gave none.
select sequencename::text as name, last_value as value from pg_sequences where schemaname = 'tracker' order by sequencename;

-- name: set_sequence(name, value)$
select setval(format('tracker.%%I', :name::text)::regclass, :value);

-- name: hold_off_migrations(key)!
-- From here on nobody changes the schema; waits for who does it now. For the session, so that the snapshot begins after it.
select pg_advisory_lock_shared(:key, 0);

-- name: let_migrations_go_on(key)!
select pg_advisory_unlock_shared(:key, 0);

-- name: check_deferred_now#
-- What a commit would check, now.
set constraints all immediate;

-- name: schema_is_there()$
select to_regclass('tracker.schema_migrations') is not null;

-- name: schemas_to_replace()
-- What an installation without data consists of.
select nspname::text as name from pg_namespace where nspname = 'tracker' or nspname ~ '^api_[0-9a-f]{16}$';
