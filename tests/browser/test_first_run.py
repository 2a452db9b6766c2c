"""The welcome in a real browser: from the setup code to the first event, on a phone and at a desk, light and dark."""

from __future__ import annotations

import json
from collections.abc import Callable
from urllib.request import Request, urlopen

import pytest
from playwright.sync_api import expect

from app.security.accounts import ensure_setup_code
from app.services import Services
from tests.browser.conftest import PASSWORD
from tests.browser.sample import HOSTILE, scrobble
from tests.browser.test_pages import TOO_SMALL
from tests.browser.watch import DESK, PHONE, SMALL, Window
from tests.conftest import Connection
from tests.fakes.plex import FakePlex
from tests.fakes.plex_tv import FakePlexTv
from tests.fakes.tmdb import KEY, FakeTmdb

Open = Callable[..., Window]


def _look(window: Window, name: str) -> None:
    """Keeps a picture; what can be touched is large enough, and named. A box to tick is touched by its label."""
    window.picture(name, full=True)
    small = window.page.evaluate(TOO_SMALL)
    assert [one for one in small if 'type="checkbox"' not in one] == []
    window.axe()


def _send(url: str, message: dict[str, object]) -> None:
    request = Request(url, data=json.dumps(message).encode(), headers={"Content-Type": "application/json"})
    with urlopen(request, timeout=10) as answer:
        assert answer.status < 300


def _make_account(window: Window, services: Services) -> None:
    code = ensure_setup_code(services)
    assert code is not None
    window.go("/")
    for field, value in (("code", code), ("username", "mira"), ("password", PASSWORD), ("password_again", PASSWORD)):
        window.page.fill(f"#{field}", value)
    window.page.click("button:has-text('Make the account')")
    window.page.wait_for_url(window.base + "/welcome/plex")


@pytest.mark.parametrize(
    ("size", "scheme", "name"),
    [
        (PHONE, "light", "phone-light"),
        (PHONE, "dark", "phone-dark"),
        (DESK, "light", "desk-light"),
        (DESK, "dark", "desk-dark"),
    ],
)
def test_from_the_account_to_the_first_event(
    open_at: Open,
    services: Services,
    conn: Connection,
    fake_plex: FakePlex,
    fake_plex_tv: FakePlexTv,
    fake_tmdb: FakeTmdb,
    size: tuple[int, int],
    scheme: str,
    name: str,
) -> None:
    services.settings.tmdb_api_key = None
    fake_plex.accounts = {1: "mira", 4711: "kim", 4712: "Granny Jo"}
    fake_plex_tv.add_server("Cellar", "cellar-uuid", "http://127.0.0.1:9", presence=False)
    fake_plex_tv.add_server("Kim's", "kim-uuid", "http://127.0.0.1:9", owned=False)
    window = open_at(size, scheme)
    page = window.page
    _make_account(window, services)
    _look(window, f"welcome-1-plex-{name}")

    with window.context.expect_page() as opened:
        page.click("#plex-sign-in")
    at_plex = opened.value
    at_plex.wait_for_url(fake_plex_tv.url + "/auth**")
    expect(page.locator("text=Waiting for you to sign in at Plex")).to_be_visible()
    _look(window, f"welcome-1-waiting-{name}")
    at_plex.click("button:has-text('Sign in')")
    expect(at_plex.locator("h1")).to_have_text("Back from Plex")
    at_plex.close()

    page.wait_for_url(window.base + "/welcome/server")
    _look(window, f"welcome-2-server-{name}")
    window.allowed.append("/connect/server")
    window.allowed.append("the server responded with a status of 422")
    page.click(".tk-server:has-text('Cellar') button")
    expect(page.locator(".tk-problem")).to_be_visible()
    _look(window, f"welcome-2-unreachable-{name}")
    page.click(".tk-server:has-text('Attic') button")

    page.wait_for_url(window.base + "/welcome/accounts")
    expect(page.locator("label:has-text('mira') input")).to_be_checked()
    _look(window, f"welcome-3-accounts-{name}")
    page.click("button:has-text('Save and go on')")

    page.wait_for_url(window.base + "/welcome/tmdb")
    _look(window, f"welcome-4-tmdb-{name}")
    page.fill("#tmdb_api_key", KEY)
    page.click("button:has-text('Check and keep it')")

    page.wait_for_url(window.base + "/welcome/webhook")
    expect(page.locator("text=Waiting for the first event")).to_be_visible()
    _look(window, f"welcome-5-webhook-{name}")
    page.click("button:has-text('Set it up for me')")
    expect(page.locator("text=has the webhook now")).to_be_visible()
    (url,) = fake_plex_tv.webhook_urls
    _send(url, scrobble("Severance", 1, 1, event="media.play"))
    expect(page.locator("text=Events arrive")).to_be_visible()
    _look(window, f"welcome-5-arrived-{name}")
    page.click(".tk-setup-foot a:has-text('Done')")
    page.wait_for_url(window.base + "/")
    # Whoever was chosen counts on the server that the event came from as well.
    chosen = conn.execute(
        "select array_agg(distinct title) as names, count(*) as n from plex_accounts where counts"
    ).fetchone()
    assert chosen == {"names": ["mira"], "n": 2}

    window.go("/settings/plex")
    _look(window, f"settings-plex-{name}")
    window.go("/settings/tmdb")
    _look(window, f"settings-tmdb-{name}")


