"""Whose secret is it: from memory, and fresh when it has to be."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from flask.testing import FlaskClient

from app.db.pool import Database
from app.errors import DatabaseUnavailable
from app.security import webhook_secrets
from app.security.webhook_secrets import WebhookSecrets
from tests.conftest import Connection


def test_each_secret_opens_for_its_own_user(db: Database, make_user: Callable[..., int]) -> None:
    first, second = make_user(secret="a" * 64), make_user(secret="b" * 64)
    known = WebhookSecrets(db)
    assert [known.owner(c * 64) for c in "abc"] == [first, second, None]


def test_a_known_secret_needs_no_database(
    db: Database, make_user: Callable[..., int], monkeypatch: pytest.MonkeyPatch
) -> None:
    user = make_user(secret="a" * 64)
    known = WebhookSecrets(db)
    known.refresh()
    monkeypatch.setattr(known, "_read", lambda _patience: pytest.fail("asked the database"))
    assert known.owner("a" * 64) == user


def test_a_secret_made_a_moment_ago_by_another_process_opens_at_once(
    db: Database, make_user: Callable[..., int]
) -> None:
    known = WebhookSecrets(db)
    known.refresh()
    user = make_user(secret="fresh")
    assert known.owner("fresh") == user


def test_the_previous_secret_opens_until_its_overlap_ends(
    db: Database, make_user: Callable[..., int], conn: Connection
) -> None:
    user = make_user(secret="new")
    known = WebhookSecrets(db)
    digest = hashlib.sha256(b"old").digest()
    for interval, opens in (("1 hour", True), ("-1 second", False)):
        conn.execute(
            "update plex_config set previous_secret_hash = %s, previous_secret_until = now() + %s::interval",
            (digest, interval),
        )
        known.refresh()
        assert (known.owner("old") == user) is opens
        assert known.owner("new") == user


def test_wrong_guesses_read_the_table_twenty_times_a_second_at_most(
    db: Database, make_user: Callable[..., int], monkeypatch: pytest.MonkeyPatch
) -> None:
    make_user(secret="right")
    known = WebhookSecrets(db)
    reads: list[float] = []
    read = known._read
    monkeypatch.setattr(known, "_read", lambda patience: (reads.append(time.monotonic()), read(patience))[1])

    started = time.monotonic()
    with ThreadPoolExecutor(8) as guessers:
        list(guessers.map(known.owner, [f"guess {n}" for n in range(200)]))
    seconds = time.monotonic() - started

    assert len(reads) <= seconds / webhook_secrets.PAUSE_BETWEEN_READS_SECONDS + 2


def test_before_the_secrets_were_read_nobody_is_told_that_theirs_is_wrong(
    db: Database, client: FlaskClient, make_user: Callable[..., int]
) -> None:
    make_user(secret="right")
    db.close()
    with pytest.raises(DatabaseUnavailable):
        WebhookSecrets(db).owner("right")
    answer = client.post("/api/plex/webhook?secret=right", json={"event": "media.play"})
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "10")


def test_while_the_database_is_away_known_secrets_open_and_nobody_waits_twice(
    db: Database, make_user: Callable[..., int], monkeypatch: pytest.MonkeyPatch
) -> None:
    user = make_user(secret="right")
    known = WebhookSecrets(db)
    known.refresh()
    db.close()
    monkeypatch.setattr(webhook_secrets, "REFRESH_SECONDS", 0.0)
    tries: list[int] = []
    read = known._read
    monkeypatch.setattr(known, "_read", lambda patience: (tries.append(1), read(patience))[1])

    assert [known.owner("right") for _ in range(5)] == [user] * 5
    assert known.owner("wrong") is None
    assert len(tries) == 1
