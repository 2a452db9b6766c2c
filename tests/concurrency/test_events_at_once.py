"""Many events at once: none is lost, none counts twice."""

from __future__ import annotations

import functools
import uuid
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from app.plex.events import parse_event
from app.services import Services
from app.sync.receive import Outcome
from app.sync.receive import receive as receive_with_patience
from tests import payloads
from tests.concurrency.conftest import with_patience
from tests.conftest import Connection
from tests.scrobbles import AT, receive, scrobble
from tests.watch_state import assert_totals_are_a_recount, live_times, plays, show_row, value

MakeUser = Callable[..., int]
MakeShow = Callable[..., int]
AtOnce = Callable[..., list[Any]]


def receiving(user: int, message: dict[str, Any], **keywords: Any) -> Callable[[Connection], dict[str, Any]]:
    return functools.partial(with_patience, functools.partial(receive, user_id=user, message=message, **keywords))


def statuses(outcomes: list[Any]) -> Counter[str]:
    return Counter(outcome["status"] for outcome in outcomes)


def test_96_different_episodes_of_one_show_from_16_connections_are_96_watched(
    conn: Connection, make_user: MakeUser, make_show: MakeShow, at_once: AtOnce
) -> None:
    user = make_user()
    show = make_show(user, payloads.SHOW, seasons=dict.fromkeys(range(8), 12))
    actions = [
        receiving(user, scrobble(season=season, episode=episode, at=AT + timedelta(minutes=season * 12 + episode)))
        for season in range(8)
        for episode in range(1, 13)
    ]
    outcomes = at_once(actions)
    assert statuses(outcomes) == {"success": 96}
    row = show_row(conn, show)
    assert (row["watched_episodes"], row["total_minutes"]) == (96, 96 * 22)
    assert_totals_are_a_recount(conn, show)
    assert len(plays(conn, show)) == 96
    assert all(e["watched"] for season in row["seasons"] for e in season["episodes"])
    assert value(conn, "select count(*) as n from plex_show_mappings") == 1


def test_the_same_scrobble_20_times_at_once_is_one_play_and_19_duplicates(
    conn: Connection, make_user: MakeUser, make_show: MakeShow, at_once: AtOnce
) -> None:
    user = make_user()
    show = make_show(user, payloads.SHOW)
    outcomes = at_once([receiving(user, scrobble())] * 20, 20)
    assert statuses(outcomes) == {"success": 1, "duplicate": 19}
    assert live_times(conn, show) == [AT]
    assert value(conn, "select count(*) as n from plays") == 1
    assert value(conn, "select count(*) as n from plex_webhook_logs") == 20
    assert value(conn, "select count(*) as n from plex_accounts") == 1
    assert value(conn, "select count(*) as n from plex_servers") == 1
    assert_totals_are_a_recount(conn, show)


def test_20_events_of_an_unknown_show_at_once_are_one_question(
    conn: Connection, make_user: MakeUser, at_once: AtOnce
) -> None:
    user = make_user()
    outcomes = at_once([receiving(user, scrobble(episode=n)) for n in range(1, 21)], 20)
    assert statuses(outcomes) == {"conflict": 20}
    assert len({outcome["conflict_id"] for outcome in outcomes}) == 1
    assert value(conn, "select count(*) as n from plex_conflicts") == 1


def test_reports_of_one_viewing_from_all_sides_at_once_are_one_play(
    conn: Connection, make_user: MakeUser, make_show: MakeShow, at_once: AtOnce
) -> None:
    user = make_user()
    show = make_show(user, payloads.SHOW, runtime=22)
    sources = ("webhook", "history", "spool")
    actions = [
        receiving(user, scrobble(at=AT + timedelta(minutes=n), viewCount=n + 1), source=sources[n % 3])
        for n in range(21)
    ]
    outcomes = at_once(actions, 21)
    assert statuses(outcomes) == {"success": 21}
    assert live_times(conn, show) == [AT]
    assert_totals_are_a_recount(conn, show)


def test_the_same_receipt_8_times_at_once_is_one_row_and_one_answer(
    conn: Connection, make_user: MakeUser, make_show: MakeShow, services: Services, at_once: AtOnce
) -> None:
    user = make_user()
    show = make_show(user, payloads.SHOW)
    receipt, event = uuid.uuid4(), parse_event(scrobble())

    def send(_: Connection) -> Outcome:
        return receive_with_patience(services, user, event, receipt=receipt, received_at=AT)

    outcomes = at_once([send] * 8, 8)
    assert len(set(outcomes)) == 1
    assert (outcomes[0].status, outcomes[0].tvshow_id) == ("success", show)
    assert value(conn, "select count(*) as n from plex_webhook_logs") == 1
    assert live_times(conn, show) == [AT]


def test_two_users_with_the_same_show_at_once_do_not_touch_each_other(
    conn: Connection, make_user: MakeUser, make_show: MakeShow, at_once: AtOnce
) -> None:
    users = [make_user(), make_user()]
    shows = [make_show(user, payloads.SHOW) for user in users]
    outcomes = at_once(
        [receiving(users[n % 2], scrobble(season=1 + n // 2 % 2, episode=1 + n // 4)) for n in range(48)]
    )
    assert statuses(outcomes) == {"success": 48}
    for user, show in zip(users, shows, strict=True):
        assert show_row(conn, show)["watched_episodes"] == 24
        assert {play["user_id"] for play in plays(conn, show)} == {user}
        assert_totals_are_a_recount(conn, show)
    assert value(conn, "select count(*) as n from plex_show_mappings") == 2


def test_two_servers_with_the_same_rating_keys_at_once_do_not_touch_each_other(
    conn: Connection, make_user: MakeUser, make_show: MakeShow, at_once: AtOnce
) -> None:
    user = make_user()
    names = ("Harbour Lights", "Nightwatch")
    shows = [make_show(user, name) for name in names]

    def message(number: int) -> dict[str, Any]:
        return payloads.episode_without_guids(
            grandparentTitle=names[number % 2],
            Server={"uuid": f"S{number % 2}"},
            grandparentRatingKey="12",
            ratingKey=str(100 + number // 2),
            parentIndex=1,
            index=1 + number // 2,
        )

    outcomes = at_once([receiving(user, message(number)) for number in range(24)])
    assert [outcome["tvshow_id"] for outcome in outcomes] == [shows[number % 2] for number in range(24)]
    assert [len(plays(conn, show)) for show in shows] == [12, 12]


def test_marks_of_two_shows_in_crossing_order_do_not_wait_for_each_other_for_good(
    conn: Connection, make_user: MakeUser, make_show: MakeShow, at_once: AtOnce
) -> None:
    user = make_user()
    names = ("Harbour Lights", "Nightwatch")
    shows = [make_show(user, name, seasons={1: 40}) for name in names]
    for name in names:
        receive(conn, user, scrobble(name, episode=40))

    def crossing(first: int) -> Callable[[Connection], None]:
        def run(connection: Connection) -> None:
            for number in range(10):
                for which in (first, 1 - first):
                    receive(connection, user, scrobble(names[which], episode=1 + number + 10 * first))
                    connection.execute("select set_watched(%s, %s, 1, %s, true)", (user, shows[1 - which], 21 + number))

        return run

    at_once([crossing(0), crossing(1)] * 4, 8)
    for show in shows:
        assert show_row(conn, show)["watched_episodes"] == 31
        assert_totals_are_a_recount(conn, show)
