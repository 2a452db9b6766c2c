"""`/metrics`: what Prometheus is told, what it costs, and who may ask."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from flask.testing import FlaskClient
from prometheus_client.parser import text_string_to_metric_families

from app import create_app
from app.jobs.scheduler import Scheduler
from app.monitoring import stored_figures
from app.monitoring.event_figures import EVENTS
from app.plex.events import parse_event
from app.security.accounts import create_token
from app.services import Services
from app.sync.receive import receive
from app.sync.spool import Spool, SpooledEvent
from tests import payloads
from tests.conftest import Connection
from tests.schema import markdown
from tests.scrobbles import scrobble

AT_HOME = "192.168.1.30"
ELSEWHERE = "8.8.8.8"
Figures = Callable[[], dict[tuple[str, tuple[tuple[str, str], ...]], float]]


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every look is a new one, except in the test that is about that."""
    monkeypatch.setattr(stored_figures, "FRESH_SECONDS", 0.0)


@pytest.fixture
def figures(client: FlaskClient) -> Figures:
    """Name and labels to value."""

    def ask() -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
        response = client.get("/metrics", environ_base={"REMOTE_ADDR": AT_HOME})
        assert response.status_code == 200
        return {
            (sample.name, tuple(sorted(sample.labels.items()))): sample.value
            for family in text_string_to_metric_families(response.get_data(as_text=True))
            for sample in family.samples
        }

    return ask


def take(services: Services, user: int, message: dict[str, Any], source: str = "webhook") -> str:
    return receive(services, user, parse_event(message), source=source).status


def test_events_are_counted_by_source_type_and_outcome(
    services: Services, figures: Figures, make_user: Callable[..., int], make_show: Callable[..., int]
) -> None:
    user = make_user()
    make_show(user, payloads.SHOW)
    assert take(services, user, scrobble(episode=1)) == "success"
    assert take(services, user, scrobble(episode=2), "history") == "success"
    assert take(services, user, scrobble(episode=2)) == "duplicate"
    assert take(services, user, scrobble(event="media.play")) == "ignored"
    assert take(services, user, scrobble("Lantern")) == "conflict"
    found = figures()

    def count(source: str, event: str, outcome: str) -> float | None:
        return found.get(("tellykeep_events_total", (("event", event), ("outcome", outcome), ("source", source))))

    assert count("webhook", "media.scrobble", "success") == 1
    assert count("history", "media.scrobble", "success") == 1
    assert count("webhook", "media.scrobble", "duplicate") == 1
    assert count("webhook", "media.scrobble", "conflict") == 1
    assert count("webhook", "media.play", "ignored") == 1
    assert found["tellykeep_event_processing_seconds_count", (("source", "webhook"),)] == 4
    assert 0 < found["tellykeep_event_processing_seconds_sum", (("source", "webhook"),)] < 60


def test_every_type_that_the_documents_name_is_a_series_of_its_own() -> None:
    table = markdown.table("docs/webhook.md", "events")
    named = {row[0].strip("`") for row in table if re.fullmatch(r"`[a-z.]+`", row[0])}
    assert named == EVENTS


def test_types_that_strangers_make_up_are_one_series(
    services: Services, figures: Figures, make_user: Callable[..., int]
) -> None:
    user = make_user()
    for number in range(5):
        take(services, user, scrobble(event=f"media.{number}"))
    series = [labels for name, labels in figures() if name == "tellykeep_events_total"]
    assert series == [(("event", "other"), ("outcome", "ignored"), ("source", "webhook"))]


def test_what_waits_is_counted_with_the_age_of_the_first(
    services: Services, conn: Connection, figures: Figures, make_user: Callable[..., int]
) -> None:
    user, other = make_user(), make_user()
    before = figures()
    for status in ("pending", "conflict", "failed"):
        assert before["tellykeep_waiting_events", (("status", status),)] == 0
        assert before["tellykeep_oldest_waiting_event_seconds", (("status", status),)] == 0
    assert before["tellykeep_open_conflicts", ()] == before["tellykeep_oldest_open_conflict_seconds", ()] == 0
    assert ("tellykeep_last_event_seconds", ()) not in before

    hour = timedelta(hours=1)
    for who, hours in ((user, 5), (user, 3), (other, 4)):
        event = parse_event(scrobble(f"Lantern {hours}"))
        receive(services, who, event, received_at=datetime.now(UTC) - hours * hour)
    conn.execute("update plex_conflicts set created_at = now() - interval '2 hours'")
    found = figures()
    assert found["tellykeep_waiting_events", (("status", "conflict"),)] == 3
    assert found["tellykeep_oldest_waiting_event_seconds", (("status", "conflict"),)] == pytest.approx(5 * 3600, abs=60)
    assert found["tellykeep_open_conflicts", ()] == 3
    assert found["tellykeep_oldest_open_conflict_seconds", ()] == pytest.approx(2 * 3600, abs=60)
    assert found["tellykeep_last_event_seconds", ()] == pytest.approx(4 * 3600, abs=60)


