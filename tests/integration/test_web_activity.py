"""The log: narrowed by what its address says, read on as far as somebody scrolls, and paused."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from html import unescape
from typing import Any

import pytest
from flask.testing import FlaskClient

from app.plex.events import parse_event
from app.security import accounts
from app.services import Services
from app.sync.receive import receive
from app.web import activity
from tests.browser.sample import HOSTILE, add_shows, scrobble
from tests.conftest import Connection
from tests.integration.browser import PASSWORD, Browser
from tests.watch_state import one, value

pytestmark = pytest.mark.usefixtures("cheap_passwords")

Take = Callable[..., int]


@pytest.fixture
def user_id(services: Services) -> int:
    mira = accounts.create_user(services, "mira", PASSWORD, timezone="Europe/Berlin")
    add_shows(services, mira)
    return mira


@pytest.fixture
def browser(client: FlaskClient, user_id: int) -> Browser:
    browser = Browser(client.application)
    browser.sign_in("mira")
    return browser


@pytest.fixture
def take(services: Services, user_id: int) -> Take:
    """Receives an event; its number in the log."""

    def receive_one(title: str = "Slow Horses", season: int = 1, episode: int = 1, **more: Any) -> int:
        received_at = more.pop("at", None)
        return receive(
            services,
            user_id,
            parse_event(scrobble(title, season, episode, **more)),
            patience=30,
            **({"received_at": received_at} if received_at else {}),
        ).log_id

    return receive_one


def _text(page: str) -> str:
    """What a reader sees of a page."""
    text = unescape(re.sub(r"<[^>]+>", " ", page.split("</head>")[-1]))
    return " ".join(text.replace("\u2068", "").replace("\u2069", "").split())


def _ids(page: str) -> list[int]:
    return [int(number) for number in re.findall(r'id="event-(\d+)"', page)]


def test_an_event_leads_to_its_show_and_mapping_while_they_are_there(
    browser: Browser, take: Take, conn: Connection, user_id: int
) -> None:
    log_id = take("Severance", 2, 1)
    row = one(conn, "select tvshow_id, mapping_id from plex_webhook_logs where id = %s", (log_id,))
    page = browser.get(f"/activity/{log_id}").text
    links = (f'href="/shows/{row["tvshow_id"]}?season=2"', f'href="/mappings/{row["mapping_id"]}"')
    assert all(link in page for link in links)

    conn.execute("select delete_mapping(%s, %s)", (user_id, row["mapping_id"]))
    conn.execute("select delete_show(%s, %s)", (user_id, row["tvshow_id"]))

    page = browser.get(f"/activity/{log_id}").text
    assert not any(link in page for link in links)
    assert "Severance , which you deleted" in _text(page)


def test_every_filter_is_in_the_address_and_can_be_taken_off_alone(
    browser: Browser, take: Take, conn: Connection, services: Services
) -> None:
    first = take(at=datetime(2025, 11, 20, 22, 59, tzinfo=UTC))
    second = take("Severance", 2, 1, at=datetime(2025, 11, 20, 23, 1, tzinfo=UTC))
    played = take("Severance", 2, 2, event="media.play", at=datetime(2025, 11, 22, 12, tzinfo=UTC))
    other = take("Bob's Burgers", 1, 1, user=False, Account={"id": 7, "title": HOSTILE[0]})
    conn.execute("update plex_webhook_logs set source = 'history' where id = %s", (other,))
    severance = value(conn, "select id from tvshows where title = 'Severance'")

    def shown(**arguments: Any) -> list[int]:
        return _ids(browser.get("/activity", query_string=arguments).text)

    assert shown() == [other, played, second, first]
    assert shown(status="success") == [second, first]
    assert shown(event="media.play") == [played]
    assert shown(source="history") == [other]
    assert shown(account="mira") == [played, second, first]
    assert shown(account=HOSTILE[0]) == [other]
    assert shown(show=severance) == [second]
    assert shown(q="severance") == [played, second]
    assert shown(q="%") == []
    # Days are those of who looks: 23:01 in London is the next day in Berlin.
    assert shown(**{"from": "2025-11-21", "to": "2025-11-21"}) == [second]
    assert shown(status="success", q="slow", account="mira") == [first]

    page = browser.get("/activity", query_string={"status": "success", "q": "slow", "show": severance}).text
    assert "Narrowed to" in page
    assert f'href="/activity?status=success&amp;show={severance}" aria-label="Not only: “' in page
    assert 'href="/activity?status=success&amp;q=slow" aria-label="Not only: \u2068Severance\u2069 (2022)"' in page
    assert f'href="/activity?status=failed&amp;show={severance}&amp;q=slow">Failed' in page
    assert "<script>alert" not in browser.get("/activity").text


@pytest.mark.parametrize(
    "query", ["status=x", "event=x", "source=x", "from=x", "to=9999-12-31", "show=x", "before=0", "paused=-1"]
)
def test_a_filter_that_cannot_be_is_refused(browser: Browser, query: str) -> None:
    assert browser.get(f"/activity?{query}").status_code == 400


def test_a_filter_about_somebody_elses_show_shows_nothing_of_it(
    browser: Browser, take: Take, conn: Connection, services: Services
) -> None:
    take()
    sam = accounts.create_user(services, "sam", PASSWORD)
    conn.execute("""select add_show(%s, '{"title": "Sams own"}')""", (sam,))
    theirs = value(conn, "select id from tvshows where title = 'Sams own'")
    page = browser.get(f"/activity?show={theirs}").text
    assert _ids(page) == []
    assert "Sams own" not in page


def test_what_is_older_comes_below_and_names_each_day_once(
    browser: Browser, take: Take, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(activity, "PAGE", 2)
    numbers = [
        take(episode=n, event="media.play", at=datetime(2025, 11, day, 12, n, tzinfo=UTC))
        for n, day in ((1, 20), (2, 21), (3, 21), (4, 21))
    ]

    page = browser.get("/activity?event=media.play").text
    assert _ids(page) == numbers[:1:-1]
    asked = re.search(r'hx-get="([^"]*before[^"]*)" hx-trigger="revealed" hx-swap="outerHTML"', page)
    assert asked is not None
    assert unescape(asked[1]) == f"/activity?event=media.play&before={numbers[2]}&day=2025-11-21"
    link = f'href="/activity?event=media.play&amp;before={numbers[2]}"'
    assert link in page

    older = browser.poll(unescape(asked[1])).text
    assert _ids(older) == numbers[1::-1]
    assert "<html" not in older
    assert re.findall(r'class="tk-day-name">([^<]*)<', older) == ["Thursday 20 November 2025"]
    assert "revealed" not in older
    alone = browser.get(unescape(asked[1])).text
    assert _ids(alone) == numbers[1::-1]
    assert len(re.findall("tk-day-name", alone)) == 2
    assert "Back to the latest" in alone


def test_the_live_part_grows_so_that_nothing_is_lost_between_it_and_what_is_older(
    browser: Browser, take: Take, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(activity, "PAGE", 2)
    numbers = [take(episode=n) for n in (1, 2, 3)]
    poll = _poll_of(browser.get("/activity").text)
    numbers.append(take(episode=4))

    part = browser.poll(poll).text
    assert _ids(part) == numbers[:0:-1]
    assert _poll_of(part) == poll
    monkeypatch.setattr(activity, "MOST_LIVE", 2)
    assert "Much came meanwhile" in browser.poll(poll).text


def test_while_it_is_paused_nothing_moves_and_what_came_is_counted(
    browser: Browser, take: Take, conn: Connection
) -> None:
    first = take(episode=1)
    page = browser.get("/activity?account=mira").text
    pause = re.search(r'id="pause" href="([^"]*)"', page)
    assert pause is not None
    address = unescape(pause[1])
    assert address == f"/activity?account=mira&paused={first}"

    page = browser.get(address).text
    assert "Paused. Nothing new" in _text(page)
    seen = re.search(r'name="seen" value="(\w+)"', page)
    assert seen is not None
    assert browser.poll(f"{_poll_of(page)}&seen={seen[1]}").status_code == 204
    second = take(episode=2)
    take("Bob's Burgers", user=False, Account={"id": 7, "title": "Sam"})

    part = browser.poll(f"{_poll_of(page)}&seen={seen[1]}").text
    assert "Paused. 1 new" in _text(part)
    assert _ids(part) == [first]
    assert _ids(browser.get(address).text) == [first]

    go_on = re.search(r'id="pause" href="([^"]*)" hx-get="([^"]*)"', part)
    assert go_on is not None
    assert _ids(browser.get(unescape(go_on[1])).text) == _ids(browser.poll(unescape(go_on[2])).text) == [second, first]


def test_an_event_leads_to_its_mapping_and_its_question(browser: Browser, take: Take, conn: Connection) -> None:
    log_id = take()
    mapping = value(conn, "select mapping_id from plex_webhook_logs where id = %s", (log_id,))
    assert f'href="/mappings/{mapping}"' in browser.get(f"/activity/{log_id}").text
    asks = take("Severance", 2, 11)
    question = value(conn, "select conflict_id from plex_webhook_logs where id = %s", (asks,))
    assert f'href="/conflicts/{question}"' in browser.get(f"/activity/{asks}").text
    conn.execute("select resolve_conflict(user_id, id, 'select') from plex_conflicts")
    assert f'href="/conflicts/{question}"' in browser.get(f"/activity/{asks}").text


def test_of_the_payload_no_secret_is_ever_shown(browser: Browser, take: Take, conn: Connection) -> None:
    log_id = take()
    conn.execute(
        """update plex_webhook_logs
           set payload = payload::jsonb || '{"X-Plex-Token": "stolen-1", "Player": {"token": "stolen-2", "url": "http://a/?X-Plex-Token=stolen-3&b=1"},
                                            "list": [{"Secret": "stolen-4", "password": "stolen-5"}]}'
           where id = %s""",
        (log_id,),
    )
    page = browser.get(f"/activity/{log_id}").text
    assert "stolen" not in page
    assert "b=1" in page
    assert one(conn, "select status from plex_webhook_logs") == {"status": "success"}


def _poll_of(page: str) -> str:
    found = re.search(r'id="live" data-live hx-get="([^"]*)"', page)
    assert found is not None
    return unescape(found[1])
