"""Migrations and versions of the functions: many starts at once, newer databases, edited files, power cuts, load."""

from __future__ import annotations

import contextlib
import dataclasses
import threading
import time
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from psycopg.types.json import Jsonb

from app.db.migrate import Migration, MigrationError, migrate, migrated, read_functions, read_migrations
from app.db.pool import Database
from app.errors import DatabaseUnavailable
from tests.conftest import DatabaseUrls
from tests.postgres import APP

BOOTS = 20


def _names(url: str, query: str) -> list[str]:
    with psycopg.connect(url) as connection:
        return [row[0] for row in connection.execute(query.encode()).fetchall()]


def _wait_until_nobody_is_connected(urls: DatabaseUrls) -> None:
    """A connection that was closed is there until PostgreSQL has noticed."""
    others = "select count(*) from pg_stat_activity where datname = current_database() and usename = %s"
    deadline = time.monotonic() + 30
    with psycopg.connect(urls.owner_url, autocommit=True) as connection:
        while connection.execute(others, (APP,)).fetchone() != (0,):
            assert time.monotonic() < deadline
            time.sleep(0.02)


def _schemas(urls: DatabaseUrls) -> list[str]:
    return _names(urls.owner_url, "select nspname from pg_namespace where nspname like 'api\\_%'")


def _with_another_source(mark: str) -> dict[str, str]:
    """The functions of another version: the same, but for a comment."""
    functions = read_functions()
    functions["recount"] += f"\n-- {mark}\n"
    return functions


@pytest.mark.parametrize("migrated_before", [False, True], ids=["empty database", "migrated database"])
def test_twenty_starts_at_once_are_one_migration(empty_database: DatabaseUrls, migrated_before: bool) -> None:
    if migrated_before:
        migrate(empty_database.owner_url, APP)
    with ThreadPoolExecutor(BOOTS) as starts:
        schemas = list(starts.map(lambda _: migrate(empty_database.owner_url, APP), range(BOOTS)))

    assert len(set(schemas)) == 1
    assert _schemas(empty_database) == schemas[:1]
    applied = _names(empty_database.owner_url, "select name from tracker.schema_migrations order by version")
    assert applied == [migration.name for migration in read_migrations()]


def test_a_newer_database_is_refused_and_left_alone(database_urls: DatabaseUrls) -> None:
    with psycopg.connect(database_urls.owner_url) as connection:
        connection.execute("insert into tracker.schema_migrations values (9999, 'of_tomorrow', 'x')")

    with pytest.raises(MigrationError, match="newer Tellykeep") as refused:
        migrate(database_urls.owner_url, APP, functions=_with_another_source("old version"))

    assert "9999" in refused.value.message
    assert "backup" in refused.value.message
    assert _schemas(database_urls) == [database_urls.schema]


def test_an_edited_migration_is_refused(database_urls: DatabaseUrls) -> None:
    first, *rest = read_migrations()
    edited = dataclasses.replace(first, text=first.text + "\n-- one more line")
    with pytest.raises(MigrationError, match=f"migration 1 \\({first.name}\\)"):
        migrate(database_urls.owner_url, APP, migrations=[edited, *rest])


def test_a_migration_that_fails_in_the_middle_leaves_nothing_of_itself_or_of_those_before(
    empty_database: DatabaseUrls,
) -> None:
    migrations = [*read_migrations(), Migration(2, "broken", "create table tracker.half (id int); select 1 / 0;")]
    migrations = [dataclasses.replace(m, version=n) for n, m in enumerate(migrations, 1)]

    with pytest.raises(psycopg.errors.DivisionByZero):
        migrate(empty_database.owner_url, APP, migrations=migrations)

    assert _names(empty_database.owner_url, "select nspname from pg_namespace where nspname = 'tracker'") == []
    assert migrate(empty_database.owner_url, APP)


def test_a_start_that_is_cut_off_while_it_migrates_is_made_good_by_the_next(empty_database: DatabaseUrls) -> None:
    slow = [*read_migrations()]
    slow.append(Migration(len(slow) + 1, "slow", "select pg_sleep(30)"))
    started = threading.Thread(
        target=lambda: _ignore(psycopg.Error, migrate, empty_database.owner_url, APP, migrations=slow)
    )
    started.start()
    with psycopg.connect(empty_database.owner_url, autocommit=True) as connection:
        deadline = time.monotonic() + 20
        killed = False
        while not killed and time.monotonic() < deadline:
            killed = bool(
                connection.execute(
                    "select pg_terminate_backend(pid) from pg_stat_activity"
                    " where datname = current_database() and query like '%pg_sleep%' and pid <> pg_backend_pid()"
                ).fetchone()
            )
            time.sleep(0.05)
    started.join(timeout=20)

    assert killed
    assert migrate(empty_database.owner_url, APP)


