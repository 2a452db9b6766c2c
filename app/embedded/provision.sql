-- What every start of the embedded server makes sure of, as its superuser. Each statement can be repeated: a process that
-- was killed between two of them is made good by the next start.

-- name: hand_over_password(role, verifier)^
-- Keeps what ensure_roles sets, for this session. A verifier (RFC 5803), never the password itself.
select set_config('tellykeep_start.' || :role, :verifier, false);

-- name: ensure_roles#
-- The owner migrates, the application owns nothing; neither can do anything outside of its database.
do $$
declare
    v_role text;
begin
    foreach v_role in array array['tellykeep_owner', 'tellykeep'] loop
        if not exists (select from pg_catalog.pg_roles where rolname = v_role) then
            execute format('create role %I', v_role);
        end if;
        execute format(
            'alter role %I with login inherit nosuperuser nocreatedb nocreaterole noreplication nobypassrls '
            'connection limit -1 valid until ''infinity'' password %L',
            v_role, current_setting('tellykeep_start.' || v_role));
    end loop;
end
$$;

-- name: database_exists()$
select exists (select from pg_catalog.pg_database where datname = 'tellykeep');

-- name: create_database#
create database tellykeep owner tellykeep_owner template template0;

-- name: ensure_database_rights#
-- PUBLIC may connect to every new database, and create temporary tables in it.
alter database tellykeep owner to tellykeep_owner;
revoke all on database tellykeep, postgres, template1 from public;
revoke all on database tellykeep from tellykeep;
grant connect on database tellykeep to tellykeep;

-- name: forbid_large_objects#
-- In the database tellykeep. Whoever may connect may make them, and owns what no backup has and nothing clears away.
revoke execute on function pg_catalog.lo_creat(integer), pg_catalog.lo_create(oid), pg_catalog.lo_from_bytea(oid, bytea)
from public;

-- name: ensure_extension#
-- In schema public of the database tellykeep.
revoke create on schema public from public;
create extension if not exists pg_trgm with schema public;

-- name: trigrams(title)$
select public.show_trgm(:title);