def test_what_waits_in_the_spool_is_counted_with_the_age_of_the_first(
    services: Services, figures: Figures, tmp_path: Path
) -> None:
    assert ("tellykeep_spooled_events", ()) not in figures()
    services.spool = Spool(tmp_path / "spool")
    services.spool.open()
    assert figures()["tellykeep_spooled_events", ()] == figures()["tellykeep_oldest_spooled_event_seconds", ()] == 0
    for minutes in (9, 4):
        received_at = datetime.now(UTC) - timedelta(minutes=minutes)
        services.spool.keep(SpooledEvent(1, uuid.uuid4(), received_at, parse_event(scrobble()).kept()))
    found = figures()
    assert found["tellykeep_spooled_events", ()] == 2
    assert found["tellykeep_oldest_spooled_event_seconds", ()] == pytest.approx(540, abs=30)
    assert found["tellykeep_spool_failed_events", ()] == 0


def test_jobs_tell_how_their_last_run_ended_and_when_it_went_well_last(conn: Connection, figures: Figures) -> None:
    for status, hours in (("success", 30), ("failed", 6)):
        conn.execute(
            """insert into job_runs (kind, status, started_at, finished_at)
               values ('backup', %(status)s, now() - make_interval(hours => %(hours)s),
                       now() - make_interval(hours => %(hours)s) + interval '9 seconds')""",
            {"status": status, "hours": hours},
        )
    conn.execute("insert into job_runs (kind) values ('backup'), ('clean')")
    found = figures()
    backup = (("kind", "backup"),)
    assert found["tellykeep_job_last_run_succeeded", backup] == 0
    assert found["tellykeep_job_last_run_seconds", backup] == 9
    now = datetime.now(UTC).timestamp()
    assert found["tellykeep_job_last_run_timestamp_seconds", backup] == pytest.approx(now - 6 * 3600, abs=60)
    assert found["tellykeep_job_last_success_timestamp_seconds", backup] == pytest.approx(now - 30 * 3600, abs=60)
    assert ("tellykeep_job_last_run_succeeded", (("kind", "clean"),)) not in found


def test_a_database_that_is_away_is_a_figure_and_not_an_error(
    services: Services, figures: Figures, make_user: Callable[..., int]
) -> None:
    take(services, make_user(), scrobble(event="media.play"))
    assert figures()["tellykeep_database_up", ()] == 1
    services.db.close()
    found = figures()
    assert found["tellykeep_database_up", ()] == 0
    assert ("tellykeep_open_conflicts", ()) not in found
    assert [name for name, _ in found if name == "tellykeep_events_total"]


def test_the_database_is_asked_once_in_ten_seconds_however_many_ask(
    services: Services, figures: Figures, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stored_figures, "FRESH_SECONDS", 10.0)
    looks: list[float] = []
    real = services.db.connection

    def counted(timeout: float | None = None) -> Any:
        looks.append(timeout or 0)
        return real(timeout)

    monkeypatch.setattr(services.db, "connection", counted)
    for _ in range(20):
        figures()
    assert len(looks) == 1


def test_no_figure_names_anybody_or_anything_that_was_watched(
    services: Services, client: FlaskClient, make_user: Callable[..., int], make_show: Callable[..., int]
) -> None:
    user = make_user("secretive-ann")
    make_show(user, payloads.SHOW)
    take(services, user, scrobble(Account={"title": "secretive-ann", "id": 1}))
    text = client.get("/metrics", environ_base={"REMOTE_ADDR": AT_HOME}).get_data(as_text=True)
    for private in ("secretive-ann", "secret-of", payloads.SHOW, "plex://"):
        assert private not in text
    labels = set(re.findall(r'[{,](\w+)="', text))
    assert labels <= {"source", "event", "outcome", "status", "kind", "service", "le", "version"}


