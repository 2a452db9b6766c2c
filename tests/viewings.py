"""Viewings at given moments, for the figures."""

from __future__ import annotations

from datetime import datetime

from tests.conftest import Connection


def watch(conn: Connection, user_id: int, show_id: int, at: str, season: int = 1, episode: int = 1) -> None:
    """One viewing that counts; `at` is ISO 8601 with its offset."""
    moment = datetime.fromisoformat(at)
    conn.execute(
        "select mark_watched(%s, %s, %s, %s, null, 'viewing', %s, 'history')",
        (user_id, show_id, season, episode, moment),
    )


def watch_all(conn: Connection, user_id: int, show_id: int, *moments: str, season: int = 1) -> None:
    """Episode 1 at the first moment, 2 at the next, and so on."""
    for number, at in enumerate(moments, 1):
        watch(conn, user_id, show_id, at, season, number)


def unwatch(conn: Connection, user_id: int, show_id: int, season: int = 1, episode: int = 1) -> None:
    """Takes every viewing of an episode back."""
    conn.execute("select set_watched(%s, %s, %s, %s, false)", (user_id, show_id, season, episode))
