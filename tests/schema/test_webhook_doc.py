"""docs/webhook.md against the application: every row of its tables is sent or parsed, and nothing is left out."""

from __future__ import annotations

import copy
import io
import json
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from pydantic import SecretStr

from app.plex.events import InvalidPayload, parse_event
from app.sync.worker import LookUpWorker
from app.tracker import conflicts, logs, shows
from app.web.wording import REASONS
from tests.conftest import Connection, DatabaseUrls, season_documents
from tests.fakes import failures
from tests.fakes.tmdb import KEY, FakeTmdb
from tests.payloads import (
    MISSING,
    SHOW,
    admin_backup,
    device_new,
    episode,
    episode_ids,
    episode_with_tvdb_only,
    episode_without_guids,
    legacy_thetvdb,
    library_new_show,
    live_tv,
    movie,
    multipart,
    pause,
    play,
    rated_season,
    resume,
    show_ids,
    special,
    stop,
    track,
    trailer,
)
from tests.schema import markdown

if TYPE_CHECKING:
    from flask.testing import FlaskClient
    from werkzeug.test import TestResponse

    from app.services import Services

DOCUMENT = "docs/webhook.md"
EVENTS = markdown.table(DOCUMENT, "events")
LATER = markdown.table(DOCUMENT, "later")
REFUSALS = markdown.table(DOCUMENT, "refusals")
STRICT = markdown.table(DOCUMENT, "strict")
LENIENT = markdown.table(DOCUMENT, "lenient")

Message = dict[str, Any]


@dataclass
class World:
    """One user with a webhook, on a database of its own."""

    client: FlaskClient
    services: Services
    conn: Connection
    urls: DatabaseUrls
    make_user: Callable[..., int]
    make_show: Callable[..., int]
    user_id: int = 0

    def user(self, **config: Any) -> World:
        """Makes the user; keywords are columns of plex_config."""
        self.user_id = self.make_user("alex", secret="open-sesame", **config)
        return self

    def show(self, title: str = SHOW, **show: Any) -> int:
        """Adds a show of two seasons and two specials, each episode 22 minutes long."""
        return self.make_show(self.user_id, title, **show)

    def send(self, message: object, **request: Any) -> TestResponse:
        """Posts a message as Plex does."""
        body, content_type = multipart(message)
        return self.post(body, content_type, **request)

    def post(self, body: bytes, content_type: str | None, *, secret: str | None = "open-sesame") -> TestResponse:
        """Posts a body."""
        query = {} if secret is None else {"secret": secret}
        return self.client.post("/api/plex/webhook", query_string=query, data=body, content_type=content_type)

    def mapped(self) -> World:
        """A user with one show that is mapped: its first episode was watched."""
        self.user().show()
        assert self.send(episode(index=1)).json == {"status": "success", "action": "marked_watched"} | {
            "log_id": 1,
            "tvshow_id": 1,
        }
        return self


@pytest.fixture
def world(
    client: FlaskClient,
    services: Services,
    conn: Connection,
    database_urls: DatabaseUrls,
    make_user: Callable[..., int],
    make_show: Callable[..., int],
) -> World:
    return World(client, services, conn, database_urls, make_user, make_show)


def ago(minutes: float) -> int:
    """Unix seconds."""
    return int(time.time() - minutes * 60)


# Events: (message, situation) -> what is sent. A function gets everything ready and sends.


def _switched_off(world: World) -> TestResponse:
    world.user(enabled=False).show()
    return world.send(episode())


def _plain(message: Message) -> Callable[[World], TestResponse]:
    def send(world: World) -> TestResponse:
        world.user().show()
        return world.send(message)

    return send


def _other_server(world: World) -> TestResponse:
    world.mapped()
    world.conn.execute("update plex_servers set counts = true")
    return world.send(episode(Server={"uuid": "another"}))


def _other_account(world: World) -> TestResponse:
    world.mapped()
    world.conn.execute("update plex_accounts set counts = true")
    return world.send(episode(Account={"id": 2, "title": "sam"}))


def _chosen_account(world: World) -> TestResponse:
    world.user().show()
    sam = {"user": False, "Account": {"id": 2, "title": "sam"}}
    assert world.send(episode(index=1, **sam)).get_json()["status"] == "ignored"
    world.conn.execute("update plex_accounts set counts = true")
    return world.send(episode(**sam))


def _marking_off(world: World) -> TestResponse:
    world.user(auto_mark_watched=False).show()
    return world.send(episode())


