"""Events that PostgreSQL did not take, kept on the disk until it does.

A directory of segments, `00000001.spool` and so on, each line of which is one event: a checksum, a space, JSON. A line counts
when it is whole and its checksum is right, so what a power cut left of the last one does not. Segments are only ever added to;
one whose events are all in the database is removed. After a restart the oldest segment is read from its beginning: what of it
was in the database already is known there by its receipt.
"""

from __future__ import annotations

import json
import os
import shutil
import threading
import time
import uuid
import zlib
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from http import HTTPStatus
from pathlib import Path
from typing import Any

import structlog

from app.embedded.layout import owner_of_new_files, sync_directory
from app.errors import TellykeepError

log = structlog.get_logger("tellykeep.spool")

SEGMENT_BYTES = 1024 * 1024
# About a hundred thousand events.
MOST_BYTES = 128 * 1024 * 1024
# Room that is left for PostgreSQL, which needs some to come back: its log grows by 16 MiB at a time.
FLOOR_BYTES = 32 * 1024 * 1024
_SUFFIX = ".spool"


class NotKept(TellykeepError):
    """The spool could not take an event: the disk is full or broken. Nothing of it counts."""

    code = "spool_full"
    http_status = HTTPStatus.SERVICE_UNAVAILABLE


@dataclass(frozen=True, slots=True)
class SpooledEvent:
    """An event as it was received.

    Attributes:
        user_id: whose it is.
        receipt: by which the database applies it once.
        received_at: when it was received, aware.
        payload: what is kept of the message (`PlexEvent.kept()`).
    """

    user_id: int
    receipt: uuid.UUID
    received_at: datetime
    payload: dict[str, Any]

    def line(self) -> bytes:
        """Its line in a segment."""
        body = json.dumps(
            {
                "user_id": self.user_id,
                "receipt": str(self.receipt),
                "received_at": self.received_at.isoformat(),
                "payload": self.payload,
            },
            separators=(",", ":"),
        ).encode("ascii")
        return b"%08x %s\n" % (zlib.crc32(body), body)


