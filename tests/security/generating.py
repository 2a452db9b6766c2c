"""For the tests with generated input: how many cases, accounts that can do everything, and a look at them after."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import structlog
from flask import Flask
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from psycopg import sql
from pydantic import SecretStr
from werkzeug.test import TestResponse

from app.backup.keeping import directory_of
from app.services import Services
from tests.conftest import Connection
from tests.fakes.plex import FakePlex
from tests.fakes.tmdb import KEY, FakeTmdb
from tests.security.routes import Route, routes_of

if TYPE_CHECKING:
    from tests.security.conftest import Person

_HOSTILE = [
    "\x00",
    "\ud800",
    "' or 1=1 --",
    "<script>",
    "a\r\nb",
    "\u202eabc",
    "🎬" * 40,
    "x" * 1000,
    "%s",
    "{{ 7*7 }}",
]
# For JSON: json.dumps writes lone surrogates as escapes, and NaN as a word that is not JSON.
WORDS = st.text(st.characters(), max_size=20) | st.sampled_from(_HOSTILE)
_ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.just(10**400) | st.floats() | st.just(2**63) | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3),
    max_leaves=6,
)


@st.composite
def _anything(draw: st.DrawFn) -> Any:
    """By a name, as it would otherwise be written out for each field that takes it."""
    return draw(_ANYTHING)


VALUES = _anything()

# The rows of an account whose ids stand in addresses, newest first.
_ROWS = {
    "tvshow_id": ("tvshows", "deleted_at is null"),
    "mapping_id": ("plex_show_mappings", "true"),
    "conflict_id": ("plex_conflicts", "true"),
    "log_id": ("plex_webhook_logs", "true"),
    "batch_id": ("answer_batches", "true"),
}
_MOST_ROWS = 12
# A page may lead on to another one.
_SHOWN = {200, 302, 303}
# What need not be there: posters, an episode of that number, a TMDB key, the orders of a show that TMDB does not have.
_MAY_LACK = {
    "GET /posters/shows/<int:tvshow_id>": {404},
    "GET /posters/tmdb/<name>": {404},
    "GET /shows/<int:tvshow_id>/episodes/<int:season>/<int:number>": {404},
    "GET /api/plex/mappings/<id:mapping_id>/rules/orders": {404, 422},
    "GET /api/search": {422},
    "GET /settings/backup/<backup>": {404},
}
TMDB_ID = 700
_VALUES: dict[str, Any] = {
    "season": 1,
    "episode": 1,
    "number": 1,
    "name": "plex",
    "backup": "tellykeep-2026-01-02T033000Z.zip",
}


def cases(number: int) -> settings:
    """So many cases, the same in every run; what fails is told as it was generated."""
    return settings(
        max_examples=number,
        derandomize=True,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )


@dataclass
class Tenants:
    """Makes accounts with one of everything, and looks at what they have."""

    app: Flask
    services: Services
    conn: Connection
    person: Callable[..., Person]
    use_plex: Callable[..., None]
    tmdb: FakeTmdb
    plex: FakePlex

    def __post_init__(self) -> None:
        self._numbers = itertools.count(1)
        self.services.settings.webhook_rate_limit = "100000 per minute"
        self.tmdb.add_show(TMDB_ID, "Harbour Lights", seasons={0: 1, 1: 4})
        backups = directory_of(self.services.settings)
        backups.mkdir()
        (backups / _VALUES["backup"]).write_bytes(b"PK")

    def another(self, *, has_keys: bool = True) -> Person:
        """Another administrator, whose Plex server and TMDB can be asked; or who has neither."""
        settings = self.services.settings
        # What an account has at first comes without look-ups.
        settings.tmdb_api_key = None
        made = self.person(f"person{next(self._numbers)}", is_admin=True)
        if has_keys:
            settings.tmdb_api_key = SecretStr(KEY)
            self.use_plex(made.user_id)
            self.conn.execute("update tvshows set tmdb_id = %s where id = %s", (TMDB_ID, made.owns["tvshow_id"]))
        return made

    def what_cannot_be_shown(
        self, person: Person, look: Callable[[TestResponse], None] = lambda answer: None
    ) -> list[tuple[str, int]]:
        """Every page and every list of an account that does not answer as it should, for each of its newest rows."""
        faults = []
        for route in routes_of(self.app):
            if route.is_safe and ("page" in route.access or "api" in route.access):
                for path in self._addresses(route, person):
                    answer = person.browser.get(path, query_string={"q": "harbour"} if path == "/api/search" else {})
                    # A part of a thing goes with it.
                    may_lack = {404} if len(route.ids) > 1 else _MAY_LACK.get(str(route), set())
                    if answer.status_code not in _SHOWN | may_lack:
                        faults.append((path, answer.status_code))
                    look(answer)
                    answer.close()
        return faults

    def values_of(self, person: Person) -> dict[str, Any]:
        """What stands in the addresses of what is a person's."""
        row = self.conn.execute("select max(id) as id from sessions where user_id = %s", (person.user_id,)).fetchone()
        return _VALUES | person.owns | {"session_id": (row or {})["id"] or 1}

    def _addresses(self, route: Route, person: Person) -> Iterator[str]:
        name = route.ids[0] if len(route.ids) == 1 else ""
        if name not in _ROWS:
            yield route.path(**self.values_of(person))
            return
        table, condition = _ROWS[name]
        rows = self.conn.execute(
            sql.SQL("select id from {} where user_id = %s and {} order by id desc limit %s").format(
                sql.Identifier(table), sql.SQL(condition)
            ),
            (person.user_id, _MOST_ROWS),
        )
        for row in rows:
            yield route.path(**self.values_of(person) | {name: row["id"]})


@contextmanager
def no_fault_logged() -> Iterator[None]:
    """Fails where a traceback, or a failure of the program's, was logged meanwhile."""
    with structlog.testing.capture_logs() as logged:
        yield
    assert [entry for entry in logged if entry.get("exc_info") or entry["log_level"] in ("error", "critical")] == []
