"""Ids in what is sent, and not in the address: whoever names something of somebody else gets and changes nothing of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from http import HTTPStatus
from typing import Any

import pytest
from flask import Flask

from tests.conftest import Connection
from tests.security.conftest import Person
from tests.security.possessions import everything_of
from tests.watch_state import value

MakePerson = Callable[..., Person]
HERS = "Nobody Else Has This"
# Of the API, by the field that names it: with what else the request needs. `{mapping_id}` and the like are one's own.
NAMED: dict[tuple[str, str, str], dict[str, Any]] = {
    ("POST", "/api/plex/conflicts/{conflict_id}/resolve", "tvshow_id"): {"action": "select"},
    ("PATCH", "/api/plex/mappings/{mapping_id}", "tvshow_id"): {},
    ("POST", "/api/plex/config", "tracked_accounts"): {},
    ("POST", "/api/plex/config", "tracked_servers"): {},
}
# Of the pages: address, the field, what its value is made of, and what else is sent.
FORMS: list[tuple[str, str, str, dict[str, str]]] = [
    ("/watched", "tvshow_id", "{tvshow_id}", {"season": "1", "episode": "2", "watched": "yes"}),
    ("/conflicts/{own_conflict_id}/answer", "tvshow_id", "{tvshow_id}", {"action": "select"}),
    ("/conflicts/several", "conflict", "{conflict_id}", {"action": "ignore"}),
    (
        "/conflicts/several",
        "best-{own_conflict_id}",
        "show-{tvshow_id}",
        {"action": "confirm", "conflict": "{own_conflict_id}"},
    ),
    ("/mappings/several", "mapping", "{mapping_id}", {"action": "off"}),
    ("/mappings/{own_mapping_id}/change", "tvshow_id", "{tvshow_id}", {"action": "select"}),
    ("/shows/{own_tvshow_id}/undo", "again", "{play_id}", {"season": "1", "first": "{play_id}", "last": "{play_id}"}),
    ("/connect/server/accounts", "account", "{tracked_accounts}", {"at": "settings"}),
    ("/connect/server/accounts", "server", "{tracked_servers}", {"at": "settings", "has_servers": "yes"}),
]
QUERIES = ["/figures?show={tvshow_id}", "/activity?show={tvshow_id}", "/?swapped=1&show={tvshow_id}"]


@pytest.fixture
def two(person: MakePerson, conn: Connection) -> Iterator[tuple[Person, Person, dict[str, object]]]:
    """Ann, of whom nothing has changed afterwards; Bob; and what of hers can be named."""
    ann, bob = person("ann"), person("bob")
    conn.execute("update tvshows set title = %s where id = %s", (HERS, ann.owns["tvshow_id"]))
    before = everything_of(conn, ann.user_id)
    yield ann, bob, ann.owns | _chosen_of(conn, ann)
    assert everything_of(conn, ann.user_id) == before


def _chosen_of(conn: Connection, somebody: Person) -> dict[str, object]:
    """The account and the server that one's events have named."""
    return {
        "tracked_accounts": value(
            conn, "select min(id) as id from plex_accounts where user_id = %s", (somebody.user_id,)
        ),
        "tracked_servers": value(
            conn, "select min(id) as id from plex_servers where user_id = %s", (somebody.user_id,)
        ),
    }


def _ids_in_bodies(document: dict[str, Any]) -> set[tuple[str, str, str]]:
    """Every field of a request's body that names a thing of Tellykeep's own, as the API describes itself."""
    schemas = document["components"]["schemas"]

    def fields(schema: Any, seen: tuple[str, ...] = ()) -> Iterator[str]:
        if isinstance(schema, dict):
            yield from schema.get("properties", {})
            model = schema.get("$ref", "").rpartition("/")[2]
            if model and model not in seen:
                yield from fields(schemas[model], (*seen, model))
        for part in schema.values() if isinstance(schema, dict) else schema if isinstance(schema, list) else ():
            yield from fields(part, seen)

    foreign = ("tmdb_id", "tvdb_id", "imdb_id")
    return {
        (method.upper(), path, name)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
        for sent in operation.get("requestBody", {}).get("content", {}).values()
        for name in fields(sent["schema"])
        if path != "/api/plex/webhook"
        and ((name.endswith("_id") and name not in foreign) or name.startswith("tracked_"))
    }


def test_every_field_that_names_something_is_tried(app: Flask) -> None:
    document = app.test_client().get("/api/openapi.json").get_json()
    assert _ids_in_bodies(document) == set(NAMED)


@pytest.mark.parametrize("named", NAMED, ids=" ".join)
def test_a_program_that_names_what_is_somebody_elses_is_told_that_it_is_not_there(
    two: tuple[Person, Person, dict[str, object]], named: tuple[str, str, str]
) -> None:
    _, bob, hers = two
    method, path, name = named
    sent = NAMED[named] | {name: [hers[name]] if name.startswith("tracked_") else hers[name]}

    answer = bob.browser.http.open(path.format(**bob.owns), method=method, json=sent, headers={"X-CSRFToken": bob.csrf})

    assert answer.status_code == HTTPStatus.NOT_FOUND
    assert HERS not in answer.text


@pytest.mark.parametrize("named", NAMED, ids=" ".join)
def test_ones_own_can_be_named(person: MakePerson, conn: Connection, named: tuple[str, str, str]) -> None:
    """Else the test above would pass for a request that is always refused."""
    ann = person("ann")
    own = ann.owns | _chosen_of(conn, ann)
    method, path, name = named
    sent = NAMED[named] | {name: [own[name]] if name.startswith("tracked_") else own[name]}

    answer = ann.browser.http.open(path.format(**ann.owns), method=method, json=sent, headers={"X-CSRFToken": ann.csrf})

    assert answer.status_code == HTTPStatus.OK


@pytest.mark.parametrize("form", FORMS, ids=lambda form: f"{form[0]} {form[1]}")
def test_a_form_that_names_what_is_somebody_elses_does_nothing(
    two: tuple[Person, Person, dict[str, object]], conn: Connection, form: tuple[str, str, str, dict[str, str]]
) -> None:
    _, bob, hers = two
    path, name, named, others = form
    values = hers | {f"own_{key}": own for key, own in bob.owns.items()}
    sent = {key: text.format(**values) for key, text in (others | {name: named}).items()} | {"csrf_token": bob.csrf}
    shows = "select count(*) from tvshows where user_id = %s"
    before = value(conn, shows, (bob.user_id,))

    answer = bob.browser.http.post(
        path.format(**values), data={name.format(**values) if key == name else key: text for key, text in sent.items()}
    )

    assert answer.status_code in (303, 404, 422)
    if answer.status_code == HTTPStatus.SEE_OTHER:
        assert HERS not in bob.browser.get(answer.location).text
    assert value(conn, shows, (bob.user_id,)) == before


@pytest.mark.parametrize("path", QUERIES)
def test_a_page_that_is_narrowed_to_what_is_somebody_elses_tells_nothing_of_it(
    two: tuple[Person, Person, dict[str, object]], path: str
) -> None:
    _, bob, hers = two
    answer = bob.browser.get(path.format(**hers))
    assert answer.status_code in (200, 404)
    assert HERS not in answer.text
