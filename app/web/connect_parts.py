"""The parts of connecting Plex and TMDB: the welcome shows one a page, the settings several; forms and words are the same."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from flask import request, url_for

from app.errors import TellykeepError
from app.plex.tv import NoPlexPass
from app.security.access import current_identity
from app.services import services
from app.tracker import connection as tracker
from app.tracker.paging import Row
from app.tracker.plex_config import webhook_url
from app.tracker.plex_servers import Unreachable, servers_of_account
from app.upstream.errors import UpstreamError
from app.web.pin import has_pin


@dataclass(frozen=True)
class Step:
    """One part of it, which is one step of the welcome.

    Attributes:
        name: in addresses.
        title: what it is called in the list of steps.
        is_done: by what `connection_steps` says.
    """

    name: str
    title: str
    is_done: Callable[[Row], bool]


STEPS = (
    Step("plex", "Sign in", lambda row: bool(row["has_plex_token"]) and row["plex_token_rejected_at"] is None),
    Step("server", "Server", lambda row: row["plex_server_url"] is not None),
    Step("accounts", "People", lambda row: bool(row["has_chosen_accounts"])),
    Step("tmdb", "TMDB", lambda row: row["has_own_tmdb_key"] or row["has_installation_tmdb_key"]),
    Step(
        "webhook", "Events", lambda row: row["last_webhook_at"] is not None or row["history_poll_minutes"] is not None
    ),
)
NAMES = tuple(step.name for step in STEPS)

# The places where the forms are: a field of theirs says which of them to come back to.
WELCOME, SETTINGS = "welcome", "settings"


def place() -> str:
    """Where the form that was sent is."""
    return SETTINGS if request.form.get("at", request.args.get("at")) == SETTINGS else WELCOME


def address_of(at: str, part: str) -> str:
    """The page that has this part."""
    if at == SETTINGS:
        return url_for("settings_tmdb.show" if part == "tmdb" else "settings_plex.show")
    return url_for("welcome.step", name=part)


def address_after(at: str, part: str) -> str:
    """Where it goes on when a part is done: in the welcome to the next step, or home after the last."""
    if at == SETTINGS:
        return address_of(at, part)
    position = NAMES.index(part) + 1
    return url_for("welcome.step", name=NAMES[position]) if position < len(NAMES) else url_for("home.front_page")


def values_of(part: str, connection: Row, error: TellykeepError | None = None) -> dict[str, Any]:
    """What the template of a part needs beside the connection."""
    more = {"server": _servers, "accounts": _accounts, "webhook": _webhook}.get(part)
    return problem(error) | {"sign_in_begun": has_pin()} | ({} if more is None else more(connection))


def problem(error: TellykeepError | None) -> dict[str, Any]:
    """What was wrong, for the templates."""
    return {
        "error": error,
        "problem": None if error is None else sentence(error.message),
        "tried": error.tried if isinstance(error, Unreachable) else (),
    }


def _servers(connection: Row) -> dict[str, Any]:
    """The servers of the account, or why they are not known. Asks plex.tv."""
    found: dict[str, Any] = {"servers": (), "servers_problem": None}
    if connection["has_plex_token"]:
        try:
            found["servers"] = servers_of_account(services(), current_identity().user_id)
        except UpstreamError as error:
            found["servers_problem"] = sentence(error.message)
    return found


def _accounts(_connection: Row) -> dict[str, Any]:
    user_id = current_identity().user_id
    people = tracker.people(services(), user_id)
    return {
        "people": people,
        "nobody_chosen": not any(person["counts"] for person in people),
        "places": tracker.places(services(), user_id),
    }


def _webhook(connection: Row) -> dict[str, Any]:
    url = webhook_url(services(), current_identity().user_id, request.host_url, connection["webhook_secret"])
    return {"webhook": url, "is_only_here": url is not None and _is_only_here(url)}


def _is_only_here(url: str) -> bool:
    """Whether an address leads to this machine only for this machine itself."""
    host = urlsplit(url).hostname or ""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def lacks_pass(connection: Row, error: TellykeepError | None) -> bool:
    """Whether Plex sends no webhooks for this account, as far as plex.tv has said."""
    return connection["has_plex_pass"] is False or isinstance(error, NoPlexPass)


def sentence(message: str) -> str:
    """A message of an error as a sentence of a page."""
    return f"{message[:1].upper()}{message[1:]}{'' if message.endswith(('.', '?')) else '.'}"
