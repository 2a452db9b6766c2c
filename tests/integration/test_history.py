"""A Plex server's history against the plays: what nobody told is found, with its own time, once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest

from app.jobs.catch_up import CATCH_UP, IMPORT, history_job
from app.jobs.running import Result, Run, run_job
from app.plex.events import parse_event
from app.sync.history import FIRST_LOOK, catch_up, import_history
from app.sync.receive import receive
from app.tracker.conflicts import resolve_conflict
from tests import payloads
from tests.conftest import Connection
from tests.fakes.failures import slow, status
from tests.integration.household import Household
from tests.scrobbles import scrobble
from tests.watch_state import episode_entry, one, plays, value

SHOW = payloads.SHOW
NOW = datetime.now(UTC).replace(microsecond=0)


def ago(**span: float) -> datetime:
    return NOW - timedelta(**span)


def seconds(moment: datetime) -> int:
    return int(moment.timestamp())


@pytest.fixture
def home(household: Household) -> Household:
    """The tracker and the Plex server have the show."""
    household.plex_has()
    household.has()
    return household


@pytest.fixture
def key(home: Household) -> str:
    return payloads.rating_key("show", SHOW)


@pytest.fixture
def watched(home: Household, key: str) -> Callable[..., dict[str, Any]]:
    """Adds a row to the server's history: `watched(season, episode, at)`."""

    def add(season: int, episode: int, at: datetime, **more: Any) -> dict[str, Any]:
        return home.plex.watched(key, season, episode, seconds(at), **more)

    return add


@pytest.fixture
def caught_up(home: Household) -> Callable[[], Result]:
    """Runs a catch-up, with the look-ups that it leaves."""
    return partial(_run, home, CATCH_UP, catch_up)


@pytest.fixture
def imported(home: Household) -> Callable[[], Result]:
    """Runs an import, with the look-ups that it leaves."""
    return partial(_run, home, IMPORT, import_history)


def _run(home: Household, kind: str, read: Callable[[Run, int], Result]) -> Result:
    result = run_job(home.services, kind, history_job(read, home.user_id), user_id=home.user_id)
    assert result is not None, one(
        home.conn, "select status, error_message from job_runs where kind = %s order by id desc limit 1", (kind,)
    )
    home.worker.work_off()
    return result


def shown(home: Household) -> list[tuple[int, int, datetime, str]]:
    """Season, episode, time and source of the plays that count."""
    show_id = value(home.conn, "select id from tvshows where user_id = %s", (home.user_id,))
    return [
        (row["season"], row["episode"], row["watched_at"], row["source"])
        for row in plays(home.conn, show_id)
        if row["voided_at"] is None
    ]


def webhook(home: Household, episode: int, at: datetime, *, received_at: datetime | None = None, **more: Any) -> Any:
    outcome = receive(
        home.services,
        home.user_id,
        parse_event(scrobble(SHOW, 1, episode, at=at, **more)),
        received_at=received_at or at,
    )
    home.worker.work_off()
    return outcome


def test_what_no_webhook_told_is_found_with_its_real_time(
    home: Household, watched: Callable[..., Any], caught_up: Callable[[], Result]
) -> None:
    webhook(home, 1, ago(hours=5))
    watched(1, 1, ago(hours=5))
    watched(1, 2, ago(hours=4))
    watched(1, 3, ago(hours=2))
    report = caught_up()
    assert shown(home) == [
        (1, 1, ago(hours=5), "webhook"),
        (1, 2, ago(hours=4), "history"),
        (1, 3, ago(hours=2), "history"),
    ]
    assert (report["read"], report["known"], report["missed"], report["recovered"]) == (3, 1, 2, 2)
    first, last = (f"{ago(hours=h):%Y-%m-%dT%H:%M:%SZ}" for h in (4, 2))
    assert report["text"] == f"2 events were missed between {first} and {last}, 2 recovered."


