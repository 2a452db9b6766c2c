"""The application's role: owns nothing, and can do nothing but its work."""

from __future__ import annotations

import psycopg
import pytest

from app.db.pool import SESSION_OPTIONS
from tests.conftest import Connection, DatabaseUrls
from tests.postgres import PostgresServer
from tests.role_attacks import REFUSED


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


def test_defaults_that_a_role_gives_itself_are_not_those_of_the_application(
    postgres_server: PostgresServer, database_urls: DatabaseUrls
) -> None:
    """Each role may change its own; what the application asks for when it connects comes after them."""
    alter = f"alter role tellykeep in database {database_urls.name} set statement_timeout = 0"
    with psycopg.connect(database_urls.app_url, autocommit=True) as session:
        session.execute(alter.encode())
    with (
        psycopg.connect(database_urls.app_url) as plain,
        psycopg.connect(database_urls.app_url, options=SESSION_OPTIONS) as session,
    ):
        assert plain.execute("show statement_timeout").fetchone() == ("0",)
        assert session.execute("show statement_timeout").fetchone() != ("0",)


def test_a_commit_is_waited_for_also_where_the_database_has_been_told_not_to(database_urls: DatabaseUrls) -> None:
    alter = f"alter role tellykeep in database {database_urls.name} set synchronous_commit = off"
    with psycopg.connect(database_urls.app_url, autocommit=True) as session:
        session.execute(alter.encode())
    with (
        psycopg.connect(database_urls.app_url) as plain,
        psycopg.connect(database_urls.app_url, options=SESSION_OPTIONS) as session,
    ):
        assert plain.execute("show synchronous_commit").fetchone() == ("off",)
        assert session.execute("show synchronous_commit").fetchone() == ("on",)


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
