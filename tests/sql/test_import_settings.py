"""import_settings: what somebody set elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from psycopg.types.json import Jsonb

from tests.conftest import Connection
from tests.watch_state import one, value


def _take(conn: Connection, user: int, **settings: Any) -> None:
    conn.execute("select import_settings(%s, %s)", (user, Jsonb(settings)))


def _stored(conn: Connection, user: int) -> dict[str, Any]:
    return one(
        conn,
        """select u.timezone, c.auto_add_shows, c.auto_mark_watched, c.enabled, c.plex_server_url, s.map_confidence::float8,
                  s.log_retention_days, s.history_poll_minutes, s.sync_library
           from users u join plex_config c on c.user_id = u.id join settings s on s.user_id = u.id where u.id = %s""",
        (user,),
    )


def test_what_is_named_is_taken_and_the_rest_stays(conn: Connection, make_user: Callable[..., int]) -> None:
    user = make_user(timezone="Asia/Tokyo", auto_add_shows=False)
    _take(conn, user, map_confidence=0.9, log_retention_days=30, sync_library=True)

    _take(conn, user, auto_mark_watched=False, history_poll_minutes=15)

    stored = _stored(conn, user)
    assert (stored["timezone"], stored["auto_add_shows"], stored["auto_mark_watched"]) == ("Asia/Tokyo", False, False)
    assert (stored["map_confidence"], stored["log_retention_days"]) == (0.9, 30)
    assert (stored["history_poll_minutes"], stored["sync_library"]) == (15, True)


def test_null_is_the_default_of_this_installation(conn: Connection, make_user: Callable[..., int]) -> None:
    user = make_user()
    _take(conn, user, log_retention_days=30, history_poll_minutes=15, map_confidence=0.9)

    _take(conn, user, log_retention_days=None, history_poll_minutes=None, map_confidence=None)

    stored = _stored(conn, user)
    assert (stored["log_retention_days"], stored["history_poll_minutes"]) == (None, None)
    assert stored["map_confidence"] == 0.9


def test_an_account_that_never_set_anything_gets_them(conn: Connection, make_user: Callable[..., int]) -> None:
    user = make_user()
    conn.execute("delete from settings where user_id = %s", (user,))

    _take(conn, user, timezone="Europe/Berlin", sync_library=True)

    assert _stored(conn, user)["timezone"] == "Europe/Berlin"
    assert value(conn, "select sync_library from settings where user_id = %s", (user,))


def test_where_the_plex_server_is_and_whether_it_is_asked_is_never_taken(
    conn: Connection, make_user: Callable[..., int]
) -> None:
    user = make_user(plex_server_url="http://attic:32400", enabled=True)

    _take(conn, user, plex_server_url="http://elsewhere:32400", enabled=False)

    stored = _stored(conn, user)
    assert (stored["plex_server_url"], stored["enabled"]) == ("http://attic:32400", True)


def test_nobody_elses_are_touched(conn: Connection, make_user: Callable[..., int]) -> None:
    user, other = make_user(), make_user()
    before = _stored(conn, other)

    _take(conn, user, timezone="Asia/Tokyo", auto_add_shows=False, log_retention_days=3, map_confidence=0.9)

    assert _stored(conn, other) == before
