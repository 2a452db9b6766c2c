"""The spool's files: what is written down is given out once, in order, whatever happened to the disk."""

from __future__ import annotations

import errno
import os
import shutil
import stat
import threading
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import MagicMock

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.sync import spool as spool_module
from app.sync.spool import NotKept, Spool, SpooledEvent, read_line

NOW = datetime(2026, 11, 25, 20, 15, 30, 123456, tzinfo=UTC)


def event(number: int = 1, *, user: int = 1, **payload: Any) -> SpooledEvent:
    return SpooledEvent(
        user, uuid.UUID(int=number), NOW + timedelta(minutes=number), {"event": "media.scrobble"} | payload
    )


@pytest.fixture
def opened(tmp_path: Path) -> Callable[..., Spool]:
    """Opens the spool of the test's directory, as each start of the process does."""

    def open_again(**limits: int) -> Spool:
        spool = Spool(tmp_path / "spool", **({"floor_bytes": 0} | limits))
        spool.open()
        return spool

    return open_again


def drained(spool: Spool) -> list[int]:
    """Numbers of what it gives out, which is done with each."""
    numbers = []
    while (line := spool.first(0.0)) is not None:
        numbers.append(line.event.receipt.int if line.event else 0)
        spool.done(line)
    return numbers


def files(directory: Path) -> list[str]:
    return sorted(path.name for path in (directory / "spool").glob("*.spool"))


def test_events_come_out_in_the_order_in_which_they_went_in_and_nothing_is_left(
    opened: Callable[..., Spool], tmp_path: Path
) -> None:
    spool = opened()
    for number in (3, 1, 2):
        spool.keep(event(number))
    assert spool.state().events == 3
    assert drained(spool) == [3, 1, 2]
    assert spool.state().events == 0
    assert files(tmp_path) == []


def test_an_event_is_the_same_after_a_restart(opened: Callable[..., Spool]) -> None:
    kept = event(7, title="進撃の巨人\n\x7f", nested={"a": [1, None]})
    opened().keep(kept)
    line = opened().first(0.0)
    assert line is not None
    assert line.event == kept


def test_the_same_line_is_given_until_it_is_done(opened: Callable[..., Spool]) -> None:
    spool = opened()
    spool.keep(event(1))
    spool.keep(event(2))
    assert spool.first(0.0) == spool.first(0.0)


def test_a_restart_begins_again_with_the_oldest_segment_and_goes_on_behind_the_newest(
    opened: Callable[..., Spool], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spool_module, "SEGMENT_BYTES", 300)
    spool = opened()
    for number in range(1, 10):
        spool.keep(event(number))
    for _ in range(3):
        line = spool.first(0.0)
        assert line is not None
        spool.done(line)

    again = opened()
    again.keep(event(10))
    numbers = drained(again)
    assert numbers == list(range(numbers[0], 11))
    assert numbers[0] <= 4


def test_who_waits_is_told_by_user(opened: Callable[..., Spool]) -> None:
    spool = opened()
    spool.keep(event(1, user=1))
    spool.keep(event(2, user=2))
    spool.keep(event(3, user=1))
    assert [spool.holds(user) for user in (1, 2, 3)] == [True, True, False]
    held = []
    while (line := spool.first(0.0)) is not None:
        spool.done(line)
        held.append((spool.holds(1), spool.holds(2)))
    assert held == [(True, True), (True, False), (False, False)]
    assert [opened().holds(user) for user in (1, 2)] == [False, False]


def test_files_are_for_their_owner_only(opened: Callable[..., Spool], tmp_path: Path) -> None:
    opened().keep(event())
    directory = tmp_path / "spool"
    assert stat.S_IMODE(directory.stat().st_mode) == 0o700
    assert [stat.S_IMODE(path.stat().st_mode) for path in directory.iterdir()] == [0o600]


