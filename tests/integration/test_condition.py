"""What needs somebody although events are taken, and what may be a holiday, as `/readyz` says it."""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from flask.testing import FlaskClient

from app.monitoring import condition
from app.plex.events import parse_event
from app.services import Services
from app.sync.receive import receive
from app.sync.spool import Spool
from tests.conftest import Connection
from tests.scrobbles import scrobble

Usage = namedtuple("Usage", "total used free")


@pytest.fixture(autouse=True)
def everything_else_in_order(services: Services) -> None:
    services.settings.data_dir.mkdir(parents=True, exist_ok=True)
    services.spool = Spool(services.settings.data_dir / "spool")
    services.spool.open()


@pytest.mark.parametrize(("free", "ok"), [(499_000_000, False), (500_000_000, True)])
def test_a_disk_that_is_almost_full_is_said_with_its_numbers(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch, free: int, ok: bool
) -> None:
    monkeypatch.setattr(condition.shutil, "disk_usage", lambda _: Usage(10**12, 10**12 - free, free))
    response = client.get("/readyz")
    assert response.status_code == 200
    body = response.get_json()
    assert body["status"] == ("ok" if ok else "degraded")
    if not ok:
        assert body["reason"] == "the disk is almost full: 499 MB are left in the data directory, 500 should be"


def silent(conn: Connection, days: float) -> None:
    """The last event, and everything that a first one could have come after, is that long ago."""
    conn.execute(
        """update plex_config set created_at = now() - make_interval(secs => %(s)s),
               last_webhook_at = now() - make_interval(secs => %(s)s)""",
        {"s": days * 86400},
    )


@pytest.mark.parametrize(("days", "said"), [(6.9, None), (7.1, 7), (30, 30)])
def test_silence_of_a_week_is_a_warning_and_no_failure(
    client: FlaskClient, conn: Connection, make_user: Callable[..., int], days: float, said: int | None
) -> None:
    make_user()
    silent(conn, days)
    response = client.get("/readyz")
    assert response.status_code == 200
    expected = {} if said is None else {"warnings": [f"nothing was received for {said} days"]}
    assert response.get_json() == {"status": "ok"} | expected


def test_an_event_from_the_history_ends_the_silence(
    services: Services, client: FlaskClient, conn: Connection, make_user: Callable[..., int]
) -> None:
    user = make_user()
    silent(conn, 20)
    receive(
        services, user, parse_event(scrobble()), source="history", received_at=datetime.now(UTC) - timedelta(days=1)
    )
    assert client.get("/readyz").get_json() == {"status": "ok"}


def test_without_an_account_or_with_all_turned_off_silence_is_right(
    client: FlaskClient, conn: Connection, make_user: Callable[..., int]
) -> None:
    assert client.get("/readyz").get_json() == {"status": "ok"}
    make_user(enabled=False)
    silent(conn, 50)
    assert client.get("/readyz").get_json() == {"status": "ok"}
