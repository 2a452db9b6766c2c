"""An account's data out of one account and into another."""

from __future__ import annotations

import csv
import errno
import io
import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from psycopg.types.json import Jsonb
from pydantic.fields import FieldInfo

from app.db.queries import queries
from app.errors import NotFound, Unprocessable
from app.plex.events import parse_event
from app.security import accounts
from app.security.people import delete_account
from app.services import Services
from app.sync.receive import receive
from app.tracker.episodes import set_watched
from app.tracker.logs import replay_each
from app.tracker.viewings import remove_viewing
from app.transfer import kept
from app.transfer.document import Play, Said, Show
from app.transfer.exporting import export_json
from app.transfer.importing import import_file
from app.transfer.viewings import COLUMNS, export_csv
from tests.browser.sample import HOSTILE, fill, scrobble
from tests.conftest import Connection
from tests.integration.api_client import ApiClient
from tests.watch_state import assert_totals_are_a_recount, value

pytestmark = pytest.mark.usefixtures("cheap_passwords")

Import = Callable[..., dict[str, Any]]
PASSWORD = "correct horse battery"


def _export(services: Services, user_id: int, **more: Any) -> dict[str, Any]:
    """An export as it is read, without what says when and whose it is."""
    document: dict[str, Any] = json.loads("".join(export_json(services, user_id, **more)))
    del document["made_at"], document["account"]
    return document


@pytest.fixture
def bring(services: Services, tmp_path: Path) -> Import:
    """Imports a document, or the text of a file."""

    def bring_in(user_id: int, document: Any, *, settings: bool = False) -> dict[str, Any]:
        path = tmp_path / "export.json"
        path.write_text(document if isinstance(document, str) else json.dumps(document), encoding="utf-8")
        return import_file(services, user_id, path, settings=settings)

    return bring_in


@pytest.fixture
def mira(services: Services) -> int:
    return accounts.create_user(services, "mira", PASSWORD, timezone="Asia/Tokyo")


@pytest.fixture
def sam(services: Services) -> int:
    return accounts.create_user(services, "sam", PASSWORD)


@pytest.fixture
def lived_in(services: Services, mira: int, conn: Connection) -> int:
    """An account in which everything happened that can: rewatches, unmarks, moved mappings, rules, answers, a deleted show."""
    fill(services, mira, pages=False)
    shows = {
        (row["title"], row["year"]): row["id"]
        for row in conn.execute("select id, title, extract(year from show_start_date)::int as year from tvshows")
    }
    horses, burgers, who = shows["Slow Horses", 2022], shows["Bob's Burgers", 2011], shows["Doctor Who", 2005]
    now = datetime.now(UTC)
    for days in (40, 20):
        event = parse_event(scrobble("Slow Horses", 1, 2))
        receive(services, mira, event, received_at=now - timedelta(days=days))
    set_watched(services, mira, horses, 1, 3, watched=False)
    set_watched(services, mira, horses, 4, 6, watched=True, watched_at=now - timedelta(days=900))
    set_watched(services, mira, burgers, 2, 1, watched=True)
    set_watched(services, mira, burgers, 2, 1, watched=False)
    mapping = value(conn, "select id from plex_show_mappings where plex_title = 'Slow Horses'")
    rule = {"kind": "offset", "plex_season": 9, "from_episode": 0, "season": 4, "episode_offset": 0}
    queries().save_rules(
        conn, user_id=mira, mapping_id=mapping, rules=Jsonb([rule]), source="user", replace=False, apply=False
    )
    queries().delete_show(conn, user_id=mira, tvshow_id=shows["Severance", 2022])
    ignored = value(conn, "select id from plex_conflicts where plex_title = 'The Traitors' and not resolved")
    queries().resolve_conflict(
        conn,
        user_id=mira,
        conflict_id=ignored,
        action="ignore_forever",
        tvshow_id=None,
        season=None,
        episode=None,
        show=None,
    )
    conn.execute(
        """update settings set map_confidence = 0.85, log_retention_days = 400, history_poll_minutes = 15, sync_library = true
           where user_id = %s""",
        (mira,),
    )
    conn.execute("update plex_config set auto_add_shows = false where user_id = %s", (mira,))
    conn.execute("update plex_accounts set counts = true where title = 'mira'")
    conn.execute("update plex_servers set counts = true")
    # A viewing that Plex told and one by hand, both taken out again.
    viewings = "select id from plays where tvshow_id = %s and season = %s and episode = %s and voided_at is null"
    remove_viewing(services, mira, value(conn, viewings, (horses, 1, 5)))
    set_watched(services, mira, burgers, 2, 2, watched=True)
    remove_viewing(services, mira, value(conn, viewings, (burgers, 2, 2)))
    # Somebody else's Plex show for this one, corrected afterwards: viewings that moved away stay as voided ones.
    receive(services, mira, parse_event(scrobble("Doctor Who", 1, 2, year=1963)), received_at=now - timedelta(days=3))
    conflict = value(conn, "select id from plex_conflicts where plex_title = 'Doctor Who' and not resolved")
    queries().resolve_conflict(
        conn, user_id=mira, conflict_id=conflict, action="select", tvshow_id=who, season=None, episode=None, show=None
    )
    queries().undo_conflict(conn, user_id=mira, conflict_id=conflict)
    assert list(replay_each(services, [])) == []
    return mira


