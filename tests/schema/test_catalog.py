"""What the catalog says about the schema: conventions that no reviewer has to remember."""

from __future__ import annotations

import re
from pathlib import Path

import psycopg
import pytest

from app.backup.restoring import loading_order
from app.db.migrate import SQL_DIR, read_functions
from app.db.queries import queries
from app.errors import _BY_CONSTRAINT, _BY_SQLSTATE, StateConflict, from_database
from tests.conftest import Connection, DatabaseUrls
from tests.schema import snapshot

FUNCTIONS = sorted(read_functions())
TRACKER_FUNCTIONS = [
    "core_key",
    "core_words",
    "country_code",
    "guid_is_local",
    "leading_article",
    "part_keys",
    "sound_key",
    "spelled_out",
    "spelling_key",
    "split_title",
    "title_key",
    "without_author",
]

# What becomes of a row when the one that it points to goes.
ON_DELETE = {
    "cascade": "what is a user's or a show's own goes with it",
    "set null": "what was said stays; only the reference goes",
}


def _head(name: str) -> str:
    return read_functions()[name].partition("as $$")[0]


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_file_holds_one_function_of_its_name_with_volatility_and_search_path(name: str) -> None:
    text = read_functions()[name]
    assert re.findall(r"^create (?:or replace )?function (\w+)", text, re.MULTILINE) == [name]
    assert text.startswith(("create function ", "--"))
    assert re.search(r"language (sql|plpgsql) (volatile|stable|immutable)", _head(name)), _head(name)
    assert "set search_path from current" in _head(name)
    assert "security definer" not in text
    assert re.search(rf"^comment on function {name}\(", text, re.MULTILINE)


def test_every_function_in_the_database_is_as_its_file_says(conn: Connection, database_urls: DatabaseUrls) -> None:
    rows = conn.execute(
        """select proname::text as name, provolatile::text as volatility, prosecdef as definer,
                  coalesce(array_to_string(proconfig, ','), '') as config, obj_description(oid, 'pg_proc') as comment
           from pg_proc where pronamespace = %s::regnamespace""",
        (database_urls.schema,),
    ).fetchall()
    assert sorted(row["name"] for row in rows) == FUNCTIONS
    for row in rows:
        written = re.search(r"language \w+ (\w)", _head(row["name"]))
        assert written is not None
        assert row["volatility"] == written[1], row["name"]
        assert not row["definer"], row["name"]
        assert f"search_path={database_urls.schema}, tracker, public, pg_temp" in row["config"], row["name"]
        assert len(row["comment"] or "") > 40, row["name"]


def test_functions_that_indexes_use_are_immutable_and_explained(conn: Connection) -> None:
    rows = conn.execute(
        """select proname::text as name, provolatile::text as volatility, prosecdef as definer,
                  array_to_string(proconfig, ',') as config, obj_description(oid, 'pg_proc') as comment
           from pg_proc where pronamespace = 'tracker'::regnamespace"""
    ).fetchall()
    assert {row["name"] for row in rows} == set(TRACKER_FUNCTIONS)
    for row in rows:
        assert (row["volatility"], row["definer"]) == ("i", False), row["name"]
        assert row["config"] == "search_path=tracker, public, pg_temp", row["name"]
        assert "change by migration only" in row["comment"], row["name"]


@pytest.mark.parametrize("name", [*FUNCTIONS, *TRACKER_FUNCTIONS])
def test_every_function_has_a_test_file(name: str) -> None:
    assert (Path(__file__).parents[1] / "sql" / f"test_{name}.py").exists()


def test_every_table_has_a_primary_key_and_belongs_to_a_user_unless_it_is_shared(conn: Connection) -> None:
    rows = conn.execute(
        """select c.relname::text as name,
                  exists (select from pg_index i where i.indrelid = c.oid and i.indisprimary) as keyed,
                  exists (select from pg_attribute a
                          where a.attrelid = c.oid and a.attname = 'user_id' and a.attnotnull) as owned
           from pg_class c where c.relnamespace = 'tracker'::regnamespace and c.relkind = 'r'"""
    ).fetchall()
    assert [row["name"] for row in rows if not row["keyed"]] == []
    # job_runs and upstreams may be a user's own or the installation's.
    shared = {"installation", "users", "schema_migrations", "tmdb_cache", "job_runs", "upstreams", "sign_in_tries"}
    assert {row["name"] for row in rows if not row["owned"]} == shared