def test_no_plex_pass_ends_with_one_switch(
    open_at: Open,
    services: Services,
    conn: Connection,
    fake_plex: FakePlex,
    fake_plex_tv: FakePlexTv,
) -> None:
    fake_plex_tv.has_pass = False
    fake_plex_tv.name = HOSTILE[1]
    fake_plex.accounts = dict(enumerate(HOSTILE, 1))
    for number, title in enumerate(HOSTILE):
        fake_plex_tv.add_server(title, f"hostile-{number}", "http://127.0.0.1:9")
    window = open_at(SMALL)
    page = window.page
    _make_account(window, services)
    page.click("summary:has-text('Paste a token')")
    page.fill("#plex_token", fake_plex_tv.token)
    page.click("button:has-text('Check and keep it')")
    page.wait_for_url(window.base + "/welcome/server")
    _look(window, "welcome-hostile-servers")
    page.click(".tk-server:has-text('Attic') button")
    page.wait_for_url(window.base + "/welcome/accounts")
    _look(window, "welcome-hostile-accounts")

    window.go("/welcome/webhook")
    _look(window, "welcome-no-pass")
    page.click("[role=switch]")
    expect(page.locator("[role=switch]")).to_have_attribute("aria-checked", "true")
    _look(window, "welcome-no-pass-on")
    assert conn.execute("select history_poll_minutes as n from settings").fetchone() == {"n": 1}


def test_the_setup_can_be_walked_without_javascript(
    open_at: Open, services: Services, fake_plex: FakePlex, fake_plex_tv: FakePlexTv
) -> None:
    window = open_at(PHONE, java_script_enabled=False)
    page = window.page
    _make_account(window, services)
    with window.context.expect_page() as opened:
        page.click("#plex-sign-in")
    opened.value.wait_for_url(fake_plex_tv.url + "/auth**")
    opened.value.close()
    page.click("button:has-text('I have signed in at Plex')")
    expect(page.get_by_text("Nobody has signed in at Plex yet")).to_be_visible()
    fake_plex_tv.sign_in()
    page.click("button:has-text('I have signed in at Plex')")
    page.wait_for_url(window.base + "/welcome/server")
    page.click(".tk-server:has-text('Attic') button")
    page.wait_for_url(window.base + "/welcome/accounts")
    page.click("button:has-text('Save and go on')")
    page.wait_for_url(window.base + "/welcome/tmdb")
    page.click("text=Skip this step")
    page.wait_for_url(window.base + "/welcome/webhook")
    page.click("summary:has-text('Do it by hand')")
    expect(page.locator("#webhook-url")).to_be_visible()
    expect(page.locator("button:has-text('Copy')")).to_be_hidden()
    page.click("[role=switch]")
    expect(page.locator("[role=switch]")).to_have_attribute("aria-checked", "true")
    page.click(".tk-setup-foot a:has-text('Done')")
    page.wait_for_url(window.base + "/")
