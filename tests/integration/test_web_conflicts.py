"""The conflicts page: what it asks, and that an answer given there is applied and can be taken back."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape
from typing import Any

import pytest
from flask.testing import FlaskClient
from psycopg.types.json import Jsonb
from pydantic import SecretStr
from werkzeug.test import TestResponse

from app.plex.events import parse_event
from app.security import accounts
from app.services import Services
from app.sync.receive import receive
from tests.browser.sample import HOSTILE, add_shows, scrobble
from tests.conftest import Connection
from tests.fakes.tmdb import KEY, FakeTmdb
from tests.integration.browser import PASSWORD, Browser
from tests.watch_state import one

pytestmark = pytest.mark.usefixtures("cheap_passwords")

Ask = Callable[..., int]


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
def ask(services: Services, user_id: int) -> Ask:
    """Receives an event that cannot be decided; the question's number."""

    def receive_one(title: str = "Doctor Who", season: int = 1, episode: int = 1, **more: Any) -> int:
        owner = more.pop("owner_id", user_id)
        outcome = receive(services, owner, parse_event(scrobble(title, season, episode, **more)), patience=30)
        assert outcome.conflict_id is not None
        return outcome.conflict_id

    return receive_one


def _text(page: str) -> str:
    """What a reader sees of a page."""
    text = unescape(re.sub(r"<[^>]+>", " ", page.split("</head>")[-1]))
    return " ".join(text.replace("\u2068", "").replace("\u2069", "").split())


def _without_tokens(page: str) -> str:
    """The CSRF token of a form is another one each second."""
    return re.sub(r'(name="csrf_token" value=)"[^"]*"', r"\1", page)


def _show(conn: Connection, title: str, year: int) -> dict[str, Any]:
    return one(
        conn, "select * from tvshows where title = %s and extract(year from show_start_date) = %s", (title, year)
    )


def _conflict(conn: Connection, conflict_id: int) -> dict[str, Any]:
    return one(conn, "select * from plex_conflicts where id = %s", (conflict_id,))


def _send(browser: Browser, path: str, what: str, values: dict[str, str], **options: Any) -> TestResponse:
    """Sends one of the forms of the question's page."""
    token = browser.fields(path, "/sign-out")["csrf_token"]
    return browser.http.post(f"{path}/{what}", data=values | {"csrf_token": token}, **options)


def _give(browser: Browser, conflict_id: int, what: str = "answer", **values: str) -> TestResponse:
    """The same, and follows to the page that comes then."""
    path = f"/conflicts/{conflict_id}"
    answer = _send(browser, path, what, values)
    assert (answer.status_code, answer.location) == (303, path)
    return browser.get(path)


def test_without_a_question_the_page_is_kind(browser: Browser) -> None:
    page = _text(browser.get("/conflicts").text)

    assert "Nothing to answer" in page
    assert "instead of guessing" in page


def test_a_question_says_what_waits_and_ranks_the_shows_with_score_and_reason(browser: Browser, ask: Ask) -> None:
    ask(episode=1)
    conflict_id = ask(episode=2)

    for path in ("/conflicts", f"/conflicts/{conflict_id}"):
        page = _text(browser.get(path).text)
        assert "Several shows fit." in page
        assert "2 episodes wait: S01E01 and S01E02." in page
        assert re.search(r"Doctor Who 1963 Likely Score 0\.\d\d · same title", page)
        assert re.search(r"Doctor Who 2005 Likely Score 0\.\d\d · same title", page)


def test_of_shows_that_fit_equally_well_none_is_put_forward(browser: Browser, ask: Ask) -> None:
    equal, one_only = ask(), ask("Slow Horse")

    assert "tk-choice-first" not in browser.get(f"/conflicts/{equal}").text
    assert "tk-choice-first" in browser.get(f"/conflicts/{one_only}").text


def test_a_question_that_is_older_than_a_day_is_flagged(browser: Browser, ask: Ask, conn: Connection) -> None:
    ask()
    assert "more than a day" not in browser.get("/conflicts").text

    conn.execute("update plex_conflicts set created_at = now() - interval '25 hours'")

    assert "Waits for more than a day" in browser.get("/conflicts").text