def test_a_second_run_finds_nothing_new_and_logs_nothing(
    home: Household, watched: Callable[..., Any], caught_up: Callable[[], Result]
) -> None:
    watched(1, 1, ago(hours=4))
    caught_up()
    before = value(home.conn, "select count(*) from plex_webhook_logs")
    report = caught_up()
    assert (report["known"], report["missed"], report["text"]) == (1, 0, "Nothing was missed.")
    assert value(home.conn, "select count(*) from plex_webhook_logs") == before
    assert len(shown(home)) == 1


def test_it_compares_with_the_plays_when_the_log_is_purged(
    home: Household, watched: Callable[..., Any], caught_up: Callable[[], Result]
) -> None:
    webhook(home, 1, ago(hours=5))
    watched(1, 1, ago(hours=5))
    watched(1, 2, ago(hours=4))
    caught_up()
    home.conn.execute("delete from plex_webhook_logs")
    report = caught_up()
    assert (report["known"], report["missed"]) == (2, 0)
    assert len(shown(home)) == 2


def test_a_rewatch_in_the_history_is_no_repeat(
    home: Household, watched: Callable[..., Any], caught_up: Callable[[], Result]
) -> None:
    for hours in (9, 6, 3):
        watched(1, 1, ago(hours=hours))
    report = caught_up()
    assert [row[2] for row in shown(home)] == [ago(hours=9), ago(hours=6), ago(hours=3)]
    assert report["recovered"] == 3


def test_webhooks_that_come_late_are_the_viewings_that_the_history_told(
    home: Household, watched: Callable[..., Any], caught_up: Callable[[], Result]
) -> None:
    for episode in (1, 2, 3):
        watched(1, episode, ago(days=episode))
    caught_up()
    for episode in (1, 2, 3):
        webhook(home, episode, ago(days=episode), received_at=NOW)
    assert [(row[1], row[2]) for row in shown(home)] == [(3, ago(days=3)), (2, ago(days=2)), (1, ago(days=1))]


def test_webhooks_that_came_late_are_put_right_by_the_history(
    home: Household, watched: Callable[..., Any], caught_up: Callable[[], Result]
) -> None:
    webhook(home, 1, ago(days=1), received_at=NOW)
    assert [row[2] for row in shown(home)] == [NOW]
    watched(1, 1, ago(days=1))
    caught_up()
    assert [row[2] for row in shown(home)] == [ago(days=1)]


def test_a_late_webhook_does_not_swallow_the_rewatch_that_followed(
    home: Household, watched: Callable[..., Any], caught_up: Callable[[], Result]
) -> None:
    """Whether Plex tells the time of this viewing or of the one before: the history has both in the end."""
    watched(1, 1, ago(days=3))
    caught_up()
    webhook(home, 1, ago(days=3), received_at=ago(hours=1), viewCount=2)
    watched(1, 1, ago(hours=1))
    caught_up()
    assert [row[2] for row in shown(home)] == [ago(days=3), ago(hours=1)]


@pytest.mark.parametrize("ahead", [-420, 420, 3000])
@pytest.mark.parametrize("webhook_first", [True, False])
def test_a_server_whose_clock_is_wrong_makes_one_play_of_both_at_the_right_time(
    home: Household,
    watched: Callable[..., Any],
    caught_up: Callable[[], Result],
    ahead: int,
    webhook_first: bool,
) -> None:
    home.plex.clock_ahead = ahead
    home.conn.execute(
        "update tvshows set seasons = jsonb_set(seasons, '{1,episodes,0,runtime}', '3') where user_id = %s",
        (home.user_id,),
    )
    by_its_clock = ago(hours=1) + timedelta(seconds=ahead)
    if webhook_first:
        webhook(home, 1, by_its_clock, received_at=ago(hours=1))
    watched(1, 1, by_its_clock)
    caught_up()
    if not webhook_first:
        webhook(home, 1, by_its_clock, received_at=ago(hours=1))
    ((_, _, at, _),) = shown(home)
    assert abs(at - ago(hours=1)) <= timedelta(seconds=2)


