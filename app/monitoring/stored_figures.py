"""Figures that the database knows, and the disk: read when Prometheus asks, but at most every few seconds."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Iterable
from contextlib import suppress
from datetime import UTC, datetime
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import psycopg
import structlog
from prometheus_client import Metric
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from app.db.queries import queries
from app.errors import DatabaseUnavailable

if TYPE_CHECKING:
    from app.services import Services

log = structlog.get_logger("tellykeep.monitoring")

# However many ask: what it costs the database is one look in so many seconds.
FRESH_SECONDS = 10.0
PATIENCE_SECONDS = 1.0
WAITING = ("pending", "conflict", "failed")


class StoredFigures(Collector):
    """Asks the database, and says in `tellykeep_database_up` whether it answered. Its figures are missing when it did not."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._lock = threading.Lock()
        self._read_at = float("-inf")
        self._stored: list[Metric] = []

    def describe(self) -> Iterable[Metric]:
        """Nothing in advance: whoever registers this must not wait for a database."""
        return []

    def collect(self) -> Iterable[Metric]:
        """The figures of now, or of a few seconds ago."""
        with self._lock:
            if time.monotonic() - self._read_at >= FRESH_SECONDS:
                self._stored = self._read()
                self._read_at = time.monotonic()
            stored = self._stored
        return [*stored, *self._at_hand()]

    def _at_hand(self) -> Iterable[Metric]:
        """What costs nothing."""
        yield _gauge("tellykeep_info", "Always 1; which version this is", {version("tellykeep"): 1.0}, "version")
        if self._services.spool is not None:
            spooled = self._services.spool.state()
            age = (datetime.now(UTC) - spooled.oldest).total_seconds() if spooled.oldest is not None else 0.0
            yield _gauge("tellykeep_spooled_events", "Events that wait on the disk for the database", spooled.events)
            yield _gauge(
                "tellykeep_oldest_spooled_event_seconds", "Since when the first of them waits; 0 when none does", age
            )
            yield _gauge(
                "tellykeep_spool_failed_events", "Events of the spool that were put aside", float(spooled.failed)
            )
        scheduler = self._services.scheduler
        if scheduler is not None:
            yield _gauge(
                "tellykeep_scheduler_alive", "Whether jobs run by the clock", float(scheduler.problem() is None)
            )
        with suppress(OSError):
            free = shutil.disk_usage(self._services.settings.data_dir).free
            yield _gauge("tellykeep_disk_free_bytes", "Room left where the data directory is", free)

    def _read(self) -> list[Metric]:
        up = "tellykeep_database_up", "Whether PostgreSQL answers"
        try:
            with self._services.db.connection(timeout=PATIENCE_SECONDS) as connection:
                return [_gauge(*up, 1.0), *_stored(connection)]
        except (DatabaseUnavailable, psycopg.Error) as error:
            log.debug("no figures from the database", reason=str(error).partition("\n")[0])
            return [_gauge(*up, 0.0)]


def _stored(connection: Any) -> Iterable[Metric]:
    waiting = {row["status"]: row for row in queries().waiting_events(connection)}
    yield _gauge(
        "tellykeep_waiting_events",
        "Events in the log that wait: for a look-up (pending), for an answer (conflict), for a replay (failed)",
        {status: float(waiting[status]["events"]) if status in waiting else 0.0 for status in WAITING},
        "status",
    )
    yield _gauge(
        "tellykeep_oldest_waiting_event_seconds",
        "Since when the first of them waits; 0 when none does",
        {status: waiting[status]["oldest_seconds"] if status in waiting else 0.0 for status in WAITING},
        "status",
    )
    questions = queries().open_questions(connection)
    yield _gauge("tellykeep_open_conflicts", "Questions that nobody has answered", questions["conflicts"])
    yield _gauge(
        "tellykeep_oldest_open_conflict_seconds",
        "Since when the first of them is open; 0 when none is",
        questions["oldest_seconds"] or 0.0,
    )
    last = queries().last_received(connection)
    if last["event_seconds"] is not None:
        yield _gauge("tellykeep_last_event_seconds", "Since the last event was received", last["event_seconds"])
    yield from _jobs(list(queries().last_job_runs(connection)))


def _jobs(runs: list[dict[str, Any]]) -> Iterable[Metric]:
    yield _gauge(
        "tellykeep_job_last_run_succeeded",
        "Whether the last run of a job went well",
        {run["kind"]: float(run["status"] == "success") for run in runs},
        "kind",
    )
    yield _gauge(
        "tellykeep_job_last_run_timestamp_seconds",
        "When it began",
        {run["kind"]: run["started"] for run in runs},
        "kind",
    )
    yield _gauge(
        "tellykeep_job_last_run_seconds", "How long it took", {run["kind"]: run["seconds"] for run in runs}, "kind"
    )
    yield _gauge(
        "tellykeep_job_last_success_timestamp_seconds",
        "When a job went well the last time",
        {run["kind"]: run["succeeded"] for run in runs if run["succeeded"] is not None},
        "kind",
    )


def _gauge(name: str, text: str, values: float | dict[str, float], label: str | None = None) -> Metric:
    family = GaugeMetricFamily(name, text, labels=None if label is None else [label])
    for key, value in values.items() if isinstance(values, dict) else [(None, values)]:
        family.add_metric([] if key is None else [key], float(value))
    return family