# Who may ask.


@pytest.mark.parametrize("address", ["127.0.0.1", "::1", AT_HOME, "10.1.2.3", "172.17.0.1", "100.64.0.9", "fd00::7"])
def test_addresses_of_the_own_network_need_no_token(client: FlaskClient, address: str) -> None:
    assert client.get("/metrics", environ_base={"REMOTE_ADDR": address}).status_code == 200


@pytest.mark.parametrize("address", [ELSEWHERE, "2606:4700::1", "::ffff:8.8.8.8", "", "unix:"])
def test_others_need_a_token(
    services: Services, client: FlaskClient, make_user: Callable[..., int], address: str
) -> None:
    place = {"REMOTE_ADDR": address}
    assert client.get("/metrics", environ_base=place).status_code == 401
    make_user("ann")
    token = create_token(services, "ann", scope="read")
    headers = {"Authorization": f"Bearer {token}"}
    assert client.get("/metrics", environ_base=place, headers=headers).status_code == 200
    assert client.get("/metrics", environ_base=place, headers={"Authorization": "Bearer x"}).status_code == 401


def test_a_wrong_token_is_refused_at_home_as_well(client: FlaskClient) -> None:
    response = client.get(
        "/metrics", environ_base={"REMOTE_ADDR": AT_HOME}, headers={"Authorization": "Bearer tk_wrong"}
    )
    assert response.status_code == 401


@pytest.mark.parametrize("header", ["X-Forwarded-For", "X-Real-IP", "Forwarded", "Via", "X-Forwarded-Host"])
def test_what_an_unknown_proxy_passes_on_counts_as_from_elsewhere(client: FlaskClient, header: str) -> None:
    response = client.get("/metrics", environ_base={"REMOTE_ADDR": "172.18.0.5"}, headers={header: "172.18.0.5"})
    assert response.status_code == 401


@pytest.mark.parametrize(("forwarded", "status"), [("192.168.1.7", 200), ("8.8.8.8", 401), ("10.0.0.1, 8.8.8.8", 401)])
def test_behind_a_trusted_proxy_the_callers_own_address_counts(services: Services, forwarded: str, status: int) -> None:
    from ipaddress import ip_network

    settings = services.settings.model_copy(update={"trusted_proxies": (ip_network("172.18.0.5/32"),)})
    services.settings = settings
    client = create_app(services).test_client()
    response = client.get(
        "/metrics", environ_base={"REMOTE_ADDR": "172.18.0.5"}, headers={"X-Forwarded-For": forwarded}
    )
    assert response.status_code == status


# The alert rules.


@pytest.fixture
def rules() -> list[dict[str, Any]]:
    document = yaml.safe_load((Path(__file__).parents[2] / "docs" / "prometheus-alerts.yml").read_text())
    return [rule for group in document["groups"] for rule in group["rules"]]


def test_alert_rules_are_whole(rules: list[dict[str, Any]]) -> None:
    assert len({rule["alert"] for rule in rules}) == len(rules) >= 10
    for rule in rules:
        assert set(rule) <= {"alert", "expr", "for", "labels", "annotations"}, rule["alert"]
        assert rule["labels"]["severity"] in ("info", "warning", "critical")
        assert rule["annotations"]["summary"]
        assert re.fullmatch(r"\d+[smhd]", rule.get("for", "1m"))
        assert rule["expr"].count("(") == rule["expr"].count(")")


def test_alert_rules_use_figures_that_there_are(
    services: Services, conn: Connection, figures: Figures, rules: list[dict[str, Any]], make_user: Callable[..., int]
) -> None:
    services.scheduler = Scheduler(services, ())
    services.settings.data_dir.mkdir(exist_ok=True)
    services.spool = Spool(services.settings.data_dir / "spool")
    services.spool.open()
    take(services, make_user(), scrobble("Lantern"))
    services.tmdb._figures.count("tmdb", "key_rejected", 0.1)
    conn.execute("insert into job_runs (kind, status, finished_at) values ('backup', 'success', now())")
    found = figures()
    names = {name for name, _ in found}
    for rule in rules:
        used = set(re.findall(r"\btellykeep_\w+", rule["expr"]))
        assert used <= names, (rule["alert"], used - names)
        for name, label, value in re.findall(r'(tellykeep_\w+)\{(\w+)="(\w+)"\}', rule["expr"]):
            assert any(n == name and (label, value) in labels for n, labels in found), rule["alert"]
