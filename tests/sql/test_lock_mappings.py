"""lock_mappings: one session at a time makes, moves or forgets a user's mappings."""

from __future__ import annotations

from collections.abc import Callable

from tests.conftest import Connection, DatabaseUrls, connect
from tests.watch_state import refused


def test_it_is_held_to_the_end_of_the_transaction_per_user(
    conn: Connection, make_user: Callable[..., int], shared_database: DatabaseUrls
) -> None:
    user, other = make_user(), make_user()
    conn.execute("select lock_mappings(%s)", (user,))
    conn.execute("select lock_mappings(%s)", (user,))
    with connect(shared_database.app_url, shared_database.schema) as second, second.transaction():
        second.execute("set local lock_timeout = '50ms'")
        second.execute("select lock_mappings(%s)", (other,))
        with refused(second, "55P03"):
            second.execute("select lock_mappings(%s)", (user,))
