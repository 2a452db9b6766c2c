"""Files that hold several episodes, as a Plex server lists them: read, kept as rules, and applied to the past."""

from __future__ import annotations

from datetime import timedelta

import pytest

from app.jobs.files import read_files
from app.jobs.running import Result, run_job
from app.plex.client import plex_server_of
from app.sync.double_episodes import learn_after_refresh, learn_double_episodes
from app.tracker.conflicts import resolve_conflict
from tests import payloads
from tests.fakes.failures import status
from tests.integration.household import SHOW, Household
from tests.mapping_state import correct
from tests.scrobbles import AT, receive, scrobble
from tests.watch_state import live_plays, show_row

pytestmark = pytest.mark.timeout(120)

DOUBLE = f"/tv/{SHOW}/Season 01/{SHOW} - S01E01-E02.mkv"


def places(household: Household, show: int) -> list[tuple[int, int]]:
    return sorted((play["season"], play["episode"]) for play in live_plays(household.conn, show))


def has_a_double_file(household: Household) -> str:
    """Plex lists the two episodes of a file as two, and a third one beside them."""
    return household.plex_has(seasons={1: [{"file": DOUBLE}, {"file": DOUBLE}, {}]})


def learn(household: Household, key: str) -> dict[str, object] | None:
    server = plex_server_of(household.services, household.user_id, [])
    assert server is not None
    return learn_double_episodes(household.services, household.user_id, household.mapping()["id"], server, key)


def job(household: Household) -> Result:
    result = run_job(household.services, "files", read_files)
    assert result is not None
    return result


def test_the_second_half_of_what_was_watched_is_marked_when_the_file_is_known(household: Household) -> None:
    key = has_a_double_file(household)
    show = household.has(seasons={1: 3})
    receive(household.conn, household.user_id, scrobble(episode=2))
    receive(household.conn, household.user_id, scrobble(episode=3, at=AT + timedelta(hours=2)))
    assert places(household, show) == []
    household.worker.work_off()
    assert places(household, show) == [(1, 1), (1, 2), (1, 3)]
    assert show_row(household.conn, show)["watched_episodes"] == 3
    assert household.mapping()["has_rules"] is True
    # The same names say nothing new.
    assert learn(household, key) is None


def test_a_file_that_was_split_since_marks_one_episode_again(household: Household) -> None:
    key = has_a_double_file(household)
    show = household.has(seasons={1: 3})
    household.looks_up(scrobble(episode=1))
    assert places(household, show) == [(1, 1), (1, 2)]
    household.plex_has(seasons={1: 3})
    answer = learn(household, key)
    assert answer is not None
    assert answer["moved"] == 1
    assert places(household, show) == [(1, 1)]
    assert household.mapping()["has_rules"] is False


def test_files_are_read_again_when_the_show_is_refreshed(household: Household) -> None:
    household.plex_has(seasons={1: 3})
    show = household.has(seasons={1: 3})
    household.looks_up(scrobble(episode=1))
    has_a_double_file(household)
    learn_after_refresh(household.services, household.user_id, show)
    assert places(household, show) == [(1, 1), (1, 2)]


def test_files_of_a_show_that_an_answer_has_mapped_are_read_soon(household: Household) -> None:
    has_a_double_file(household)
    show = household.has("Under another name", seasons={1: 3})
    asked = household.looks_up(scrobble(episode=1))
    assert asked["status"] == "conflict"
    resolve_conflict(household.services, household.user_id, asked["conflict_id"], "select", tvshow_id=show)
    assert places(household, show) == [(1, 1)]
    assert job(household) == {"due": 1, "read": 1, "changed": 1, "gone": 0, "waiting": 0, "failed": 0}
    assert places(household, show) == [(1, 1), (1, 2)]
    assert job(household)["due"] == 0


def test_a_file_that_came_later_is_read_within_a_day_of_its_viewing(household: Household) -> None:
    household.plex_has(seasons={1: 3})
    show = household.has(seasons={1: 3})
    household.looks_up(scrobble(episode=3))
    has_a_double_file(household)
    assert job(household)["due"] == 0
    receive(household.conn, household.user_id, scrobble(episode=1, at=AT + timedelta(hours=2)))
    assert places(household, show) == [(1, 1), (1, 3)]
    assert job(household)["due"] == 0
    household.conn.execute("update plex_show_mappings set files_read_at = files_read_at - interval '23 hours'")
    assert job(household)["changed"] == 1
    assert places(household, show) == [(1, 1), (1, 2), (1, 3)]