def test_every_page_counts_what_is_open_and_the_front_page_leads_there(browser: Browser, ask: Ask) -> None:
    assert 'id="nav-conflicts" hidden' in browser.get("/activity").text
    ask()
    ask("Nobody knows this")

    for path in ("/", "/activity", "/conflicts"):
        page = browser.get(path).text
        assert re.search(r'id="nav-conflicts"><span class="visually-hidden">, </span>2<', page)
    assert re.search(r'id="notice" href="/conflicts"', browser.get("/").text)


def test_an_event_that_waits_leads_to_its_question(browser: Browser, ask: Ask, conn: Connection) -> None:
    conflict_id = ask()
    row = one(conn, "select id from plex_webhook_logs where conflict_id = %s", (conflict_id,))

    assert f'href="/conflicts/{conflict_id}"' in browser.get(f"/activity/{row['id']}").text


def test_choosing_a_show_marks_what_waited_and_tells_it(browser: Browser, ask: Ask, conn: Connection) -> None:
    ask(episode=1)
    conflict_id = ask(episode=2)
    show = _show(conn, "Doctor Who", 2005)

    page = _text(_give(browser, conflict_id, action="select", tvshow_id=str(show["id"])).text)

    assert "You chose Doctor Who (2005)." in page
    assert "Marked watched : S01E01 and S01E02" in page
    row = _conflict(conn, conflict_id)
    assert (row["resolved"], row["resolution_action"], row["resolved_tvshow_id"]) == (True, "select", show["id"])
    assert _show(conn, "Doctor Who", 2005)["watched_episodes"] == 2
    assert _show(conn, "Doctor Who", 1963)["watched_episodes"] == 0


def test_an_answer_is_taken_back_with_what_was_marked(browser: Browser, ask: Ask, conn: Connection) -> None:
    conflict_id = ask()
    show = _show(conn, "Doctor Who", 1963)
    _give(browser, conflict_id, action="select", tvshow_id=str(show["id"]))

    page = _text(_give(browser, conflict_id, "undo").text)

    assert "Taken back. 1 viewing does not count any more. 1 event waits for your answer again." in page
    assert "1 episode waits: S01E01." in page
    assert _conflict(conn, conflict_id)["resolved"] is False
    assert _show(conn, "Doctor Who", 1963)["watched_episodes"] == 0


def test_a_question_that_went_with_its_show_comes_back_with_it(browser: Browser, ask: Ask, conn: Connection) -> None:
    conflict_id = ask("Severance", 2, 11)
    show_id = one(conn, "select id from tvshows where title = 'Severance'")["id"]

    browser.send(f"/shows/{show_id}/delete", f"/shows/{show_id}")
    assert "You deleted the show. When you bring it back, this is asked again." in _text(
        browser.get("/conflicts?show=answered").text
    )
    browser.send(f"/shows/{show_id}/restore", "/shows/deleted")

    page = _text(browser.get(f"/conflicts/{conflict_id}").text)
    assert "1 episode waits: S02E11." in page
    log = one(conn, "select id from plex_webhook_logs where conflict_id = %s", (conflict_id,))
    trace = _text(browser.get(f"/activity/{log['id']}").text)
    assert "You deleted the show, so it was left out." in trace
    assert "You brought the show back, so it waited for your answer again." in trace


def test_after_seven_days_an_answer_offers_no_undo(browser: Browser, ask: Ask, conn: Connection) -> None:
    conflict_id = ask()
    page = _give(browser, conflict_id, action="ignore")
    assert f'action="/conflicts/{conflict_id}/undo"' in page.text

    conn.execute("update plex_conflicts set resolved_at = now() - interval '8 days'")

    assert f'action="/conflicts/{conflict_id}/undo"' not in browser.get(f"/conflicts/{conflict_id}").text


def test_a_new_show_is_added_with_what_waits(browser: Browser, ask: Ask, conn: Connection, user_id: int) -> None:
    conflict_id = ask("The Traitors", 4, 3)

    page = _text(_give(browser, conflict_id, action="create_new").text)

    assert "You added The Traitors." in page
    show = one(conn, "select * from tvshows where user_id = %s and title = 'The Traitors'", (user_id,))
    assert show["watched_episodes"] == 1


