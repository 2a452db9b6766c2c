"""kill -9 at random moments: what was answered 2xx is applied once after the next start."""

from __future__ import annotations

import random
import time
import uuid
from datetime import UTC, datetime

import psycopg
import pytest

from app.plex.events import parse_event
from app.sync.spool import Spool, SpooledEvent
from tests.acceptance.appliance import Appliance
from tests.acceptance.database import OtherPostgres
from tests.acceptance.stream import Sent, add_shows, check_applied, order_of, settle, stream
from tests.payloads import MISSING, episode

SECONDS = 30


@pytest.mark.timeout(240)
def test_of_600_events_with_the_application_killed_five_times_everything_answered_2xx_is_applied_once(
    appliance: Appliance,
) -> None:
    seed = random.randrange(1_000_000)
    print("seed", seed)  # noqa: T201 - shown when the test fails
    moments = random.Random(seed)
    appliance.start()
    appliance.add_user()
    shows = add_shows(appliance, 5 * SECONDS)

    with stream(appliance, per_second=20, seconds=SECONDS) as sender:
        for _ in range(5):
            appliance.wait_until_it_listens()
            time.sleep(moments.uniform(0.5, 4))
            appliance.kill()
            appliance.start(wait=False)
        sent = sender.all_sent()
    settle(appliance)

    taken = [one for one in sent if one.is_taken]
    # How many depends on how long the machine takes for five starts.
    assert len(taken) > 50
    # Nothing is refused: either it answers, or nobody is there.
    assert {one.status for one in sent} <= {0, 200, 202}
    check_applied(appliance, sent, shows)


def test_killed_while_the_spool_drains_each_event_is_applied_once_and_in_order(
    appliance: Appliance, postgres: OtherPostgres
) -> None:
    appliance.environment |= postgres.environment()
    appliance.start()
    appliance.add_user()
    shows = add_shows(appliance, 100)
    appliance.stop()
    spool = Spool(appliance.directory / "data" / "spool")
    spool.open()
    waiting = [Sent(show, number, 202, 0.0) for number in range(1, 101) for show in shows]
    for one in waiting:
        message = episode(grandparentTitle=one.show, parentIndex=1, index=one.number, lastViewedAt=MISSING)
        spool.keep(SpooledEvent(1, uuid.uuid4(), datetime.now(UTC), parse_event(message).kept()))

    applied = []
    for enough in (20, 120, 220):
        appliance.start(wait=False)
        applied.append(wait_until_applied(appliance, postgres, enough))
        appliance.kill()
    appliance.start()
    settle(appliance)

    assert applied[-1] < len(waiting)
    rows = check_applied(appliance, waiting, shows)
    assert len(rows) == len(waiting)
    for show in shows:
        assert order_of(rows, show) == list(range(1, 101))


def wait_until_applied(appliance: Appliance, postgres: OtherPostgres, enough: int) -> int:
    deadline = time.monotonic() + 60
    with psycopg.connect(postgres.urls.owner_url, autocommit=True) as connection:
        while True:
            row = connection.execute("select count(*) from tracker.plex_webhook_logs").fetchone()
            if row is not None and row[0] >= enough:
                return int(row[0])
            assert time.monotonic() < deadline, appliance.output
            time.sleep(0.005)
