"""The spool's files: a disk that is full, a line that is torn or makes no sense, a clock that was set back."""

from __future__ import annotations

import json
import resource
import uuid
from datetime import UTC, datetime, timedelta

from app.plex.events import parse_event
from app.sync.spool import Spool, SpooledEvent
from tests.acceptance.appliance import Appliance
from tests.acceptance.database import OtherPostgres
from tests.acceptance.stream import add_shows, check_applied, log_rows, order_of, send, settle
from tests.payloads import MISSING, episode


def spooled(show: str, number: int, received_at: datetime, user_id: int = 1) -> SpooledEvent:
    message = episode(grandparentTitle=show, parentIndex=1, index=number, lastViewedAt=MISSING)
    return SpooledEvent(user_id, uuid.uuid4(), received_at, parse_event(message).kept())


def test_a_full_disk_is_503_and_of_the_line_that_did_not_fit_nothing_counts(
    appliance: Appliance, postgres: OtherPostgres
) -> None:
    appliance.environment |= postgres.environment()
    appliance.start()
    appliance.add_user()
    shows = add_shows(appliance, 12)
    postgres.stop()
    sent = [send(appliance, "Amber", number) for number in (1, 2)]

    worker = appliance.pids()[-1]
    spool = appliance.directory / "data" / "spool"
    size = next(spool.glob("*.spool")).stat().st_size
    unlimited = resource.prlimit(worker, resource.RLIMIT_FSIZE)
    # The kernel writes up to the limit and refuses the rest of the line, as on a disk that is full.
    resource.prlimit(worker, resource.RLIMIT_FSIZE, (size + 100, unlimited[1]))
    refused = send(appliance, "Amber", 3)
    assert [path.stat().st_size for path in spool.glob("*.spool")] == [size]
    resource.prlimit(worker, resource.RLIMIT_FSIZE, (10, unlimited[1]))
    refused_too = send(appliance, "Amber", 4)
    resource.prlimit(worker, resource.RLIMIT_FSIZE, unlimited)
    sent.append(send(appliance, "Amber", 5))

    assert (refused.status, refused_too.status) == (503, 503)
    assert "written down" in refused.answer["error"]["message"]
    assert [one.status for one in sent] == [202] * 3
    postgres.start()
    settle(appliance)
    check_applied(appliance, sent, shows)


def test_a_torn_last_line_and_a_line_of_nonsense_hold_up_nobody(appliance: Appliance) -> None:
    appliance.start()
    appliance.add_user()
    shows = add_shows(appliance, 12)
    appliance.stop()
    now = datetime.now(UTC)
    directory = appliance.directory / "data" / "spool"
    spool = Spool(directory)
    spool.open()
    of_nobody = spooled("Amber", 9, now, user_id=4711)
    for event in (spooled("Amber", 1, now), of_nobody, spooled("Amber", 2, now)):
        spool.keep(event)
    segment = next(directory.glob("*.spool"))
    lines = segment.read_bytes().splitlines(keepends=True)
    nonsense = b"0" * 8 + lines[0][8:]
    segment.write_bytes(b"".join([lines[0], nonsense, *lines[1:], spooled("Amber", 3, now).line()[:-20]]))

    appliance.start()
    settle(appliance)

    assert order_of(log_rows(appliance), "Amber") == [1, 2]
    assert {path.read_bytes() for path in (directory / "failed").iterdir()} == {nonsense, of_nobody.line()}
    assert list(directory.glob("*.spool")) == []
    assert appliance.output.count("put aside") == 2
    assert send(appliance, "Amber", 3).answer["action"] == "marked_watched"
    assert appliance.call("GET", f"/api/shows/{shows['Amber']}")["watched_episodes"] == 3


def test_a_clock_that_was_set_back_an_hour_changes_neither_the_order_nor_the_times(appliance: Appliance) -> None:
    appliance.start()
    appliance.add_user()
    add_shows(appliance, 12)
    appliance.stop()
    now = datetime.now(UTC).replace(microsecond=0)
    times = [now + timedelta(hours=1), now + timedelta(hours=1, minutes=1), now, now + timedelta(minutes=1)]
    spool = Spool(appliance.directory / "data" / "spool")
    spool.open()
    for number, moment in enumerate(times, 1):
        spool.keep(spooled("Amber", number, moment))

    appliance.start()
    settle(appliance)

    rows = log_rows(appliance)
    assert order_of(rows, "Amber") == [1, 2, 3, 4]
    assert [datetime.fromisoformat(row["created_at"]) for row in rows] == times
    assert [datetime.fromisoformat(row["watched_at"]) for row in rows] == times
    assert {row["status"] for row in rows} == {"success"}
    # What is new comes in behind it.
    assert send(appliance, "Amber", 5).answer["action"] == "marked_watched"


def test_what_is_in_the_spool_is_nothing_that_the_log_would_not_keep(
    appliance: Appliance, postgres: OtherPostgres
) -> None:
    appliance.environment |= postgres.environment()
    appliance.start()
    appliance.add_user()
    add_shows(appliance, 2)
    postgres.stop()
    send(appliance, "Amber", 1)

    line = next((appliance.directory / "data" / "spool").glob("*.spool")).read_text()

    assert appliance.webhook_url.rpartition("=")[2] not in line
    entry = json.loads(line.partition(" ")[2])
    assert entry.keys() == {"user_id", "receipt", "received_at", "payload"}
    assert "publicAddress" not in line
    assert "thumb" not in line
