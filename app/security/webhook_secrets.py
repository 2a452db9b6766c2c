"""Whose webhook secret is this? Answered from memory, so that a webhook costs one round trip and a wrong guess none."""

from __future__ import annotations

import hashlib
import hmac
import threading
import time
from dataclasses import dataclass
from datetime import UTC, datetime

import psycopg

from app.db.pool import Database
from app.db.queries import queries
from app.errors import DatabaseUnavailable

REFRESH_SECONDS = 30.0
PAUSE_BETWEEN_READS_SECONDS = 0.05
PAUSE_AFTER_FAILURE_SECONDS = 3.0
_NEVER = float("-inf")


@dataclass(frozen=True)
class _Known:
    user_id: int
    digest: bytes
    until: datetime | None


def secret_digest(secret: str) -> bytes:
    """SHA-256 of a webhook secret. The secret has 256 random bits, so a plain hash is enough."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()


class WebhookSecrets:
    """The hashes of all webhook secrets, kept in memory and read again when they may have changed.

    A secret that is not known makes it read them again, because another process may just have made it; at most twenty times
    a second, however many wrong guesses come.
    """

    def __init__(self, db: Database) -> None:
        self._db = db
        self._known: tuple[_Known, ...] = ()
        self._read_at = _NEVER
        self._failed_at = float("-inf")
        self._lock = threading.Lock()

    def owner(self, secret: str) -> int | None:
        """The user whose secret this is, or None. Compares with every hash in constant time.

        Raises:
            DatabaseUnavailable: the hashes could not be read even once, so nobody can tell yet.
        """
        arrived = time.monotonic()
        digest = secret_digest(secret)
        self._read_unless_newer_than(arrived - REFRESH_SECONDS)
        found = self._find(digest)
        if found is None:
            self._read_unless_newer_than(arrived)
            found = self._find(digest)
            if self._read_at == _NEVER:
                raise DatabaseUnavailable("the database is not ready yet")
        return found

    def refresh(self) -> None:
        """Reads the hashes now; called when a secret was made or rotated in this process."""
        with self._lock:
            self._read()

    def _find(self, digest: bytes) -> int | None:
        now = datetime.now(UTC)
        found = None
        for known in self._known:
            # No early exit: the time must not tell which of the secrets was meant.
            if hmac.compare_digest(known.digest, digest) and (known.until is None or known.until > now):
                found = known.user_id
        return found

    def _read_unless_newer_than(self, moment: float) -> None:
        """Reads them, unless somebody did after `moment` (on the monotonic clock)."""
        if self._settled_since(moment):
            return
        with self._lock:
            if self._settled_since(moment):
                return
            since = time.monotonic() - self._read_at
            if since < PAUSE_BETWEEN_READS_SECONDS:
                time.sleep(PAUSE_BETWEEN_READS_SECONDS - since)
            try:
                self._read()
            except (DatabaseUnavailable, psycopg.Error):
                # What is known stays good while the database is away, and nobody waits for it here again so soon.
                self._failed_at = time.monotonic()

    def _settled_since(self, moment: float) -> bool:
        return self._read_at >= moment or time.monotonic() - self._failed_at < PAUSE_AFTER_FAILURE_SECONDS

    def _read(self) -> None:
        started = time.monotonic()
        with self._db.connection(timeout=1) as connection:
            rows = list(queries().webhook_secret_hashes(connection))
        self._known = tuple(_Known(row["user_id"], bytes(row["digest"]), row["until"]) for row in rows)
        self._read_at = started