def read_line(line: bytes) -> SpooledEvent:
    """The event of a line.

    Raises:
        ValueError: it was not written so.
    """
    checksum, _, body = line.rstrip(b"\n").partition(b" ")
    if len(checksum) != 8 or int(checksum, 16) != zlib.crc32(body):
        raise ValueError("the checksum of the line is wrong")
    try:
        entry = json.loads(body)
        return SpooledEvent(
            int(entry["user_id"]),
            uuid.UUID(entry["receipt"]),
            datetime.fromisoformat(entry["received_at"]),
            dict(entry["payload"]),
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError("the line holds no event") from error


@dataclass(frozen=True, slots=True)
class SpoolLine:
    """The oldest line that waits.

    Attributes:
        raw: the line as it is in the file.
        event: what it says; None when it cannot be read.
    """

    raw: bytes
    event: SpooledEvent | None


@dataclass(frozen=True, slots=True)
class SpoolState:
    """What waits, for people and monitors.

    Attributes:
        events: how many.
        size: bytes of all segments.
        oldest: when the first of them was received; None when nothing waits or it cannot be read.
        still_seconds: for how long something has waited without any getting out; 0 when nothing waits.
        failed: events that could not be processed and were put aside.
    """

    events: int
    size: int
    oldest: datetime | None
    still_seconds: float
    failed: int


@dataclass(slots=True)
class _Segment:
    path: Path
    size: int = 0
    events: int = 0
    descriptor: int | None = field(default=None, repr=False)


class Spool:
    """The spool of one data directory, for the one process that serves it. Threads may share it."""

    def __init__(self, directory: Path, *, floor_bytes: int = FLOOR_BYTES, most_bytes: int = MOST_BYTES) -> None:
        self._directory = directory
        self._floor = floor_bytes
        self._most = most_bytes
        self._lock = threading.Lock()
        self._arrived = threading.Condition(self._lock)
        # Oldest first; only the last one can be open for writing.
        self._segments: list[_Segment] = []
        self._position = 0
        self._number = 0
        # By user; None stands for lines that cannot be read.
        self._held: Counter[int | None] = Counter()
        self._oldest: datetime | None = None
        self._moved_at = 0.0

    @property
    def failed_directory(self) -> Path:
        """Where lines lie that could not be processed."""
        return self._directory / "failed"

    def open(self) -> None:
        """Makes the directory and takes up what an earlier process left in it.

        Raises:
            OSError: it cannot be made or read.
        """
        if not self._directory.is_dir():
            self._directory.mkdir(mode=0o700, parents=True)
            if (owner := owner_of_new_files(self._directory.parent)) is not None:
                os.chown(self._directory, *owner)
        for path in sorted(self._directory.glob("*" + _SUFFIX)):
            if path.stem.isdigit():
                self._number = max(self._number, int(path.stem))
            self._take_up(path)
        if self._segments:
            self._moved_at = time.monotonic()
            log.info("events wait in the spool", events=self._held.total())

    def holds(self, user_id: int) -> bool:
        """Whether an event of this user waits: newer ones must then wait behind it. Costs next to nothing."""
        return user_id in self._held

    def keep(self, event: SpooledEvent) -> None:
        """Writes an event down; it is on the disk when this returns.

        Raises:
            NotKept: it is not, and will not be processed.
        """
        line = event.line()
        with self._lock:
            refusal = self._refusal(len(line))
            if refusal is not None:
                raise NotKept(refusal)
            try:
                self._append(line)
            except OSError as error:
                self._undo()
                raise NotKept(f"the event could not be written down: {error.strerror}") from error
            segment = self._segments[-1]
            segment.size += len(line)
            segment.events += 1
            if not self._held:
                self._oldest, self._moved_at = event.received_at, time.monotonic()
            self._held[event.user_id] += 1
            if segment.size >= SEGMENT_BYTES:
                self._end_segment()
            self._arrived.notify_all()

    def refusal(self) -> str | None:
        """Why an event could not be kept now, one sentence; None when it could."""
        with self._lock:
            return self._refusal(0)

    def first(self, timeout: float) -> SpoolLine | None:
        """The oldest line that waits; the same one until `done` or `put_aside`. None when none came in time.

        Raises:
            OSError: the segment cannot be read.
        """
        with self._lock:
            if not self._segments or self._position >= self._segments[0].size:
                self._arrived.wait(timeout)
            if not self._segments or self._position >= self._segments[0].size:
                return None
            with self._segments[0].path.open("rb") as file:
                file.seek(self._position)
                raw = file.readline()
            try:
                event = read_line(raw)
            except ValueError:
                return SpoolLine(raw, None)
            self._oldest = event.received_at
            return SpoolLine(raw, event)

    def done(self, line: SpoolLine) -> None:
        """The line that `first` gave is in the database."""
        with self._lock:
            segment = self._segments[0]
            self._position += len(line.raw)
            self._moved_at = time.monotonic()
            user_id = None if line.event is None else line.event.user_id
            if self._held[user_id] > 1:
                self._held[user_id] -= 1
            else:
                del self._held[user_id]
            if self._position >= segment.size and (segment.descriptor is None or not self._held):
                self._remove(segment)
            if not self._held:
                self._oldest = None

    def put_aside(self, line: SpoolLine) -> Path:
        """Moves the line that `first` gave out of the way of the others; returns the file that holds it from now on.

        Raises:
            OSError: that file cannot be written; the line stays where it is.
        """
        name = f"{zlib.crc32(line.raw):08x}" if line.event is None else str(line.event.receipt)
        path = self.failed_directory / (name + _SUFFIX)
        self.failed_directory.mkdir(mode=0o700, exist_ok=True)
        with path.open("wb") as file:
            file.write(line.raw)
            file.flush()
            os.fsync(file.fileno())
        sync_directory(self.failed_directory)
        self.done(line)
        return path

    def state(self) -> SpoolState:
        """What waits."""
        failed = sum(1 for _ in self.failed_directory.glob("*" + _SUFFIX))
        with self._lock:
            return SpoolState(
                events=self._held.total(),
                size=sum(segment.size for segment in self._segments),
                oldest=self._oldest,
                still_seconds=time.monotonic() - self._moved_at if self._held else 0.0,
                failed=failed,
            )

    def _take_up(self, path: Path) -> None:
        segment = _Segment(path)
        with path.open("rb") as file:
            for line in file:
                if not line.endswith(b"\n"):
                    # It was never answered for.
                    log.warning("the last line of a segment is torn; it does not count", segment=path.name)
                    break
                segment.size += len(line)
                segment.events += 1
                try:
                    event = read_line(line)
                except ValueError:
                    self._held[None] += 1
                    continue
                self._held[event.user_id] += 1
                self._oldest = self._oldest or event.received_at
        if segment.events:
            self._segments.append(segment)
        else:
            path.unlink()

    def _refusal(self, size: int) -> str | None:
        try:
            free = shutil.disk_usage(self._directory).free
        except OSError as error:
            return f"the spool cannot be written: {error.strerror}"
        if free - size < self._floor:
            return "the disk is almost full"
        if sum(segment.size for segment in self._segments) + size > self._most:
            return "the spool is full"
        return None

    def _append(self, line: bytes) -> None:
        segment = self._segments[-1] if self._segments else None
        if segment is not None and segment.descriptor is not None and os.fstat(segment.descriptor).st_nlink == 0:
            # Somebody has deleted the file; what is written to it would be gone with it.
            self._end_segment()
        if segment is None or segment.descriptor is None:
            segment = self._begin_segment()
        descriptor = segment.descriptor
        assert descriptor is not None  # noqa: S101 - it was opened just now, for mypy
        rest = memoryview(line)
        while rest:
            rest = rest[os.write(descriptor, rest) :]
        os.fsync(descriptor)

    def _begin_segment(self) -> _Segment:
        self._number += 1
        path = self._directory / f"{self._number:08d}{_SUFFIX}"
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC, 0o600)
        segment = _Segment(path, descriptor=descriptor)
        self._segments.append(segment)
        if (owner := owner_of_new_files(self._directory)) is not None:
            os.fchown(descriptor, *owner)
        sync_directory(self._directory)
        return segment

    def _end_segment(self) -> None:
        segment = self._segments[-1]
        if segment.descriptor is not None:
            os.close(segment.descriptor)
            segment.descriptor = None

    def _undo(self) -> None:
        """Takes a line back that may be there in part, and writes no other behind it."""
        segment = self._segments[-1] if self._segments else None
        if segment is None or segment.descriptor is None:
            return
        try:
            os.ftruncate(segment.descriptor, segment.size)
        except OSError as error:
            # The reader stops where the last whole line ends, and so does the next start.
            log.error("half a line could not be taken back", segment=segment.path.name, reason=error.strerror)
        self._end_segment()
        if segment.size == 0 or (segment is self._segments[0] and self._position >= segment.size):
            self._remove(segment)

    def _remove(self, segment: _Segment) -> None:
        """Forgets a segment that nothing waits in."""
        if segment is self._segments[0]:
            self._position = 0
        if segment.descriptor is not None:
            self._end_segment()
        self._segments.remove(segment)
        try:
            segment.path.unlink()
        except OSError as error:
            # At the next start it is read again, and the database knows its receipts.
            log.error("a segment of the spool cannot be removed", segment=segment.path.name, reason=error.strerror)
