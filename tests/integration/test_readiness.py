"""`/readyz`: whether an event sent now would be kept, and whether somebody should look."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from app.api import health
from app.plex.events import parse_event
from app.services import Services
from app.sync.spool import Spool, SpooledEvent
from tests.payloads import play

Ready = Callable[[], tuple[int, dict[str, Any]]]


def spooled_event(user_id: int) -> SpooledEvent:
    return SpooledEvent(user_id, uuid.uuid4(), datetime.now(UTC), parse_event(play()).kept())


@pytest.fixture
def spool(services: Services, tmp_path: Path) -> Spool:
    services.spool = Spool(tmp_path / "spool")
    services.spool.open()
    return services.spool


@pytest.fixture
def ready(client: FlaskClient) -> Ready:
    def ask() -> tuple[int, dict[str, Any]]:
        answer = client.get("/readyz")
        assert answer.json is not None
        return answer.status_code, answer.json

    return ask


def test_in_order(spool: Spool, ready: Ready) -> None:
    assert ready() == (200, {"status": "ok"})


def test_the_database_away_is_degraded_while_the_spool_takes_events(
    services: Services, spool: Spool, ready: Ready
) -> None:
    services.db.close()
    code, said = ready()
    assert (code, said["status"]) == (200, "degraded")
    assert "database" in said["reason"]
    spool.keep(spooled_event(1))
    assert ready()[1]["spooled"] == 1


def test_neither_database_nor_spool_is_503(services: Services, tmp_path: Path, ready: Ready) -> None:
    services.db.close()
    services.spool = None
    code, said = ready()
    assert (code, said["status"]) == (503, "degraded")
    services.spool = Spool(tmp_path, most_bytes=0)
    services.spool.open()
    services.spool._most = -1
    code, said = ready()
    assert (code, said["status"]) == (503, "degraded")
    assert "the spool is full" in said["reason"]


def test_a_start_is_503_until_the_first_migration(services: Services, spool: Spool, ready: Ready) -> None:
    services.readiness.started = False
    assert ready()[0] == 503
    services.readiness.problem = "connection refused"
    code, said = ready()
    assert (code, said["status"]) == (503, "starting")
    assert "connection refused" in said["reason"]


def test_a_start_that_does_not_find_its_database_is_degraded_when_it_can_tell_who_sends(
    services: Services, spool: Spool, ready: Ready, make_user: Callable[..., int]
) -> None:
    make_user()
    services.webhook_secrets.refresh()
    services.readiness.started = False
    assert ready()[0] == 503
    services.readiness.problem = "connection refused"
    code, said = ready()
    assert (code, said["status"]) == (200, "degraded")
    assert "connection refused" in said["reason"]


def test_a_spool_that_nothing_leaves_is_degraded(spool: Spool, ready: Ready, monkeypatch: pytest.MonkeyPatch) -> None:
    spool.keep(spooled_event(1))
    assert ready() == (200, {"status": "ok", "spooled": 1})
    monkeypatch.setattr(health, "STILL_SECONDS", 0.0)
    code, said = ready()
    assert (code, said["status"]) == (200, "degraded")
    assert "none gets out" in said["reason"]


def test_a_disk_that_is_almost_full_is_degraded_although_the_database_answers(
    services: Services, tmp_path: Path, ready: Ready
) -> None:
    services.spool = Spool(tmp_path / "spool", floor_bytes=2**62)
    services.spool.open()
    code, said = ready()
    assert (code, said["status"]) == (200, "degraded")
    assert "the disk is almost full" in said["reason"]


@pytest.mark.parametrize(
    ("address", "name", "is_told"),
    [
        ("127.0.0.1", "localhost:8787", True),
        ("192.168.1.30", "nas.lan", True),
        ("8.8.8.8", "nas.lan", False),
        ("192.168.1.30", "evil.example", False),
        ("2606:4700::1", "tv.example.org", False),
    ],
)
def test_where_the_database_is_and_who_asks_it_is_told_at_home_only(
    services: Services, spool: Spool, client: FlaskClient, address: str, name: str, is_told: bool
) -> None:
    services.readiness.started = False
    services.readiness.problem = (
        'connection to server at "10.0.0.5" failed: password authentication failed for user "tk"'
    )
    answer = client.get("/readyz", environ_base={"REMOTE_ADDR": address}, headers={"Host": name})
    assert ("10.0.0.5" in answer.text) is is_told
    assert answer.get_json()["status"] in ("starting", "degraded")
    assert ("the process log says why" in answer.text) is not is_told
