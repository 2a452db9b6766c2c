"""A webhook's event: to PostgreSQL, into the spool when that does not take it, and from there to PostgreSQL."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest
from flask.testing import FlaskClient

from app.db.pool import Database
from app.errors import DatabaseUnavailable
from app.plex.events import parse_event
from app.services import Services
from app.sync import take as take_module
from app.sync.drain import SpoolDrain
from app.sync.receive import Outcome, receive
from app.sync.spool import Spool, SpooledEvent
from app.sync.take import take
from app.tracker.logs import replay_log
from tests.conftest import Connection, DatabaseUrls
from tests.payloads import SHOW, episode, multipart

SPOOLED = Outcome("pending", "spooled")


@pytest.fixture
def spool(services: Services, tmp_path: Path) -> Spool:
    """The spool of `services`."""
    services.spool = Spool(tmp_path / "spool")
    services.spool.open()
    return services.spool


@pytest.fixture
def user(make_user: Callable[..., int], make_show: Callable[..., int]) -> int:
    """A user with one show."""
    user_id = make_user(secret="right")
    make_show(user_id, SHOW, seasons={2: 30})
    return user_id


@contextmanager
def draining(services: Services) -> Iterator[None]:
    assert services.spool is not None
    drain = SpoolDrain(services, services.spool)
    drain.start()
    try:
        yield
    finally:
        drain.stop()
        drain.join(timeout=30)
        assert not drain.is_alive()


def wait_until_empty(spool: Spool, seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while spool.state().events:
        assert time.monotonic() < deadline
        time.sleep(0.01)


def watch(services: Services, user_id: int, number: int, **changes: Any) -> Outcome:
    return take(services, user_id, parse_event(episode(index=number, **changes)), started=time.perf_counter())


def log(conn: Connection) -> list[dict[str, Any]]:
    return conn.execute("select * from plex_webhook_logs order by id").fetchall()


@contextmanager
def away(services: Services, urls: DatabaseUrls) -> Iterator[None]:
    """The database cannot be reached in the block."""
    services.db.close()
    try:
        yield
    finally:
        services.db.open(urls.app_url, urls.schema)
        services.db.check(20)


def test_what_postgresql_takes_is_not_spooled(services: Services, spool: Spool, user: int) -> None:
    assert watch(services, user, 1).action == "marked_watched"
    assert spool.state().events == 0


def test_what_it_does_not_take_is_spooled_and_applied_with_the_time_of_its_receipt(
    services: Services, spool: Spool, user: int, conn: Connection, database_urls: DatabaseUrls
) -> None:
    began = datetime.now(UTC)
    with away(services, database_urls):
        assert watch(services, user, 1) == SPOOLED
        ended = datetime.now(UTC)
    with draining(services):
        wait_until_empty(spool)
    (row,) = log(conn)
    assert (row["status"], row["action_taken"], row["source"]) == ("success", "marked_watched", "spool")
    assert began <= row["created_at"] <= ended


def test_newer_events_of_the_user_wait_behind_it_and_other_users_do_not(
    services: Services,
    spool: Spool,
    user: int,
    make_user: Callable[..., int],
    conn: Connection,
    database_urls: DatabaseUrls,
) -> None:
    other = make_user()
    with away(services, database_urls):
        watch(services, user, 1)
    assert watch(services, user, 2) == SPOOLED
    assert watch(services, user, 3, grandparentTitle="Another") == SPOOLED
    assert watch(services, other, 1).action == "needs_user_input"
    with draining(services):
        wait_until_empty(spool)
        assert watch(services, user, 4).action == "marked_watched"
    assert [row["plex_episode"] for row in log(conn) if row["user_id"] == user] == [1, 2, 3, 4]


def test_an_event_whose_commit_is_not_known_is_spooled_with_its_receipt_and_counts_once(
    services: Services, spool: Spool, user: int, conn: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    def commit_and_break(*arguments: Any, **options: Any) -> Outcome:
        receive(*arguments, **{k: v for k, v in options.items() if k != "give_up"})
        raise DatabaseUnavailable("the connection broke after the commit")

    monkeypatch.setattr(take_module, "receive", commit_and_break)
    assert watch(services, user, 1) == SPOOLED
    with draining(services):
        wait_until_empty(spool)
    (row,) = log(conn)
    assert (row["status"], row["source"]) == ("success", "webhook")
    assert conn.execute("select count(*) as n from plays").fetchone() == {"n": 1}


def test_a_line_that_was_applied_before_the_process_died_is_not_applied_again(
    services: Services, spool: Spool, user: int, conn: Connection, database_urls: DatabaseUrls, tmp_path: Path
) -> None:
    with away(services, database_urls):
        watch(services, user, 1)
        watch(services, user, 2)
    line = spool.first(0)
    assert line is not None
    assert line.event is not None
    receive(
        services,
        user,
        parse_event(line.event.payload),
        source="spool",
        receipt=line.event.receipt,
        received_at=line.event.received_at,
    )
    services.spool = Spool(tmp_path / "spool")
    services.spool.open()
    with draining(services):
        wait_until_empty(services.spool)
    assert [(row["plex_episode"], row["status"]) for row in log(conn)] == [(1, "success"), (2, "success")]


def test_an_event_that_waits_longer_than_its_second_for_a_lock_is_spooled(
    services: Services, spool: Spool, user: int, conn: Connection, database_urls: DatabaseUrls
) -> None:
    watch(services, user, 1)
    with psycopg.connect(database_urls.owner_url) as blocker:
        blocker.execute("select * from tracker.tvshows for update")
        began = time.monotonic()
        assert watch(services, user, 2) == SPOOLED
        assert time.monotonic() - began < 1.3
    with draining(services):
        wait_until_empty(spool)
    assert [row["plex_episode"] for row in log(conn)] == [1, 2]


def test_events_of_one_show_that_find_the_database_away_keep_their_order(
    services: Services, spool: Spool, user: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    started = threading.Event()

    def fail_slowly(*_arguments: Any, **_options: Any) -> Outcome:
        started.set()
        time.sleep(0.2)
        raise DatabaseUnavailable("away")

    monkeypatch.setattr(take_module, "receive", fail_slowly)
    threads = [threading.Thread(target=watch, args=(services, user, number)) for number in range(1, 11)]
    for thread in threads:
        thread.start()
        started.wait()
        time.sleep(0.01)
    for thread in threads:
        thread.join()
    numbers = []
    while (line := spool.first(0)) is not None:
        assert line.event is not None
        numbers.append(line.event.payload["Metadata"]["index"])
        spool.done(line)
    assert numbers == list(range(1, 11))


def test_one_that_waits_for_the_database_is_spooled_as_soon_as_another_one_was(
    services: Services, spool: Spool, user: int, database_urls: DatabaseUrls
) -> None:
    with away(services, database_urls):
        late = threading.Timer(0.7, watch, (services, user, 2), {"grandparentTitle": "Another"})
        late.start()
        began = time.monotonic()
        watch(services, user, 1)
        late.join()
        assert time.monotonic() - began < 1.5
    assert spool.state().events == 2


def test_a_line_that_no_way_leads_into_the_database_is_put_aside_and_the_next_one_applied(
    services: Services, spool: Spool, user: int, conn: Connection
) -> None:
    now = datetime.now(UTC)
    good = parse_event(episode()).kept()
    spool.keep(SpooledEvent(4711, uuid.uuid4(), now, good))
    spool.keep(SpooledEvent(user, uuid.uuid4(), now, {"event": 7}))
    spool.keep(SpooledEvent(user, uuid.uuid4(), now, good))
    with draining(services):
        wait_until_empty(spool)
    assert [row["status"] for row in log(conn)] == ["success"]
    assert spool.state().failed == 2


def test_an_event_that_always_takes_too_long_is_kept_as_failed_and_can_be_replayed(
    services: Services, spool: Spool, user: int, conn: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    from app.sync import drain

    def take_too_long(*_arguments: Any, **_options: Any) -> Outcome:
        raise DatabaseUnavailable("the database does not answer") from psycopg.errors.QueryCanceled()

    monkeypatch.setattr(drain, "receive", take_too_long)
    receipt = uuid.uuid4()
    spool.keep(SpooledEvent(user, receipt, datetime.now(UTC), parse_event(episode()).kept()))
    with draining(services):
        wait_until_empty(spool)
    (row,) = log(conn)
    assert (row["status"], row["source"], row["receipt"]) == ("failed", "spool", receipt)
    assert "takes longer" in row["error_message"]
    assert spool.state().failed == 0
    assert replay_log(services, user, row["id"])["status"] == "success"


def test_what_the_log_does_not_take_either_is_put_aside(
    services: Services, spool: Spool, user: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    from app.sync import drain

    def break_down(*_arguments: Any, **_options: Any) -> Outcome:
        raise RuntimeError("a fault")

    monkeypatch.setattr(drain, "receive", break_down)
    monkeypatch.setattr(drain, "keep_failed", break_down)
    spool.keep(SpooledEvent(user, uuid.uuid4(), datetime.now(UTC), parse_event(episode()).kept()))
    with draining(services):
        wait_until_empty(spool)
    assert spool.state().failed == 1


def test_a_fault_of_ours_costs_no_event_and_holds_up_nobody(
    services: Services, spool: Spool, user: int, conn: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    from app.sync import drain

    def break_at_the_first(*arguments: Any, **options: Any) -> Outcome:
        if arguments[2].index == 1:
            raise RuntimeError("a fault")
        return receive(*arguments, **options)

    monkeypatch.setattr(take_module, "receive", break_at_the_first)
    monkeypatch.setattr(drain, "receive", break_at_the_first)
    assert watch(services, user, 1) == SPOOLED
    assert watch(services, user, 2) == SPOOLED
    with draining(services):
        wait_until_empty(spool)
    assert {row["plex_episode"]: row["status"] for row in log(conn)} == {1: "failed", 2: "success"}
    assert spool.state().failed == 0


def test_a_database_that_refuses_everything_costs_no_event(
    services: Services, spool: Spool, user: int, conn: Connection, database_urls: DatabaseUrls
) -> None:
    with psycopg.connect(database_urls.owner_url, autocommit=True) as owner:
        owner.execute("alter table tracker.plex_webhook_logs rename to elsewhere")
        assert watch(services, user, 1) == SPOOLED
        with draining(services):
            time.sleep(0.5)
            assert (spool.state().events, spool.state().failed) == (1, 0)
            owner.execute("alter table tracker.elsewhere rename to plex_webhook_logs")
            wait_until_empty(spool)
    assert [row["status"] for row in log(conn)] == ["success"]


def test_a_fault_of_ours_is_kept_as_failed_and_does_not_stay_in_the_spool(
    services: Services, spool: Spool, user: int, conn: Connection, database_urls: DatabaseUrls
) -> None:
    with psycopg.connect(database_urls.owner_url, autocommit=True) as owner:
        owner.execute("alter table tracker.plays add constraint broken check (false) not valid")
    with away(services, database_urls):
        watch(services, user, 1)
    with draining(services):
        wait_until_empty(spool)
    (row,) = log(conn)
    assert (row["status"], row["action_taken"], row["source"]) == ("failed", "internal_error", "spool")
    assert spool.state().failed == 0


def test_a_full_spool_is_503_without_the_database_and_no_matter_with_it(
    services: Services, client: FlaskClient, user: int, tmp_path: Path, database_urls: DatabaseUrls
) -> None:
    services.webhook_secrets.refresh()
    small = Spool(tmp_path / "small", most_bytes=1_500)
    small.open()
    services.spool = small

    def post(number: int) -> tuple[int, dict[str, Any]]:
        body, content_type = multipart(episode(index=number))
        answer = client.post("/api/plex/webhook?secret=right", data=body, content_type=content_type)
        assert answer.json is not None
        return answer.status_code, answer.json

    with away(services, database_urls):
        assert post(1) == (202, {"status": "pending", "action": "spooled"})
        code, said = post(2)
        assert code == 503
        assert "the spool is full" in said["error"]["message"]
    code, said = post(3)
    assert (code, said["action"]) == (200, "marked_watched")
    with draining(services):
        wait_until_empty(small)


def test_nothing_is_spooled_for_a_command(services: Services, user: int, database_urls: DatabaseUrls) -> None:
    assert services.spool is None
    with away(services, database_urls), pytest.raises(DatabaseUnavailable):
        watch(services, user, 1)


def test_what_is_kept_of_every_kind_of_message_can_be_read_again(
    services: Services, spool: Spool, user: int, conn: Connection, db: Database
) -> None:
    from tests import payloads

    messages = [
        payloads.play(), payloads.stop(), payloads.movie(), payloads.track(), payloads.trailer(), payloads.live_tv(),
        payloads.library_new_show(), payloads.admin_backup(), payloads.device_new(), payloads.rated_season(),
        episode(type=payloads.MISSING), episode(event="library.on.deck"), payloads.unmatched(), payloads.special(),
    ]  # fmt: skip
    for message in messages:
        spool.keep(SpooledEvent(user, uuid.uuid4(), datetime.now(UTC), parse_event(message).kept()))
    with draining(services):
        wait_until_empty(spool)
    assert spool.state().failed == 0
    assert [row["event_type"] for row in log(conn)] == [message["event"] for message in messages]