def _repeat(world: World) -> TestResponse:
    world.user().show()
    world.send(episode())
    return world.send(episode())


def _mapped_first(world: World) -> TestResponse:
    return world.mapped().send(episode())


def _same_viewing(world: World) -> TestResponse:
    world.mapped().send(episode(lastViewedAt=ago(20)))
    return world.send(episode(lastViewedAt=ago(0)))


def _later_viewing(world: World) -> TestResponse:
    world.mapped().send(episode(lastViewedAt=ago(25)))
    return world.send(episode(lastViewedAt=ago(0)))


def _special(world: World) -> TestResponse:
    return world.mapped().send(special(index=1))


def _mapping_off(world: World) -> TestResponse:
    world.mapped().conn.execute("update plex_show_mappings set sync_enabled = false")
    return world.send(episode())


def _deleted_show(world: World) -> TestResponse:
    world.mapped().conn.execute("select delete_show(%s, 1)", (world.user_id,))
    return world.send(episode())


def _same_id(world: World) -> TestResponse:
    world.user().show("A name of its own", tvdb_id=show_ids()["tvdb"])
    return world.send(legacy_thetvdb())


def _ids_of_two_shows(world: World) -> TestResponse:
    title = f"{SHOW} {{tmdb-4711}}"
    world.user().show("One", tvdb_id=show_ids(title)["tvdb"])
    world.show("Two", tmdb_id=4711)
    return world.send(legacy_thetvdb(grandparentTitle=title))


def _plex_token(world: World) -> TestResponse:
    world.user(plex_token="00:00:00").show()
    return world.send(episode())


def _tmdb_key(world: World) -> TestResponse:
    world.user().show()
    world.conn.execute("update settings set tmdb_api_key = '00:00:00'")
    return world.send(episode())


def _tmdb_key_no_ids(world: World) -> TestResponse:
    world.user().show("Other")
    world.conn.execute("update settings set tmdb_api_key = '00:00:00'")
    return world.send(episode_without_guids())


def _missing_episode_with_key(world: World) -> TestResponse:
    world.mapped().conn.execute("update settings set tmdb_api_key = '00:00:00'")
    world.conn.execute("update tvshows set tmdb_id = 1")
    return world.send(episode(index=99))


def _titles(*titles: str) -> Callable[[World], TestResponse]:
    def send(world: World) -> TestResponse:
        world.user()
        for title in titles:
            world.show(title)
        return world.send(episode())

    return send


def _missing_episode(world: World) -> TestResponse:
    return world.mapped().send(episode(index=99))


def _by_air_date(day: str) -> Callable[[World], TestResponse]:
    def send(world: World) -> TestResponse:
        seasons = season_documents({2: 3})
        seasons[0]["episodes"][1]["airDate"] = "2025-10-14"
        world.user().show(seasons=seasons)
        return world.send(episode(index=MISSING, originallyAvailableAt=day))

    return send


def _fault(world: World) -> TestResponse:
    world.user().show()
    with psycopg.connect(world.urls.owner_url, autocommit=True) as owner:
        owner.execute("alter table tracker.plays add constraint broken check (false) not valid")
    return world.send(episode())


