"""An account is deleted while its events arrive: what was before it goes too, what comes after it is nobody's."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from flask.testing import FlaskClient

from app.errors import AccountGone
from app.plex.events import parse_event
from app.security.people import delete_account
from app.services import Services
from app.sync.drain import SpoolDrain
from app.sync.spool import Spool, SpooledEvent
from app.sync.take import take
from tests.concurrency.conftest import Session, with_patience
from tests.conftest import Connection
from tests.payloads import SHOW, episode, multipart
from tests.scrobbles import AT, receive, scrobble
from tests.security.possessions import everything_of
from tests.watch_state import value

MakeUser = Callable[..., int]
MakeShow = Callable[..., int]
TwoSessions = tuple[Session, Session]
PATIENCE = 60


@pytest.fixture
def user(make_user: MakeUser, make_show: MakeShow) -> int:
    """A user with one show, which came through a mapping once."""
    user_id = make_user(secret="right")
    make_show(user_id, SHOW, seasons={2: 30})
    return user_id


def _delete(connection: Connection, user: int) -> str:
    return str(value(connection, "select delete_user(%s)", (user,)))


def _comes(connection: Connection, user: int, message: dict[str, Any]) -> Any:
    return with_patience(receive, connection, user, message)


def _left_of(conn: Connection, user: int) -> list[str]:
    return [table for table, rows in everything_of(conn, user).items() if rows]


@pytest.mark.parametrize("event", ["scrobble", "unknown", "play"])
def test_an_event_then_the_deletion_takes_the_event_with_it(
    two_sessions: TwoSessions, conn: Connection, user: int, event: str
) -> None:
    first, second = two_sessions
    receive(conn, user, scrobble())
    message = {
        "scrobble": scrobble(episode=2, at=AT + timedelta(hours=2)),
        "unknown": scrobble("Nobody knows this"),
        "play": scrobble(episode=3, event="media.play"),
    }[event]
    first.begin()
    first.does(receive, user, message).result(PATIENCE)
    going = second.does(_delete, user)
    second.waits_for(first)
    first.commit()

    assert going.result(PATIENCE) == "user1"
    assert _left_of(conn, user) == []


@pytest.mark.parametrize("event", ["scrobble", "unknown", "play"])
def test_the_deletion_then_an_event_finds_nobody(
    two_sessions: TwoSessions, conn: Connection, user: int, event: str
) -> None:
    first, second = two_sessions
    receive(conn, user, scrobble())
    message = {
        "scrobble": scrobble(episode=2, at=AT + timedelta(hours=2)),
        "unknown": scrobble("Nobody knows this"),
        "play": scrobble(episode=3, event="media.play"),
    }[event]
    first.begin()
    first.does(_delete, user).result(PATIENCE)
    waiting = second.does(_comes, user, message)
    time.sleep(0.2)
    first.commit()

    with pytest.raises(psycopg.errors.ForeignKeyViolation):
        waiting.result(PATIENCE)
    assert _left_of(conn, user) == []


@pytest.mark.parametrize(
    ("lock", "message"),
    [
        ("select from tvshows where user_id = %s for no key update", scrobble(episode=2, at=AT + timedelta(hours=2))),
        ("select lock_mappings(%s)", scrobble("Nobody knows this")),
    ],
)
def test_an_event_that_has_its_locks_then_the_deletion_lets_the_event_write_its_row(
    two_sessions: TwoSessions, conn: Connection, user: int, lock: str, message: dict[str, Any]
) -> None:
    """An event's row in the log is written last and points to the account: whoever deletes that must not have it locked yet."""
    first, second = two_sessions
    receive(conn, user, scrobble())
    first.begin()
    first.connection.execute(lock.encode(), (user,))
    going = second.does(_delete, user)
    second.waits_for(first)

    assert first.does(receive, user, message).result(PATIENCE)["status"] in ("success", "conflict")
    first.commit()

    assert going.result(PATIENCE) == "user1"
    assert _left_of(conn, user) == []


