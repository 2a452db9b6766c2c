"""Whose webhook secret is this? Answered from memory, so that a webhook costs one round trip and a wrong guess none."""

from __future__ import annotations

import hashlib
import hmac
import threading
import time
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import structlog

from app.db.pool import Database
from app.db.queries import queries
from app.errors import DatabaseUnavailable
from app.security.secret_hashes import KnownSecret, read_hashes, write_hashes

log = structlog.get_logger("tellykeep.secrets")

REFRESH_SECONDS = 30.0
PAUSE_BETWEEN_READS_SECONDS = 0.05
PAUSE_AFTER_FAILURE_SECONDS = 3.0
# A secret that is known is let in while it is looked whether it still counts: that must not cost the event its second.
GLANCE_SECONDS = 0.25
LOOK_SECONDS = 1.0
_NEVER = float("-inf")


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
        self._file: Path | None = None
        self._known: tuple[KnownSecret, ...] = ()
        self._written: tuple[KnownSecret, ...] | None = None
        self._read_at = _NEVER
        self._failed_at = _NEVER
        self._lock = threading.Lock()

    def keep_in(self, file: Path) -> None:
        """Keeps the hashes in a file too, and begins with those that are there: so it works before the database does.

        For the process that serves. Another one would leave a file that belongs to another user.
        """
        self._file = file
        try:
            known = read_hashes(file)
        except (OSError, ValueError) as error:
            log.error("the hashes of the webhook secrets cannot be read", file=str(file), reason=str(error))
            return
        with self._lock:
            if self._read_at == _NEVER:
                self._known = self._written = known

    @property
    def any_known(self) -> bool:
        """Whether there is a secret that a webhook could be let in by."""
        return bool(self._known)

    def owner(self, secret: str) -> int | None:
        """The user whose secret this is, or None. Compares with every hash in constant time.

        Raises:
            DatabaseUnavailable: no hash was ever read, so nobody can tell yet.
        """
        arrived = time.monotonic()
        digest = secret_digest(secret)
        found = self._find(digest)
        if found is not None:
            if self._read_at >= arrived - REFRESH_SECONDS:
                return found
            self._read_unless_newer_than(arrived - REFRESH_SECONDS, GLANCE_SECONDS)
            found = self._find(digest)
        if found is None:
            self._read_unless_newer_than(arrived, LOOK_SECONDS)
            found = self._find(digest)
            if self._read_at == _NEVER and not self._known:
                raise DatabaseUnavailable("the database is not ready yet")
        return found

    def knows(self, secret: str) -> bool:
        """Whether the secret is one of those that were read last. Reads nothing, and waits for nobody."""
        return self._find(secret_digest(secret)) is not None

    def learn(self, user_id: int, secret: str) -> None:
        """Takes note of a secret that is about to be shown to its user, who can have Plex use it from then on.

        Another process may have made it, and the database may be away when it is first used.
        """
        digest = secret_digest(secret)
        if self._find(digest) is None:
            with self._lock:
                self._known += (KnownSecret(user_id, digest, None),)
                self._write()

    def refresh(self) -> None:
        """Reads the hashes now; called when a secret was made or rotated in this process."""
        with self._lock:
            self._read(LOOK_SECONDS)

    def keep_fresh(self) -> None:
        """Reads the hashes when that was long ago, for those that another process has made."""
        self._read_unless_newer_than(time.monotonic() - REFRESH_SECONDS, LOOK_SECONDS)

    def _find(self, digest: bytes) -> int | None:
        now = datetime.now(UTC)
        found = None
        for known in self._known:
            # No early exit: the time must not tell which of the secrets was meant.
            if hmac.compare_digest(known.digest, digest) and (known.until is None or known.until > now):
                found = known.user_id
        return found

    def _read_unless_newer_than(self, moment: float, patience: float) -> None:
        """Reads them, unless somebody did after `moment` (on the monotonic clock)."""
        # Who only glances does not wait for somebody who looks.
        if self._settled_since(moment) or not self._lock.acquire(timeout=patience):
            return
        try:
            if self._settled_since(moment):
                return
            since = time.monotonic() - self._read_at
            if since < PAUSE_BETWEEN_READS_SECONDS:
                time.sleep(PAUSE_BETWEEN_READS_SECONDS - since)
            try:
                self._read(patience)
            except (DatabaseUnavailable, psycopg.Error):
                # What is known stays good while the database is away, and nobody waits for it here again so soon.
                self._failed_at = time.monotonic()
        finally:
            self._lock.release()

    def _settled_since(self, moment: float) -> bool:
        return self._read_at >= moment or time.monotonic() - self._failed_at < PAUSE_AFTER_FAILURE_SECONDS

    def _read(self, patience: float) -> None:
        started = time.monotonic()
        with self._db.connection(timeout=patience) as connection:
            connection.patience = patience
            rows = list(queries().webhook_secret_hashes(connection))
        self._known = tuple(KnownSecret(row["user_id"], bytes(row["digest"]), row["until"]) for row in rows)
        self._read_at = started
        self._write()

    def _write(self) -> None:
        if self._file is None or (self._known == self._written and self._file.exists()):
            return
        try:
            write_hashes(self._file, self._known)
        except OSError as error:
            # The database has them all the same. It is tried again with the next read.
            log.error("the hashes of the webhook secrets cannot be kept", file=str(self._file), reason=str(error))
        else:
            self._written = self._known
