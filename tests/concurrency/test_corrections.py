"""Corrections of mappings while other things happen. A test's name is its interleaving, as in test_two_sessions."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from psycopg.types.json import Jsonb

from tests import payloads
from tests.concurrency.conftest import Session, with_patience
from tests.concurrency.test_two_sessions import in_turn
from tests.conftest import Connection
from tests.mapping_state import correct, map_to
from tests.scrobbles import AT, receive, scrobble
from tests.watch_state import assert_totals_are_a_recount, live_plays, show_row, value

MakeUser = Callable[..., int]
MakeShow = Callable[..., int]
TwoSessions = tuple[Session, Session]


def save_rule(connection: Connection, user: int, mapping: int, **rule: Any) -> Any:
    whole = {"kind": "offset", "from_episode": 0, "episode_offset": 0} | rule
    return value(connection, "select save_rules(%s, %s, %s, 'user', false, true)", (user, mapping, Jsonb([whole])))


def places(connection: Connection, show: int) -> list[tuple[int, int]]:
    assert_totals_are_a_recount(connection, show)
    return sorted((play["season"], play["episode"]) for play in live_plays(connection, show))


def test_correction_then_another_one_goes_by_the_last(
    conn: Connection, make_user: MakeUser, make_show: MakeShow, two_sessions: TwoSessions
) -> None:
    user = make_user()
    shows = [make_show(user, title) for title in (payloads.SHOW, "Nightwatch", "Fog")]
    mapping = map_to(conn, user, shows[0])
    receive(conn, user, scrobble())
    first, second = in_turn(
        two_sessions,
        lambda c: correct(c, user, mapping, shows[1]),
        lambda c: correct(c, user, mapping, shows[2]),
    )
    assert (first["moved"], second["moved"]) == (1, 1)
    assert [places(conn, show) for show in shows] == [[], [], [(1, 1)]]


def test_correction_then_an_event_of_the_same_plex_show_goes_by_the_correction(
    conn: Connection, make_user: MakeUser, make_show: MakeShow, two_sessions: TwoSessions
) -> None:
    user = make_user()
    wrong, right = make_show(user, payloads.SHOW), make_show(user, "Nightwatch")
    mapping = map_to(conn, user, wrong)
    receive(conn, user, scrobble())
    in_turn(
        two_sessions,
        lambda c: correct(c, user, mapping, right),
        lambda c: with_patience(receive, c, user, scrobble(episode=2)),
    )
    assert (places(conn, wrong), places(conn, right)) == ([], [(1, 1), (1, 2)])


def test_event_then_the_correction_moves_it_too(
    conn: Connection, make_user: MakeUser, make_show: MakeShow, two_sessions: TwoSessions
) -> None:
    user = make_user()
    wrong, right = make_show(user, payloads.SHOW), make_show(user, "Nightwatch")
    mapping = map_to(conn, user, wrong)
    receive(conn, user, scrobble())
    _, answer = in_turn(
        two_sessions,
        lambda c: receive(c, user, scrobble(episode=2)),
        lambda c: correct(c, user, mapping, right),
    )
    assert answer["moved"] == 2
    assert (places(conn, wrong), places(conn, right)) == ([], [(1, 1), (1, 2)])


def test_event_without_a_guid_that_waits_for_the_show_while_the_first_rule_is_made_goes_by_the_rule(
    conn: Connection, make_user: MakeUser, make_show: MakeShow, two_sessions: TwoSessions
) -> None:
    """Its key is not the mapping's, so that no lock of keys keeps it out; it has seen a mapping without rules."""
    user = make_user()
    show = make_show(user, payloads.SHOW, seasons={1: 3, 2: 3})
    receive(conn, user, scrobble(season=1, episode=1))
    mapping = value(conn, "select id from plex_show_mappings")
    without = payloads.episode_without_guids(parentIndex=1, index=2)
    in_turn(
        two_sessions,
        lambda c: save_rule(c, user, mapping, plex_season=1, season=2),
        lambda c: with_patience(receive, c, user, without),
    )
    assert places(conn, show) == [(2, 1), (2, 2)]


def test_event_that_waits_for_the_show_while_its_rules_change_goes_by_the_new_ones(
    conn: Connection, make_user: MakeUser, make_show: MakeShow, two_sessions: TwoSessions
) -> None:
    user = make_user()
    show = make_show(user, payloads.SHOW, seasons={1: 3, 2: 3, 3: 3})
    receive(conn, user, scrobble(season=1, episode=1))
    mapping = value(conn, "select id from plex_show_mappings")
    save_rule(conn, user, mapping, plex_season=1, season=2)

    def other_season(connection: Connection) -> None:
        connection.execute("select remove_rules(%s, %s, null, false)", (user, mapping))
        save_rule(connection, user, mapping, plex_season=1, season=3)

    without = payloads.episode_without_guids(parentIndex=1, index=2)
    in_turn(two_sessions, other_season, lambda c: with_patience(receive, c, user, without))
    assert places(conn, show) == [(3, 1), (3, 2)]


def test_a_mark_by_hand_then_the_correction_keeps_the_mark(
    conn: Connection, make_user: MakeUser, make_show: MakeShow, two_sessions: TwoSessions
) -> None:
    user = make_user()
    wrong, right = make_show(user, payloads.SHOW), make_show(user, "Nightwatch")
    mapping = map_to(conn, user, wrong)
    receive(conn, user, scrobble())
    in_turn(
        two_sessions,
        lambda c: c.execute("select set_watched(%s, %s, 1, 7, true)", (user, wrong)),
        lambda c: correct(c, user, mapping, right),
    )
    assert (places(conn, wrong), places(conn, right)) == ([(1, 7)], [(1, 1)])


def test_a_forgotten_mapping_then_its_correction_is_refused(
    conn: Connection, make_user: MakeUser, make_show: MakeShow, two_sessions: TwoSessions
) -> None:
    user = make_user()
    show, other = make_show(user, payloads.SHOW), make_show(user, "Nightwatch")
    mapping = map_to(conn, user, show)
    with pytest.raises(psycopg.Error) as raised:
        in_turn(
            two_sessions,
            lambda c: c.execute("select delete_mapping(%s, %s)", (user, mapping)),
            lambda c: correct(c, user, mapping, other),
        )
    assert raised.value.sqlstate == "TK404"


def test_corrections_that_cross_each_other_and_events_at_once_neither_deadlock_nor_lose_anything(
    conn: Connection, make_user: MakeUser, make_show: MakeShow, at_once: Callable[..., list[Any]]
) -> None:
    user = make_user()
    names = ("Harbour Lights", "Nightwatch")
    shows = [make_show(user, name, runtime=20) for name in names]
    mappings = [map_to(conn, user, show, scrobble(name)) for name, show in zip(names, shows, strict=True)]

    def corrects(number: int) -> Callable[[Connection], Any]:
        return lambda c: with_patience(correct, c, user, mappings[number % 2], shows[(number // 2) % 2])

    def watches(number: int) -> Callable[[Connection], Any]:
        message = scrobble(names[number % 2], episode=1 + number // 2, at=AT + timedelta(hours=number))
        return lambda c: with_patience(receive, c, user, message)

    at_once([does(number) for number in range(20) for does in (corrects, watches)], 8)
    for mapping, show in zip(mappings, shows, strict=True):
        correct(conn, user, mapping, show)
    for show in shows:
        assert places(conn, show) == [(1, episode) for episode in range(1, 11)]
        assert show_row(conn, show)["watched_episodes"] == 10
    assert value(conn, "select count(*) from plex_webhook_logs where status <> 'success'") == 0