@pytest.mark.parametrize("seed", range(4))
def test_events_at_once_with_the_deletion_neither_deadlock_nor_leave_anything(
    at_once: Callable[..., list[object]], conn: Connection, make_user: MakeUser, make_show: MakeShow, seed: int
) -> None:
    user = make_user()
    for number in range(4):
        make_show(user, f"Show {number}", seasons={1: 30})

    def events(of: int) -> Callable[[Connection], None]:
        def come(connection: Connection) -> None:
            for number in range(1, 13):
                name = f"Show {(of + number * (seed + 1)) % 5}"
                with suppress(psycopg.errors.ForeignKeyViolation):
                    message = scrobble(name, episode=number, at=AT + timedelta(hours=number, minutes=of))
                    with_patience(receive, connection, user, message)

        return come

    def goes(connection: Connection) -> None:
        time.sleep(0.05 * (seed + 1))
        _delete(connection, user)

    at_once([*(events(of) for of in range(6)), goes])

    assert _left_of(conn, user) == []


# Through the door, with the spool.


@pytest.fixture
def spool(services: Services, tmp_path: Path) -> Iterator[Spool]:
    services.spool = Spool(tmp_path / "spool")
    services.spool.open()
    drain = SpoolDrain(services, services.spool)
    drain.start()
    yield services.spool
    drain.stop()
    drain.join(timeout=30)
    assert not drain.is_alive()


def _wait_until_empty(spool: Spool) -> None:
    deadline = time.monotonic() + 30
    while spool.state().events:
        assert time.monotonic() < deadline, "it does not drain"
        time.sleep(0.02)


def test_webhooks_that_come_while_the_account_goes_are_taken_or_refused_and_none_is_put_aside(
    services: Services, client: FlaskClient, spool: Spool, user: int, conn: Connection
) -> None:
    services.webhook_secrets.refresh()
    posted: list[int] = []

    def post(number: int) -> None:
        body, content_type = multipart(episode(index=number % 30 + 1, lastViewedAt=int(time.time()) - 90_000 * number))
        http = client.application.test_client()
        posted.append(http.post("/api/plex/webhook?secret=right", data=body, content_type=content_type).status_code)

    with ThreadPoolExecutor(6) as pool:
        sent = [pool.submit(post, number) for number in range(40)]
        time.sleep(0.1)
        delete_account(services, user)
        for one in sent:
            one.result(PATIENCE)

    post(99)
    assert set(posted) <= {200, 202, 401}
    assert posted[-1] == 401
    _wait_until_empty(spool)
    assert spool.state().failed == 0
    assert _left_of(conn, user) == []


def test_an_event_of_an_account_that_is_gone_is_refused_without_being_kept(
    services: Services, spool: Spool, user: int, conn: Connection
) -> None:
    conn.execute("select delete_user(%s)", (user,))

    for message in (episode(), episode(event="media.play")):
        with pytest.raises(AccountGone):
            take(services, user, parse_event(message), started=time.perf_counter())

    assert (spool.state().events, spool.state().failed) == (0, 0)


def test_a_secret_that_another_process_has_ended_with_its_account_is_refused_at_once(
    services: Services, client: FlaskClient, spool: Spool, user: int, conn: Connection
) -> None:
    services.webhook_secrets.refresh()
    conn.execute("select delete_user(%s)", (user,))
    body, content_type = multipart(episode())

    answers = [
        client.post("/api/plex/webhook?secret=right", data=body, content_type=content_type).status_code
        for _ in range(2)
    ]

    assert answers == [401, 401]
    assert not services.webhook_secrets.any_known


def test_what_the_spool_holds_of_an_account_that_is_gone_is_let_go_of_and_the_rest_is_taken(
    services: Services, tmp_path: Path, user: int, conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    other = make_user()
    make_show(other, SHOW, seasons={2: 30})
    kept = Spool(tmp_path / "kept")
    kept.open()
    services.spool = kept
    event = parse_event(episode())
    for owner in (user, other):
        kept.keep(SpooledEvent(owner, uuid4(), datetime.now(UTC), event.kept()))
    conn.execute("select delete_user(%s)", (user,))

    drain = SpoolDrain(services, kept)
    drain.start()
    _wait_until_empty(kept)
    drain.stop()
    drain.join(timeout=30)

    assert kept.state().failed == 0
    assert value(conn, "select count(*) from plex_webhook_logs where user_id = %s", (other,)) == 1