EVENT_CASES: dict[tuple[str, str], Callable[[World], TestResponse]] = {
    ("any", "the Plex connection is switched off"): _switched_off,
    ("media.play", ""): _plain(play()),
    ("media.pause", ""): _plain(pause()),
    ("media.resume", ""): _plain(resume()),
    ("media.stop", ""): _plain(stop()),
    ("media.rate", ""): _plain(rated_season()),
    ("library.new", ""): _plain(library_new_show()),
    ("library.on.deck", ""): _plain(episode(event="library.on.deck")),
    ("playback.started", ""): _plain(episode(event="playback.started", user=False)),
    ("admin.database.backup", ""): _plain(admin_backup()),
    ("admin.database.corrupted", ""): _plain(admin_backup(event="admin.database.corrupted")),
    ("device.new", ""): _plain(device_new()),
    ("an event that is not known", ""): _plain(episode(event="media.scrobbled")),
    ("media.scrobble", "live TV"): _plain(live_tv()),
    ("media.scrobble", "a movie"): _plain(movie()),
    ("media.scrobble", "a music track"): _plain(track()),
    ("media.scrobble", "a trailer or another clip"): _plain(trailer()),
    ("media.scrobble", "an item without a type"): _plain(episode(type=MISSING)),
    ("media.scrobble", "servers were chosen, and this is another one"): _other_server,
    ("media.scrobble", "nothing chosen, and Plex does not say `user: true`"): _plain(episode(user=False)),
    ("media.scrobble", "accounts were chosen, and this is another one"): _other_account,
    ("media.scrobble", "a chosen account, and Plex says `user: false`"): _chosen_account,
    ("media.scrobble", "marking episodes is switched off"): _marking_off,
    ("media.scrobble", "the exact message came before"): _repeat,
    ("media.scrobble", "a mapped show, first viewing of the episode"): _mapped_first,
    ("media.scrobble", "a mapped show, the same viewing told in another message"): _same_viewing,
    ("media.scrobble", "a mapped show, a later viewing"): _later_viewing,
    ("media.scrobble", "a special (season 0)"): _special,
    ("media.scrobble", "a mapping that is switched off"): _mapping_off,
    ("media.scrobble", "a show that was deleted or is ignored for good"): _deleted_show,
    ("media.scrobble", "not mapped; a show of the tracker has the same id"): _same_id,
    ("media.scrobble", "not mapped; its ids belong to different shows of the tracker"): _ids_of_two_shows,
    ("media.scrobble", "not mapped, no id known; a Plex token is set"): _plex_token,
    ("media.scrobble", "not mapped, no id known; a TMDB key is set"): _tmdb_key,
    ("media.scrobble", "not mapped, no id known, no show has such a title; a TMDB key is set"): _tmdb_key_no_ids,
    ("media.scrobble", "not mapped, nothing to look up; one show has this title"): _titles(SHOW, "Other"),
    ("media.scrobble", "not mapped, nothing to look up; several shows have this title"): _titles(SHOW, SHOW),
    ("media.scrobble", "not mapped, nothing to look up; a show has a similar title"): _titles(f"The {SHOW} Story"),
    ("media.scrobble", "not mapped, nothing to look up; no show has such a title"): _titles("Other"),
    ("media.scrobble", "the show is known and lacks the episode"): _missing_episode,
    ("media.scrobble", "the show is known and lacks the episode; it can be read anew"): _missing_episode_with_key,
    ("media.scrobble", "no episode number; one episode has this air date"): _by_air_date("2025-10-14"),
    ("media.scrobble", "no episode number, and no episode has this air date"): _by_air_date("2025-10-15"),
    ("media.scrobble", "a fault in Tellykeep or in its database"): _fault,
}


def _event_key(row: list[str]) -> tuple[str, str]:
    return (row[0].strip("`"), row[1])


def test_every_event_of_the_table_has_a_case_and_the_other_way_round() -> None:
    assert sorted(map(_event_key, EVENTS)) == sorted(EVENT_CASES)


@pytest.mark.parametrize("row", EVENTS, ids=lambda row: " ".join(_event_key(row)))
def test_event_gets_the_answer_that_the_table_names(world: World, row: list[str]) -> None:
    response = EVENT_CASES[_event_key(row)](world)
    answer = response.get_json()
    shown = [str(response.status_code), answer.get("status"), answer.get("action")]
    assert shown == [row[2], row[3].strip("`"), row[4].strip("`")]

    stored = world.conn.execute(
        "select status, action_taken from plex_webhook_logs where id = %s", (answer["log_id"],)
    ).fetchone()
    assert stored == {"status": answer["status"], "action_taken": answer["action"]}


# Later: what happens -> the log row that it happens to.


def _resolved(action: str, **answer: Any) -> Callable[[World], int]:
    def happen(world: World) -> int:
        world.user()
        shown = world.send(episode()).get_json()
        if action == "select":
            answer["tvshow_id"] = world.show("Chosen by hand")
        conflicts.resolve_conflict(world.services, world.user_id, shown["conflict_id"], action, **answer)
        return int(shown["log_id"])

    return happen


def _show_deleted(world: World) -> int:
    answer = world.mapped().send(episode(index=99)).get_json()
    assert answer["status"] == "conflict"
    shows.delete_show(world.services, world.user_id, answer["tvshow_id"])
    return int(answer["log_id"])


def _replayed(world: World) -> int:
    answer = world.user(plex_token="00:00:00").send(episode()).get_json()
    assert answer["status"] == "pending"
    world.show()
    world.conn.execute("update plex_config set plex_token = null")
    logs.replay_log(world.services, world.user_id, answer["log_id"])
    return int(answer["log_id"])


