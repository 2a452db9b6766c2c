"""A scrobble of a mapped show is one SQL round trip, counted in what libpq itself says it sends."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from psycopg import pq

from app.services import Services
from tests import payloads
from tests.conftest import Connection

# psycopg prepares a statement when it sees it for the sixth time on a connection: one more message, once.
BEFORE_IT_IS_PREPARED = 5

Messages = list[str]


@contextmanager
def messages_sent(services: Services, file: Path) -> Iterator[Messages]:
    """The protocol messages that leave on any connection of the pool in the block, by their names."""
    sent: Messages = []
    with file.open("w+") as trace:
        with ExitStack() as taken:
            # Both of a pool that has not grown, as one client at a time does not make it grow.
            connections = [taken.enter_context(services.db.connection()) for _ in range(2)]
        for connection in connections:
            connection.pgconn.trace(trace.fileno())
            connection.pgconn.set_trace_flags(pq.Trace.SUPPRESS_TIMESTAMPS)
        try:
            yield sent
        finally:
            for connection in connections:
                connection.pgconn.untrace()
        trace.seek(0)
        lines = (line.split("\t") for line in trace.read().splitlines())
        sent += [fields[2] for fields in lines if fields[0] == "F"]


@pytest.fixture
def watch(client: FlaskClient, make_user: Callable[..., int], make_show: Callable[..., int]) -> Callable[[int], None]:
    """Sends the scrobble of an episode of one show, which the first of them maps."""
    make_show(make_user(secret="right"), payloads.SHOW, seasons={1: 40}, **_ids())

    def send(episode: int) -> None:
        body, content_type = payloads.multipart(payloads.legacy_thetvdb(parentIndex=1, index=episode))
        answer = client.post("/api/plex/webhook?secret=right", data=body, content_type=content_type)
        assert answer.json is not None
        assert (answer.status_code, answer.json["action"]) == (200, "marked_watched")

    return send


def _ids() -> dict[str, int]:
    return {"tvdb_id": payloads.show_ids()["tvdb"]}


def test_a_scrobble_of_a_mapped_show_is_one_round_trip(
    services: Services, watch: Callable[[int], None], conn: Connection, tmp_path: Path
) -> None:
    watch(1)
    with messages_sent(services, tmp_path / "trace") as sent:
        watch(2)

    assert sent.count("Sync") == 1
    assert sent.count("Execute") == 1
    assert "Query" not in sent  # no BEGIN, COMMIT, SELECT 1, RESET
    assert conn.execute("select count(*) as n from plays").fetchone() == {"n": 2}


def test_it_stays_one_when_the_statement_was_prepared(
    services: Services, watch: Callable[[int], None], tmp_path: Path
) -> None:
    episodes = iter(range(1, 41))
    for _ in range(2 * (BEFORE_IT_IS_PREPARED + 1)):
        watch(next(episodes))
    for _ in range(4):
        with messages_sent(services, tmp_path / "trace") as sent:
            watch(next(episodes))
        assert sent == ["Bind", "Describe", "Execute", "Sync"]