def _ignore(kind: type[Exception], call: Callable[..., object], *arguments: object, **named: object) -> None:
    with contextlib.suppress(kind):
        call(*arguments, **named)


@pytest.mark.parametrize("names", [["0001_a", "0003_b"], ["0001_a", "0001_b"], ["first"]])
def test_gaps_doubles_and_other_names_are_refused(tmp_path, names: list[str]) -> None:
    for name in names:
        (tmp_path / f"{name}.sql").write_text("select 1")
    with pytest.raises(MigrationError):
        read_migrations(tmp_path)


def test_functions_in_use_stay_and_unused_ones_go(database_urls: DatabaseUrls) -> None:
    old = Database(size=2)
    old.open(database_urls.app_url, database_urls.schema)
    old.check()

    new = migrate(database_urls.owner_url, APP, functions=_with_another_source("new version"))
    assert sorted(_schemas(database_urls)) == sorted([database_urls.schema, new])
    with old.connection() as connection:
        assert connection.execute("select total_episodes from recount('[]')").fetchone() == {"total_episodes": 0}

    old.close()
    _wait_until_nobody_is_connected(database_urls)
    migrate(database_urls.owner_url, APP, functions=_with_another_source("new version"))
    assert _schemas(database_urls) == [new]


def test_a_version_that_starts_keeps_its_functions_until_its_pool_is_open(database_urls: DatabaseUrls) -> None:
    started = Database(size=2)
    with migrated(database_urls.owner_url, APP) as schema:
        other = migrate(database_urls.owner_url, APP, functions=_with_another_source("at the same moment"))
        started.open(database_urls.app_url, schema)
        started.check()
    migrate(database_urls.owner_url, APP, functions=_with_another_source("at the same moment"))
    assert sorted(_schemas(database_urls)) == sorted([schema, other])
    started.close()


def test_a_connection_whose_functions_are_gone_is_not_used(database_urls: DatabaseUrls) -> None:
    migrate(database_urls.owner_url, APP, functions=_with_another_source("the only one"))
    late = Database(size=2)
    late.open(database_urls.app_url, database_urls.schema)
    with pytest.raises(DatabaseUnavailable):
        late.check(1.0)
    late.close()


def test_versions_come_and_go_under_load_without_an_error(
    database_urls: DatabaseUrls, make_user: Callable[..., int], make_show: Callable[..., int]
) -> None:
    user = make_user()
    # One each: eight at once on one show wait for each other, and no event waits for a lock for long.
    for client in range(8):
        make_show(user, f"Busy {client}", seasons={1: 200})
    schema = [database_urls.schema]
    done = threading.Event()
    faults: list[BaseException] = []
    calls: list[str] = []

    switching = threading.Lock()

    def events(client: int) -> None:
        number = 0
        while not done.is_set():
            database = Database(size=2)
            with switching:
                database.open(database_urls.app_url, schema[0])
                database.check()
            for _ in range(10):
                try:
                    with database.connection() as connection:
                        calls.append(_receive(connection, user, f"Busy {client}", number % 200 + 1))
                except psycopg.Error as error:
                    faults.append(error)
                number += 1
            database.close()

    # What a replica of the newest version has open, from the start on.
    newest = Database(size=2)
    newest.open(database_urls.app_url, database_urls.schema)
    newest.check()
    # Mappings are made one by one: eight connections that make their first at the same moment wait for each other.
    with newest.connection() as connection:
        for client in range(8):
            assert _receive(connection, user, f"Busy {client}", 200) == "success"
    with ThreadPoolExecutor(8) as clients:
        running = [clients.submit(events, client) for client in range(8)]
        for version in range(10):
            name = migrate(database_urls.owner_url, APP, functions=_with_another_source(f"version {version}"))
            with switching:
                newest.open(database_urls.app_url, name)
                newest.check()
                schema[0] = name
            time.sleep(0.1)
        done.set()
    for thread in running:
        thread.result()
    newest.close()

    assert not faults
    assert len(calls) > 100
    assert set(calls) <= {"success"}


def _receive(connection: psycopg.Connection, user: int, title: str, number: int) -> str:
    event = {
        "event": "media.scrobble",
        "type": "episode",
        "user": True,
        "live": False,
        "server_uuid": "s",
        "account_id": 1,
        "account_title": "me",
        "show_key": f"title/{title}",
        "show_title": title,
        "season": 1,
        "episode": number,
        "event_key": uuid.uuid4().hex,
    }
    row = connection.execute(
        "select status from receive_event(%s, %s, 'webhook', %s, '{}', now(), false)",
        (user, uuid.uuid4(), Jsonb(event)),
    ).fetchone()
    assert row is not None
    return str(row["status"])
