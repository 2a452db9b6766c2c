"""Several mappings confirmed or switched at once, from the list as it was narrowed."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import escape

import pytest
from flask.testing import FlaskClient
from psycopg.types.json import Jsonb

from app.plex.events import parse_event
from app.security import accounts
from app.services import Services
from app.sync.receive import receive
from tests.browser.sample import HOSTILE, add_shows, scrobble
from tests.conftest import Connection
from tests.integration.browser import PASSWORD, Browser
from tests.integration.mapping_pages import mappings_in, post, send, text_of
from tests.watch_state import one

pytestmark = pytest.mark.usefixtures("cheap_passwords")

SEVERAL = "/mappings/several"
UNDO = f"{SEVERAL}/undo"
Mapped = Callable[..., list[int]]


@pytest.fixture
def mapped(services: Services, conn: Connection) -> Mapped:
    """Receives an episode of each title; the mappings, in that order."""

    def receive_them(user_id: int, *titles: str) -> list[int]:
        for title in titles:
            receive(services, user_id, parse_event(scrobble(title, 1, 1)), patience=30)
        rows = conn.execute("select id from plex_show_mappings where user_id = %s order by id", (user_id,))
        return [row["id"] for row in rows]

    return receive_them


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


def _states(conn: Connection) -> list[tuple[bool, bool]]:
    """Confirmed, switched on: of every mapping."""
    rows = conn.execute("select manually_confirmed, sync_enabled from plex_show_mappings order by id")
    return [(row["manually_confirmed"], row["sync_enabled"]) for row in rows]


@pytest.mark.parametrize(
    ("action", "state", "said"),
    [
        ("confirm", (True, True), "2 mappings were confirmed."),
        ("off", (False, False), "2 mappings were switched off."),
        ("on", (False, True), "2 mappings were switched on."),
    ],
)
def test_what_was_chosen_is_changed_and_counted_and_nothing_else(
    browser: Browser,
    user_id: int,
    mapped: Mapped,
    conn: Connection,
    action: str,
    state: tuple[bool, bool],
    said: str,
) -> None:
    first, second, _ = mapped(user_id, "Slow Horses", "Severance", HOSTILE[0])
    conn.execute("update plex_show_mappings set sync_enabled = false where %s", (action == "on",))
    before = _states(conn)

    answer = post(browser, SEVERAL, action=action, mapping=[str(first), str(second), str(first)])

    assert answer.status_code == 303
    page = browser.get(answer.location).text
    assert f"{said} Undo" in text_of(page)
    assert _states(conn) == [state, state, before[2]]
    answer = post(browser, UNDO, **_undo_of(page))
    assert "Taken back: 2 mappings are as they were before." in text_of(browser.get(answer.location).text)
    assert _states(conn) == before


def test_one_undo_takes_back_what_that_press_has_changed_and_no_more(
    browser: Browser, user_id: int, mapped: Mapped, conn: Connection
) -> None:
    first, second, third = mapped(user_id, "Slow Horses", "Severance", HOSTILE[0])
    send(browser, third, "change", action="confirm")
    answer = post(browser, SEVERAL, action="confirm", mapping=[str(first), str(second), str(third)])
    undo = _undo_of(browser.get(answer.location).text)
    # Another change comes after it, by hand, and one mapping is forgotten.
    send(browser, first, "change", action="off")
    post(browser, f"/mappings/{second}/forget")

    page = text_of(browser.get(post(browser, UNDO, **undo).location).text)

    assert "2 were changed again or forgotten since, and left as before." in page
    assert "Taken back" not in page
    assert _states(conn) == [(True, False), (True, True)]
    # Now it is the last change of that one again.
    send(browser, first, "undo")
    page = text_of(browser.get(post(browser, UNDO, **undo).location).text)
    assert "Taken back: 1 mapping is as it was before. 1 was changed again or forgotten since" in page
    assert _states(conn) == [(False, True), (True, True)]


def test_where_nothing_is_different_nothing_is_offered_to_be_undone(
    browser: Browser, user_id: int, mapped: Mapped
) -> None:
    (first,) = mapped(user_id, "Slow Horses")

    answer = post(browser, SEVERAL, action="on", mapping=str(first))

    page = browser.get(answer.location).text
    assert "1 mapping was switched on." in text_of(page)
    assert UNDO not in page


def test_the_undo_goes_back_to_the_list_as_it_was_narrowed(browser: Browser, user_id: int, mapped: Mapped) -> None:
    (first,) = mapped(user_id, "Slow Horses")
    answer = post(browser, SEVERAL, action="off", mapping=str(first), show="off", q="horse")
    page = browser.get(answer.location).text
    action = f"{UNDO}?show=off&q=horse"

    answer = browser.http.post(action, data=browser.fields("/", "/sign-out") | _undo_of(page))

    assert escape(action) in page
    assert answer.location == "/mappings?show=off&q=horse"


@pytest.mark.parametrize("changes", ["", "x", "1", "1-", "999999999999999999-1", "99999999999999999999-1", "-1--1"])
def test_an_undo_that_names_nothing_of_ones_own_changes_nothing(
    browser: Browser, user_id: int, services: Services, mapped: Mapped, conn: Connection, changes: str
) -> None:
    eve = accounts.create_user(services, "eve", PASSWORD)
    add_shows(services, eve)
    (theirs,) = mapped(eve, "Slow Horses")
    conn.execute("select update_mapping(%s, %s, %s)", (eve, theirs, Jsonb({"sync_enabled": False})))
    change = one(conn, "select id from mapping_changes order by id desc limit 1")["id"]

    for sent in (changes, f"{theirs}-{change}"):
        answer = post(browser, UNDO, changes=sent)
        assert answer.status_code == 303
        assert "Taken back" not in text_of(browser.get(answer.location).text)

    assert _states(conn) == [(False, False)]


def _undo_of(page: str) -> dict[str, str]:
    """What the button of a note sends."""
    found = re.search(r'name="changes" value="([^"]+)"', page)
    assert found is not None
    return {"changes": found[1]}


def test_the_list_stays_as_it_was_narrowed(browser: Browser, user_id: int, mapped: Mapped) -> None:
    first, second = mapped(user_id, "Slow Horses", "Severance")
    here = {"show": "unconfirmed", "method": "title", "confidence": "0.90", "q": "e", "before": str(second)}
    assert browser.fields("/mappings?" + "&".join(f"{k}={v}" for k, v in here.items()), SEVERAL).items() >= here.items()

    answer = post(browser, SEVERAL, action="confirm", mapping=str(first), **here)

    assert answer.location == f"/mappings?show=unconfirmed&method=title&confidence=0.90&q=e&before={second}"
    page = browser.get(answer.location)
    assert "1 mapping was confirmed." in text_of(page.text)
    assert mappings_in(page.text) == []


def test_everything_on_the_page_is_chosen_without_a_script(browser: Browser, user_id: int, mapped: Mapped) -> None:
    mapped(user_id, "Slow Horses", "Severance")
    page = browser.get("/mappings?show=unconfirmed").text
    assert 'href="/mappings?show=unconfirmed&amp;choose=1"' in page
    assert ' form="several" checked>' not in page

    page = browser.get("/mappings?show=unconfirmed&choose=1").text

    assert page.count(' form="several" checked>') == 2
    assert 'href="/mappings?show=unconfirmed">' in page.split("tk-choose")[1][:80]


def test_what_stands_for_no_show_is_left_and_counted(
    browser: Browser, user_id: int, mapped: Mapped, conn: Connection
) -> None:
    first, second = mapped(user_id, "Slow Horses", "Severance")
    conn.execute("update plex_show_mappings set tvshow_id = null where id = %s", (second,))

    answer = post(browser, SEVERAL, action="confirm", mapping=[str(first), str(second)])

    page = text_of(browser.get(answer.location).text)
    assert "1 mapping was confirmed." in page
    assert "1 stands for no show and was left as before." in page
    assert _states(conn) == [(True, True), (False, True)]


def test_nothing_chosen_is_said(browser: Browser, user_id: int, mapped: Mapped) -> None:
    mapped(user_id, "Slow Horses")
    answer = post(browser, SEVERAL, action="confirm")
    assert "No mapping was chosen." in browser.get(answer.location).text


def test_one_of_somebody_else_among_them_changes_nothing(
    browser: Browser, user_id: int, mapped: Mapped, services: Services, conn: Connection
) -> None:
    (mine,) = mapped(user_id, "Slow Horses")
    sam = accounts.create_user(services, "sam", PASSWORD)
    add_shows(services, sam)
    (theirs,) = mapped(sam, "Severance")

    answer = post(browser, SEVERAL, action="off", mapping=[str(mine), str(theirs)])

    assert answer.status_code == 404
    assert _states(conn) == [(False, True), (False, True)]


@pytest.mark.parametrize("values", [{"action": "forget"}, {"action": "off", "mapping": "x"}, {"confidence": "7"}])
def test_what_no_page_offers_is_a_400_page_and_changes_nothing(
    browser: Browser, user_id: int, mapped: Mapped, conn: Connection, values: dict[str, str]
) -> None:
    (mapping_id,) = mapped(user_id, "Slow Horses")

    assert post(browser, SEVERAL, **({"mapping": str(mapping_id)} | values)).status_code == 400

    assert _states(conn) == [(False, True)]


def test_without_its_csrf_token_nothing_is_changed(
    browser: Browser, user_id: int, mapped: Mapped, conn: Connection
) -> None:
    (mapping_id,) = mapped(user_id, "Slow Horses")
    assert browser.http.post(SEVERAL, data={"action": "off", "mapping": str(mapping_id)}).status_code == 403
    assert _states(conn) == [(False, True)]