@pytest.mark.parametrize(
    ("action", "said", "kept"),
    [
        ("ignore", "You left these episodes out.", "ignored_by_user"),
        ("ignore_forever", "You chose not to track this show.", "sync_disabled"),
    ],
)
def test_a_question_is_ignored_once_or_for_good(
    browser: Browser, ask: Ask, conn: Connection, action: str, said: str, kept: str
) -> None:
    conflict_id = ask()

    page = _text(_give(browser, conflict_id, action=action).text)

    assert said in page
    assert one(conn, "select status, action_taken from plex_webhook_logs") == {
        "status": "ignored",
        "action_taken": kept,
    }
    mappings = one(conn, "select count(*) as n from plex_show_mappings")
    assert mappings["n"] == (1 if action == "ignore_forever" else 0)


def test_a_search_that_finds_nothing_new_says_so_and_the_question_stays(
    browser: Browser, ask: Ask, conn: Connection
) -> None:
    conflict_id = ask()

    page = _text(_give(browser, conflict_id, action="search_again").text)

    assert "Searched again. It is still not certain which show it is." in page
    assert _conflict(conn, conflict_id)["resolved"] is False


def test_an_episode_that_is_missing_is_taken_from_plex_or_given_its_number(
    browser: Browser, ask: Ask, conn: Connection
) -> None:
    conflict_id = ask("Severance", 2, 11)
    assert "Severance 2022 Take the episode as Plex has it. Add the episode" in _text(
        browser.get(f"/conflicts/{conflict_id}").text
    )

    page = _text(_give(browser, conflict_id, action="select", season="2", episode="10").text)

    assert "Marked watched : S02E11" in page
    play = one(conn, "select season, episode, plex_episode from plays")
    assert play == {"season": 2, "episode": 10, "plex_episode": 11}


def test_an_episode_that_is_missing_leads_to_the_numbering_of_its_mapping(browser: Browser, ask: Ask) -> None:
    conflict_id = ask("Severance", 2, 11)
    (href,) = re.findall(r'href="(/mappings\?[^"]*)"', browser.get(f"/conflicts/{conflict_id}").text)
    assert "Severance is Severance" in _text(browser.get(href.replace("&amp;", "&")).text)
    assert 'href="/mappings?' not in browser.get(f"/conflicts/{ask()}").text


def test_half_a_number_is_refused_where_it_was_given(browser: Browser, ask: Ask, conn: Connection) -> None:
    conflict_id = ask("Severance", 2, 11)

    page = _text(_give(browser, conflict_id, action="select", season="2").text)

    assert "Season and episode go together." in page
    assert _conflict(conn, conflict_id)["resolved"] is False


def test_answering_twice_says_that_it_was_answered_and_changes_nothing(
    browser: Browser, ask: Ask, conn: Connection
) -> None:
    conflict_id = ask()
    _give(browser, conflict_id, action="ignore")

    again = _send(browser, f"/conflicts/{conflict_id}", "answer", {"action": "create_new"})

    assert again.status_code == 303
    assert "It was answered already, and nothing was done twice." in browser.get(f"/conflicts/{conflict_id}").text
    assert _conflict(conn, conflict_id)["resolution_action"] == "ignore"


def test_what_was_told_is_told_once(browser: Browser, ask: Ask) -> None:
    conflict_id = ask()
    assert "Searched again." in _give(browser, conflict_id, action="search_again").text

    assert "Searched again." not in browser.get(f"/conflicts/{conflict_id}").text


def test_answered_questions_are_in_a_list_of_their_own(browser: Browser, ask: Ask) -> None:
    done, still = ask(), ask("Nobody knows this")
    _give(browser, done, action="ignore")

    def shown(path: str) -> list[str]:
        return re.findall(r'<article [^>]*id="conflict-(\d+)"', browser.get(path).text)

    assert shown("/conflicts") == [str(still)]
    assert shown("/conflicts?show=answered") == [str(done)]


def test_htmx_gets_the_same_part_that_the_page_holds(browser: Browser, ask: Ask) -> None:
    conflict_id = ask()
    for path, query in ((f"/conflicts/{conflict_id}", ""), ("/conflicts", "?place=list")):
        page = browser.get(path).text
        part = browser.poll(f"/conflicts/{conflict_id}{query}")
        article = part.text.split("</article>")[0] + "</article>"
        assert " ".join(_without_tokens(article).split()) in " ".join(_without_tokens(page).split())
        assert "HX-Request" in part.headers["Vary"]
        assert 'id="nav-conflicts" hx-swap-oob="true"' in part.text