def test_an_export_brought_into_a_fresh_account_is_the_same_export_again(
    services: Services, lived_in: int, sam: int, bring: Import, conn: Connection
) -> None:
    before = _export(services, lived_in)
    reasons = {play.get("void_reason") for show in before["shows"] for play in show["plays"]}
    assert reasons >= {None, "unmarked", "undone", "removed"}
    assert before["not_tracked"]
    assert any(show.get("deleted_at") for show in before["shows"])
    assert any(mapping.get("rules") for show in before["shows"] for mapping in show["mappings"])

    result = bring(sam, before, settings=True)

    assert (result["refused"], result["problems"], result["settings"]) == (0, [], True)
    assert result["open_questions"] == sum(not question["resolved"] for question in before["questions"]) > 0
    assert result["shows"] == result["added"] == len(before["shows"])
    after = _export(services, sam)
    for part in ("settings", "servers", "accounts", "not_tracked"):
        assert after[part] == before[part], part
    for new, old in zip(after["shows"], before["shows"], strict=True):
        assert new == old, old["title"]
    for row in conn.execute("select id from tvshows where user_id = %s", (sam,)).fetchall():
        assert_totals_are_a_recount(conn, row["id"])


def test_settings_and_who_counts_stay_unless_they_are_wanted(
    services: Services, lived_in: int, sam: int, bring: Import, conn: Connection
) -> None:
    sams = _export(services, sam)["settings"]
    conn.execute(
        "insert into plex_accounts (user_id, server_uuid, title, counts) values (%s, 'elsewhere', 'sam', true)", (sam,)
    )

    result = bring(sam, _export(services, lived_in))

    after = _export(services, sam)
    assert (result["settings"], after["settings"]) == (False, sams)
    assert [account["title"] for account in after["accounts"] if account["counts"]] == ["sam"]
    assert not any(server["counts"] for server in after["servers"])


def test_a_file_says_nothing_about_where_a_token_is_sent(
    services: Services, sam: int, bring: Import, conn: Connection
) -> None:
    settings = {"plex_server_url": "http://elsewhere:32400", "plex_server_uuid": "x", "enabled": False}

    assert bring(sam, {"format": "tellykeep-export", "settings": settings}, settings=True)["refused"] == 0

    assert value(conn, "select plex_server_url from plex_config where user_id = %s", (sam,)) is None
    assert value(conn, "select enabled from plex_config where user_id = %s", (sam,))


@pytest.mark.parametrize(
    ("settings", "why"),
    [
        ({"timezone": "Middle/Earth"}, "timezone: a time zone that this system knows"),
        ({"timezone": "../../etc/passwd"}, "timezone: a time zone that this system knows"),
        ({"map_confidence": 0.1, "timezone": "Asia/Tokyo"}, "map_confidence: Input should be greater than or equal to"),
        (["x"], "the entry: "),
    ],
)
def test_settings_that_cannot_be_are_refused_as_a_whole_and_the_shows_are_brought(
    services: Services, sam: int, bring: Import, settings: Any, why: str
) -> None:
    before = _export(services, sam)["settings"]

    result = bring(
        sam, {"format": "tellykeep-export", "settings": settings, "shows": [{"title": "Harbour Lights"}]}, settings=True
    )

    assert (result["settings"], result["added"]) == (False, 1)
    assert [problem["entry"] for problem in result["problems"]] == ["settings"]
    assert result["problems"][0]["why"].startswith(why)
    assert _export(services, sam)["settings"] == before