def test_an_event_is_on_the_disk_before_it_is_kept(
    opened: Callable[..., Spool], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    synced: list[str] = []
    fsync = os.fsync

    def note(descriptor: int) -> None:
        synced.append(Path(f"/proc/self/fd/{descriptor}").readlink().name)
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", note)
    spool = opened()
    spool.keep(event(1))
    assert synced == ["spool", "00000001.spool"]
    spool.keep(event(2))
    assert synced[2:] == ["00000001.spool"]


@pytest.mark.parametrize("cut", [1, 20, 100])
def test_a_torn_last_line_does_not_count_and_nothing_is_written_behind_it(
    opened: Callable[..., Spool], tmp_path: Path, cut: int
) -> None:
    spool = opened()
    spool.keep(event(1))
    spool.keep(event(2))
    segment = tmp_path / "spool" / "00000001.spool"
    segment.write_bytes(segment.read_bytes()[:-cut])

    again = opened()
    again.keep(event(3))
    assert drained(again) == [1, 3]
    assert files(tmp_path) == []


def test_a_segment_with_nothing_but_a_torn_line_is_removed(opened: Callable[..., Spool], tmp_path: Path) -> None:
    opened().keep(event(1))
    segment = tmp_path / "spool" / "00000001.spool"
    segment.write_bytes(segment.read_bytes()[:30])
    assert opened().state().events == 0
    assert files(tmp_path) == []


def test_a_line_that_was_changed_is_given_out_as_one_that_cannot_be_read(
    opened: Callable[..., Spool], tmp_path: Path
) -> None:
    spool = opened()
    spool.keep(event(1))
    spool.keep(event(2))
    segment = tmp_path / "spool" / "00000001.spool"
    segment.write_bytes(segment.read_bytes().replace(b"media.scrobble", b"media.scribble", 1))

    again = opened()
    line = again.first(0.0)
    assert line is not None
    assert line.event is None
    aside = again.put_aside(line)
    assert aside.read_bytes() == line.raw
    assert drained(again) == [2]
    assert (again.state().failed, again.state().events) == (1, 0)


def test_what_was_put_aside_can_be_put_back(opened: Callable[..., Spool], tmp_path: Path) -> None:
    spool = opened()
    spool.keep(event(1))
    line = spool.first(0.0)
    assert line is not None
    aside = spool.put_aside(line)
    aside.rename(tmp_path / "spool" / aside.name)
    again = opened()
    again.keep(event(2))
    assert sorted(drained(again)) == [1, 2]


class FullDisk:
    """Writes so many bytes, then none, as a disk that fills up in the middle of a line."""

    def __init__(self, room: int) -> None:
        self.room = room
        self._write = os.write

    def write(self, descriptor: int, data: bytes) -> int:
        if self.room == 0:
            raise OSError(errno.ENOSPC, "No space left on device")
        part = data[: self.room]
        self.room -= len(part)
        return self._write(descriptor, part)


@pytest.mark.parametrize("restarted", [False, True])
@pytest.mark.parametrize("room", [0, 40])
def test_of_an_event_that_did_not_fit_nothing_counts_and_the_next_one_does(
    opened: Callable[..., Spool], monkeypatch: pytest.MonkeyPatch, room: int, restarted: bool, tmp_path: Path
) -> None:
    spool = opened()
    spool.keep(event(1))
    with monkeypatch.context() as full:
        full.setattr(os, "write", FullDisk(room).write)
        with pytest.raises(NotKept, match="No space left"):
            spool.keep(event(2))
    spool.keep(event(3))
    assert spool.state().events == 2

    assert drained(opened() if restarted else spool) == [1, 3]
    assert files(tmp_path) == []


def test_an_event_whose_sync_failed_does_not_count(
    opened: Callable[..., Spool], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    spool = opened()
    with monkeypatch.context() as broken:
        broken.setattr(os, "fsync", MagicMock(side_effect=OSError(errno.EIO, "Input/output error")))
        with pytest.raises(NotKept):
            spool.keep(event(1))
    assert not spool.holds(1)
    assert files(tmp_path) == []
    spool.keep(event(2))
    assert drained(opened()) == [2]


@pytest.mark.parametrize("restarted", [False, True])
def test_half_a_line_that_could_not_be_taken_back_does_not_count_either(
    opened: Callable[..., Spool], monkeypatch: pytest.MonkeyPatch, restarted: bool
) -> None:
    spool = opened()
    spool.keep(event(1))
    with monkeypatch.context() as broken:
        broken.setattr(os, "write", FullDisk(40).write)
        broken.setattr(os, "ftruncate", MagicMock(side_effect=OSError(errno.EIO, "Input/output error")))
        with pytest.raises(NotKept):
            spool.keep(event(2))
    spool.keep(event(3))
    assert drained(opened() if restarted else spool) == [1, 3]


def test_it_leaves_room_for_postgresql(opened: Callable[..., Spool], tmp_path: Path) -> None:
    free = shutil.disk_usage(tmp_path).free
    spool = opened(floor_bytes=2 * free)
    with pytest.raises(NotKept, match="almost full"):
        spool.keep(event())
    assert spool.refusal() == "the disk is almost full"
    assert opened().refusal() is None


def test_it_takes_only_so_much(opened: Callable[..., Spool]) -> None:
    spool = opened(most_bytes=2 * len(event().line()))
    spool.keep(event(1))
    spool.keep(event(2))
    with pytest.raises(NotKept, match="full"):
        spool.keep(event(3))
    assert drained(spool) == [1, 2]
    spool.keep(event(4))


def test_a_directory_that_went_away_is_a_refusal(opened: Callable[..., Spool], tmp_path: Path) -> None:
    spool = opened()
    shutil.rmtree(tmp_path / "spool")
    with pytest.raises(NotKept):
        spool.keep(event())
    assert spool.refusal() is not None


def test_an_event_is_not_written_to_a_file_that_somebody_has_deleted(
    opened: Callable[..., Spool], tmp_path: Path
) -> None:
    spool = opened()
    spool.keep(event(1))
    (tmp_path / "spool" / "00000001.spool").unlink()
    spool.keep(event(2))
    assert drained(opened()) == [2]


def test_it_says_since_when_something_waits(opened: Callable[..., Spool], monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [100.0]
    monkeypatch.setattr(spool_module.time, "monotonic", lambda: clock[0])
    spool = opened()
    assert (spool.state().oldest, spool.state().still_seconds) == (None, 0.0)
    spool.keep(event(1))
    clock[0] += 30
    spool.keep(event(2))
    assert (spool.state().oldest, spool.state().still_seconds) == (event(1).received_at, 30.0)
    assert opened().state().oldest == event(1).received_at
    line = spool.first(0.0)
    assert line is not None
    spool.done(line)
    assert spool.state().still_seconds == 0.0


def test_who_waits_for_the_first_event_gets_it_at_once(opened: Callable[..., Spool]) -> None:
    spool = opened()
    threading.Timer(0.05, spool.keep, [event(5)]).start()
    line = spool.first(10.0)
    assert line is not None
    assert line.event == event(5)


def test_threads_that_write_at_once_lose_nothing(opened: Callable[..., Spool], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spool_module, "SEGMENT_BYTES", 2_000)
    spool = opened()
    numbers: list[int] = []

    def write(thread: int) -> None:
        for number in range(50):
            spool.keep(event(100 * thread + number, user=thread))

    threads = [threading.Thread(target=write, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    while len(numbers) < 400:
        numbers += drained(spool)
    for thread in threads:
        thread.join()
    for thread_number in range(8):
        own = [number % 100 for number in numbers if number // 100 == thread_number]
        assert own == list(range(50))
    assert not any(spool.holds(user) for user in range(8))


@given(st.binary(max_size=300))
def test_no_bytes_make_reading_a_line_fail_in_another_way(noise: bytes) -> None:
    with pytest.raises(ValueError):
        read_line(noise)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_what_root_spools_belongs_to_the_owner_of_the_data_directory(
    opened: Callable[..., Spool], tmp_path: Path
) -> None:
    os.chown(tmp_path, 12345, 12345)
    opened().keep(event())
    directory = tmp_path / "spool"
    assert {path.stat().st_uid for path in (directory, *directory.iterdir())} == {12345}
