"""Numbering rules on the page of a mapping: a form a kind, what it would do to the real past, keeping it and letting go."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient
from psycopg.types.json import Jsonb

from app.plex.events import parse_event
from app.security import accounts
from app.services import Services
from app.sync.receive import receive
from tests.browser.sample import add_shows, scrobble
from tests.conftest import Connection
from tests.fakes.failures import status
from tests.fakes.tmdb import FakeTmdb
from tests.integration.browser import PASSWORD, Browser
from tests.integration.mapping_pages import send, text_of, tokenless
from tests.watch_state import one

pytestmark = pytest.mark.usefixtures("cheap_passwords")

Watch = Callable[..., int]
RULE = {"plex_season": "1", "from_episode": "4", "to_episode": "", "season": "2", "first": "1"}
ORDER = "5acf93e60e0a26346d0000ce"

# Title, what Plex said, the form, the count of its past, the rule in words, and where the last viewing belongs.
KINDS = {
    "shifted": (
        "Slow Horses",
        [(1, 1), (1, 4)],
        {"kind": "offset"} | RULE,
        "Of 2 past events: 1 would move, 1 would stay.",
        "S01E04 and later are S02E01 and later",
        [(2, 1)],
    ),
    "counted through": (
        "Slow Horses",
        [(1, 1), (1, 8)],
        {"kind": "absolute", "plex_season": "", "from_episode": "1", "to_episode": "", "first": ""},
        "Of 2 past events: 1 would be marked, 1 would stay.",
        "Every season: the number counts through the seasons of your tracker",
        [(2, 2)],
    ),
    "counted from another number": (
        "Slow Horses",
        [(1, 1), (5, 1)],
        {"kind": "absolute", "plex_season": "5", "from_episode": "1", "to_episode": "", "first": "7"},
        "Of 2 past events: 1 would be marked, 1 would stay.",
        "Season 5: the number plus 6 counts through the seasons of your tracker",
        [(2, 1)],
    ),
    "by season": (
        "進撃の巨人",
        [(1, 1), (2, 1)],
        {"kind": "to_absolute", "season_lengths": "12, 13", "season": ""},
        "Of 2 past events: 1 would be marked, 1 would stay.",
        "Plex's seasons (12, 13 episodes) count on in season 1 of your tracker",
        [(1, 13)],
    ),
    "double": (
        "Slow Horses",
        [(1, 1)],
        {"kind": "double", "plex_season": "1", "first_episode": "1", "last_episode": "2", "from_episode": ""},
        "Of 1 past event: 1 would move.",
        "The file of S01E01 holds S01E01 to S01E02",
        [(1, 1), (1, 2)],
    ),
    "by date": (
        "Slow Horses",
        [(1, 1)],
        {"kind": "air_date", "plex_season": "1", "from_episode": "1", "to_episode": ""},
        "Of 1 past event: 1 would move.",
        "Season 1: the air date decides",
        [(3, 2)],
    ),
}


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
    """Receives an episode; the number of the mapping of its show."""

    def receive_one(title: str = "Slow Horses", season: int = 1, episode: int = 1, **more: Any) -> int:
        receive(services, user_id, parse_event(scrobble(title, season, episode, **more)), patience=30)
        mapping_id: int = one(conn, "select id from plex_show_mappings where plex_title = %s", (title,))["id"]
        return mapping_id

    return receive_one


@pytest.fixture
def order(user_id: int, conn: Connection, fake_tmdb: FakeTmdb) -> FakeTmdb:
    """A TMDB that knows another order of Slow Horses: its third episode first."""
    fake_tmdb.add_show(800100, "Slow Horses", seasons={1: 6, 2: 6, 3: 6, 4: 6})
    episodes = [
        {"id": 1000 + number, "season_number": 1, "episode_number": number, "order": place}
        for place, number in enumerate((3, 1, 2, 4, 5, 6))
    ]
    fake_tmdb.groups[ORDER] = {
        "id": ORDER,
        "show_id": 800100,
        "name": "DVD <b>order</b>",
        "type": 3,
        "groups": [{"id": f"{ORDER}1", "name": "Season 1", "order": 1, "episodes": episodes}],
    }
    conn.execute("update tvshows set tmdb_id = 800100 where title = 'Slow Horses'")
    return fake_tmdb


def _give_air_dates(conn: Connection) -> None:
    """A day for the second episode of the third season."""
    row = one(conn, "select id, seasons from tvshows where title = 'Slow Horses'")
    row["seasons"][2]["episodes"][1]["airDate"] = "2023-12-06"
    conn.execute("update tvshows set seasons = %s where id = %s", (Jsonb(row["seasons"]), row["id"]))


def _places(conn: Connection, event: tuple[int, int]) -> list[tuple[int, int]]:
    """Where counts what Plex called by these numbers."""
    rows = conn.execute(
        "select season, episode from watch_events where withdrawn_at is null"
        " and coalesce(plex_season, season) = %s and coalesce(plex_episode, episode) = %s order by season, episode",
        event,
    )
    return [(row["season"], row["episode"]) for row in rows]


def _rules(conn: Connection) -> int:
    return int(one(conn, "select count(*) as n from plex_numbering_rules where removed_at is null")["n"])


@pytest.mark.parametrize("kind", KINDS)
def test_a_rule_of_every_kind_is_looked_at_kept_and_taken_back(
    browser: Browser, watch: Watch, conn: Connection, kind: str
) -> None:
    title, said, values, past, words, places = KINDS[kind]
    _give_air_dates(conn)
    for season, episode in said:
        mapping_id = watch(title, season, episode, originallyAvailableAt="2023-12-06")
    before = _places(conn, said[-1])

    page = browser.get(f"/mappings/{mapping_id}", query_string=values)
    part = browser.poll(f"/mappings/{mapping_id}", query_string=values)
    assert tokenless(part.text) in tokenless(page.text)
    assert past in text_of(part.text)
    assert (_rules(conn), _places(conn, said[-1])) == (0, before)
    kept = send(browser, mapping_id, "rules", **values, apply_to_past="1")

    assert "The rule is kept." in kept
    assert f"{words} made by you" in kept
    assert f"Rule added: {words}." in kept
    assert _places(conn, said[-1]) == places
    send(browser, mapping_id, "undo")
    assert (_rules(conn), _places(conn, said[-1])) == (0, before)


@pytest.mark.parametrize("kind", ["offset", "absolute", "to_absolute", "double", "air_date"])
def test_every_kind_has_a_form_that_says_when_it_is_the_right_one(browser: Browser, watch: Watch, kind: str) -> None:
    page = browser.get(f"/mappings/{watch()}?kind={kind}").text

    assert 'aria-current="true"' in page.split(f"?kind={kind}#rules")[1].split(">")[0]
    assert f'<input type="hidden" name="kind" value="{kind}">' in page
    assert '<details class="tk-more-rules" open>' in page


def test_an_order_of_tmdb_is_chosen_previewed_and_kept(
    browser: Browser, watch: Watch, conn: Connection, order: FakeTmdb
) -> None:
    mapping_id = watch(episode=1)
    page = browser.get(f"/mappings/{mapping_id}?kind=order").text
    assert "DVD <b>order</b> 6 episodes in 1 part" in text_of(page)
    assert "<b>order" not in page
    assert f'name="episode_group" value="{ORDER}"' in page

    preview = browser.poll(f"/mappings/{mapping_id}?kind=order&episode_group={ORDER}")
    assert "S01E01 in Plex counts for S01E01 becomes S01E03" in text_of(preview.text)
    assert "Keep these rules" in preview.text
    assert _rules(conn) == 0
    page = send(browser, mapping_id, "rules", kind="order", episode_group=ORDER, apply_to_past="1")

    assert "The rules are kept. Of 1 past event: 1 moved." in page
    assert "S01E01 is S01E03 from an order at TMDB" in page
    assert _places(conn, (1, 1)) == [(1, 3)]
    send(browser, mapping_id, "undo")
    assert (_rules(conn), _places(conn, (1, 1))) == (0, [(1, 1)])


def test_why_there_is_no_order_is_said(browser: Browser, watch: Watch, order: FakeTmdb, conn: Connection) -> None:
    mapping_id = watch()
    order.groups.clear()
    assert "TMDB knows no other order of this show." in browser.get(f"/mappings/{mapping_id}?kind=order").text
    order.fail("*", status(500))
    page = browser.get(f"/mappings/{mapping_id}?kind=order")
    assert page.status_code == 200
    assert 'role="status"' in page.text.split('id="rules"')[1]
    conn.execute("update tvshows set tmdb_id = null")
    assert "Orders come from TMDB" in browser.get(f"/mappings/{mapping_id}?kind=order").text


@pytest.mark.parametrize("group", ["other", "../secrets", "", "x" * 41])
def test_an_order_that_is_none_of_the_show_is_refused(
    browser: Browser, watch: Watch, conn: Connection, order: FakeTmdb, group: str
) -> None:
    mapping_id = watch()

    preview = browser.get(f"/mappings/{mapping_id}", query_string={"kind": "order", "episode_group": group})

    assert preview.status_code == 200
    assert "tk-note tk-tone-failed" in preview.text
    send(browser, mapping_id, "rules", kind="order", episode_group=group)
    assert _rules(conn) == 0


def test_a_rule_is_previewed_on_the_real_past_and_nothing_is_written(
    browser: Browser, watch: Watch, conn: Connection
) -> None:
    for episode in (3, 4, 5):
        mapping_id = watch(episode=episode)
    address = f"/mappings/{mapping_id}?plex_season=1&from_episode=4&to_episode=&season=2&first=1"

    page, part = browser.get(address), browser.poll(address)

    assert tokenless(part.text) in tokenless(page.text)
    assert "Of 3 past events: 2 would move, 1 would stay." in text_of(part.text)
    assert "S01E04 in Plex counts for S01E04 becomes S02E01" in text_of(part.text)
    assert one(conn, "select count(*) as n from plex_numbering_rules")["n"] == 0
    assert one(conn, "select count(*) as n from plays where season = 2")["n"] == 0


@pytest.mark.parametrize("past", [True, False])
def test_a_rule_is_kept_and_moves_the_past_if_that_is_wished_for(
    browser: Browser, watch: Watch, conn: Connection, past: bool
) -> None:
    mapping_id = watch(episode=4)

    page = send(browser, mapping_id, "rules", **RULE, **({"apply_to_past": "1"} if past else {}))

    assert "The rule is kept." in page
    assert ("Of 1 past event: 1 moved." in page) is past
    assert "S01E04 and later are S02E01 and later made by you" in page
    rule = one(conn, "select * from plex_numbering_rules where removed_at is null")
    assert (rule["plex_season"], rule["from_episode"], rule["season"], rule["episode_offset"]) == (1, 4, 2, -3)
    play = one(conn, "select season, episode from plays where voided_at is null")
    assert play == ({"season": 2, "episode": 1} if past else {"season": 1, "episode": 4})


def test_a_rule_that_is_removed_lets_the_past_go_back(browser: Browser, watch: Watch, conn: Connection) -> None:
    mapping_id = watch(episode=4)
    send(browser, mapping_id, "rules", **RULE, apply_to_past="1")
    rule = one(conn, "select id from plex_numbering_rules")

    page = send(browser, mapping_id, f"rules/{rule['id']}/remove", apply_to_past="1")

    assert "The rule is gone. Of 1 past event: 1 moved." in page
    assert one(conn, "select count(*) as n from plex_numbering_rules where removed_at is null")["n"] == 0
    play = one(conn, "select season, episode from plays where voided_at is null")
    assert play == {"season": 1, "episode": 4}


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"to_episode": "3"}, "The last episode comes before the first"),
        ({"season": ""}, "are needed"),
        ({"season": "x"}, "Season is no number that can be here"),
    ],
)
def test_a_rule_that_cannot_be_is_refused_in_preview_and_when_it_is_kept(
    browser: Browser, watch: Watch, conn: Connection, values: dict[str, str], said: str
) -> None:
    mapping_id = watch()

    preview = browser.get(f"/mappings/{mapping_id}", query_string=RULE | values)
    assert preview.status_code == 200
    assert said in text_of(preview.text)
    assert said in send(browser, mapping_id, "rules", **(RULE | values))

    assert one(conn, "select count(*) as n from plex_numbering_rules")["n"] == 0


def test_two_rules_for_one_episode_are_refused(browser: Browser, watch: Watch, conn: Connection) -> None:
    mapping_id = watch()
    send(browser, mapping_id, "rules", **RULE)

    assert "tk-note tk-tone-failed" in browser.get(f"/mappings/{mapping_id}", query_string=RULE).text
    send(browser, mapping_id, "rules", **RULE)

    assert one(conn, "select count(*) as n from plex_numbering_rules")["n"] == 1


def test_rules_are_told_in_the_history_and_taken_back(browser: Browser, watch: Watch, conn: Connection) -> None:
    mapping_id = watch(episode=4)
    send(browser, mapping_id, "rules", **RULE, apply_to_past="1")
    page = text_of(browser.get(f"/mappings/{mapping_id}").text)
    assert "Rule added: S01E04 and later are S02E01 and later." in page
    said = send(browser, mapping_id, "undo")
    assert "You took a change back. Rule removed: S01E04 and later are S02E01 and later." in said
    assert one(conn, "select season, episode from watch_events") == {"season": 1, "episode": 4}


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"kind": "absolute", "plex_season": "1", "from_episode": "5", "to_episode": "4"}, "comes before the first"),
        ({"kind": "absolute", "plex_season": "1", "from_episode": "9", "to_episode": "9", "first": "0"}, "First is no"),
        ({"kind": "to_absolute", "season_lengths": " , "}, "Such as: 12, 13, 24"),
        ({"kind": "to_absolute", "season_lengths": "12, twelve"}, "Length of a season is no number"),
        ({"kind": "to_absolute", "season_lengths": "0"}, "Length of a season is no number"),
        ({"kind": "to_absolute", "season_lengths": "1," * 501}, "Such as: 12, 13, 24"),
        ({"kind": "double", "plex_season": "1", "first_episode": "1", "last_episode": ""}, "are needed"),
        ({"kind": "double", "plex_season": "1", "first_episode": "2", "last_episode": "2"}, "a file holds 2 to 30"),
        ({"kind": "double", "plex_season": "1", "first_episode": "1", "last_episode": "31"}, "a file holds 2 to 30"),
        (
            {"kind": "double", "plex_season": "1", "first_episode": "1", "last_episode": "2", "from_episode": "3"},
            "Plex calls the file by one of its episodes",
        ),
        ({"kind": "air_date", "plex_season": "-1"}, "Plex season is no number that can be here"),
    ],
)
def test_what_a_kind_cannot_be_is_refused_in_words(
    browser: Browser, watch: Watch, conn: Connection, values: dict[str, str], said: str
) -> None:
    mapping_id = watch()

    preview = browser.get(f"/mappings/{mapping_id}", query_string=values)
    assert preview.status_code == 200
    assert said.lower() in text_of(preview.text).lower()
    assert said.lower() in send(browser, mapping_id, "rules", **values).lower()

    assert _rules(conn) == 0


def test_a_kind_that_there_is_not_is_a_400_page(browser: Browser, watch: Watch) -> None:
    assert browser.get(f"/mappings/{watch()}?kind=nonsense").status_code == 400