def test_an_export_is_one_moment_whatever_happens_while_it_is_written(
    services: Services, lived_in: int, conn: Connection
) -> None:
    before = _export(services, lived_in, log=True)
    pieces = export_json(services, lived_in, log=True)
    text = next(pieces)

    event = parse_event(scrobble("Slow Horses", 3, 1))
    receive(services, lived_in, event, received_at=datetime.now(UTC) - timedelta(hours=9))
    queries().add_show(conn, user_id=lived_in, show=Jsonb({"title": "Zebra Crossing"}))
    shows = conn.execute("select id from tvshows where user_id = %s", (lived_in,)).fetchall()
    conn.execute("update tvshows set title = 'Renamed ' || id, deleted_at = now() where user_id = %s", (lived_in,))
    conn.execute("delete from plex_numbering_rules")
    text += "".join(pieces)

    during = json.loads(text)
    del during["made_at"], during["account"]
    assert during == before
    assert len(_export(services, lived_in)["shows"]) == len(shows) == len(before["shows"]) + 1


def test_an_account_that_is_deleted_while_it_is_exported_is_whole_in_its_export(
    services: Services, lived_in: int
) -> None:
    before = "".join(export_csv(services, lived_in))
    lines, pieces = export_csv(services, lived_in), export_json(services, lived_in)
    begun = next(lines) + next(lines), next(pieces)

    delete_account(services, lived_in)

    assert begun[0] + "".join(lines) == before
    assert len(json.loads(begun[1] + "".join(pieces))["shows"]) > 5


def test_an_export_that_is_given_up_gives_its_connection_back(services: Services, lived_in: int) -> None:
    for _ in range(30):
        pieces = export_json(services, lived_in)
        next(pieces)
        pieces.close()  # type: ignore[attr-defined]

    assert _export(services, lived_in)["shows"]


@pytest.mark.parametrize(
    ("domain", "field"),
    [
        ("void_reason", Play.model_fields["void_reason"]),
        ("withdrawn_why", Said.model_fields["withdrawn_why"]),
        ("said", Said.model_fields["kind"]),
        ("viewing_source", Said.model_fields["source"]),
        ("show_source", Show.model_fields["source"]),
    ],
)
def test_every_word_that_can_be_stored_can_be_brought_in(conn: Connection, domain: str, field: FieldInfo) -> None:
    check = value(conn, "select pg_get_constraintdef(oid) from pg_constraint where contypid = %s::regtype", (domain,))

    assert set(re.findall(r"'(\w+)'::text", check)) <= set(re.findall(r"'(\w+)'", str(field.annotation)))


def test_a_second_import_brings_nothing(services: Services, lived_in: int, sam: int, bring: Import) -> None:
    document = _export(services, lived_in)
    bring(sam, document)
    once = _export(services, sam)

    result = bring(sam, document)

    assert (result["added"], result["viewings"], result["mappings"], result["refused"]) == (0, 0, 0, 0)
    assert _export(services, sam)["shows"] == once["shows"]


def test_an_export_into_its_own_account_brings_nothing(services: Services, lived_in: int, bring: Import) -> None:
    document = _export(services, lived_in)

    result = bring(lived_in, document)

    assert (result["added"], result["viewings"], result["mappings"], result["refused"]) == (0, 0, 0, 0)
    assert _export(services, lived_in)["shows"] == document["shows"]


def test_no_secret_is_in_an_export(services: Services, lived_in: int, conn: Connection) -> None:
    sealed = services.cipher.encrypt("plex-token-in-clear", column="plex_config.plex_token", row=lived_in)
    conn.execute("update plex_config set plex_token = %s where user_id = %s", (sealed, lived_in))
    token = accounts.create_token(services, "mira", name="script")
    secret = services.cipher.decrypt(
        value(conn, "select webhook_secret from plex_config where user_id = %s", (lived_in,)),
        column="plex_config.webhook_secret",
        row=lived_in,
    )

    text = "".join(export_json(services, lived_in, log=True)) + "".join(export_csv(services, lived_in))

    kept = [sealed, "plex-token-in-clear", "no-real-key", token, secret, "argon2"]
    kept += [
        str(cell)
        for row in conn.execute("select webhook_secret, tmdb_api_key from plex_config join settings using (user_id)")
        for cell in row.values()
    ]
    for one in kept:
        assert one not in text
    settings = json.loads("".join(export_json(services, lived_in)))["settings"]
    assert settings["timezone"] == "Asia/Tokyo"
    assert settings["map_confidence"] == 0.85


