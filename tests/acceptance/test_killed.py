"""kill -9 at random moments: what was answered 2xx is applied once after the next start."""

from __future__ import annotations

import random
import time

import pytest

from tests.acceptance.appliance import Appliance
from tests.acceptance.stream import add_shows, check_applied, settle, stream

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
        for kill in range(5):
            sender.until(2 + 5 * kill + moments.uniform(0, 3))
            appliance.kill()
            appliance.start(wait=False)
        sent = sender.all_sent()
    settle(appliance)

    taken = [one for one in sent if one.is_taken]
    assert len(taken) > 300
    # Nothing is refused: either it answers, or nobody is there.
    assert {one.status for one in sent} <= {0, 200, 202}
    check_applied(appliance, sent, shows)


def test_killed_while_the_spool_drains_each_event_is_applied_once(appliance: Appliance) -> None:
    appliance.start()
    appliance.add_user()
    shows = add_shows(appliance, 60)
    appliance.stop()
    # Without its database for the first moment of each start, so that events go into the spool.
    sent = []
    for _ in range(3):
        appliance.start(wait=False)
        appliance.wait_until_it_listens()
        with stream(appliance, per_second=40, seconds=1, first=len(sent) // len(shows) + 1) as sender:
            sent += sender.all_sent()
        appliance.kill()
        time.sleep(0.1)
    appliance.start()
    settle(appliance)

    assert "spooled" in {one.answer.get("action") for one in sent}
    check_applied(appliance, sent, shows)