def test_a_server_that_is_away_is_asked_once_a_run_and_again_in_the_next(household: Household) -> None:
    has_a_double_file(household)
    household.plex_has("Nightwatch", seasons={1: 3})
    household.has(seasons={1: 3})
    household.has("Nightwatch", seasons={1: 3})
    for title in (SHOW, "Nightwatch"):
        household.looks_up(scrobble(title))
    household.conn.execute("update plex_show_mappings set files_read_at = null")
    household.plex.fail("*", status(500))
    before = household.plex.count()
    assert job(household)["waiting"] == 2
    assert household.plex.count() == before + 1
    household.plex.heal()
    household.services.plex.close()
    assert job(household)["read"] == 2


def test_a_show_that_the_server_has_no_more_is_not_asked_about_again_and_again(household: Household) -> None:
    household.plex_has(seasons={1: 3})
    household.has(seasons={1: 3})
    household.looks_up(scrobble(episode=1))
    household.conn.execute("update plex_show_mappings set files_read_at = null")
    household.plex.shows.clear()
    assert job(household)["gone"] == 1
    assert job(household)["due"] == 0


def test_a_server_that_does_not_answer_costs_no_mark_and_the_next_refresh_reads_the_files(household: Household) -> None:
    has_a_double_file(household)
    household.plex.fail("*/allLeaves", status(500))
    show = household.has(seasons={1: 3})
    assert household.looks_up(scrobble(episode=1))["status"] == "success"
    assert places(household, show) == [(1, 1)]
    household.plex.heal()
    household.services.plex.close()
    learn_after_refresh(household.services, household.user_id, show)
    assert places(household, show) == [(1, 1), (1, 2)]


def test_a_rule_that_the_user_took_away_is_not_read_again(household: Household) -> None:
    key = has_a_double_file(household)
    show = household.has(seasons={1: 3})
    household.looks_up(scrobble(episode=1))
    mapping = household.mapping()["id"]
    household.conn.execute("select remove_rules(%s, %s, null, true)", (household.user_id, mapping))
    assert places(household, show) == [(1, 1)]
    learn(household, key)
    assert places(household, show) == [(1, 1)]


def test_a_mapping_that_was_forgotten_meanwhile_is_left_alone(household: Household) -> None:
    key = has_a_double_file(household)
    household.has(seasons={1: 3})
    household.looks_up(scrobble(episode=1))
    mapping = household.mapping()["id"]
    server = plex_server_of(household.services, household.user_id, [])
    assert server is not None
    household.conn.execute("select delete_mapping(%s, %s)", (household.user_id, mapping))
    assert learn_double_episodes(household.services, household.user_id, mapping, server, key) is None


def test_both_halves_move_with_a_correction(household: Household) -> None:
    has_a_double_file(household)
    wrong, right = household.has(seasons={1: 3}), household.has("Nightwatch", seasons={1: 3})
    household.looks_up(payloads.episode(parentIndex=1, index=1))
    correct(household.conn, household.user_id, household.mapping()["id"], right)
    assert (places(household, wrong), places(household, right)) == ([], [(1, 1), (1, 2)])


def test_what_another_server_has_in_single_files_is_one_episode_there(household: Household) -> None:
    has_a_double_file(household)
    show = household.has(seasons={1: 3})
    household.looks_up(scrobble(episode=1))
    assert places(household, show) == [(1, 1), (1, 2)]
    other = {"title": "Cellar", "uuid": "0therserver"}
    at = AT + timedelta(days=1)
    receive(household.conn, household.user_id, scrobble(episode=2, at=at, Server=other))
    assert places(household, show) == [(1, 1), (1, 2), (1, 2)]
    # Nor when the names of the files are read anew, and the past goes by them.
    household.plex_has(seasons={1: 3})
    learn_after_refresh(household.services, household.user_id, show)
    assert places(household, show) == [(1, 1), (1, 2)]
    has_a_double_file(household)
    learn_after_refresh(household.services, household.user_id, show)
    assert places(household, show) == [(1, 1), (1, 2), (1, 2)]
