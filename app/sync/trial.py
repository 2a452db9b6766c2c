"""A test of the webhook: a message that marks nothing, sent through the door that Plex uses, over real HTTP."""

from __future__ import annotations

import json
import secrets
import time
from dataclasses import dataclass
from typing import Any

import requests
import urllib3

from app.db.queries import queries
from app.errors import NotFound
from app.security.crypto import CannotDecrypt
from app.services import Services
from app.settings import Settings
from app.tracker.plex_config import WEBHOOK_PATH
from app.upstream.connections import GuardedAdapter, deadline
from app.upstream.http import in_words

# No event of Plex's: whoever reads the log, or waits for the first real one, can tell it apart.
TRIAL = "tellykeep.test"
CONNECT_SECONDS = 3.0
TOTAL_SECONDS = 8.0
_LONGEST_ANSWER = 64 * 1024


@dataclass(frozen=True)
class Trial:
    """One message on its way.

    Attributes:
        address: where it was sent, without the secret.
        milliseconds: until the answer, or until it was given up.
        status: of HTTP; None when there was no answer.
        outcome: the answer's `status` and `action`, and `log_id` of the row that it made; empty when it was not taken.
        problem: what went wrong, to be put behind the address; None when it was taken.
    """

    address: str
    milliseconds: int
    status: int | None
    outcome: dict[str, Any]
    problem: str | None

    @property
    def arrived(self) -> bool:
        """Whether it was taken and is in the log."""
        return self.problem is None


def send_trial(services: Services, user_id: int) -> list[Trial]:
    """Sends a message to PUBLIC_URL; where that does not arrive, or is not set, to the port that this process listens on.

    Args:
        services: the application's parts. No connection of the pool may be held: the answer needs one.
        user_id: whose webhook.

    Returns:
        What came of each, in that order.

    Raises:
        NotFound: the account has no webhook.
        CannotDecrypt: its secret was encrypted under another key.
    """
    with services.db.connection() as connection:
        row = queries().get_plex_config(connection, user_id=user_id)
    if row is None:
        raise NotFound("this account has no webhook")
    try:
        secret = services.cipher.decrypt(row["webhook_secret"], column="plex_config.webhook_secret", row=user_id)
    except CannotDecrypt:
        raise CannotDecrypt("the webhook's secret was encrypted under another key: make a new one") from None
    trials = []
    for base in [address for address in (services.settings.public_url, own_address(services.settings)) if address]:
        trials.append(_send(base + WEBHOOK_PATH, secret))
        if trials[-1].arrived:
            break
    return trials


def own_address(settings: Settings) -> str:
    """Where this machine reaches its own server."""
    host, _, port = settings.bind.rpartition(":")
    everywhere = {"0.0.0.0": "127.0.0.1", "[::]": "[::1]"}  # noqa: S104 - what it listens on, not what it is asked at
    return f"http://{everywhere.get(host, host)}:{port}"


def _send(address: str, secret: str) -> Trial:
    started = time.monotonic()
    status: int | None = None
    outcome: dict[str, Any] = {}
    try:
        with _session() as session, deadline(TOTAL_SECONDS, TOTAL_SECONDS):
            response = session.post(
                address,
                params={"secret": secret},
                files={"payload": (None, json.dumps(_message()), "application/json")},
                timeout=(CONNECT_SECONDS, TOTAL_SECONDS),
                allow_redirects=False,
                stream=True,
            )
            with response:
                status = response.status_code
                body = response.raw.read(_LONGEST_ANSWER, decode_content=True)
        problem, outcome = _judged(status, body)
    except (requests.RequestException, urllib3.exceptions.HTTPError, OSError, ValueError) as error:
        # Only in words: the error itself has the whole address in it.
        problem = in_words(error)
    return Trial(address, round((time.monotonic() - started) * 1000), status, outcome, problem)


def _session() -> requests.Session:
    session = requests.Session()
    session.trust_env = False
    for scheme in ("https://", "http://"):
        session.mount(scheme, GuardedAdapter(max_retries=0))
    return session


def _message() -> dict[str, Any]:
    """As Plex's, but of an event that only starts, of a show that nobody has, without a server and an account to remember."""
    return {
        "event": TRIAL,
        "user": True,
        "owner": True,
        "Metadata": {
            "type": "episode",
            "ratingKey": f"test-{secrets.token_hex(4)}",
            "grandparentTitle": "Test of the webhook",
            "title": "Test of the webhook",
        },
    }


def _judged(status: int, body: bytes) -> tuple[str | None, dict[str, Any]]:
    """What is wrong with an answer, and what it says."""
    try:
        answer = json.loads(body)
    except ValueError:
        answer = None
    if status in (200, 202) and isinstance(answer, dict) and "status" in answer:
        return None, {name: answer.get(name) for name in ("status", "action", "log_id")}
    if 300 <= status < 400:
        return f"answered with a redirect ({status}), which Plex does not follow", {}
    error = answer.get("error") if isinstance(answer, dict) else None
    if isinstance(error, dict) and isinstance(error.get("message"), str):
        return f"refused it ({status}): {error['message']}", {}
    return f"answered {status}, and not as Tellykeep does: something else listens there", {}
