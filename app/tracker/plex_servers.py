"""Choosing the Plex server: those that plex.tv knows of, at which of its addresses one answers, and why none does.

The addresses of a server are tried at the same time, each with little patience, and nothing of the database is held
meanwhile: who waits is a person in front of a page.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import structlog
from psycopg.types.json import Jsonb

from app.db.queries import queries
from app.errors import NotFound, Unprocessable
from app.plex.account import Resource
from app.plex.client import PlexServer
from app.plex.metadata import PlexAccount
from app.plex.tv import PlexTv
from app.services import Services
from app.tracker.connection import plex_token
from app.tracker.plex_config import change_config
from app.upstream.errors import KeyRejected, UpstreamError
from app.upstream.http import Limits, Step

log = structlog.get_logger("tellykeep.plex")

PAGE_LIMITS = Limits(connect=3, read=4, total=5)
MOST_ADDRESSES = 12


@dataclass(frozen=True)
class Found:
    """A server that answers.

    Attributes:
        clock_ahead: seconds that its clock is ahead.
    """

    url: str
    uuid: str
    name: str
    clock_ahead: int
    accounts: Sequence[PlexAccount] = field(repr=False)


@dataclass(frozen=True)
class Tried:
    """An address at which it does not answer as it should.

    Attributes:
        is_refused: it is there, and does not take the token.
    """

    url: str
    problem: str
    is_refused: bool = False


class Unreachable(Unprocessable):
    """No address of the server answers as it should.

    Attributes:
        tried: each of them, with the reason.
    """

    code = "plex_server_unreachable"

    def __init__(self, message: str, tried: Sequence[Tried], *, fields: dict[str, str] | None = None) -> None:
        super().__init__(message, fields=fields)
        self.tried = tried


def servers_of_account(services: Services, user_id: int) -> list[Resource]:
    """The servers that plex.tv knows of the user's account, its own first.

    Raises:
        UpstreamError: there is no token, plex.tv refuses it, or does not answer.
    """
    return PlexTv(services, plex_token(services, user_id)).servers()


def choose_server(services: Services, user_id: int, uuid: str, *, base_url: str) -> Found:
    """Connects the user to one of these servers, at the first of its addresses that answers.

    Raises:
        NotFound: it is not among them.
        Unreachable: at none of them, and why.
        UpstreamError: as `servers_of_account`.
    """
    token = plex_token(services, user_id)
    server = next((one for one in PlexTv(services, token).servers() if one.uuid == uuid and one.owned), None)
    if server is None:
        raise NotFound("your Plex account has no such server")
    urls = server.addresses()[:MOST_ADDRESSES]
    if not urls:
        raise Unreachable(f"plex.tv knows no address of {server.name}: is it running?", ())
    with ThreadPoolExecutor(max_workers=len(urls), thread_name_prefix="plex-address") as threads:
        answers = list(threads.map(lambda url: _ask(services, url, token, uuid, server.name), urls))
    found = next((answer for answer in answers if isinstance(answer, Found)), None)
    if found is None:
        raise Unreachable(
            "no address of this server answers from here as it should",
            [answer for answer in answers if isinstance(answer, Tried)],
        )
    return _keep(services, user_id, found, None, base_url=base_url)


def choose_address(services: Services, user_id: int, url: str, token: str | None, *, base_url: str) -> Found:
    """Connects the user to the server at an address that the user knows.

    Args:
        services: the application's parts.
        user_id: whose.
        url: without user, password, query or fragment.
        token: one that the server takes; the user's own when None.
        base_url: see `app.tracker.plex_config.get_config`.

    Raises:
        Unreachable: it does not answer there as it should, and why.
        UpstreamError: there is no token.
    """
    known = token or plex_token(services, user_id)
    answer = _ask(services, url, known, None, None)
    if isinstance(answer, Tried):
        name = "plex_token" if token is not None and answer.is_refused else "plex_server_url"
        raise Unreachable("the server cannot be used at this address", [answer], fields={name: answer.problem})
    return _keep(services, user_id, answer, token, base_url=base_url)


def _ask(services: Services, url: str, token: str, uuid: str | None, name: str | None) -> Found | Tried:
    """Who is there, and whether it takes the token: who the server is it tells to anybody."""
    steps: list[Step] = []
    server = PlexServer(services, url, token, steps, limits=PAGE_LIMITS)
    try:
        identity = server.identity()
        if identity.uuid is None:
            return Tried(url, "what answers there is no Plex server")
        if uuid is not None and identity.uuid != uuid:
            return Tried(url, "another server answers there")
        accounts = server.accounts()
        return Found(url, identity.uuid, server.name() if name is None else name, server.clock_ahead, accounts)
    except KeyRejected:
        return Tried(
            url, "it does not accept the Plex token: only that of its owner opens its history", is_refused=True
        )
    except UpstreamError as error:
        return Tried(url, error.message.removeprefix("the Plex server "))


def _keep(services: Services, user_id: int, found: Found, token: str | None, *, base_url: str) -> Found:
    accounts = [{"id": account.id, "title": account.title} for account in found.accounts]
    with services.db.connection() as connection:
        # Its accounts can be chosen before the first event names them.
        queries().begin_history(
            connection,
            user_id=user_id,
            server_uuid=found.uuid,
            server_title=found.name,
            clock_ahead=found.clock_ahead,
            accounts=Jsonb(accounts),
        )
    changes = {"plex_server_url": found.url, "plex_server_name": found.name, "plex_server_uuid": found.uuid}
    change_config(services, user_id, changes | ({} if token is None else {"plex_token": token}), base_url=base_url)
    log.info("Plex server chosen", user_id=user_id)
    return found
