"""end_history_import: an import that is not wanted any more."""

from __future__ import annotations

from collections.abc import Callable

from tests.conftest import Connection
from tests.watch_state import one, value

MakeUser = Callable[..., int]


def end(conn: Connection, user: int) -> bool:
    answer: bool = value(conn, "select end_history_import(%s, 'cancelled by the user')", (user,))
    return answer


def test_one_that_waits_does_not_begin(conn: Connection, make_user: MakeUser) -> None:
    user, other = make_user(), make_user()
    conn.execute("update settings set history_import_wanted_at = now() where user_id in (%s, %s)", (user, other))
    assert end(conn, user) is True
    wanted = "select history_import_wanted_at is not null from settings where user_id = %s"
    assert (value(conn, wanted, (user,)), value(conn, wanted, (other,))) == (False, True)


def test_one_that_runs_is_told_at_its_next_step(conn: Connection, make_user: MakeUser) -> None:
    user, other = make_user(), make_user()
    runs = [value(conn, "select start_job('history_import', %s, 60)", (who,)) for who in (user, other)]
    assert end(conn, user) is True
    assert [value(conn, "select renew_job(%s, 60)", (run,)) for run in runs] == [False, True]
    row = one(conn, "select status, error_message, finished_at is null as open from job_runs where id = %s", (runs[0],))
    assert tuple(row.values()) == ("cancelled", "cancelled by the user", False)


def test_nothing_to_end_is_no_fault(conn: Connection, make_user: MakeUser) -> None:
    assert end(conn, make_user()) is False
