"""Figures about asking other servers, for Prometheus."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Histogram

SLOW_SECONDS = 0.5


class UpstreamFigures:
    """Counters in the registry that they are made with; two applications in one process count apart."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.requests = Counter(
            "tellykeep_upstream_requests",
            "Questions to other servers, by what came of them; cached ones asked nobody",
            ("service", "outcome"),
            registry=registry,
        )
        self.slow = Counter(
            "tellykeep_upstream_slow_requests",
            "Questions that took longer than half a second",
            ("service",),
            registry=registry,
        )
        self.seconds = Histogram(
            "tellykeep_upstream_request_seconds",
            "How long other servers took",
            ("service",),
            buckets=(0.05, 0.1, 0.25, SLOW_SECONDS, 1, 2.5, 5, 10, 20),
            registry=registry,
        )

    def count(self, service: str, outcome: str, seconds: float) -> None:
        """Counts one question that was asked."""
        self.requests.labels(service, outcome).inc()
        self.seconds.labels(service).observe(seconds)
        if seconds > SLOW_SECONDS:
            self.slow.labels(service).inc()

    def count_cached(self, service: str) -> None:
        """Counts one question that nobody had to be asked."""
        self.requests.labels(service, "cached").inc()
