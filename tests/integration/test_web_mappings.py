"""The mappings page: what stands for what, putting it right, and rules that are looked at before they are kept."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient
from pydantic import SecretStr

from app.plex.events import parse_event
from app.security import accounts
from app.services import Services
from app.sync.receive import receive
from tests.browser.sample import HOSTILE, add_shows, scrobble
from tests.conftest import Connection
from tests.fakes import failures
from tests.fakes.tmdb import KEY, FakeTmdb
from tests.integration.browser import PASSWORD, Browser
from tests.integration.mapping_pages import mappings_in, post, send, text_of, tokenless
from tests.watch_state import one

pytestmark = pytest.mark.usefixtures("cheap_passwords")

Watch = Callable[..., int]
RULE = {"plex_season": "1", "from_episode": "4", "to_episode": "", "season": "2", "first": "1"}


@pytest.fixture
def user_id(services: Services) -> int:
    mira = accounts.create_user(services, "mira", PASSWORD)
    add_shows(services, mira)
    return mira


@pytest.fixture
def browser(client: FlaskClient, user_id: int) -> Browser:
    browser = Browser(client.application)
    browser.sign_in("mira")
    return browser


@pytest.fixture
def watch(services: Services, user_id: int, conn: Connection) -> Watch:
    """Receives an episode; the number of the mapping that it came through."""

    def receive_one(title: str = "Slow Horses", season: int = 1, episode: int = 1, owner_id: int | None = None) -> int:
        event = parse_event(scrobble(title, season, episode))
        log_id = receive(services, owner_id or user_id, event, patience=30).log_id
        mapping_id: int = one(conn, "select mapping_id from plex_webhook_logs where id = %s", (log_id,))["mapping_id"]
        return mapping_id

    return receive_one


def _mapping(conn: Connection, mapping_id: int) -> dict[str, Any]:
    return one(conn, "select * from plex_show_mappings where id = %s", (mapping_id,))


def _watched(conn: Connection, title: str, year: int) -> int:
    row = one(
        conn,
        "select watched_episodes from tvshows where title = %s and extract(year from show_start_date) = %s",
        (title, year),
    )
    return int(row["watched_episodes"])


def _doctor(conn: Connection) -> str:
    row = one(conn, "select id from tvshows where title = 'Doctor Who' and extract(year from show_start_date) = 2005")
    return str(row["id"])


def test_without_a_mapping_the_page_says_when_there_will_be_one(browser: Browser) -> None:
    assert "No mapping yet" in browser.get("/mappings").text


def test_a_mapping_says_what_it_stands_for_and_how_sure_it_is(browser: Browser, watch: Watch) -> None:
    mapping_id = watch()

    assert "Slow Horses is Slow Horses Confidence 0.80" in text_of(browser.get("/mappings").text)
    page = text_of(browser.get(f"/mappings/{mapping_id}").text)
    assert "stands for Slow Horses 2022 By the title; confidence 0.80." in page


def test_the_list_is_searched_and_filtered_and_the_address_says_so(
    browser: Browser, watch: Watch, conn: Connection
) -> None:
    sure, unsure, off, gone = watch(), watch("Severance"), watch("Bob's Burgers"), watch("進撃の巨人")
    conn.execute(
        "update plex_show_mappings set manually_confirmed = true, match_confidence = 0.9 where id = %s", (sure,)
    )
    conn.execute("update plex_show_mappings set match_confidence = 0.7 where id = %s", (unsure,))
    conn.execute("update plex_show_mappings set sync_enabled = false where id = %s", (off,))
    conn.execute("update plex_show_mappings set tvshow_id = null, match_method = 'manual' where id = %s", (gone,))

    def shown(query: str) -> set[int]:
        page, part = browser.get(f"/mappings{query}"), browser.poll(f"/mappings{query}")
        assert tokenless(part.text) in tokenless(page.text)
        return set(mappings_in(part.text))

    assert shown("") == {sure, unsure, off, gone}
    assert shown("?q=horses") == {sure}
    assert shown("?q=%25") == set()
    assert shown("?show=unconfirmed") == {unsure, off, gone}
    assert shown("?show=off") == {off}
    assert shown("?show=untracked") == {off, gone}
    assert shown("?confidence=0.80") == {unsure}
    assert shown("?confidence=0.90") == {unsure, off, gone}
    assert shown("?method=title") == {sure, unsure, off}
    assert shown("?method=manual") == {gone}
    assert shown("?method=title&confidence=0.90&show=untracked") == {off}
    assert shown("?method=nonsense") == set()
    assert shown("?show=untracked&q=burgers") == {off}
    assert shown("?show=asking") == set()


def test_filters_and_search_stay_from_page_to_page(
    browser: Browser, watch: Watch, conn: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.web.mappings.PAGE", 2)
    burgers, horses, severance, other = watch("Bob's Burgers"), watch(), watch("Severance"), watch("進撃の巨人")
    conn.execute("update plex_show_mappings set match_confidence = 0.7 where id <> %s", (other,))

    first = browser.get("/mappings?q=e&confidence=0.80&show=unconfirmed&method=title")
    (older,) = re.findall(r'class="btn" href="([^"]*before=[^"]*)">', first.text.replace("&amp;", "&"))
    second = browser.get(older)

    assert (mappings_in(first.text), mappings_in(second.text)) == ([severance, horses], [burgers])
    for page in (first, second):
        assert re.search(r'<option value="0.80" selected>', page.text)
        assert re.search(r'<option value="title" selected>', page.text)
        assert 'name="q" type="search" value="e"' in page.text
        assert re.search(r'href="/mappings\?method=title&amp;confidence=0.80&amp;q=e">All<', page.text)


def test_why_a_show_is_not_tracked_is_said(browser: Browser, watch: Watch, conn: Connection) -> None:
    mapping_id = watch()
    for change, said in (
        ("sync_enabled = false", "Switched off: what comes is left out."),
        ("tvshow_id = null", "Not tracked: you chose to ignore it."),
    ):
        conn.execute(f"update plex_show_mappings set {change}")
        assert said in text_of(browser.get(f"/mappings/{mapping_id}").text)


@pytest.mark.parametrize(
    ("action", "column", "value", "said"),
    [
        ("confirm", "manually_confirmed", True, "Confirmed."),
        ("off", "sync_enabled", False, "Switched off: what comes is left out."),
        ("untrack", "tvshow_id", None, "It is not tracked any more"),
    ],
)
def test_a_mapping_is_confirmed_switched_off_or_emptied(
    browser: Browser, watch: Watch, conn: Connection, action: str, column: str, value: object, said: str
) -> None:
    mapping_id = watch()

    assert said in send(browser, mapping_id, "change", action=action)

    assert _mapping(conn, mapping_id)[column] is value
    assert _watched(conn, "Slow Horses", 2022) == (0 if action == "untrack" else 1)


def test_what_was_switched_off_is_switched_on_again(browser: Browser, watch: Watch, conn: Connection) -> None:
    mapping_id = watch()
    send(browser, mapping_id, "change", action="off")

    assert "Switched on" in send(browser, mapping_id, "change", action="on")

    assert _mapping(conn, mapping_id)["sync_enabled"] is True


def test_another_show_takes_over_what_came_and_the_page_tells_what_moved(
    browser: Browser, watch: Watch, conn: Connection
) -> None:
    watch()
    mapping_id = watch(season=3)
    found = browser.poll(f"/mappings/{mapping_id}?q=doctor")
    assert "Doctor Who 2005" in text_of(found.text)

    page = send(browser, mapping_id, "change", action="select", tvshow_id=_doctor(conn))

    assert "It stands for another show now. Of 2 past events: 1 moved, 1 found no episode." in page
    assert "Answer the question Undo" in page
    assert _mapping(conn, mapping_id)["tvshow_id"] == int(_doctor(conn))
    assert (_watched(conn, "Doctor Who", 2005), _watched(conn, "Slow Horses", 2022)) == (1, 0)


@pytest.fixture
def with_tmdb(services: Services, fake_tmdb: FakeTmdb) -> FakeTmdb:
    services.settings = services.settings.model_copy(update={"tmdb_api_key": SecretStr(KEY)})
    return fake_tmdb


def test_a_show_that_the_tracker_does_not_have_is_found_at_tmdb_and_added_and_taken_back(
    browser: Browser, watch: Watch, conn: Connection, with_tmdb: FakeTmdb, user_id: int
) -> None:
    mapping_id = watch()
    with_tmdb.add_show(4321, "Slow Houses", seasons={1: 12}, first_air_date="2019-11-29")
    path = f"/mappings/{mapping_id}"
    assert f'hx-get="{path}?q=slow+houses&amp;tmdb=1"' in browser.poll(f"{path}?q=slow+houses").text
    assert "Slow Houses 2019" in text_of(browser.get(f"{path}?q=slow+houses&tmdb=1").text)

    page = send(browser, mapping_id, "change", action="select", tmdb_id="4321")

    assert "It stands for another show now. Of 1 past event: 1 moved." in page
    show = one(conn, "select * from tvshows where user_id = %s and tmdb_id = 4321", (user_id,))
    assert (show["total_episodes"], show["watched_episodes"]) == (12, 1)
    assert _mapping(conn, mapping_id)["tvshow_id"] == show["id"]
    assert _watched(conn, "Slow Horses", 2022) == 0
    send(browser, mapping_id, "undo")
    assert (_watched(conn, "Slow Horses", 2022), _watched(conn, "Slow Houses", 2019)) == (1, 0)
    # Nothing else came to it: it goes as it came.
    assert one(conn, "select deleted_at from tvshows where id = %s", (show["id"],))["deleted_at"] is not None


def test_a_show_of_tmdb_that_the_tracker_has_is_taken_from_there_and_stays(
    browser: Browser, watch: Watch, conn: Connection, with_tmdb: FakeTmdb
) -> None:
    mapping_id = watch()
    conn.execute("update tvshows set tmdb_id = 4321 where id = %s", (_doctor(conn),))

    send(browser, mapping_id, "change", action="select", tmdb_id="4321")

    assert _mapping(conn, mapping_id)["tvshow_id"] == int(_doctor(conn))
    assert with_tmdb.requests == []
    send(browser, mapping_id, "undo")
    assert one(conn, "select deleted_at from tvshows where id = %s", (_doctor(conn),))["deleted_at"] is None


@pytest.mark.parametrize(
    ("failure", "why"),
    [
        (failures.status(500), "TMDB answered with an error"),
        (failures.status(401), "TMDB does not accept the TMDB key"),
    ],
)
def test_a_tmdb_that_does_not_answer_is_said_and_the_mapping_stays(
    browser: Browser, watch: Watch, conn: Connection, with_tmdb: FakeTmdb, failure: Any, why: str
) -> None:
    mapping_id = watch()
    before = _mapping(conn, mapping_id)
    with_tmdb.fail("*", failure)

    assert why in send(browser, mapping_id, "change", action="select", tmdb_id="4321")

    assert _mapping(conn, mapping_id) == before
    assert one(conn, "select count(*) as n from tvshows where tmdb_id is not null")["n"] == 0


def test_a_show_of_tmdb_whose_other_id_is_taken_is_refused_and_the_mapping_stays(
    browser: Browser, watch: Watch, conn: Connection, with_tmdb: FakeTmdb
) -> None:
    mapping_id = watch()
    before = _mapping(conn, mapping_id)
    with_tmdb.add_show(4321, "Slow Houses", seasons={1: 12}, tvdb_id=77)
    conn.execute("update tvshows set tvdb_id = 77 where title = 'Severance'")

    assert "this TVDB id is in the tracker already" in send(
        browser, mapping_id, "change", action="select", tmdb_id="4321"
    )

    assert _mapping(conn, mapping_id) == before


def test_a_forgotten_mapping_is_gone_and_its_marks_stay(browser: Browser, watch: Watch, conn: Connection) -> None:
    mapping_id = watch()

    assert "Forgotten." in send(browser, mapping_id, "forget")

    assert one(conn, "select count(*) as n from plex_show_mappings")["n"] == 0
    assert _watched(conn, "Slow Horses", 2022) == 1


def test_a_mapping_of_somebody_else_is_not_there(
    browser: Browser, watch: Watch, services: Services, conn: Connection
) -> None:
    eve = accounts.create_user(services, "eve", PASSWORD)
    add_shows(services, eve)
    theirs = watch(owner_id=eve)

    assert browser.get(f"/mappings/{theirs}").status_code == 404
    for what, values in (
        ("change", {"action": "off"}),
        ("forget", {}),
        ("rules", RULE),
        ("rules/1/remove", {}),
    ):
        assert post(browser, f"/mappings/{theirs}/{what}", **values).status_code == 404
    assert _mapping(conn, theirs)["sync_enabled"] is True
    assert 'id="mapping-' not in browser.get("/mappings").text


def test_a_show_of_somebody_else_cannot_be_chosen(
    browser: Browser, watch: Watch, services: Services, conn: Connection
) -> None:
    mapping_id = watch()
    before = _mapping(conn, mapping_id)["tvshow_id"]
    eve = accounts.create_user(services, "eve", PASSWORD)
    add_shows(services, eve)
    theirs = one(conn, "select min(id) as id from tvshows where user_id = %s", (eve,))

    assert "is not there" in send(browser, mapping_id, "change", action="select", tvshow_id=str(theirs["id"]))

    assert _mapping(conn, mapping_id)["tvshow_id"] == before


def test_no_change_counts_without_its_csrf_token(browser: Browser, watch: Watch, conn: Connection) -> None:
    mapping_id = watch()

    for what in ("change", "forget", "rules", "rules/1/remove"):
        answer = browser.http.post(f"/mappings/{mapping_id}/{what}", data=RULE | {"action": "off"})
        assert answer.status_code == 403
    assert _mapping(conn, mapping_id)["sync_enabled"] is True


@pytest.mark.parametrize("values", [{"action": "nonsense"}, {"action": "select"}, {}])
def test_a_change_that_no_page_offers_is_a_400_page(browser: Browser, watch: Watch, values: dict[str, str]) -> None:
    assert post(browser, f"/mappings/{watch()}/change", **values).status_code == 400


@pytest.mark.parametrize("path", ["/mappings?show=nonsense", "/mappings?before=abc", "/mappings?confidence=0.5"])
def test_a_list_that_cannot_be_is_a_400_page(browser: Browser, path: str) -> None:
    assert browser.get(path).status_code == 400


@pytest.mark.parametrize("title", HOSTILE[:3])
def test_a_hostile_title_is_shown_as_text(browser: Browser, watch: Watch, title: str) -> None:
    mapping_id = watch(title)

    for path in ("/mappings", f"/mappings/{mapping_id}", f"/mappings/{mapping_id}?q=script"):
        page = browser.get(path)
        assert page.status_code == 200
        assert "<script>alert" not in page.text
        assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=\"", page.text)


def test_the_part_that_htmx_swaps_is_the_one_of_the_page(browser: Browser, watch: Watch) -> None:
    mapping_id = watch()
    part = browser.poll(f"/mappings/{mapping_id}")

    article = part.text.split("</article>")[0]
    assert tokenless(article) in tokenless(browser.get(f"/mappings/{mapping_id}").text)
    assert "HX-Request" in part.headers["Vary"]


def test_the_history_says_what_was_changed_and_the_last_change_is_taken_back(
    browser: Browser, watch: Watch, conn: Connection
) -> None:
    mapping_id = watch()
    send(browser, mapping_id, "change", action="confirm")
    send(browser, mapping_id, "change", action="select", tvshow_id=_doctor(conn))

    page = text_of(browser.get(f"/mappings/{mapping_id}").text)
    assert "Found by the title, with confidence 0.80: Slow Horses (2022)." in page
    assert "Confirmed. just now" in page
    assert "It stands for Doctor Who (2005). just now · Of 1 past event: 1 moved." in page
    assert page.count("Undo this change") == 1

    said = send(browser, mapping_id, "undo")
    assert "Taken back: it is as it was before. Of 1 past event: 1 moved." in said
    assert "You took a change back. It stands for Slow Horses (2022)." in said
    assert (_watched(conn, "Slow Horses", 2022), _watched(conn, "Doctor Who", 2005)) == (1, 0)
    said = send(browser, mapping_id, "undo")
    assert "You took a change back. Not confirmed any more." in said
    assert "Undo this change" not in said
    assert "Nothing was changed here that can be taken back." in send(browser, mapping_id, "undo")


def test_an_answer_in_the_history_leads_to_its_question(
    browser: Browser, watch: Watch, services: Services, user_id: int
) -> None:
    mapping_id = watch("Severance", 1, 1)
    outcome = receive(services, user_id, parse_event(scrobble("Severance", 2, 11)), patience=30)
    post(browser, f"/conflicts/{outcome.conflict_id}/answer", action="select")
    page = browser.get(f"/mappings/{mapping_id}").text
    assert "You answered that it is Severance (2022). See the question" in text_of(page)
    assert f'href="/conflicts/{outcome.conflict_id}">See the question' in page


def test_the_history_of_somebody_elses_mapping_cannot_be_touched(
    client: FlaskClient, services: Services, browser: Browser, watch: Watch, conn: Connection
) -> None:
    mapping_id = watch()
    send(browser, mapping_id, "change", action="off")
    accounts.create_user(services, "sam", PASSWORD)
    other = Browser(client.application)
    other.sign_in("sam")
    assert post(other, f"/mappings/{mapping_id}/undo").status_code == 404
    assert _mapping(conn, mapping_id)["sync_enabled"] is False