def test_only_tracked_accounts_count_and_every_account_is_known_afterwards(
    home: Household, watched: Callable[..., Any], caught_up: Callable[[], Result]
) -> None:
    home.plex.accounts = {1: "alex", 1000: "kim"}
    watched(1, 1, ago(hours=4), account=1)
    watched(1, 2, ago(hours=3), account=1000)
    caught_up()
    assert [row[1] for row in shown(home)] == [1]
    assert value(home.conn, "select count(*) from plex_webhook_logs where plex_episode = 2") == 0
    home.conn.execute("update plex_accounts set counts = title = 'kim'")
    caught_up()
    assert [row[1] for row in shown(home)] == [1, 2]
    watched(1, 3, ago(hours=2), account=1)
    caught_up()
    assert [row[1] for row in shown(home)] == [1, 2]


def test_an_owner_whom_webhooks_call_by_another_number_is_one_account(
    home: Household, watched: Callable[..., Any], caught_up: Callable[[], Result]
) -> None:
    webhook(home, 1, ago(hours=5), Account={"id": 98765, "title": "alex"})
    watched(1, 1, ago(hours=5))
    watched(1, 2, ago(hours=4))
    caught_up()
    webhook(home, 2, ago(hours=4), Account={"id": 98765, "title": "alex"})
    assert [row[1] for row in shown(home)] == [1, 2]
    assert value(home.conn, "select count(*) from plex_accounts where title = 'alex'") == 1


def test_history_first_knows_the_owner_of_later_webhooks(
    home: Household, watched: Callable[..., Any], caught_up: Callable[[], Result]
) -> None:
    watched(1, 1, ago(hours=5))
    caught_up()
    webhook(home, 1, ago(hours=5), Account={"id": 98765, "title": "alex"})
    assert len(shown(home)) == 1


def test_a_show_that_is_not_mapped_is_looked_up_by_its_rating_key(
    household: Household, caught_up_of: Callable[[Household], Result]
) -> None:
    key = household.plex_has()
    household.tmdb_has()
    household.plex.watched(key, 1, 2, seconds(ago(hours=3)))
    caught_up_of(household)
    assert shown(household) == [(1, 2, ago(hours=3), "history")]


@pytest.fixture
def caught_up_of() -> Callable[[Household], Result]:
    return lambda household: _run(household, CATCH_UP, catch_up)


def test_a_rebuilt_library_is_asked_about_a_show_once(
    home: Household, watched: Callable[..., Any], caught_up: Callable[[], Result], key: str
) -> None:
    """Its rows have nothing but the new key: what that stands for is kept with the mapping."""
    webhook(home, 1, ago(hours=30))
    home.plex.shows["90001"] = home.plex.shows.pop(key) | {"ratingKey": "90001"}
    home.plex.episodes["90001"] = home.plex.episodes.pop(key)
    home.plex.watched("90001", 1, 2, seconds(ago(hours=3)))
    assert caught_up()["recovered"] == 1
    assert home.mapping()["plex_rating_key"] == "90001"
    home.plex.watched("90001", 1, 3, seconds(ago(hours=2)))
    assert caught_up()["recovered"] == 1
    last = one(home.conn, "select * from plex_webhook_logs order by id desc limit 1")
    assert [step["step"] for step in last["trace"]] == ["mapping", "mark"]
    assert len(shown(home)) == 3


def test_rows_of_deleted_items_are_decided_by_their_title(
    home: Household, watched: Callable[..., Any], caught_up: Callable[[], Result]
) -> None:
    without = {"key": None, "ratingKey": None, "parentKey": None, "grandparentKey": None, "originallyAvailableAt": None}
    watched(1, 2, ago(hours=3), **without)
    report = caught_up()
    assert shown(home) == [(1, 2, ago(hours=3), "history")]
    assert report["unreadable"] == 0


