"""Counters of the events that this process took."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Histogram

# What Plex and Tautulli send. The type is a text of the sender's, and each other one would be a series for good.
EVENTS = frozenset(f"media.{name}" for name in ("play", "pause", "resume", "stop", "scrobble", "rate")) | frozenset(
    (
        "library.new",
        "library.on.deck",
        "playback.started",
        "admin.database.backup",
        "admin.database.corrupted",
        "device.new",
    )
)


class EventFigures:
    """Counters in the registry that they are made with. No label says who watched what."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._events = Counter(
            "tellykeep_events",
            "Events taken, by where they came from, their type, and what became of them at once",
            ("source", "event", "outcome"),
            registry=registry,
        )
        self._seconds = Histogram(
            "tellykeep_event_processing_seconds",
            "From the beginning of the request to the commit",
            ("source",),
            buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5),
            registry=registry,
        )

    def count(self, source: str, event: str, outcome: str, seconds: float) -> None:
        """Counts one event.

        Args:
            source: `webhook`, `history`, `spool` or `manual`.
            event: its type, as it was sent.
            outcome: its status in the log.
            seconds: what it took.
        """
        self._events.labels(source, event if event in EVENTS else "other", outcome).inc()
        self._seconds.labels(source).observe(seconds)
