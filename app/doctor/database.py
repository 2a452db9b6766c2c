"""The database: its version, its migrations, its letters, its clock. Needs a connection, but no migrated schema."""

from __future__ import annotations

import time

from app.db.migrate import read_migrations
from app.db.pool import Connection
from app.db.queries import queries
from app.doctor.finding import Finding

NAME = "Database"
OLDEST_VERSION = 150_000
# Less is the time of a slow round trip.
MOST_SECONDS_APART = 5


def check_database(connection: Connection) -> Finding:
    """Whether this version of Tellykeep can work on it as it is."""
    state = queries().server_state(connection)
    version = state["version"] // 10_000
    if state["version"] < OLDEST_VERSION:
        return Finding(NAME, "fail", f"PostgreSQL {version} is too old.", "Move the data to PostgreSQL 15 or later.")
    if not state["has_schema"]:
        return Finding(NAME, "fail", "Nothing is set up in the database.", "Start Tellykeep once: it sets it up.")
    applied = {row["version"]: row["checksum"] for row in queries().applied_migrations(connection)}
    known = read_migrations()
    if max(applied, default=0) > len(known):
        return Finding(
            NAME,
            "fail",
            f"The database was made by a newer Tellykeep: its schema is {max(applied)}, this version knows {len(known)}.",
            "Run that version or a later one.",
        )
    pending = [migration for migration in known if migration.version not in applied]
    if pending:
        return Finding(
            NAME,
            "fail",
            f"{len(pending)} of {len(known)} migrations are not applied.",
            "Start Tellykeep, or run `tellykeep migrate`: both apply them.",
        )
    if any(applied[migration.version] != migration.checksum for migration in known):
        return Finding(
            NAME, "fail", "A migration was applied in another form than this version has it.", "Use a released version."
        )
    if not queries().knows_letters(connection):
        return Finding(
            NAME,
            "fail",
            "The database knows no letters beyond ASCII: titles in other scripts never match.",
            "Make it anew with LC_CTYPE C.UTF-8 or an ICU locale, and restore a backup into it.",
        )
    return Finding(NAME, "ok", f"PostgreSQL {version} answers; its schema is {len(known)}, its letters are complete.")


def check_clock(connection: Connection) -> Finding:
    """Whether the database's clock and this machine's say the same."""
    began = time.time()
    there = queries().server_state(connection)["clock"]
    apart = round(there - (began + time.time()) / 2)
    if abs(apart) > MOST_SECONDS_APART:
        return Finding(
            "Clock",
            "warn",
            f"The database's clock is {abs(apart)} seconds {'ahead of' if apart > 0 else 'behind'} this machine's.",
            "Let both machines set their clocks by NTP.",
        )
    return Finding("Clock", "ok", "The database and this machine have the same time.")
