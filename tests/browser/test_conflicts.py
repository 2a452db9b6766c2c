"""The conflicts as they look and behave: pictures at a phone's and a desk's size, by day and by night."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import expect

from app.plex.events import parse_event
from app.services import Services
from app.sync.receive import receive
from tests.browser.conftest import PASSWORD
from tests.browser.looks import every_look
from tests.browser.sample import HOSTILE, fill, scrobble
from tests.browser.test_pages import TOO_SMALL
from tests.browser.watch import DESK, PHONE, Window
from tests.conftest import Connection

Open = Callable[..., Window]

# As TOO_SMALL, where a box counts with its label.
TOO_SMALL_BUT_BOXES = TOO_SMALL.replace(
    "input:not([type=hidden])", "label.tk-pick, input:not([type=hidden], [type=checkbox])"
)


def _ask(services: Services, user_id: int, conn: Connection) -> None:
    """Questions of every kind, one of them two days old, and one of a hostile title."""
    fill(services, user_id, pages=False)
    conn.execute("update settings set tmdb_api_key = null")
    now = datetime.now(UTC)
    messages = [scrobble("Doctor Who", 1, number, year=2005) for number in range(2, 12)]
    messages += [scrobble(HOSTILE[0] + " again", 1, 1), scrobble(HOSTILE[3][:150], 1, 1)]
    for number, message in enumerate(messages):
        received_at = now - timedelta(minutes=100 - number)
        receive(services, user_id, parse_event(message), received_at=received_at, patience=30)
    conn.execute("update plex_conflicts set created_at = now() - interval '2 days' where plex_title = 'The Traitors'")


@every_look
def test_the_questions(
    open_at: Open, services: Services, conn: Connection, user_id: int, size: tuple[int, int], scheme: str, name: str
) -> None:
    window = open_at(size, scheme)
    page = window.page
    window.sign_in("mira", PASSWORD)
    window.go("/conflicts")
    expect(page.locator("text=Nothing to answer")).to_be_visible()
    window.picture(f"questions-empty-{name}")

    _ask(services, user_id, conn)
    window.go("/conflicts")
    expect(page.locator("#nav-conflicts")).to_contain_text("6")
    window.picture(f"questions-{name}", full=True)
    assert page.evaluate(TOO_SMALL_BUT_BOXES) == []
    page.locator("summary:has-text('Another answer')").first.click()
    window.picture(f"questions-others-{name}")
    assert page.evaluate(TOO_SMALL_BUT_BOXES) == []

    for title, picture in (("Doctor Who", "several"), ("Severance", "missing"), ("The Traitors", "unknown")):
        window.go("/conflicts")
        page.click(f".tk-question h2 a:has-text('{title}')")
        page.wait_for_url(re.compile(r"/conflicts/\d+"))
        window.picture(f"question-{picture}-{name}", full=True)
        assert page.evaluate(TOO_SMALL_BUT_BOXES) == []
    page.fill("#q", "doctor")
    expect(page.locator("#found .tk-choice")).to_have_count(2)
    expect(page).to_have_url(re.compile(r"\?q=doctor$"))
    window.picture(f"question-search-{name}", full=True)
    assert page.evaluate(TOO_SMALL_BUT_BOXES) == []


@pytest.mark.parametrize(("size", "scheme", "name"), [(PHONE, "light", "phone"), (DESK, "dark", "desk")])
def test_from_a_question_in_the_list_to_what_was_marked_and_back(
    open_at: Open, services: Services, conn: Connection, user_id: int, size: tuple[int, int], scheme: str, name: str
) -> None:
    _ask(services, user_id, conn)
    window = open_at(size, scheme)
    page = window.page
    window.sign_in("mira", PASSWORD)
    page.click("#notice")
    page.wait_for_url("**/conflicts")
    card = page.locator(".tk-conflict", has_text="Doctor Who").first

    card.get_by_role("button", name="It is this Doctor Who (2005)").click()

    expect(card).to_contain_text("You chose")
    expect(card).to_contain_text("Marked watched: S01E01, S01E02")
    expect(card.locator(".tk-answered-what")).to_be_focused()
    expect(page.locator(".tk-brand")).to_be_in_viewport()
    expect(page.locator("#nav-conflicts")).to_contain_text("5")
    window.picture(f"answered-{name}")
    assert page.evaluate(TOO_SMALL_BUT_BOXES) == []

    card.get_by_role("button", name="Undo").click()

    expect(card).to_contain_text("11 events wait for your answer again")
    expect(page.locator("#nav-conflicts")).to_contain_text("6")
    window.picture(f"undone-{name}")
    shows = conn.execute("select sum(watched_episodes) as n from tvshows where title = 'Doctor Who'").fetchone()
    assert shows == {"n": 0}


def test_a_question_is_answered_without_javascript(
    open_at: Open, services: Services, conn: Connection, user_id: int
) -> None:
    _ask(services, user_id, conn)
    window = open_at(PHONE, java_script_enabled=False)
    page = window.page
    window.sign_in("mira", PASSWORD)
    page.click("#notice")
    page.click(".tk-question h2 a:has-text('The Traitors')")
    page.wait_for_url(re.compile(r"/conflicts/\d+"))

    page.fill("#q", "slow")
    page.get_by_role("button", name="Search", exact=True).click()
    page.get_by_role("button", name="It is this Slow Horses (2022)").click()

    expect(page.locator(".tk-answered")).to_contain_text("You chose")
    window.picture("answered-no-javascript")
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("status").first).to_contain_text("Taken back.")
    expect(page.locator("#nav-conflicts")).to_contain_text("6")


def test_an_answer_that_cannot_be_is_said_where_it_was_given(
    open_at: Open, services: Services, conn: Connection, user_id: int
) -> None:
    _ask(services, user_id, conn)
    window = open_at(PHONE)
    page = window.page
    window.sign_in("mira", PASSWORD)
    window.go("/conflicts")
    card = page.locator(".tk-conflict", has_text="The Traitors")
    conn.execute("update plex_conflicts set resolved = true, resolution_action = 'ignore', resolved_at = now()")

    card.get_by_role("button", name="Add it as a new show The Traitors").click()

    expect(card.get_by_role("status").first).to_contain_text("was answered already")
    expect(card).to_contain_text("Answered")


def test_the_slash_goes_to_the_search(open_at: Open, services: Services, conn: Connection, user_id: int) -> None:
    _ask(services, user_id, conn)
    window = open_at()
    page = window.page
    window.sign_in("mira", PASSWORD)
    window.go("/conflicts")
    page.click(".tk-question h2 a:has-text('The Traitors')")
    page.wait_for_url(re.compile(r"/conflicts/\d+"))
    page.wait_for_load_state()

    page.keyboard.press("/")

    expect(page.locator("#q")).to_be_focused()
    assert page.input_value("#q") == ""


@pytest.mark.parametrize(("size", "scheme", "name"), [(PHONE, "light", "phone"), (DESK, "dark", "desk")])
def test_several_questions_are_answered_at_once_and_taken_back(
    open_at: Open, services: Services, conn: Connection, user_id: int, size: tuple[int, int], scheme: str, name: str
) -> None:
    _ask(services, user_id, conn)
    window = open_at(size, scheme)
    page = window.page
    window.sign_in("mira", PASSWORD)
    window.go("/conflicts")
    bar = page.locator("#several")
    expect(bar).to_be_hidden()

    for title in ("Severance", "Slow Horse"):
        page.locator(".tk-conflict", has_text=title).first.locator(".tk-pick").click()
    expect(bar).to_be_in_viewport()
    window.picture(f"several-chosen-{name}")
    assert page.evaluate(TOO_SMALL_BUT_BOXES) == []
    page.click("#several summary")
    window.picture(f"several-other-answers-{name}")
    page.keyboard.press("Escape")
    page.click("button:has-text('Take the likeliest')")

    page.wait_for_url(re.compile(r"/conflicts/several/\d+"))
    expect(page.locator("#batch")).to_contain_text("2 questions: the likeliest show taken.")
    expect(page.locator("#nav-conflicts")).to_contain_text("4")
    window.picture(f"several-done-{name}", full=True)
    assert page.evaluate(TOO_SMALL_BUT_BOXES) == []

    page.click("button:has-text('Undo all 2')")
    expect(page.locator("#batch")).to_contain_text("2 questions: taken back.")
    expect(page.locator("#nav-conflicts")).to_contain_text("6")
    window.picture(f"several-undone-{name}", full=True)


def test_several_questions_are_left_out_without_javascript(
    open_at: Open, services: Services, conn: Connection, user_id: int
) -> None:
    _ask(services, user_id, conn)
    window = open_at(PHONE, java_script_enabled=False)
    page = window.page
    window.sign_in("mira", PASSWORD)
    window.go("/conflicts")

    page.click("text=Choose all of these")
    page.click("#several summary")
    page.click("#several button:has-text('Leave these out')")

    expect(page.locator("#batch")).to_contain_text("6 questions: left out.")
    expect(page.locator("#nav-conflicts")).to_be_hidden()