def test_an_answer_in_the_list_comes_back_as_the_card_in_the_list(browser: Browser, ask: Ask) -> None:
    conflict_id = ask()
    path = f"/conflicts/{conflict_id}"
    answer = _send(browser, path, "answer", {"place": "list", "action": "ignore"}, headers={"HX-Request": "true"})

    assert (answer.status_code, answer.location) == (303, f"{path}?place=list")
    card = browser.poll(answer.location).text
    assert card.lstrip().startswith("<article")
    assert "You left these episodes out." in card


def test_a_show_is_found_in_the_tracker_by_any_of_its_names(browser: Browser, ask: Ask) -> None:
    conflict_id = ask("Nobody knows this")

    for query, title in (("slow", "Slow Horses"), ("bobs burg", "Bob's Burgers"), ("巨人", "進撃の巨人")):
        found = browser.poll(f"/conflicts/{conflict_id}?q={query}")
        assert title in _text(found.text)
        assert "<article" not in found.text
        page = browser.get(f"/conflicts/{conflict_id}?q={query}").text
        assert _without_tokens(found.text).strip() in _without_tokens(page)
    assert "No show of your tracker is called like that." in browser.poll(f"/conflicts/{conflict_id}?q=%25").text


def test_a_candidate_of_tmdb_has_its_poster_from_the_appliance_alone(
    browser: Browser, ask: Ask, conn: Connection
) -> None:
    conflict_id = ask("The Traiters", 1, 1)
    for path, shown in (("/traitors.jpg", True), ("//elsewhere.example/x.jpg", False), (None, False)):
        candidate = {"tvshow_id": None, "tmdb_id": 4321, "title": "The Traitors", "year": 2022, "score": 0.3}
        candidate |= {"reason": "found by TMDB's search, not in the tracker", "poster_path": path}
        conn.execute("update plex_conflicts set potential_matches = %s", (Jsonb([candidate]),))
        for page in (browser.get("/conflicts").text, browser.get(f"/conflicts/{conflict_id}").text):
            assert ('src="/posters/tmdb/traitors.jpg?' in page) is shown
            assert "elsewhere" not in page


def test_what_is_found_in_the_tracker_is_not_found_at_tmdb_again(
    browser: Browser, ask: Ask, conn: Connection, services: Services, fake_tmdb: FakeTmdb
) -> None:
    services.settings = services.settings.model_copy(update={"tmdb_api_key": None})
    conflict_id = ask()
    services.settings = services.settings.model_copy(update={"tmdb_api_key": SecretStr(KEY)})
    conn.execute("update tvshows set tmdb_id = 57243 where title = 'Doctor Who' and show_start_date >= '2005-01-01'")
    fake_tmdb.add_show(57243, "Doctor Who", first_air_date="2005-03-26")
    fake_tmdb.add_show(239770, "Doctor Who", first_air_date="2024-05-11")
    found = browser.get(f"/conflicts/{conflict_id}?q=doctor+who&tmdb=1").text.split('id="found"')[1]
    assert "Doctor Who 2024" in _text(found.split('aria-label="At TMDB"')[1])
    assert found.count("2005</span></p>") == 1


def test_tmdb_is_searched_when_asked_to_and_its_show_is_added(
    browser: Browser, ask: Ask, conn: Connection, services: Services, fake_tmdb: FakeTmdb, user_id: int
) -> None:
    services.settings = services.settings.model_copy(update={"tmdb_api_key": None})
    conflict_id = ask("The Traiters", 1, 1)
    path = f"/conflicts/{conflict_id}"
    assert "TMDB_API_KEY" in browser.get(f"{path}?q=traitors").text
    services.settings = services.settings.model_copy(update={"tmdb_api_key": SecretStr(KEY)})
    fake_tmdb.add_show(4321, "The Traitors", seasons={1: 12}, first_air_date="2022-11-29")
    assert "At TMDB" not in browser.get(f"{path}?q=traitors").text

    # As somebody types, TMDB is asked by itself, once they rest.
    assert (
        f'hx-get="{path}?q=traitors&amp;tmdb=1" hx-trigger="load delay:500ms"'
        in browser.poll(f"{path}?q=traitors").text
    )
    page = browser.get(f"{path}?q=traitors&tmdb=1")
    assert "The Traitors 2022" in _text(page.text)
    answer = _send(browser, path, "answer", {"action": "select", "tmdb_id": "4321"})

    assert answer.status_code == 303
    show = one(conn, "select * from tvshows where user_id = %s and tmdb_id = 4321", (user_id,))
    assert (show["total_episodes"], show["watched_episodes"]) == (12, 1)
    assert "You added The Traitors (2022)." in _text(browser.get(path).text)


