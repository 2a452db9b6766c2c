"""`tellykeep doctor`: every check, beside a running `serve` or without one. It migrates nothing and makes no key."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
from psycopg.rows import dict_row
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from app.db.migrate import read_functions
from app.db.queries import queries
from app.db.versions import schema_name
from app.doctor.account import examine_account
from app.doctor.database import NAME, check_database
from app.doctor.finding import Finding
from app.doctor.installation import check_surroundings, examine_installation
from app.embedded import EmbeddedPostgresError
from app.errors import DatabaseUnavailable
from app.opening import FIRST_CONNECTION_SECONDS, StartedDatabase, start_database
from app.security.crypto import has_key
from app.services import Services, build_services
from app.settings import InvalidSettings, Settings

_WORDS = {"ok": "[green]ok[/]", "warn": "[yellow]look[/]", "fail": "[red]broken[/]"}


def run(settings: Settings) -> int:
    """Prints what was found; 1 when something does not work."""
    table = Table("Checked", "", "Found", "What to do")
    broken = 0
    for whose, finding in _examined(settings):
        name = finding.name if whose is None else f"{finding.name} ({whose})"
        table.add_row(escape(name), _WORDS[finding.state], escape(finding.found), escape(finding.advice))
        broken += finding.state == "fail"
    Console().print(table)
    return 1 if broken else 0


def _examined(settings: Settings) -> Iterator[tuple[str | None, Finding]]:
    """Findings, and whose: None is the installation."""
    if not has_key(settings):
        yield (
            None,
            Finding(
                "Encryption key",
                "fail",
                "There is none.",
                "In a new installation start Tellykeep, which makes one; else put your copy back.",
            ),
        )
        yield from ((None, finding) for finding in check_surroundings(settings))
        return
    try:
        services = build_services(settings)
    except InvalidSettings as error:
        yield None, Finding("Encryption key", "fail", f"{error}.", "Put your copy of the key back.")
        yield from ((None, finding) for finding in check_surroundings(settings))
        return
    try:
        started = start_database(settings)
    except (EmbeddedPostgresError, InvalidSettings) as error:
        yield None, Finding(NAME, "fail", f"{error}.", "Its log is in the data directory; see docs/operations.md.")
        yield from ((None, finding) for finding in check_surroundings(settings))
        services.close()
        return
    try:
        trouble = _open(services, started)
        if trouble is not None:
            yield None, trouble
            yield from ((None, finding) for finding in check_surroundings(settings))
            return
        yield from ((None, finding) for finding in examine_installation(services))
        with services.db.connection() as connection:
            accounts = list(queries().accounts_to_examine(connection))
        for account in accounts:
            yield from ((account["username"], finding) for finding in examine_account(services, account["id"]))
    finally:
        services.close()
        started.stop()


def _open(services: Services, started: StartedDatabase) -> Finding | None:
    """Opens the database as it is; what stands against that, or None."""
    try:
        with psycopg.connect(
            started.app_url,
            autocommit=True,
            row_factory=dict_row,
            connect_timeout=5,
            application_name="tellykeep doctor",
        ) as connection:
            found = check_database(connection)
            if found.state == "fail":
                return found
            schema = schema_name(read_functions())
            if not queries().has_functions(connection, schema=schema):
                return Finding(
                    NAME,
                    "fail",
                    "The functions of this version are not in the database.",
                    "Start Tellykeep, or run `tellykeep migrate`: both bring them.",
                )
        services.db.open(started.app_url, schema)
        services.db.check(FIRST_CONNECTION_SECONDS)
    except (DatabaseUnavailable, psycopg.Error) as error:
        reason = str(error).strip().partition("\n")[0]
        return Finding(
            NAME, "fail", f"The database cannot be used: {reason}.", "Is PostgreSQL running, and is DATABASE_URL right?"
        )
    return None
