"""WEBHOOK_RATE_LIMIT: one bucket for each valid secret and address, another for wrong secrets."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Callable, Iterator
from typing import cast

import pytest
from flask.testing import FlaskClient
from prometheus_client import CollectorRegistry
from werkzeug.test import TestResponse

from app import create_app
from app.errors import TooManyRequests
from app.security.counters import MOST_COUNTERS, ProcessCounters
from app.security.limits import check_webhook_rate, limiter, webhook_owner
from app.services import Services
from tests.payloads import multipart, play

LIMIT = 5


@pytest.fixture
def limited(services: Services) -> Iterator[FlaskClient]:
    settings = services.settings.model_copy(
        update={"webhook_rate_limit": f"{LIMIT} per minute", "trusted_proxies": _networks("127.0.0.1")}
    )
    app = create_app(dataclasses.replace(services, settings=settings, registry=CollectorRegistry()))
    yield app.test_client()
    with app.app_context():
        limiter.reset()


def _networks(address: str) -> tuple[object, ...]:
    import ipaddress

    return (ipaddress.ip_network(address),)


def _send(client: FlaskClient, secret: str, address: str = "192.0.2.1") -> TestResponse:
    body, content_type = multipart(play())
    return client.post(
        f"/api/plex/webhook?secret={secret}",
        data=body,
        content_type=content_type,
        headers={"X-Forwarded-For": address},
    )


def test_the_request_after_the_last_allowed_one_is_429_with_the_seconds_to_wait(
    limited: FlaskClient, make_user: Callable[..., int]
) -> None:
    make_user(secret="right")
    assert [_send(limited, "right").status_code for _ in range(LIMIT)] == [200] * LIMIT

    over = _send(limited, "right")

    assert over.status_code == 429
    assert over.json is not None
    assert over.json["error"]["code"] == "too_many_requests"
    assert 1 <= int(over.headers["Retry-After"]) <= 61


def test_wrong_guesses_from_the_same_address_do_not_lock_the_right_secret_out(
    limited: FlaskClient, make_user: Callable[..., int]
) -> None:
    make_user(secret="right")
    codes = [_send(limited, f"wrong{n}").status_code for n in range(LIMIT + 3)]
    assert codes == [401] * LIMIT + [429] * 3
    assert _send(limited, "right").status_code == 200


def test_every_valid_secret_and_every_address_has_a_bucket_of_its_own(
    limited: FlaskClient, make_user: Callable[..., int]
) -> None:
    make_user(secret="one")
    make_user(secret="two")
    for _ in range(LIMIT + 1):
        last = _send(limited, "one")
    assert last.status_code == 429
    assert _send(limited, "two").status_code == 200
    assert _send(limited, "one", "192.0.2.2").status_code == 200


def test_an_address_that_a_stranger_claims_does_not_open_another_bucket(
    limited: FlaskClient, make_user: Callable[..., int]
) -> None:
    make_user(secret="right")
    codes = [_send(limited, "wrong", f"198.51.100.{n}, 192.0.2.1").status_code for n in range(LIMIT + 1)]
    assert codes[-1] == 429


def test_a_whole_network_of_ipv6_is_one_address(limited: FlaskClient, make_user: Callable[..., int]) -> None:
    """Whoever has one has 18 quintillion addresses."""
    make_user(secret="right")
    codes = [_send(limited, "wrong", f"2001:db8:1:2:{n:x}::{n:x}").status_code for n in range(1, LIMIT + 2)]
    assert codes == [401] * LIMIT + [429]
    assert _send(limited, "wrong", "2001:db8:1:3::1").status_code == 401
    codes = [_send(limited, "right", f"2001:db8:1:2::{n:x}").status_code for n in range(1, LIMIT + 2)]
    assert codes == [200] * LIMIT + [429]


def test_forms_count_such_a_network_as_one_address_too(limited: FlaskClient) -> None:
    limited.application.config["WTF_CSRF_METHODS"] = []

    def try_code(address: str) -> int:
        return limited.post("/setup", data={"code": "wrong"}, headers={"X-Forwarded-For": address}).status_code

    codes = [try_code(f"2001:db8:1:2::{number:x}") for number in range(1, 12)]
    assert codes[-1] == 429
    assert 429 not in codes[:-1]
    assert try_code("2001:db8:1:3::1") != 429


def test_ten_thousand_wrong_secrets_are_limited_and_take_no_memory_and_the_right_one_still_opens(
    limited: FlaskClient, make_user: Callable[..., int], capfd: pytest.CaptureFixture[str]
) -> None:
    make_user(secret="right")
    with limited.application.app_context():
        limiter.reset()
    first = [
        limited.post(f"/api/plex/webhook?secret=guess{n}", headers={"X-Forwarded-For": "192.0.2.66"}).status_code
        for n in range(50)
    ]
    answers = Counter(first)
    # The rest without what an answer costs besides.
    for n in range(50, 10_000):
        with limited.application.test_request_context(
            f"/api/plex/webhook?secret=guess{n}", environ_base={"REMOTE_ADDR": "192.0.2.66"}
        ):
            try:
                owner = webhook_owner()
                check_webhook_rate(owner)
                assert owner is None
                answers[401] += 1
            except TooManyRequests:
                answers[429] += 1
    assert set(answers) == {401, 429}
    # A window may end while they are sent; each lets five through.
    assert answers[401] <= LIMIT * 10
    assert len(cast(ProcessCounters, limiter.storage)._counts) < 10
    assert _send(limited, "right", "192.0.2.66").status_code == 200
    assert _send(limited, "right", "192.0.2.1").status_code == 200
    assert "guess" not in "".join(capfd.readouterr())


def test_a_counter_for_each_of_many_addresses_is_kept_for_so_many_only() -> None:
    counters = ProcessCounters()
    for number in range(MOST_COUNTERS + 5_000):
        counters.incr(f"wrong:2001:db8::{number:x}", 60)
    assert len(counters._counts) == MOST_COUNTERS
    assert counters.incr(f"wrong:2001:db8::{MOST_COUNTERS:x}", 60) == 2
    assert counters.incr("wrong:2001:db8::0", 60) == 1