def test_the_log_is_in_it_when_it_is_asked_for(services: Services, lived_in: int, conn: Connection) -> None:
    assert "log" not in _export(services, lived_in)

    log = _export(services, lived_in, log=True)["log"]

    assert len(log) == value(conn, "select count(*) from plex_webhook_logs where user_id = %s", (lived_in,))
    assert {row["status"] for row in log} >= {"success", "conflict", "failed"}
    assert all("payload" in row and "trace" in row for row in log)


def test_questions_are_in_it_with_what_was_answered(services: Services, mira: int, conn: Connection) -> None:
    receive(services, mira, parse_event(scrobble("The Traitors", 1, 1)))
    conflict = value(conn, "select id from plex_conflicts")
    queries().resolve_conflict(
        conn,
        user_id=mira,
        conflict_id=conflict,
        action="ignore_forever",
        tvshow_id=None,
        season=None,
        episode=None,
        show=None,
    )

    document = _export(services, mira)

    assert document["questions"][0]["resolution_action"] == "ignore_forever"
    assert document["not_tracked"][0]["plex_title"] == "The Traitors"


def test_only_what_is_ones_own_is_in_it(services: Services, lived_in: int, sam: int) -> None:
    document = _export(services, sam)

    assert (document["shows"], document["accounts"], document["questions"]) == ([], [], [])
    with pytest.raises(NotFound):
        next(export_json(services, 10**9))


def test_what_was_watched_here_stays_and_what_the_export_knows_more_is_added(
    services: Services, mira: int, sam: int, bring: Import, conn: Connection, make_show: Callable[..., int]
) -> None:
    theirs = make_show(mira, "Harbour Lights", tmdb_id=900, seasons={1: 3})
    set_watched(services, mira, theirs, 1, 1, watched=True, watched_at=datetime(2020, 1, 1, tzinfo=UTC))
    set_watched(services, mira, theirs, 1, 2, watched=True, watched_at=datetime(2020, 1, 2, tzinfo=UTC))
    mine = make_show(sam, "Lights of the Harbour", tmdb_id=900, seasons={1: 2})
    set_watched(services, sam, mine, 1, 2, watched=True, watched_at=datetime(2019, 5, 5, tzinfo=UTC))

    result = bring(sam, _export(services, mira))

    assert (result["shows"], result["added"], result["refused"]) == (1, 0, 0)
    show = _export(services, sam)["shows"][0]
    assert show["title"] == "Lights of the Harbour"
    assert {"title": "Harbour Lights", "kind": "alternative"} in show["names"]
    dates = [episode["dateWatched"] for episode in show["seasons"][0]["episodes"]]
    assert dates == ["2020-01-01T00:00:00Z", "2019-05-05T00:00:00Z", None]
    assert_totals_are_a_recount(conn, mine)


def test_a_show_of_the_same_name_with_another_id_is_another_show(
    services: Services, mira: int, sam: int, bring: Import, make_show: Callable[..., int]
) -> None:
    make_show(mira, "Doctor Who", year=1963, tmdb_id=121)
    make_show(sam, "Doctor Who", year=2005, tmdb_id=57243)

    assert bring(sam, _export(services, mira))["added"] == 1


def test_a_list_of_ones_own_making_needs_titles_only(services: Services, sam: int, bring: Import) -> None:
    document = {
        "format": "tellykeep-export",
        "shows": [
            {"title": "Only a name"},
            {
                "title": "With flags",
                "year": 2019,
                "seasons": [
                    {
                        "seasonNumber": 1,
                        "episodes": [{"episodeNumber": 1, "watched": True, "dateWatched": "2020-01-01T20:00:00Z"}],
                    }
                ],
            },
            {
                "title": "With viewings",
                "seasons": [{"seasonNumber": 1, "episodes": [{"episodeNumber": 1}, {"episodeNumber": 2}]}],
                "plays": [
                    {"season": 1, "episode": 1, "watched_at": "2021-01-01T20:00:00+01:00"},
                    {"season": 1, "episode": 1, "watched_at": "2022-01-01T20:00:00Z"},
                ],
            },
        ],
    }

    assert bring(sam, document)["problems"] == []
    assert bring(sam, document)["viewings"] == 0

    shows = {show["title"]: show for show in _export(services, sam)["shows"]}
    assert shows["Only a name"]["plays"] == []
    assert shows["With flags"]["seasons"][0]["episodes"][0]["dateWatched"] == "2020-01-01T20:00:00Z"
    assert [play["source"] for play in shows["With flags"]["plays"]] == ["import"]
    assert len(shows["With viewings"]["plays"]) == 2
    assert shows["With viewings"]["watched_episodes"] == 1


