"""The application's role: owns nothing, and can do nothing but its work."""

from __future__ import annotations

import psycopg
import pytest

from app.db.pool import SESSION_OPTIONS
from tests.conftest import Connection, DatabaseUrls
from tests.postgres import PostgresServer

REFUSED = {
    "create a table": "create table tracker.mine (id int)",
    "create a table in public": "create table public.mine (id int)",
    "create a schema": "create schema mine",
    "create a function": "create function tracker.mine() returns int language sql as 'select 1'",
    "alter a table": "alter table tracker.tvshows add column mine int",
    "drop a table": "drop table tracker.plays",
    "drop an index": "drop index tracker.plays_episode",
    "truncate": "truncate tracker.plays",
    "delete plays": "delete from tracker.plays",
    "delete what was said": "delete from tracker.watch_events",
    "delete shows": "delete from tracker.tvshows",
    "change the list of migrations": "delete from tracker.schema_migrations",
    "pretend a migration": "insert into tracker.schema_migrations values (99, 'x', 'x')",
    "read files": "select pg_read_file('/etc/passwd')",
    "list files": "select pg_ls_dir('.')",
    "copy from a file": "copy tracker.tvshows from '/etc/passwd'",
    "run programs": "copy (select 1) to program 'true'",
    "large objects from files": "select lo_import('/etc/passwd')",
    "read password hashes": "select * from pg_authid",
    "become the owner": "set role tellykeep_owner",
    "make roles": "create role mine",
    "make databases": "create database mine",
    "load extensions": "create extension dblink",
    "change settings of the server": "alter system set fsync = off",
    "write files": "copy tracker.tvshows to '/tmp/stolen'",
    "pipe from programs": "copy tracker.tvshows from program 'cat /etc/passwd'",
    "write files through large objects": "select lo_export(1, '/tmp/stolen')",
    "read parts of files": "select pg_read_binary_file('/etc/passwd', 0, 10)",
    "look at files": "select pg_stat_file('/etc/passwd')",
    "list the log of the server": "select pg_ls_logdir()",
    "become a superuser": "alter role tellykeep superuser",
    "rename a table": "alter table tracker.plays rename to mine",
    "take a trigger away": "alter table tracker.plays disable trigger all",
    "skip triggers and references": "set session_replication_role = replica",
    "reload the server": "select pg_reload_conf()",
    "make a checkpoint wait": "select pg_switch_wal()",
    "read statistics of the planner": "select * from pg_statistic",
}


@pytest.mark.parametrize("what", REFUSED)
def test_the_applications_role_cannot(conn: Connection, what: str) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        conn.execute(REFUSED[what].encode())


@pytest.mark.parametrize("name", ["statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout"])
def test_nothing_waits_for_ever(database_urls: DatabaseUrls, name: str) -> None:
    with psycopg.connect(database_urls.app_url, options=SESSION_OPTIONS) as session:
        row = session.execute("select current_setting(%s)", (name,)).fetchone()
    assert row is not None
    assert row[0] != "0"


def test_the_applications_role_owns_nothing(conn: Connection) -> None:
    owned = conn.execute(
        """select c.relname::text as name from pg_class c where c.relowner = current_user::regrole
           union all select p.proname from pg_proc p where p.proowner = current_user::regrole
           union all select n.nspname from pg_namespace n
                     where n.nspowner = current_user::regrole and n.nspname !~ '^pg_(toast_)?temp'
           union all select d.datname from pg_database d where d.datdba = current_user::regrole"""
    ).fetchall()
    assert owned == []


def test_the_owner_is_no_superuser_and_the_application_no_member_of_it(conn: Connection) -> None:
    rights = conn.execute(
        """select bool_or(rolsuper or rolcreaterole or rolcreatedb or rolreplication or rolbypassrls) as powerful,
                  pg_has_role(current_user, 'tellykeep_owner', 'member') as member
           from pg_roles where rolname in ('tellykeep', 'tellykeep_owner')"""
    ).fetchone()
    assert rights == {"powerful": False, "member": False}


def test_the_embedded_servers_roles_reach_no_other_database(
    postgres_server: PostgresServer, database_urls: DatabaseUrls
) -> None:
    with psycopg.connect(postgres_server.superuser_url, autocommit=True) as superuser:
        rows = superuser.execute(
            "select datname from pg_database where has_database_privilege('tellykeep', datname, 'create')"
        ).fetchall()
    assert rows == []
    assert database_urls.name
