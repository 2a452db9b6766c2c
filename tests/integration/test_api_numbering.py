"""`/api/plex/mappings/ID/rules`: numbering rules, their preview, and what they move."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from tests.conftest import Connection
from tests.integration.api_client import ApiClient
from tests.scrobbles import AT, receive, scrobble
from tests.watch_state import live_plays, value

MakeShow = Callable[..., int]
SHOW = "Harbour Lights"


@pytest.fixture
def show(ann: ApiClient, make_show: MakeShow, conn: Connection) -> int:
    """A show whose S02E04 Plex calls S01E16; that and the first episode were watched."""
    show_id = make_show(ann.user_id, SHOW, seasons={0: 2, 1: 12, 2: 12})
    for number, episode in enumerate((1, 16)):
        receive(conn, ann.user_id, scrobble(SHOW, episode=episode, at=AT + timedelta(days=number)))
    return show_id


@pytest.fixture
def path(ann: ApiClient, show: int) -> str:
    (mapping,) = ann.call("GET", "/api/plex/mappings")["mappings"]
    return f"/api/plex/mappings/{mapping['id']}/rules"


def places(conn: Connection, show: int) -> list[tuple[int, int]]:
    return sorted((play["season"], play["episode"]) for play in live_plays(conn, show))


def test_a_rule_is_previewed_then_saved_for_the_past_and_taken_away_again(
    ann: ApiClient, path: str, show: int, conn: Connection
) -> None:
    assert ann.call("GET", path) == {"rules": [], "next": None}
    assert value(conn, "select count(*) from plex_conflicts where not resolved") == 1
    preview = ann.call("POST", f"{path}/preview", {"kind": "absolute"})
    assert (preview["events"], preview["unchanged"], preview["marked"]) == (2, 1, 1)
    assert preview["examples"][-1]["becomes"] == [{"season": 2, "episode": 5, "title": "Episode 5", "known": True}]
    assert (ann.call("GET", path)["rules"], places(conn, show)) == ([], [(1, 1)])

    saved = ann.call("POST", path, {"kind": "absolute", "apply_to_past": True}, status=201)
    assert saved["correction"] | {"examples": preview["examples"]} == preview | {"conflict_id": None}
    (rule,) = saved["rules"]
    assert (rule["kind"], rule["source"], rule["plex_season"]) == ("absolute", "user", None)
    assert ann.call("GET", path)["rules"] == saved["rules"]
    assert places(conn, show) == [(1, 1), (2, 4)]
    assert value(conn, "select count(*) from plex_conflicts where not resolved") == 0

    left = ann.call("DELETE", f"{path}/{rule['id']}?apply_to_past=true")
    assert (left["rules"], left["correction"]["unplaced"]) == ([], 1)
    assert places(conn, show) == [(1, 1)]
    assert value(conn, "select count(*) from plex_conflicts where not resolved") == 1


def test_a_rule_without_a_word_about_the_past_is_for_what_comes(
    ann: ApiClient, path: str, show: int, conn: Connection
) -> None:
    saved = ann.call(
        "POST", path, {"plex_season": 1, "from_episode": 13, "season": 2, "episode_offset": -12}, status=201
    )
    assert saved["correction"] is None
    assert places(conn, show) == [(1, 1)]
    receive(conn, ann.user_id, scrobble(SHOW, episode=17, at=AT + timedelta(days=9)))
    assert places(conn, show) == [(1, 1), (2, 5)]


def test_several_rules_are_saved_at_once_and_all_removed_at_once(ann: ApiClient, path: str) -> None:
    rules = [
        {"kind": "double", "plex_season": 1, "first_episode": 1, "last_episode": 2},
        {"plex_season": 0, "season": 1, "to_episode": 9},
        {"kind": "to_absolute", "season_lengths": [12, 12]},
    ]
    saved = ann.call("POST", path, {"rules": rules}, status=201)["rules"]
    assert {rule["kind"] for rule in saved} == {"double", "offset", "to_absolute"}
    (double,) = (rule for rule in saved if rule["kind"] == "double")
    assert (double["from_episode"], double["to_episode"], double["last_episode"]) == (1, 1, 2)
    (by_season,) = (rule for rule in saved if rule["kind"] == "to_absolute")
    assert (by_season["season"], by_season["season_lengths"]) == (1, [12, 12])
    assert ann.call("DELETE", path)["rules"] == []
    assert ann.call("DELETE", path)["rules"] == []


@pytest.mark.parametrize(
    ("field", "body"),
    [
        ("plex_season", {}),
        ("plex_season", {"season": 2}),
        ("plex_season", {"plex_season": "1"}),
        ("plex_season", {"plex_season": -1}),
        ("kind", {"kind": "sideways"}),
        ("to_episode", {"plex_season": 1, "from_episode": 5, "to_episode": 4}),
        ("episode_offset", {"plex_season": 1, "from_episode": 5, "episode_offset": -6}),
        ("episode_offset", {"kind": "absolute", "to_episode": 5, "episode_offset": -5}),
        ("episode_offset", {"plex_season": 1, "episode_offset": 100_001}),
        ("season", {"kind": "absolute", "season": 2}),
        ("season_lengths", {"kind": "to_absolute"}),
        ("season_lengths", {"kind": "to_absolute", "season_lengths": []}),
        ("season_lengths.1", {"kind": "to_absolute", "season_lengths": [3, 0]}),
        ("season_lengths", {"kind": "absolute", "season_lengths": [3]}),
        ("last_episode", {"kind": "double", "plex_season": 1, "first_episode": 2}),
        ("last_episode", {"kind": "double", "plex_season": 1, "first_episode": 2, "last_episode": 2}),
        ("last_episode", {"kind": "double", "plex_season": 1, "first_episode": 1, "last_episode": 99}),
        (
            "from_episode",
            {"kind": "double", "plex_season": 1, "from_episode": 4, "first_episode": 1, "last_episode": 2},
        ),
        ("rules", {"rules": []}),
        ("rules.1.plex_season", {"rules": [{"plex_season": 1}, {}]}),
        ("rules.0.colour", {"rules": [{"plex_season": 1, "colour": "red"}]}),
        ("plex_season", {"plex_season": 1, "rules": [{"plex_season": 1}]}),
        ("colour", {"plex_season": 1, "colour": "red"}),
    ],
)
def test_a_rule_that_makes_no_sense_is_refused_by_the_fields_name(
    ann: ApiClient, path: str, field: str, body: dict[str, Any]
) -> None:
    assert list(ann.refused("POST", path, body)) == [field]
    assert list(ann.refused("POST", f"{path}/preview", body)) == [field]
    assert ann.call("GET", path)["rules"] == []


def test_two_rules_for_one_episode_are_refused_by_the_fields_name(ann: ApiClient, path: str) -> None:
    first = {"plex_season": 1, "from_episode": 1, "to_episode": 12}
    both = {"rules": [first, {"plex_season": 1, "from_episode": 12}]}
    for place in (path, f"{path}/preview"):
        assert list(ann.refused("POST", place, both, status=422)) == ["rules.1.from_episode"]
    ann.call("POST", path, first, status=201)
    for place in (path, f"{path}/preview"):
        fields = ann.refused("POST", place, {"kind": "absolute"}, status=422)
        assert list(fields) == ["from_episode"]
    assert len(ann.call("GET", path)["rules"]) == 1


def test_absolute_numbers_in_a_show_without_seasons_are_refused(
    ann: ApiClient, make_show: MakeShow, conn: Connection
) -> None:
    make_show(ann.user_id, "Empty", seasons=[])
    receive(conn, ann.user_id, scrobble("Empty"))
    (mapping,) = ann.call("GET", "/api/plex/mappings")["mappings"]
    assert list(ann.refused("POST", f"/api/plex/mappings/{mapping['id']}/rules", {"kind": "absolute"}, status=422)) == [
        "kind"
    ]


def test_a_corrected_mapping_says_what_it_moved_and_what_found_no_place(
    ann: ApiClient, path: str, show: int, make_show: MakeShow, conn: Connection
) -> None:
    other = make_show(ann.user_id, "Other", seasons={1: 1})
    mapping = path.removesuffix("/rules")
    correction = ann.call("PATCH", mapping, {"tvshow_id": other})["correction"]
    assert (correction["events"], correction["moved"], correction["unplaced"]) == (2, 1, 1)
    assert correction["changes"] == [
        {
            "plex_season": 1,
            "plex_episode": 1,
            "was": [{"tvshow_id": show, "season": 1, "episode": 1}],
            "becomes": [{"tvshow_id": other, "season": 1, "episode": 1}],
            "rule": None,
            "events": 1,
        }
    ]
    (conflict,) = ann.call("GET", "/api/plex/conflicts")["conflicts"]
    assert (conflict["id"], conflict["held"], conflict["tvshow_id"]) == (correction["conflict_id"], 1, other)
    assert (places(conn, show), places(conn, other)) == ([], [(1, 1)])
    assert ann.call("PATCH", mapping, {"manually_confirmed": True})["correction"] is None


def test_the_trace_tells_which_rule_renumbered_what(ann: ApiClient, path: str, conn: Connection) -> None:
    ann.call("POST", path, {"kind": "absolute"}, status=201)
    event = receive(conn, ann.user_id, scrobble(SHOW, episode=20, at=AT + timedelta(days=9)))
    step = ann.call("GET", f"/api/plex/logs/{event['log_id']}")["trace"][1]
    (rule,) = ann.call("GET", path)["rules"]
    assert step == {
        "step": "numbering",
        "season": 1,
        "episode": 20,
        "became": [
            {
                "season": 2,
                "episode": 8,
                "action": "marked_watched",
                "rule": {"id": rule["id"], "kind": "absolute", "source": "user"},
            }
        ],
    }
    (play, *_) = ann.call("GET", f"/api/shows/{event['tvshow_id']}/plays")["plays"]
    assert (play["season"], play["episode"], play["plex_season"], play["plex_episode"]) == (2, 8, 1, 20)


def test_the_rules_of_another_users_mapping_are_not_there(
    ann: ApiClient, bob: ApiClient, client_for: Callable[..., ApiClient], path: str
) -> None:
    (rule,) = ann.call("POST", path, {"kind": "absolute"}, status=201)["rules"]
    bob.call("GET", path, status=404)
    bob.call("POST", path, {"plex_season": 0}, status=404)
    bob.call("POST", f"{path}/preview", {"plex_season": 0}, status=404)
    bob.call("DELETE", path, status=404)
    bob.call("DELETE", f"{path}/{rule['id']}", status=404)
    ann.call("DELETE", f"{path}/{rule['id'] + 1}", status=404)
    assert ann.call("GET", path)["rules"] == [rule]
    reader = client_for("reader", scope="read")
    reader.call("POST", path, {"plex_season": 0}, status=403)
    reader.call("POST", f"{path}/preview", {"plex_season": 0}, status=403)
