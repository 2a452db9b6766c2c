"""Many who try to sign in at once: each is counted, and none stops another for good."""

from __future__ import annotations

import random
from collections.abc import Callable
from functools import partial
from typing import Any

from tests.conftest import Connection
from tests.sign_in_tries import key, take, wait
from tests.watch_state import value


def test_of_many_tries_at_once_only_the_free_ones_are_let_through(
    conn: Connection, at_once: Callable[..., list[Any]]
) -> None:
    def one(connection: Connection) -> int:
        return take(connection, "mira from afar", "mira", "afar")

    # All of them before the first delay, of a second, has ended: the clock of the delays is put back for the rest.
    waited = at_once([one] * 5, connections=5)
    assert waited == [0] * 5
    wait(conn, -60)
    assert all(at_once([one] * 16, connections=8))
    assert value(conn, "select failures from sign_in_tries where key = %s", (key("mira"),)) == 5


def test_those_who_meet_at_accounts_and_addresses_do_not_block_each_other(
    conn: Connection, at_once: Callable[..., list[Any]]
) -> None:
    """They lock who asks, the account, the address, in this order, and forget old ones only when they wait for nobody."""
    numbers = random.Random(4711)

    def one(account: int, address: int, connection: Connection) -> None:
        asker = f"{account} from {address}"
        if take(connection, asker, f"account {account}", f"address {address}") == 0:
            keys = [key(name) for name in (asker, f"account {account}", f"address {address}")]
            connection.execute("select forgive_sign_in_try(%s, %s, %s)", keys)

    for _ in range(6):
        at_once([partial(one, numbers.randrange(3), numbers.randrange(3)) for _ in range(60)], connections=8)
        # The next ones find rows that are a day old, and everybody wants to forget them.
        conn.execute("update sign_in_tries set failed_at = now() - interval '2 days', not_before = null")