def test_an_entry_that_is_wrong_is_named_and_the_others_are_brought(
    services: Services, sam: int, bring: Import, conn: Connection
) -> None:
    document = {
        "format": "tellykeep-export",
        "accounts": [{"title": "a\0b"}, {"title": "mira"}],
        "shows": [
            {
                "title": "Good",
                "said": [
                    {"season": 1, "episode": 1, "kind": "mark", "occurred_at": "2020-01-01T00:00:00Z", "account": 2}
                ],
            },
            {"title": "Wrong time", "said": [{"season": 1, "episode": 1, "kind": "mark", "occurred_at": "yesterday"}]},
            {"title": "x" * 1001},
            {"title": "Wrong kind", "plays": [{"season": -1, "episode": 1, "watched_at": "2020-01-01T00:00:00Z"}]},
            "no show",
            {
                "title": "Half",
                "said": [{"season": 1, "episode": 1, "kind": "mark", "occurred_at": "2020-01-01T00:00:00Z"}],
                "mappings": [{"plex_guid": "plex://show/1", "rules": [{"kind": "to_absolute"}]}],
            },
            {"title": "Also good"},
        ],
    }

    result = bring(sam, document)

    assert (result["shows"], result["refused"]) == (2, 6)
    told = {problem["entry"]: problem["why"] for problem in result["problems"]}
    assert told["account 1"] == "title: text without NUL characters and lone surrogates: they cannot be stored"
    assert told["show 2, “Wrong time”"].startswith("said.0.occurred_at: ")
    assert "show 3, “xxx" in " ".join(told)
    assert told["show 5"].startswith("the entry: ")
    assert told["show 6, “Half”"] == "something in it cannot be stored like this"
    titles = [row["title"] for row in conn.execute("select title from tvshows where user_id = %s order by id", (sam,))]
    assert titles == ["Good", "Also good"]
    assert value(conn, "select a.title from watch_events w join plex_accounts a on a.id = w.account_id") == "mira"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "something is wrong in line 1"),
        ("[1, 2]", "something is wrong in line 1"),
        ('{"format": "tellykeep-export",\n"shows": [{"title": "A"},\n]}', "something is wrong in line 3"),
        ('{"format": "tellykeep-export", "x": ' + "[" * 100_000, "something is wrong in line 1"),
        ('{"format": "tellykeep-export", "x": NaN}', "something is wrong in line 1"),
        ("{}", "no export of Tellykeep"),
        ('{"shows": [{"title": "A"}]}', "no export of Tellykeep"),
        ('{"format": "another", "shows": []}', "no export of Tellykeep"),
        ('{"format": "tellykeep-export", "version": 2, "shows": []}', "by a later Tellykeep"),
    ],
)
def test_what_is_no_export_is_refused(services: Services, sam: int, bring: Import, text: str, why: str) -> None:
    with pytest.raises(Unprocessable, match=why):
        bring(sam, text)


def _rows(services: Services, user_id: int) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO("".join(export_csv(services, user_id)))))


def test_the_csv_has_a_line_for_each_viewing_that_counts(services: Services, lived_in: int, conn: Connection) -> None:
    rows = _rows(services, lived_in)

    counted = """select count(*) from plays p join tvshows s on s.id = p.tvshow_id
                 where p.user_id = %s and p.voided_at is null and s.deleted_at is null"""
    assert len(rows) == value(conn, counted, (lived_in,))
    assert tuple(rows[0]) == COLUMNS
    horse = next(row for row in rows if row["show"] == "Slow Horses" and row["source"] == "manual")
    assert (horse["year"], horse["season"], horse["episode"]) == ("2022", "4", "6")
    assert horse["watched_at"].endswith("Z")
    assert {row["show"] for row in rows} >= set(HOSTILE[1:])


def test_the_csv_brought_into_a_fresh_account_is_the_same_csv_again(
    services: Services, lived_in: int, sam: int, bring: Import, conn: Connection
) -> None:
    before = "".join(export_csv(services, lived_in))

    result = bring(sam, before)

    assert (result["refused"], result["problems"]) == (0, [])
    assert "".join(export_csv(services, sam)) == before
    for row in conn.execute("select id from tvshows where user_id = %s", (sam,)).fetchall():
        assert_totals_are_a_recount(conn, row["id"])


