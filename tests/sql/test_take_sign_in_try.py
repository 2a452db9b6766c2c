"""take_sign_in_try: who may try now, and who has to wait for how long."""

from __future__ import annotations

from tests.conftest import Connection
from tests.sign_in_tries import fail, take, wait


def test_five_tries_are_free_and_then_each_waits_longer(conn: Connection) -> None:
    assert [take(conn, "mira at home") for _ in range(6)] == [0, 0, 0, 0, 0, 1]
    waited = []
    for _ in range(5):
        seconds = take(conn, "mira at home")
        waited.append(seconds)
        wait(conn, seconds)
        assert take(conn, "mira at home") == 0
    assert waited == [1, 2, 4, 8, 16]


def test_who_does_not_wait_waits_no_longer_for_it(conn: Connection) -> None:
    fail(conn, 8, "mira at home")
    assert {take(conn, "mira at home") for _ in range(50)} == {8}


def test_it_never_takes_more_than_five_minutes(conn: Connection) -> None:
    fail(conn, 30, "mira at home")
    assert take(conn, "mira at home") == 300


def test_another_address_is_not_held_up_by_the_first_failures(conn: Connection) -> None:
    fail(conn, 10, "mira from afar", "mira", "afar")
    assert take(conn, "mira from afar", "mira", "afar") > 0
    assert take(conn, "mira at home", "mira", "home") == 0


def test_of_an_account_that_many_are_at_everybody_new_waits_once_for_itself(conn: Connection) -> None:
    for n in range(25):
        fail(conn, 1, f"mira from {n}", "mira", f"{n}")
    # However many others try meanwhile.
    seconds = take(conn, "mira at home", "mira", "home")
    assert 1 < seconds <= 30
    for n in range(25, 60):
        take(conn, f"mira from {n}", "mira", f"{n}")
    wait(conn, seconds)
    assert take(conn, "mira at home", "mira", "home") == 0
    assert 1 < take(conn, "mira at home", "mira", "home") <= 30


def test_an_address_that_tries_many_accounts_waits_for_all_of_them(conn: Connection) -> None:
    for n in range(20):
        assert take(conn, f"{n} from afar", f"account {n}", "afar") == 0
    assert take(conn, "mira from afar", "mira", "afar") == 1
    fail(conn, 30, "mira from afar", "mira", "afar")
    assert take(conn, "otto from afar", "otto", "afar") == 60
    assert take(conn, "otto at home", "otto", "home") == 0


def test_a_browser_that_is_known_waits_only_for_itself(conn: Connection) -> None:
    for n in range(40):
        fail(conn, 1, f"mira from {n % 3}", "mira", "the router")
    assert take(conn, "mira from 0", "mira", "the router") > 0
    assert take(conn, "mira in her browser") == 0


def test_where_the_password_was_right_everybody_waits_for_the_code(conn: Connection) -> None:
    def code(asker: str) -> int:
        return take(conn, asker, "code of mira", strict=True)

    for n in range(20):
        assert code(f"from {n}") == 0
    assert code("from home") == 1
    for _ in range(12):
        while seconds := code("from home"):
            wait(conn, seconds)
    assert code("from elsewhere") == 300


def test_what_has_to_wait_is_not_counted(conn: Connection) -> None:
    fail(conn, 20, "mira from afar", "mira", "afar")
    for _ in range(100):
        take(conn, "mira from afar", "mira", "afar")
    row = conn.execute("select max(failures) as most from sign_in_tries").fetchone()
    assert row == {"most": 20}


def test_quiet_for_a_day_one_begins_anew(conn: Connection) -> None:
    fail(conn, 30, "mira at home", "mira", "home")
    wait(conn, 86401)
    assert [take(conn, "mira at home", "mira", "home") for _ in range(6)] == [0, 0, 0, 0, 0, 1]
