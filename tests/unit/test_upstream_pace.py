"""The rate at which others are asked."""

from __future__ import annotations

import threading

from app.upstream.pace import Pace


class Clock:
    """A clock that moves when somebody sleeps. Eighths of a second have no rounding."""

    def __init__(self) -> None:
        self.now = 1024.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


def test_a_burst_goes_through_and_then_one_at_a_time() -> None:
    clock = Clock()
    pace = Pace(8, burst=3, clock=clock, sleep=clock.sleep)
    assert all(pace.wait(1) for _ in range(5))
    assert clock.slept == [0.125, 0.125]


def test_after_a_rest_the_burst_is_there_again_and_no_more_than_that() -> None:
    clock = Clock()
    pace = Pace(8, burst=3, clock=clock, sleep=clock.sleep)
    for _ in range(3):
        pace.wait(1)
    clock.now += 3600
    for _ in range(4):
        pace.wait(1)
    assert clock.slept == [0.125]


def test_nobody_waits_in_a_queue_that_is_too_long_and_takes_no_turn_in_it() -> None:
    clock = Clock()
    pace = Pace(8, burst=1, clock=clock, sleep=lambda _seconds: None)
    assert [pace.wait(0.25) for _ in range(5)] == [True, True, True, False, False]
    clock.now += 0.125
    assert pace.wait(0.25)


def test_threads_at_once_get_a_turn_each() -> None:
    clock = Clock()
    waits: list[float] = []
    pace = Pace(8, burst=2, clock=clock, sleep=lambda seconds: waits.append(seconds))
    threads = [threading.Thread(target=pace.wait, args=(10,)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(waits) == [0.125, 0.25, 0.375, 0.5, 0.625, 0.75]
