"""The demo's summary must notice when the database says something else."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from app.demo.library import HARBOUR
from app.demo.reckoning import differences
from app.services import Services
from tests.conftest import Connection

WATCHED = {(HARBOUR, 1, 1)}


def _world(conn: Connection, make_user: Callable[..., int], make_show: Callable[..., int]) -> tuple[int, int]:
    user = make_user()
    show = make_show(user, HARBOUR.title, seasons=HARBOUR.document()["seasons"])
    conn.execute("select set_watched(%s, %s, 1, 1, true)", (user, show))
    return user, show


def test_nothing_is_said_when_all_is_as_expected(
    services: Services, conn: Connection, make_user: Callable[..., int], make_show: Callable[..., int]
) -> None:
    user, show = _world(conn, make_user, make_show)
    assert differences(services, user, Counter(), WATCHED, 1, {HARBOUR: show}) == []


def test_a_wrong_mark_a_missing_viewing_a_lost_event_and_drifted_totals_are_each_said(
    services: Services, conn: Connection, make_user: Callable[..., int], make_show: Callable[..., int]
) -> None:
    user, show = _world(conn, make_user, make_show)
    conn.execute("select set_watched(%s, %s, 2, 2, true)", (user, show))
    conn.execute("update tvshows set total_minutes = total_minutes + 1")

    found = differences(services, user, Counter(success=1), WATCHED, 1, {HARBOUR: show})

    assert len(found) == 4
    assert any("watched by mistake" in line and str((show, 2, 2)) in line for line in found)