def _looked_up(
    *, there: bool = False, known: bool = False, fails: bool = False, days: int = 0
) -> Callable[[World], int]:
    """A scrobble with TMDB: whether the tracker has the show, whether TMDB does, whether it answers, for how long."""

    def happen(world: World) -> int:
        ids = show_ids()
        with FakeTmdb() as tmdb:
            world.services.settings.tmdb_url = tmdb.url
            world.services.settings.tmdb_api_key = SecretStr(KEY)
            world.user()
            if there:
                world.show("Another name", tmdb_id=ids["tmdb"])
            if known:
                seasons = {2: [{"episode_number": 3, "tvdb_id": episode_ids()["tvdb"]}]}
                tmdb.add_show(ids["tmdb"], SHOW, seasons=seasons)
            if fails:
                tmdb.fail("*", failures.status(503))
            answer = world.send(episode_with_tvdb_only()).get_json()
            assert answer["status"] == "pending"
            worker = LookUpWorker(world.services)
            worker.work_off()
            if days:
                world.conn.execute(
                    "update plex_webhook_logs set lookup = jsonb_build_object('since', now() - make_interval(days => %s))",
                    (days,),
                )
                world.conn.execute("update upstreams set next_probe_at = now()")
                worker.work_off()
            world.services.tmdb.close()
        return int(answer["log_id"])

    return happen


def _read_anew(world: World) -> int:
    with FakeTmdb() as tmdb:
        world.services.settings.tmdb_url = tmdb.url
        world.services.settings.tmdb_api_key = SecretStr(KEY)
        world.user().show(tmdb_id=1)
        tmdb.add_show(1, SHOW, seasons={2: 99}, tvdb_id=show_ids()["tvdb"])
        world.conn.execute("update tvshows set tvdb_id = %s", (show_ids()["tvdb"],))
        answer = world.send(legacy_thetvdb(index=99)).get_json()
        assert answer["status"] == "pending"
        LookUpWorker(world.services).work_off()
        world.services.tmdb.close()
    return int(answer["log_id"])


LATER_CASES: dict[str, Callable[[World], int]] = {
    "the conflict is answered with `select`": _resolved("select"),
    "the conflict is answered with `create_new`": _resolved("create_new"),
    "the conflict is answered with `ignore`": _resolved("ignore"),
    "the conflict is answered with `ignore_forever`": _resolved("ignore_forever"),
    "the show that lacked the episode is deleted": _show_deleted,
    "the event is replayed, and it can be decided now": _replayed,
    "a look-up finds a show of the tracker": _looked_up(there=True, known=True),
    "a look-up finds a show that is not in the tracker": _looked_up(known=True),
    "a look-up finds nothing, or something that is not to be added": _looked_up(),
    "a look-up reads the show anew, and the episode is there now": _read_anew,
    "whoever is asked does not answer": _looked_up(known=True, fails=True),
    "whoever is asked has not answered for 7 days": _looked_up(known=True, fails=True, days=8),
}


def test_every_later_change_of_the_table_has_a_case_and_the_other_way_round() -> None:
    assert sorted(row[0] for row in LATER) == sorted(LATER_CASES)


@pytest.mark.parametrize("row", LATER, ids=lambda row: row[0])
def test_log_row_becomes_what_the_table_says(world: World, row: list[str]) -> None:
    log_id = LATER_CASES[row[0]](world)
    stored = world.conn.execute(
        "select status, action_taken from plex_webhook_logs where id = %s", (log_id,)
    ).fetchone()
    assert stored == {"status": row[1].strip("`"), "action_taken": row[2].strip("`")}


# The actions.


def actions_in_sql() -> set[str]:
    """Every action that a SQL function can write into the log, from the functions' sources."""
    found: set[str] = set()
    for path in (markdown.ROOT / "sql" / "functions").glob("*.sql"):
        source = re.sub(r"--[^\n]*", "", path.read_text(encoding="utf-8"))
        source = source.partition("comment on function")[0]
        # `action := 'x'`, `action_taken = 'x'`, `'reason', 'x'`, and the branches of a case that follows one.
        for statement in re.findall(r"\b(?:action|action_taken)\s*:?=\s*([^;]*?);", source):
            value = statement.split(",\n")[0] if not statement.lstrip().startswith("case") else statement
            value = value.partition("where")[0]
            found |= set(re.findall(r"(?:^|then|else)\s*'(\w+)'", value))
        found |= set(re.findall(r"'reason',\s*'(\w+)'", source))
        if path.stem == "ignore_reason":
            found |= set(re.findall(r"return '(\w+)'", source))
        if path.stem == "record_failed_event":
            found |= set(re.findall(r"'failed',\s*'(\w+)'", source))
    # What functions tell each other, and what the user's own mark answers: neither is in the log.
    return found - {"episode_missing", "mapping_changed", "show_missing", "unmarked"}


