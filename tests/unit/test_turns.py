"""One event of a show at a time, in the order in which they came."""

from __future__ import annotations

import threading
import time

import pytest

from app.sync.turns import Turns


def test_threads_of_one_key_pass_in_the_order_of_their_arrival() -> None:
    turns = Turns()
    passed: list[int] = []

    def go(number: int) -> None:
        with turns.turn((1, "show")):
            passed.append(number)

    threads = [threading.Thread(target=go, args=(number,)) for number in range(20)]
    with turns.turn((1, "show")):
        for number, thread in enumerate(threads):
            thread.start()
            while len(turns._waiting[1, "show"]) <= number:
                time.sleep(0.001)
        assert passed == []
    for thread in threads:
        thread.join()
    assert passed == list(range(20))


def test_another_show_and_another_user_do_not_wait() -> None:
    turns = Turns()
    with turns.turn((1, "show")), turns.turn((1, "other")), turns.turn((2, "show")):
        pass


def test_a_turn_that_fails_lets_the_next_one_pass_and_leaves_nothing_behind() -> None:
    turns = Turns()
    with pytest.raises(RuntimeError), turns.turn((1, "show")):
        raise RuntimeError
    with turns.turn((1, "show")):
        pass
    assert turns._waiting == {}