def test_a_row_without_numbers_is_found_by_its_air_date(
    home: Household, watched: Callable[..., Any], caught_up: Callable[[], Result]
) -> None:
    home.conn.execute(
        "update tvshows set seasons = jsonb_set(seasons, '{1,episodes,2,airDate}', '\"2025-05-06\"') where user_id = %s",
        (home.user_id,),
    )
    watched(1, 1, ago(hours=3), index=None, originallyAvailableAt="2025-05-06T00:00:00.000Z")
    caught_up()
    assert [row[:2] for row in shown(home)] == [(1, 3)]


def test_films_and_rows_that_cannot_be_read_cost_nothing(
    home: Household, watched: Callable[..., Any], caught_up: Callable[[], Result]
) -> None:
    watched(1, 1, ago(hours=5), type="movie")
    watched(1, 1, ago(hours=5), grandparentTitle=None, grandparentKey=None)
    watched(1, 2, ago(hours=3), librarySectionID=2, historyKey=None)
    report = caught_up()
    assert [row[1] for row in shown(home)] == [2]
    assert (report["others"], report["unreadable"]) == (1, 1)


def test_a_catch_up_looks_a_month_back_at_first_and_an_import_at_everything(
    home: Household,
    watched: Callable[..., Any],
    caught_up: Callable[[], Result],
    imported: Callable[[], Result],
) -> None:
    watched(1, 1, ago(days=2000))
    watched(1, 2, NOW - FIRST_LOOK + timedelta(hours=1))
    caught_up()
    assert [row[1] for row in shown(home)] == [2]
    report = imported()
    assert [row[1] for row in shown(home)] == [1, 2]
    assert (report["recovered"], report["known"]) == (1, 1)


def test_what_a_phone_tells_late_is_found(
    home: Household, watched: Callable[..., Any], caught_up: Callable[[], Result]
) -> None:
    watched(1, 1, ago(minutes=5))
    caught_up()
    watched(1, 2, ago(days=1, hours=12))
    caught_up()
    assert [row[1] for row in shown(home)] == [2, 1]
    watched(1, 3, ago(days=20))
    caught_up()
    assert [row[1] for row in shown(home)] == [2, 1]
    home.conn.execute("update plex_history_positions set looked_back_at = now() - interval '1 day'")
    caught_up()
    assert [row[1] for row in shown(home)] == [3, 2, 1]


def test_a_viewing_in_the_future_does_not_hide_what_comes_after_it(
    home: Household, watched: Callable[..., Any], caught_up: Callable[[], Result]
) -> None:
    watched(1, 1, NOW + timedelta(days=400))
    caught_up()
    watched(1, 2, ago(minutes=1))
    caught_up()
    assert {row[1] for row in shown(home)} == {1, 2}


def test_what_was_unmarked_by_hand_stays_so(
    home: Household, watched: Callable[..., Any], caught_up: Callable[[], Result], imported: Callable[[], Result]
) -> None:
    watched(1, 1, ago(hours=3))
    caught_up()
    show_id = value(home.conn, "select id from tvshows where user_id = %s", (home.user_id,))
    home.conn.execute("select set_watched(%s, %s, 1, 1, false)", (home.user_id, show_id))
    caught_up()
    imported()
    assert shown(home) == []
    assert episode_entry(home.conn, show_id, 1, 1)["watched"] is False


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ("update plex_config set enabled = false", "integration_disabled"),
        ("update plex_config set auto_mark_watched = false", "auto_mark_disabled"),
        (
            "insert into plex_servers (user_id, server_uuid, counts) select user_id, 'other', true from plex_config",
            "server_not_tracked",
        ),
    ],
)
def test_what_is_turned_off_is_not_read(
    home: Household, watched: Callable[..., Any], caught_up: Callable[[], Result], change: str, reason: str
) -> None:
    watched(1, 1, ago(hours=3))
    home.conn.execute(change.encode())
    assert caught_up() == {"skipped": reason}
    assert value(home.conn, "select count(*) from plex_webhook_logs") == 0