def test_tables_name_every_action_of_the_sql_functions_and_no_other() -> None:
    named = {row[4].strip("`") for row in EVENTS} | {row[2].strip("`") for row in LATER}
    assert named == actions_in_sql()


def test_pages_have_a_sentence_for_every_action_of_the_tables() -> None:
    named = {row[4].strip("`") for row in EVENTS} | {row[2].strip("`") for row in LATER}
    assert named <= set(REASONS)


# Refusals: request -> the response.


def _json(body: bytes | str) -> Callable[[World], TestResponse]:
    data = body.encode() if isinstance(body, str) else body
    return lambda world: world.post(data, "application/json")


def _part(payload: object) -> Callable[[World], TestResponse]:
    return lambda world: world.send(payload)


def _short(world: World) -> TestResponse:
    body = json.dumps(play()).encode()
    return world.client.post(
        "/api/plex/webhook?secret=open-sesame",
        input_stream=io.BytesIO(body),
        content_type="application/json",
        environ_overrides={"CONTENT_LENGTH": str(len(body) + 10)},
    )


def _no_part(world: World) -> TestResponse:
    body, content_type = multipart(play())
    return world.post(body.replace(b'name="payload"', b'name="cargo"'), content_type)


def _breaks_off(world: World) -> TestResponse:
    body, content_type = multipart(play())
    return world.post(body[: len(body) // 2], content_type)


def _too_many(world: World) -> TestResponse:
    world.services.settings.webhook_rate_limit = "2 per minute"
    for _ in range(2):
        assert world.send(play()).status_code == 200
    response = world.send(play())
    assert int(response.headers["Retry-After"]) > 0
    return response


_NO_SHOW = {"grandparentTitle": MISSING, "grandparentRatingKey": MISSING}
REFUSAL_CASES: dict[str, Callable[[World], TestResponse]] = {
    "no secret": lambda world: world.send(play(), secret=None),
    "wrong secret": lambda world: world.send(play(), secret="open-barley"),
    "secret that is not ASCII": lambda world: world.send(play(), secret="öffne-dich"),
    "empty body": _json(b""),
    "body that is shorter than its Content-Length": _short,
    "multipart without a part `payload`": _no_part,
    "multipart that breaks off": _breaks_off,
    "part `payload` that is not JSON": _part(b"{'event': 1}"),
    "JSON body that is not JSON": _json("{event}"),
    "JSON that is not UTF-8": _json(b'{"event": "\xff"}'),
    "JSON nested 5,000 deep": _json('{"event":' * 5_000 + "1" + "}" * 5_000),
    "JSON with NaN": _json('{"event": "media.play", "rating": NaN}'),
    "JSON array, string, number or null": _json("[]"),
    "`{}`": _json("{}"),
    "scrobble without Metadata": _json('{"event": "media.scrobble"}'),
    "scrobble of an episode whose show has neither title, GUID nor rating key": _part(
        episode_without_guids(**_NO_SHOW)
    ),
    "several wrong fields": _part(episode(index="abc", parentIndex=-1)),
    "plain text": lambda world: world.post(b"media.play", "text/plain"),
    "HTML form (`application/x-www-form-urlencoded`)": lambda world: world.post(
        b"payload=%7B%7D", "application/x-www-form-urlencoded"
    ),
    "more than 5 MiB": _json(b" " * (5 * 1024 * 1024 + 1)),
    "more requests than WEBHOOK_RATE_LIMIT": _too_many,
}


def test_every_refusal_of_the_table_has_a_case_and_the_other_way_round() -> None:
    assert sorted(row[0] for row in REFUSALS) == sorted(REFUSAL_CASES)


@pytest.mark.parametrize("row", REFUSALS, ids=lambda row: row[0])
def test_request_is_refused_as_the_table_says(world: World, row: list[str]) -> None:
    world.user().show()
    response = REFUSAL_CASES[row[0]](world)
    error = response.get_json()["error"]
    assert [str(response.status_code), error["code"]] == [row[1], row[2].strip("`")]
    assert sorted(error.get("fields", {})) == sorted(markdown.code(row[3]))


@pytest.mark.parametrize("value", ["[]", '"text"', "7", "null"])
def test_json_that_is_no_object_is_refused_as_the_table_says(world: World, value: str) -> None:
    world.user()
    response = _json(value)(world)
    assert response.status_code == 400
    assert list(response.get_json()["error"]["fields"]) == ["payload"]


# Fields.


def _with(field: str, value: object) -> Message:
    """A scrobble whose `field` (`Metadata.index`) is `value`."""
    message = copy.deepcopy(episode())
    *path, name = field.split(".")
    place = message
    for part in path:
        place = place[part]
    place[name] = value
    return message


def _examples(rows: list[list[str]], column: int) -> list[Any]:
    return [
        pytest.param(field, value, id=f"{field}={json.dumps(value)}")
        for row in rows
        for field in markdown.code(row[0])
        for value in markdown.json_values(row[column])
    ]


@pytest.mark.parametrize(("field", "value"), _examples(STRICT, 2))
def test_strict_field_takes_what_the_table_says(field: str, value: object) -> None:
    parse_event(_with(field, value))


@pytest.mark.parametrize(("field", "value"), _examples(STRICT, 3))
def test_strict_field_refuses_what_the_table_says(field: str, value: object) -> None:
    with pytest.raises(InvalidPayload) as refused:
        parse_event(_with(field, value))
    assert list(refused.value.fields) == [field]


@pytest.mark.parametrize(
    ("field", "longest"),
    [
        (field, int(limit.replace(",", "")))
        for row in STRICT
        for limit in re.findall(r"(?:at most|1 to) ([\d,]+) characters", row[1])
        for field in markdown.code(row[0])
    ],
)
def test_strict_field_takes_no_more_characters_than_the_table_says(field: str, longest: int) -> None:
    parse_event(_with(field, "x" * longest))
    with pytest.raises(InvalidPayload) as refused:
        parse_event(_with(field, "x" * (longest + 1)))
    assert list(refused.value.fields) == [field]


@pytest.mark.parametrize(
    ("field", "highest"),
    [
        (field, int(limit))
        for row in STRICT
        for limit in re.findall(r"a whole number from 0 to (\d+)", row[1])
        for field in markdown.code(row[0])
    ],
)
def test_strict_field_takes_no_higher_number_than_the_table_says(field: str, highest: int) -> None:
    parse_event(_with(field, highest))
    with pytest.raises(InvalidPayload):
        parse_event(_with(field, highest + 1))


# Field -> the attribute of the event, and what it is when the field is missing.
_LENIENT: dict[str, tuple[str, object]] = {
    "Metadata.duration": ("duration_ms", None),
    "Metadata.viewOffset": ("view_offset_ms", None),
    "Metadata.viewCount": ("view_count", None),
    "Metadata.lastViewedAt": ("last_viewed_at", None),
    "Metadata.year": ("episode_year", None),
    "Metadata.originallyAvailableAt": ("air_date", None),
    "Metadata.subtype": ("subtype", None),
    "Metadata.live": ("live", False),
    "Metadata.Guid": ("guids", ()),
    "Player": ("player_title", None),
}


def test_every_lenient_field_of_the_table_is_known_and_the_other_way_round() -> None:
    assert sorted(field for row in LENIENT for field in markdown.code(row[0])) == sorted(_LENIENT)


@pytest.mark.parametrize(("field", "value"), _examples(LENIENT, 2))
def test_lenient_field_passes_over_what_the_table_says(field: str, value: object) -> None:
    attribute, missing = _LENIENT[field]
    assert getattr(parse_event(_with(field, value)), attribute) == missing


def test_document_names_every_field_that_is_read() -> None:
    from app.plex.events import Account, Envelope, Metadata, Server

    named = {field for row in (*STRICT, *LENIENT) for field in markdown.code(row[0])}
    read = {
        prefix + (field.alias or name)
        for prefix, model in (
            ("", Envelope),
            ("Account.", Account),
            ("Server.", Server),
            ("Metadata.", Metadata),
        )
        for name, field in model.model_fields.items()
    }
    assert named == read


def test_document_names_everything_that_is_kept_of_a_scrobble() -> None:
    section = markdown.read(DOCUMENT).partition("## What is kept of a message")[2].partition("\n## ")[0]
    named = set(markdown.code(section.partition("Of other messages")[0]))
    message = parse_event(episode(subtype="clip", live=True, viewOffset=1)).kept()
    assert named == (set(message) | set(message["Metadata"]))
