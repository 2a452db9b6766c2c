"""Several mappings confirmed or switched at once, from the list as it was narrowed."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient

from app.plex.events import parse_event
from app.security import accounts
from app.services import Services
from app.sync.receive import receive
from tests.browser.sample import HOSTILE, add_shows, scrobble
from tests.conftest import Connection
from tests.integration.browser import PASSWORD, Browser
from tests.integration.mapping_pages import mappings_in, post, send, text_of

pytestmark = pytest.mark.usefixtures("cheap_passwords")

SEVERAL = "/mappings/several"
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
    assert f"{said} Each can be taken back on its page." in text_of(browser.get(answer.location).text)
    assert _states(conn) == [state, state, before[2]]
    send(browser, first, "undo")
    assert _states(conn) == [before[0], state, before[2]]


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