@pytest.mark.parametrize("times", [1, 2])
def test_the_csv_into_its_own_account_brings_nothing(
    services: Services, lived_in: int, bring: Import, times: int
) -> None:
    document = _export(services, lived_in)
    text = "".join(export_csv(services, lived_in))

    for _ in range(times):
        result = bring(lived_in, text)
        assert (result["added"], result["viewings"], result["refused"]) == (0, 0, 0)
    assert _export(services, lived_in) == document


def test_a_csv_as_a_spreadsheet_saves_it_is_brought_in_and_wrong_lines_are_named(
    services: Services, sam: int, bring: Import
) -> None:
    lines = [
        "\ufeffWatched_at;Show;Season;Episode;Notes",
        '2024-10-14T20:15:00+02:00;"Harbour ""Lights""\n=1";1;2;x',
        ";;;;",
        "14.10.2024;Harbour;1;2;x",
        "2024-10-14T20:15:00Z;Harbour;-1;2;x",
        "2024-10-14T20:15:00Z;Other;0;0",
    ]

    result = bring(sam, "\r\n".join(lines))

    assert (result["added"], result["viewings"], result["refused"]) == (2, 2, 2)
    assert [problem["entry"] for problem in result["problems"]] == ["line 5", "line 6"]
    assert {show["title"] for show in _export(services, sam)["shows"]} == {'Harbour "Lights"\n=1', "Other"}


def test_titles_that_would_be_formulas_come_back_as_they_were(
    services: Services, mira: int, sam: int, bring: Import, make_show: Callable[..., int], conn: Connection
) -> None:
    titles = [
        "=1+1",
        "'=1+1",
        "''=1+1",
        "+1",
        "-1",
        "@SUM(A1)",
        "\t=1",
        " '-2",
        "\uff1d1",
        "'quoted'",
        'a,b;"c"',
        "x\ry",
    ]
    for number, title in enumerate(titles):
        seasons = [{"seasonNumber": 1, "episodes": [{"episodeNumber": 1, "title": title}]}]
        show = make_show(mira, title, tmdb_id=900 + number, seasons=seasons)
        set_watched(services, mira, show, 1, 1, watched=True)

    assert bring(sam, "".join(export_csv(services, mira)))["problems"] == []

    rows = conn.execute(
        "select title, seasons #>> '{0,episodes,0,title}' as episode from tvshows where user_id = %s order by tmdb_id",
        (sam,),
    ).fetchall()
    assert [(row["title"], row["episode"]) for row in rows] == [(title, title) for title in titles]


@pytest.mark.parametrize(
    "title", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", " =1", "\uff1d1", '=HYPERLINK("http://x","y")']
)
def test_no_cell_of_the_csv_is_a_formula(
    services: Services, mira: int, make_show: Callable[..., int], conn: Connection, title: str
) -> None:
    show = make_show(mira, title, seasons=[{"seasonNumber": 1, "episodes": [{"episodeNumber": 1, "title": title}]}])
    set_watched(services, mira, show, 1, 1, watched=True)
    conn.execute("update plex_accounts set title = %s", (title,))

    (row,) = _rows(services, mira)

    assert row["show"] == row["episode_title"] == f"'{title}"


def test_a_disk_that_is_full_is_said_before_a_byte_is_sent(
    ann: ApiClient, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Full(io.BytesIO):
        def write(self, _: Any) -> int:
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(kept, "TemporaryFile", lambda dir: Full())

    answer = ann.send("GET", "/api/export")

    assert answer.status_code == 507
    assert answer.get_json()["error"]["code"] == "no_room"


def test_the_route_sends_a_file_that_can_be_kept(
    ann: ApiClient, bob: ApiClient, services: Services, make_show: Callable[..., int]
) -> None:
    make_show(ann.user_id, "Harbour Lights")

    answer = ann.send("GET", "/api/export?format=json")

    assert answer.status_code == 200
    assert answer.content_length == len(answer.data)
    assert answer.headers["Cache-Control"] == "no-store"
    assert list(services.settings.data_dir.glob("*tmp*")) == []
    assert answer.headers["Content-Disposition"].startswith("attachment; filename=tellykeep-export-2")
    assert [show["title"] for show in answer.get_json()["shows"]] == ["Harbour Lights"]
    assert bob.send("GET", "/api/export").get_json()["shows"] == []
    lines = ann.send("GET", "/api/export?format=csv")
    assert lines.content_type.startswith("text/csv")
    assert lines.text.splitlines()[0] == ",".join(COLUMNS)
    assert ann.refused("GET", "/api/export?format=xml") == {"format": "should be 'json' or 'csv'"}