def test_what_points_from_one_users_row_to_another_carries_the_user(conn: Connection) -> None:
    rows = conn.execute(
        """select k.conname::text as name, k.confdeltype::text as on_delete,
                  array(select a.attname::text from unnest(k.conkey) with ordinality u(n, o)
                        join pg_attribute a on a.attrelid = k.conrelid and a.attnum = u.n order by u.o) as columns
           from pg_constraint k where k.contype = 'f' and k.connamespace = 'tracker'::regnamespace"""
    ).fetchall()
    assert len(rows) > 15
    # An event that waits for an answer needs its question: the question cannot go before it.
    held = {"plex_webhook_logs_conflict_fkey"}
    for row in rows:
        assert row["on_delete"] in ("c", "n") or row["name"] in held, f"{row['name']}: {ON_DELETE}"
        assert "user_id" in row["columns"], row["name"]


def test_every_rule_that_is_a_unique_index_says_what_it_prevents(conn: Connection) -> None:
    rows = conn.execute(
        """select c.relname::text as name, obj_description(c.oid, 'pg_class') as comment
           from pg_index i join pg_class c on c.oid = i.indexrelid
           where i.indisunique and c.relnamespace = 'tracker'::regnamespace
             and (i.indpred is not null or i.indexprs is not null)"""
    ).fetchall()
    assert len(rows) > 8
    assert [row["name"] for row in rows if not row["comment"]] == []


def test_tables_that_every_event_writes_check_single_columns_by_domains(conn: Connection) -> None:
    rows = conn.execute(
        """select conname::text as name from pg_constraint
           where contype = 'c' and cardinality(conkey) < 2 and conrelid = any (array[
               'tvshows', 'plex_show_mappings', 'plex_webhook_logs', 'plays', 'watch_events']::regclass[])"""
    ).fetchall()
    assert [row["name"] for row in rows] == []


def test_every_domain_says_what_it_is(conn: Connection) -> None:
    rows = conn.execute(
        """select typname::text as name, obj_description(oid, 'pg_type') as comment from pg_type
           where typnamespace = 'tracker'::regnamespace and typtype = 'd'"""
    ).fetchall()
    assert len(rows) > 8
    assert [row["name"] for row in rows if not row["comment"]] == []


def test_tables_can_be_filled_so_that_what_a_row_points_to_is_there_before_it(conn: Connection) -> None:
    """Else no backup could be restored. A circle needs one foreign key that is deferred."""
    tables = {row["name"] for row in queries().stored_tables(conn)}
    order = loading_order(conn, tables)
    assert set(order) == tables
    assert order.index("users") < order.index("tvshows") < order.index("plex_show_mappings")


def test_error_codes_of_functions_registry_and_exceptions_agree() -> None:
    raised = {code for text in read_functions().values() for code in re.findall(r"errcode = '(\w+)'", text)}
    registry = (SQL_DIR / "ERRORS.md").read_text()
    listed = set(re.findall(r"^\| `(TK\d{3})` ", registry, re.MULTILINE))
    # PostgreSQL's own word for "call again", which it raises itself as well.
    assert raised - {"serialization_failure"} == listed == set(_BY_SQLSTATE)
    assert "`40001` `serialization_failure`" in registry
    assert isinstance(from_database(psycopg.errors.SerializationFailure()), StateConflict)
    assert isinstance(from_database(psycopg.errors.DeadlockDetected()), StateConflict)
    for code, exception in _BY_SQLSTATE.items():
        assert (
            f"| `{exception.__name__}` | {int(exception.http_status)} |"
            in registry.split(f"`{code}`")[1].splitlines()[0]
        )
    for constraint in _BY_CONSTRAINT:
        assert f"`{constraint}`" in registry


def test_the_committed_snapshot_is_what_the_migrations_make(
    conn: Connection, database_urls: DatabaseUrls, request: pytest.FixtureRequest
) -> None:
    path = SQL_DIR / "schema.sql"
    now = snapshot.render(conn, database_urls.schema)
    if request.config.getoption("--update-schema", default=False):
        path.write_text(now)
    assert path.read_text() == now, "the schema changed: look at the difference, then run `make schema`"
