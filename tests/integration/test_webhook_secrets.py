"""Whose secret is it: from memory, and fresh when it has to be."""

from __future__ import annotations

import hashlib
import hmac
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from types import SimpleNamespace

import pytest
from flask.testing import FlaskClient

from app.db.pool import Database
from app.errors import DatabaseUnavailable
from app.security import webhook_secrets
from app.security.webhook_secrets import WebhookSecrets
from app.services import Services
from app.tracker.plex_config import get_config, rotate_secret
from tests.conftest import Connection


def test_each_secret_opens_for_its_own_user(db: Database, make_user: Callable[..., int]) -> None:
    first, second = make_user(secret="a" * 64), make_user(secret="b" * 64)
    known = WebhookSecrets(db)
    assert [known.owner(c * 64) for c in "abc"] == [first, second, None]


@pytest.mark.parametrize("place", [0, 1, 2, None])
def test_a_secret_is_compared_with_all_of_them_in_constant_time_wherever_it_stands(
    db: Database, make_user: Callable[..., int], monkeypatch: pytest.MonkeyPatch, place: int | None
) -> None:
    secrets = [letter * 64 for letter in "abc"]
    users = [make_user(secret=secret) for secret in secrets]
    known = WebhookSecrets(db)
    known.refresh()
    compared: list[tuple[bytes, bytes]] = []

    def compare(left: bytes, right: bytes) -> bool:
        compared.append((left, right))
        return hmac.compare_digest(left, right)

    monkeypatch.setattr(webhook_secrets, "hmac", SimpleNamespace(compare_digest=compare))
    asked = "d" * 64 if place is None else secrets[place]

    assert known.knows(asked) == (place is not None)

    # Hashes, each as long as the other, and never the secret itself; nothing else compares or looks one up.
    digest = hashlib.sha256(asked.encode()).digest()
    assert compared == [(hashlib.sha256(secret.encode()).digest(), digest) for secret in secrets]
    assert known.owner(asked) == (None if place is None else users[place])
    assert len(compared) % len(secrets) == 0


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


@pytest.fixture
def start(db: Database, tmp_path: Path) -> Callable[[], WebhookSecrets]:
    """The secrets of a process that has just started on the test's data directory."""

    def begin() -> WebhookSecrets:
        known = WebhookSecrets(db)
        known.keep_in(tmp_path / "hashes")
        return known

    return begin


def test_a_start_without_the_database_knows_the_secrets_of_the_last_one(
    db: Database, make_user: Callable[..., int], start: Callable[[], WebhookSecrets], tmp_path: Path
) -> None:
    user = make_user(secret="right")
    start().refresh()
    assert "right" not in (tmp_path / "hashes").read_text()
    db.close()
    known = start()
    assert known.any_known
    assert [known.owner(secret) for secret in ("right", "wrong")] == [user, None]


def test_without_the_database_a_replaced_secret_opens_until_its_overlap_ends(
    db: Database, make_user: Callable[..., int], conn: Connection, start: Callable[[], WebhookSecrets]
) -> None:
    user = make_user(secret="new")
    conn.execute(
        "update plex_config set previous_secret_hash = %s, previous_secret_until = now() + interval '1.5 seconds'",
        (hashlib.sha256(b"old").digest(),),
    )
    start().refresh()
    db.close()
    assert [start().owner(secret) for secret in ("new", "old")] == [user, user]
    time.sleep(1.6)
    assert [start().owner(secret) for secret in ("new", "old")] == [user, None]


def test_a_secret_that_ended_is_gone_from_the_file(
    db: Database, make_user: Callable[..., int], conn: Connection, start: Callable[[], WebhookSecrets]
) -> None:
    make_user(secret="old")
    known = start()
    known.refresh()
    conn.execute("update plex_config set webhook_secret_hash = %s", (hashlib.sha256(b"new").digest(),))
    known.refresh()
    db.close()
    assert start().owner("old") is None
    assert start().owner("new") is not None


def test_a_secret_that_is_shown_to_its_user_opens_although_the_database_goes_away_at_once(
    services: Services, make_user: Callable[..., int], start: Callable[[], WebhookSecrets]
) -> None:
    services.webhook_secrets = start()
    services.webhook_secrets.refresh()
    user = make_user()
    address = rotate_secret(services, user, base_url="http://localhost")["webhook_url"]
    other = WebhookSecrets(services.db)
    services.webhook_secrets = other
    assert get_config(services, user, base_url="http://localhost")["webhook_url"] == address
    services.db.close()
    assert other.owner(address.rpartition("=")[2]) == user


def test_a_file_that_makes_no_sense_is_made_anew(
    make_user: Callable[..., int], start: Callable[[], WebhookSecrets], tmp_path: Path
) -> None:
    make_user(secret="right")
    (tmp_path / "hashes").write_text("{")
    known = start()
    assert not known.any_known
    known.refresh()
    assert start().any_known


def test_a_known_secret_does_not_wait_for_a_database_that_does_not_answer(
    db: Database, make_user: Callable[..., int], monkeypatch: pytest.MonkeyPatch
) -> None:
    user = make_user(secret="right")
    known = WebhookSecrets(db)
    known.refresh()
    monkeypatch.setattr(webhook_secrets, "REFRESH_SECONDS", 0.0)
    with ExitStack() as taken:
        for _ in range(20):
            taken.enter_context(db.connection())
        began = time.monotonic()
        assert known.owner("right") == user
        assert time.monotonic() - began < 0.6
