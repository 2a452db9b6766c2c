"""Passwords as they are really hashed."""

from __future__ import annotations

import time
from statistics import median

import pytest

from app.security import accounts, passwords
from app.services import Services
from tests.conftest import Connection
from tests.integration.browser import PASSWORD


@pytest.fixture
def user_id(services: Services) -> int:
    return accounts.create_user(services, "mira", PASSWORD)


def test_passwords_are_kept_with_argon2id(user_id: int, conn: Connection) -> None:
    row = conn.execute("select password_hash from users").fetchone()
    assert row is not None
    assert row["password_hash"].startswith("$argon2id$v=19$m=65536,t=3,p=4$")


def test_an_unknown_name_takes_as_long_as_a_wrong_password(services: Services, user_id: int) -> None:
    accounts.authenticate(services, "nobody", "x")

    def seconds(username: str) -> float:
        times = []
        for _ in range(5):
            started = time.perf_counter()
            assert accounts.authenticate(services, username, "not the password") is None
            times.append(time.perf_counter() - started)
        return median(times)

    known, unknown = seconds("mira"), seconds("nobody")
    assert unknown > known / 3


def test_an_old_hash_is_made_anew_at_the_sign_in(services: Services, user_id: int, conn: Connection) -> None:
    from argon2 import PasswordHasher

    weak = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)
    conn.execute("update users set password_hash = %s", (weak,))

    assert accounts.authenticate(services, "mira", PASSWORD) == user_id
    row = conn.execute("select password_hash from users").fetchone()
    assert row is not None
    assert row["password_hash"] != weak
    assert accounts.authenticate(services, "mira", PASSWORD) == user_id


def test_a_password_that_was_changed_meanwhile_is_not_brought_back(
    services: Services, user_id: int, conn: Connection
) -> None:
    from argon2 import PasswordHasher

    weak = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)
    conn.execute("update users set password_hash = %s", (weak,))
    account = accounts.find_account(services, "mira")
    passwords.set_password(services, user_id, "another good password")

    accounts.verify_password(services, account, PASSWORD)

    assert accounts.authenticate(services, "mira", PASSWORD) is None
    assert accounts.authenticate(services, "mira", "another good password") == user_id