def test_pages_are_read_one_after_the_other_and_the_position_is_kept_after_each(
    home: Household,
    watched: Callable[..., Any],
    imported: Callable[[], Result],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("app.plex.client.HISTORY_PAGE", 2)
    for n in range(4):
        watched(1, n + 1, ago(days=100 - n))
    home.plex.fail("/status/sessions/history/all", status(503))
    home.plex.fail("/status/sessions/history/all", slow(0), times=1)
    assert run_job(home.services, IMPORT, history_job(import_history, home.user_id), user_id=home.user_id) is None
    home.plex.heal()
    assert [row[1] for row in shown(home)] == [1, 2]
    position = value(home.conn, "select imported_to from plex_history_positions")
    assert position == ago(days=99)
    report = imported()
    assert report["resumed_at"] == f"{position:%Y-%m-%dT%H:%M:%SZ}"
    assert [row[1] for row in shown(home)] == [1, 2, 3, 4]
    assert value(home.conn, "select imported_to from plex_history_positions") is None


def test_an_import_can_be_cancelled_on_its_way(home: Household, watched: Callable[..., Any], conn: Connection) -> None:
    from app.db.queries import queries

    watched(1, 1, ago(days=9))
    watched(1, 2, ago(days=8))

    def read(run: Run, user_id: int) -> Result:
        queries().end_history_import(conn, user_id=user_id, error="cancelled by the user")
        return import_history(run, user_id)

    assert run_job(home.services, IMPORT, history_job(read, home.user_id), user_id=home.user_id) is None
    run = one(conn, "select status, error_message from job_runs where kind = 'history_import'")
    assert (run["status"], run["error_message"]) == ("cancelled", "cancelled by the user")
    assert shown(home) == []


def test_events_that_wait_are_no_news_to_the_next_run(
    household: Household, caught_up_of: Callable[[Household], Result]
) -> None:
    key = household.plex_has("Nobody Knows It", ids=())
    household.conn.execute("update plex_config set auto_add_shows = false")
    household.plex.watched(key, 1, 1, seconds(ago(hours=3)))
    report = caught_up_of(household)
    assert (report["missed"], report["recovered"], report["waiting"]) == (1, 0, 1)
    assert report["text"].endswith("0 recovered, 1 waiting.")
    assert caught_up_of(household)["missed"] == 0


def test_what_a_webhook_told_and_waits_is_no_gap_and_is_held_once(
    household: Household, caught_up_of: Callable[[Household], Result]
) -> None:
    key = household.plex_has("Nobody Knows It", ids=())
    household.conn.execute("update plex_config set auto_add_shows = false")
    at = ago(hours=3)
    household.plex.watched(key, 1, 1, seconds(at))
    sent = receive(
        household.services,
        household.user_id,
        parse_event(scrobble("Nobody Knows It", 1, 1, at=at)),
        received_at=at + timedelta(seconds=2),
    )
    assert sent.status == "pending"
    assert (caught_up_of(household)["missed"], caught_up_of(household)["missed"]) == (0, 0)
    events = "select count(*) as n from plex_webhook_logs"
    assert value(household.conn, "select status as s from plex_webhook_logs") == "conflict"
    assert value(household.conn, events) == 1

    # Answered "not this time": nobody asks again.
    conflict_id = value(household.conn, "select id from plex_conflicts")
    resolve_conflict(household.services, household.user_id, conflict_id, "ignore")
    assert caught_up_of(household)["missed"] == 0
    assert value(household.conn, events) == 1
    # Another viewing is another event.
    household.plex.watched(key, 1, 1, seconds(at + timedelta(hours=2)))
    assert caught_up_of(household)["missed"] == 1