def test_a_tmdb_that_does_not_answer_is_said_and_nothing_is_changed(
    browser: Browser, ask: Ask, conn: Connection, services: Services, fake_tmdb: FakeTmdb
) -> None:
    services.settings = services.settings.model_copy(update={"tmdb_api_key": None})
    conflict_id = ask("Nobody knows this")
    services.settings = services.settings.model_copy(update={"tmdb_api_key": SecretStr(KEY)})
    fake_tmdb.close()

    assert "TMDB" in _text(browser.get(f"/conflicts/{conflict_id}?q=traitors&tmdb=1").text)
    page = _give(browser, conflict_id, action="select", tmdb_id="4321")

    assert "tk-note tk-tone-failed" in page.text
    assert _conflict(conn, conflict_id)["resolved"] is False


def test_a_question_of_somebody_else_is_not_there(
    browser: Browser, ask: Ask, services: Services, conn: Connection
) -> None:
    eve = accounts.create_user(services, "eve", PASSWORD)
    theirs = ask("Secret Show", owner_id=eve)
    token = browser.fields("/", "/sign-out")["csrf_token"]

    assert browser.get(f"/conflicts/{theirs}").status_code == 404
    for what in ("answer", "undo"):
        assert (
            browser.http.post(f"/conflicts/{theirs}/{what}", data={"action": "ignore", "csrf_token": token}).status_code
            == 404
        )
    assert _conflict(conn, theirs)["resolved"] is False
    assert "Secret Show" not in browser.get("/conflicts").text


def test_no_answer_counts_without_its_csrf_token(browser: Browser, ask: Ask, conn: Connection) -> None:
    conflict_id = ask()

    for what in ("answer", "undo"):
        assert browser.http.post(f"/conflicts/{conflict_id}/{what}", data={"action": "ignore"}).status_code == 403

    assert _conflict(conn, conflict_id)["resolved"] is False


@pytest.mark.parametrize(
    "values",
    [{"action": "nonsense"}, {"action": "select", "tvshow_id": "x"}, {"action": "select", "tmdb_id": "9" * 12}],
)
def test_an_answer_that_no_page_offers_is_a_400_page(
    browser: Browser, ask: Ask, conn: Connection, values: dict[str, str]
) -> None:
    conflict_id = ask()

    answer = _send(browser, f"/conflicts/{conflict_id}", "answer", values)

    assert answer.status_code == 400
    assert _conflict(conn, conflict_id)["resolved"] is False


@pytest.mark.parametrize("path", ["/conflicts?show=nonsense", "/conflicts?before=abc", "/conflicts?before=-1"])
def test_a_list_that_cannot_be_is_a_400_page(browser: Browser, path: str) -> None:
    assert browser.get(path).status_code == 400


@pytest.mark.parametrize("conflict_id", [0, 10**6, 10**30])
def test_a_question_that_is_not_there_is_a_404_page(browser: Browser, conflict_id: int) -> None:
    assert browser.get(f"/conflicts/{conflict_id}").status_code == 404


@pytest.mark.parametrize("title", [HOSTILE[0], HOSTILE[1], HOSTILE[2], "nul \x00 and lone surrogate \ud800"])
def test_a_hostile_title_is_shown_as_text(browser: Browser, ask: Ask, title: str) -> None:
    conflict_id = ask(title + " again")

    for path in ("/conflicts", f"/conflicts/{conflict_id}", f"/conflicts/{conflict_id}?q=%3Cscript%3E%00"):
        page = browser.get(path)
        assert page.status_code == 200
        assert "<script>alert" not in page.text
        assert "<img src=x" not in page.text
        assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=\"", page.text)


def test_the_list_goes_on_page_by_page(browser: Browser, ask: Ask) -> None:
    asked = [str(ask("Nobody knows " + "i" * number)) for number in range(21)]

    first = browser.get("/conflicts").text
    older = re.search(r'href="(/conflicts\?before=\d+)"', first)
    assert older is not None
    second = browser.get(older[1]).text

    assert re.findall(r'<article [^>]*id="conflict-(\d+)"', first + second) == asked[::-1]
