"""`/api/plex/mappings`: which Plex show stands for which show of the tracker."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.conftest import Connection
from tests.integration.api_client import ApiClient
from tests.scrobbles import receive, scrobble
from tests.watch_state import live_plays, one, plays, value

MakeShow = Callable[..., int]


@pytest.fixture
def mapped(ann: ApiClient, make_show: MakeShow, conn: Connection) -> dict[str, Any]:
    """A mapping that an event has made."""
    show_id = make_show(ann.user_id, "Harbour Lights")
    assert receive(conn, ann.user_id, scrobble("Harbour Lights"))["tvshow_id"] == show_id
    (mapping,) = ann.call("GET", "/api/plex/mappings")["mappings"]
    return dict(mapping)


def test_a_mapping_says_what_it_knows_and_how_sure_it_is(ann: ApiClient, mapped: dict[str, Any]) -> None:
    assert (mapped["plex_title"], mapped["tvshow_title"]) == ("Harbour Lights", "Harbour Lights")
    assert mapped["plex_guid"].startswith("plex://show/")
    assert (mapped["match_confidence"], mapped["match_method"]) == (0.8, "title")
    assert (mapped["manually_confirmed"], mapped["sync_enabled"], mapped["open_conflict_id"]) == (False, True, None)
    assert mapped["last_synced_at"] is not None
    assert ann.call("GET", f"/api/plex/mappings/{mapped['id']}") == mapped


def test_a_mapping_can_be_switched_off_and_confirmed(ann: ApiClient, mapped: dict[str, Any], conn: Connection) -> None:
    path = f"/api/plex/mappings/{mapped['id']}"
    changed = ann.call("PATCH", path, {"sync_enabled": False})
    assert (changed["sync_enabled"], changed["manually_confirmed"]) == (False, False)
    assert receive(conn, ann.user_id, scrobble("Harbour Lights", episode=2))["action"] == "sync_disabled"
    changed = ann.call("PATCH", path, {"sync_enabled": True, "manually_confirmed": True})
    row = one(conn, "select sync_enabled, manually_confirmed, tvshow_id from plex_show_mappings")
    assert row == {"sync_enabled": True, "manually_confirmed": True, "tvshow_id": mapped["tvshow_id"]}
    assert ann.call("PATCH", path, {}) == changed | {"updated_at": ann.call("GET", path)["updated_at"]}


def test_a_mapping_to_another_show_is_confirmed_and_counts_for_later_events(
    ann: ApiClient, mapped: dict[str, Any], make_show: MakeShow, conn: Connection
) -> None:
    other = make_show(ann.user_id, "Other")
    changed = ann.call("PATCH", f"/api/plex/mappings/{mapped['id']}", {"tvshow_id": other})
    assert (changed["tvshow_id"], changed["tvshow_title"], changed["match_confidence"], changed["match_method"]) == (
        other,
        "Other",
        1.0,
        "manual",
    )
    assert changed["manually_confirmed"] is True
    assert receive(conn, ann.user_id, scrobble("Harbour Lights", episode=2))["tvshow_id"] == other
    assert sorted(play["episode"] for play in plays(conn, other)) == [1, 2]
    assert live_plays(conn, mapped["tvshow_id"]) == []


def test_a_mapping_to_nothing_means_not_to_be_tracked(ann: ApiClient, mapped: dict[str, Any], conn: Connection) -> None:
    assert ann.call("PATCH", f"/api/plex/mappings/{mapped['id']}", {"tvshow_id": None})["tvshow_id"] is None
    assert receive(conn, ann.user_id, scrobble("Harbour Lights", episode=2))["action"] == "sync_disabled"


@pytest.mark.parametrize(
    ("field", "body"),
    [
        ("tvshow_id", {"tvshow_id": "1"}),
        ("tvshow_id", {"tvshow_id": 2**63}),
        ("sync_enabled", {"sync_enabled": None}),
        ("sync_enabled", {"sync_enabled": 0}),
        ("manually_confirmed", {"manually_confirmed": "yes"}),
        ("match_confidence", {"match_confidence": 1}),
    ],
)
def test_a_wrong_change_is_refused_by_the_fields_name(
    ann: ApiClient, mapped: dict[str, Any], field: str, body: dict[str, Any]
) -> None:
    path = f"/api/plex/mappings/{mapped['id']}"
    assert list(ann.refused("PATCH", path, body)) == [field]
    assert ann.call("GET", path) == mapped


def test_a_mapping_to_a_show_of_another_user_is_refused(
    ann: ApiClient, bob: ApiClient, mapped: dict[str, Any], make_show: MakeShow
) -> None:
    path = f"/api/plex/mappings/{mapped['id']}"
    for show_id in (make_show(bob.user_id, "His"), 999_999):
        ann.call("PATCH", path, {"tvshow_id": show_id}, status=404)
    assert ann.call("GET", path) == mapped


def test_a_deleted_mapping_is_decided_anew_and_its_plays_stay(
    ann: ApiClient, mapped: dict[str, Any], conn: Connection
) -> None:
    path = f"/api/plex/mappings/{mapped['id']}"
    assert ann.send("DELETE", path).status_code == 204
    assert value(conn, "select count(*) from plex_show_mappings") == 0
    assert len(plays(conn, mapped["tvshow_id"])) == 1
    ann.call("DELETE", path, status=404)
    assert receive(conn, ann.user_id, scrobble("Harbour Lights", episode=2))["status"] == "success"
    assert ann.call("GET", "/api/plex/mappings")["mappings"][0]["id"] != mapped["id"]


def test_mappings_are_filtered_by_what_they_stand_for_and_by_title(
    ann: ApiClient, make_show: MakeShow, conn: Connection
) -> None:
    for title in ("Alpha 100%", "Beta_x", "Gamma"):
        make_show(ann.user_id, title)
        receive(conn, ann.user_id, scrobble(title))
    ids = {m["plex_title"]: m["id"] for m in ann.call("GET", "/api/plex/mappings")["mappings"]}
    ann.call("PATCH", f"/api/plex/mappings/{ids['Gamma']}", {"tvshow_id": None})
    # An episode that the show lacks: a question about a show that is mapped.
    assert receive(conn, ann.user_id, scrobble("Beta_x", season=9))["status"] == "conflict"

    def titles(query: str) -> list[str]:
        return [m["plex_title"] for m in ann.call("GET", f"/api/plex/mappings?{query}")["mappings"]]

    assert titles("") == ["Gamma", "Beta_x", "Alpha 100%"]
    assert titles("unmapped=true") == ["Gamma"]
    assert titles("unmapped=false") == ["Beta_x", "Alpha 100%"]
    assert titles("conflicts=true") == ["Beta_x"]
    assert titles("conflicts=false") == ["Gamma", "Alpha 100%"]
    assert titles("q=ALPHA") == ["Alpha 100%"]
    assert titles("q=%25") == ["Alpha 100%"]
    assert titles("q=_") == ["Beta_x"]
    assert titles("q=\\") == []
    assert titles("q=a&unmapped=false&conflicts=false") == ["Alpha 100%"]


def test_mappings_are_filtered_by_how_sure_they_are_and_by_their_state(
    ann: ApiClient, make_show: MakeShow, conn: Connection
) -> None:
    for title in ("Alpha", "Beta", "Gamma"):
        make_show(ann.user_id, title)
        receive(conn, ann.user_id, scrobble(title))
    conn.execute("update plex_show_mappings set match_confidence = 0.7 where plex_title = 'Alpha'")
    ids = {m["plex_title"]: m["id"] for m in ann.call("GET", "/api/plex/mappings")["mappings"]}
    ann.call("PATCH", f"/api/plex/mappings/{ids['Beta']}", {"manually_confirmed": True})
    ann.call("PATCH", f"/api/plex/mappings/{ids['Gamma']}", {"sync_enabled": False})

    def titles(query: str) -> list[str]:
        return [m["plex_title"] for m in ann.call("GET", f"/api/plex/mappings?{query}")["mappings"]]

    assert titles("confirmed=true") == ["Beta"]
    assert titles("confirmed=false") == ["Gamma", "Alpha"]
    assert titles("sync_enabled=false") == ["Gamma"]
    assert titles("below=0.75") == ["Alpha"]
    assert titles("below=0.7") == []
    assert titles("method=title") == ["Gamma", "Beta", "Alpha"]
    assert titles("method=manual") == []
    assert titles("confirmed=false&sync_enabled=true&method=title") == ["Alpha"]


def test_mappings_come_in_pages(ann: ApiClient, make_show: MakeShow, conn: Connection) -> None:
    for title in ("One", "Two", "Three"):
        make_show(ann.user_id, title)
        receive(conn, ann.user_id, scrobble(title))
    first = ann.call("GET", "/api/plex/mappings?limit=2")
    assert [m["plex_title"] for m in first["mappings"]] == ["Three", "Two"]
    for place in (f"next={first['next']}", f"before={first['next']}", f"before={first['mappings'][-1]['id']}"):
        rest = ann.call("GET", f"/api/plex/mappings?limit=2&{place}")
        assert ([m["plex_title"] for m in rest["mappings"]], rest["next"]) == (["One"], None)


@pytest.mark.parametrize(
    ("field", "query"),
    [
        ("unmapped", "unmapped=perhaps"),
        ("confirmed", "confirmed=perhaps"),
        ("below", "below=2"),
        ("below", "below=NaN"),
        ("q", f"q={'x' * 201}"),
        ("q", "q=%00"),
        ("before", "before=-1"),
        ("page", "page=2"),
    ],
)
def test_a_wrong_filter_is_refused_by_its_name(ann: ApiClient, field: str, query: str) -> None:
    assert list(ann.refused("GET", f"/api/plex/mappings?{query}")) == [field]


def test_the_mapping_of_another_user_is_not_there(bob: ApiClient, mapped: dict[str, Any], conn: Connection) -> None:
    path = f"/api/plex/mappings/{mapped['id']}"
    assert bob.call("GET", "/api/plex/mappings")["mappings"] == []
    bob.call("GET", path, status=404)
    bob.call("PATCH", path, {"sync_enabled": False}, status=404)
    bob.call("DELETE", path, status=404)
    assert value(conn, "select sync_enabled from plex_show_mappings") is True


def test_a_mapping_says_why_its_show_is_not_tracked(
    ann: ApiClient, mapped: dict[str, Any], make_show: MakeShow, conn: Connection
) -> None:
    path = f"/api/plex/mappings/{mapped['id']}"
    assert mapped["not_tracked_because"] is None
    assert ann.call("PATCH", path, {"sync_enabled": False})["not_tracked_because"] == "switched_off"
    assert ann.call("PATCH", path, {"tvshow_id": None})["not_tracked_because"] == "ignored"
    other = make_show(ann.user_id, "Other")
    assert ann.call("PATCH", path, {"tvshow_id": other})["not_tracked_because"] is None
    ann.call("DELETE", f"/api/shows/{other}", status=204)
    assert ann.call("GET", path)["not_tracked_because"] == "show_deleted"
    ann.call("PATCH", path, {"tvshow_id": None})
    assert ann.call("GET", path)["not_tracked_because"] == "ignored"


def test_a_show_that_is_added_again_gets_its_mapping_back(
    ann: ApiClient, make_show: MakeShow, conn: Connection
) -> None:
    show_id = make_show(ann.user_id, "Harbour Lights", tvdb_id=77)
    receive(conn, ann.user_id, scrobble("Harbour Lights"))
    ann.call("DELETE", f"/api/shows/{show_id}", status=204)
    assert receive(conn, ann.user_id, scrobble("Harbour Lights", episode=2))["action"] == "sync_disabled"
    seasons = [{"seasonNumber": 1, "episodes": [{"episodeNumber": n} for n in (1, 2, 3)]}]
    again = ann.call("POST", "/api/shows", {"title": "Harbour", "tvdb_id": 77, "seasons": seasons}, status=201)
    (mapping,) = ann.call("GET", "/api/plex/mappings")["mappings"]
    assert (mapping["tvshow_id"], mapping["not_tracked_because"]) == (again["id"], None)
    assert receive(conn, ann.user_id, scrobble("Harbour Lights", episode=3))["tvshow_id"] == again["id"]
