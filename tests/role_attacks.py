"""What the application's role must not be able to do, by what it is for; and what PostgreSQL lets every role do."""

from __future__ import annotations

import psycopg

REFUSED = {
    # Make, change and drop.
    "create a table": "create table tracker.mine (id int)",
    "create a table in public": "create table public.mine (id int)",
    "create a table from a query": "create table public.mine as select * from tracker.users",
    "create a view": "create view public.mine as select 1",
    "create a schema": "create schema mine",
    "create a function": "create function tracker.mine() returns int language sql as 'select 1'",
    "create a function in public": "create function public.mine() returns int language sql as 'select 1'",
    "create a procedure": "create procedure public.mine() language sql as 'select 1'",
    "create an operator": "create operator public.=== (leftarg = int, rightarg = int, function = int4eq)",
    "create a type": "create type public.mine as (id int)",
    "create a trigger": "create trigger mine before insert on tracker.plays execute function tsvector_update_trigger()",
    "create a rule": "create rule mine as on insert to tracker.plays do instead nothing",
    "create a policy": "create policy mine on tracker.plays",
    "create an event trigger": "create event trigger mine on ddl_command_end execute function pg_catalog.event_trigger_in()",
    "alter a table": "alter table tracker.tvshows add column mine int",
    "rename a table": "alter table tracker.plays rename to mine",
    "own a table": "alter table tracker.plays owner to tellykeep",
    "take a trigger away": "alter table tracker.plays disable trigger all",
    "drop a table": "drop table tracker.plays",
    "drop an index": "drop index tracker.plays_episode",
    "drop a schema": "drop schema tracker cascade",
    "truncate": "truncate tracker.plays",
    "comment": "comment on table tracker.plays is 'mine'",
    "write the catalog": "update pg_catalog.pg_class set relowner = 0",
    "delete from the catalog": "delete from pg_catalog.pg_proc",
    # What must never be lost.
    "delete plays": "delete from tracker.plays",
    "delete what was said": "delete from tracker.watch_events",
    "delete shows": "delete from tracker.tvshows",
    "change the list of migrations": "delete from tracker.schema_migrations",
    "pretend a migration": "insert into tracker.schema_migrations values (99, 'x', 'x')",
    "skip triggers and references": "set session_replication_role = replica",
    # Files and programs.
    "read files": "select pg_read_file('/etc/passwd')",
    "read parts of files": "select pg_read_binary_file('/etc/passwd', 0, 10)",
    "look at files": "select pg_stat_file('/etc/passwd')",
    "list files": "select pg_ls_dir('.')",
    "list the log of the server": "select pg_ls_logdir()",
    "list its journal": "select pg_ls_waldir()",
    "copy from a file": "copy tracker.tvshows from '/etc/passwd'",
    "write files": "copy tracker.tvshows to '/tmp/stolen'",
    "run programs": "copy (select 1) to program 'true'",
    "pipe from programs": "copy tracker.tvshows from program 'cat /etc/passwd'",
    "large objects from files": "select lo_import('/etc/passwd')",
    "write files through large objects": "select lo_export(1, '/tmp/stolen')",
    "load a library": "load '/tmp/mine.so'",
    "make a function in C": "create function public.mine() returns int language c as '/tmp/mine.so'",
    "make a tablespace": "create tablespace mine location '/tmp'",
    # Other roles, databases and servers.
    "read password hashes": "select * from pg_authid",
    "read password hashes by the view": "select * from pg_shadow",
    "read who may come in": "select * from pg_hba_file_rules",
    "read statistics of the planner": "select * from pg_statistic",
    "become the owner": "set role tellykeep_owner",
    "become the owner for the session": "set session authorization tellykeep_owner",
    "become a superuser": "alter role tellykeep superuser",
    "may make roles": "alter role tellykeep createrole",
    "change the owner": "alter role tellykeep_owner password 'mine'",
    "change defaults of the owner": "alter role tellykeep_owner set search_path = public",
    "change defaults of all": "alter role all set search_path = public",
    "join a role": "grant tellykeep_owner to tellykeep",
    "read everything": "grant pg_read_all_data to tellykeep",
    "make roles": "create role mine",
    "make databases": "create database mine",
    "change a database": "alter database postgres set search_path = public",
    "load extensions": "create extension dblink",
    "reach other servers": "create extension postgres_fdw",
    "reach files as tables": "create extension file_fdw",
    "follow another server": "create subscription mine connection 'host=127.0.0.1' publication mine",
    "be followed": "create publication mine for all tables",
    "hold the journal back": "select pg_create_physical_replication_slot('mine')",
    # The server.
    "change settings of the server": "alter system set fsync = off",
    "see where its files are": "show data_directory",
    "have all statements logged": "set log_statement = 'all'",
    "reload the server": "select pg_reload_conf()",
    "turn its log over": "select pg_rotate_logfile()",
    "make a checkpoint wait": "select pg_switch_wal()",
}

# Only where the database is set up by compose or by the embedded server, which take it from everybody.
REFUSED_AS_SERVED = {
    "make temporary tables": "create temporary table mine (id int)",
    "make functions in the schema of temporary tables": "create function pg_temp.mine() returns int language sql as 'select 1'",
    "make large objects": "select lo_create(0)",
    "make large objects in the old way": "select lo_creat(-1)",
    "make large objects of bytes": "select lo_from_bytea(0, 'mine')",
}

OTHER_DATABASES = ("postgres", "template1")


def allowed(connection: psycopg.Connection[object], attacks: dict[str, str]) -> dict[str, str]:
    """What of this is not refused for want of a right, and what came instead. Needs a connection in autocommit."""
    wrong = {}
    for what, statement in attacks.items():
        try:
            connection.execute(statement.encode())
            wrong[what] = "done"
        except psycopg.errors.InsufficientPrivilege:
            pass
        except psycopg.Error as error:
            wrong[what] = f"{type(error).__name__}: {error}"
    return wrong
