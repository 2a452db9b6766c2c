"""A user's connection to Plex and TMDB: what is set, the webhook's address, which accounts and servers count."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from typing import Any
from urllib.parse import urlencode

from psycopg.types.json import Jsonb

from app.db.pool import Connection
from app.db.queries import queries
from app.errors import NotFound
from app.security.crypto import CannotDecrypt
from app.security.webhook_secrets import secret_digest
from app.services import Services
from app.tracker.paging import Row

OVERLAP_HOURS = 24
WEBHOOK_PATH = "/api/plex/webhook"

_PLAIN = (
    "plex_server_url",
    "plex_server_name",
    "plex_server_uuid",
    "enabled",
    "auto_add_shows",
    "auto_mark_watched",
)
# What plex.tv said of a token; without it an entered token is anybody's.
_OF_THE_TOKEN = ("plex_account_name", "has_plex_pass")
# Another one may find what the one before did not.
_ASKED_WITH = ("plex_token", "plex_server_url", "plex_server_uuid", "tmdb_api_key")
_THRESHOLDS = ("propose_similarity", "map_confidence")
# With another of these there may be more to read in the server's history.
_READ_WITH = ("plex_token", "plex_server_url", "history_poll_minutes", "tracked_accounts", "tracked_servers")
_DISCONNECTED = {
    "plex_token": None,
    "plex_server_url": None,
    "plex_server_name": None,
    "plex_server_uuid": None,
    "enabled": False,
}


def get_config(services: Services, user_id: int, *, base_url: str, show_secret: bool = True) -> Row:
    """The connection's settings. Tokens and keys are never among them, only whether they are there.

    Args:
        services: the application's parts.
        user_id: whose.
        base_url: address of this appliance as the browser knows it, taken when PUBLIC_URL is not set.
        show_secret: whether the webhook's address shall have its secret in it: who knows it can mark episodes watched.

    Raises:
        NotFound: there is no such user.
    """
    with services.db.connection() as connection:
        return _read(services, connection, user_id, base_url, show_secret)


def change_config(services: Services, user_id: int, changes: dict[str, Any], *, base_url: str) -> Row:
    """Changes what is named and returns all of it.

    Args:
        services: the application's parts.
        user_id: whose.
        changes: fields of the connection; None empties `plex_token`, `plex_server_…` and `tmdb_api_key`;
            `tracked_accounts` (ids) and `tracked_servers` (ids or uuids) say who counts, an empty list chooses nobody.
        base_url: see `get_config`.

    Raises:
        NotFound: an account or server that was never seen.
    """
    columns = {name: changes[name] for name in _PLAIN if name in changes}
    if "plex_token" in changes:
        columns["plex_token"] = _sealed(services, user_id, "plex_config.plex_token", changes["plex_token"])
        columns |= {name: changes[name] for name in _OF_THE_TOKEN if name in changes}
    with services.db.connection() as connection, connection.transaction():
        if columns:
            queries().update_plex_config(connection, user_id=user_id, changes=Jsonb(columns))
        if "tmdb_api_key" in changes:
            key = _sealed(services, user_id, "settings.tmdb_api_key", changes["tmdb_api_key"])
            queries().set_tmdb_key(connection, user_id=user_id, tmdb_api_key=key)
        thresholds = {name: changes[name] for name in _THRESHOLDS if name in changes}
        if thresholds:
            queries().set_thresholds(connection, user_id=user_id, changes=Jsonb(thresholds))
        if "history_poll_minutes" in changes or "sync_library" in changes:
            queries().set_history_settings(
                connection,
                user_id=user_id,
                poll_minutes=changes.get("history_poll_minutes"),
                sets_poll="history_poll_minutes" in changes,
                sync_library=changes.get("sync_library"),
            )
        if "tracked_accounts" in changes:
            known = {row["id"] for row in queries().list_plex_accounts(connection, user_id=user_id)}
            ids = _chosen(changes["tracked_accounts"], {n: n for n in known}, "tracked_accounts")
            queries().track_plex_accounts(connection, user_id=user_id, ids=ids)
        if "tracked_servers" in changes:
            names: dict[int | str, int] = {}
            for row in queries().list_plex_servers(connection, user_id=user_id):
                names |= {row["id"]: row["id"], row["server_uuid"]: row["id"]}
            ids = _chosen(changes["tracked_servers"], names, "tracked_servers")
            queries().track_plex_servers(connection, user_id=user_id, ids=ids)
        if "tracked_accounts" in changes or "tracked_servers" in changes:
            queries().look_back(connection, user_id=user_id)
        config = _read(services, connection, user_id, base_url, True)
    if any(changes.get(name) is not None for name in _ASKED_WITH):
        # On its own: it takes the locks of shows, which come before all others.
        with services.db.connection() as connection:
            queries().look_up_again(connection, user_id=user_id)
        services.worker.wake()
    if any(changes.get(name) is not None for name in _READ_WITH):
        services.history.add(user_id)
    return config


def rotate_secret(services: Services, user_id: int, *, base_url: str, overlap_hours: int = OVERLAP_HOURS) -> Row:
    """Makes a new webhook secret; the old one works on for `overlap_hours`, one that was older ends now."""
    with services.db.connection() as connection, connection.transaction():
        _new_secret(services, connection, user_id, overlap_hours)
        config = _read(services, connection, user_id, base_url, True)
    services.webhook_secrets.refresh()
    return config


def disconnect(services: Services, user_id: int, *, base_url: str) -> Row:
    """Removes token, server and TMDB key, turns the integration off, and ends the webhook's address at once."""
    with services.db.connection() as connection, connection.transaction():
        queries().update_plex_config(connection, user_id=user_id, changes=Jsonb(_DISCONNECTED))
        queries().set_tmdb_key(connection, user_id=user_id, tmdb_api_key=None)
        _new_secret(services, connection, user_id, 0)
        config = _read(services, connection, user_id, base_url, True)
    services.webhook_secrets.refresh()
    return config


def _read(services: Services, connection: Connection, user_id: int, base_url: str, show_secret: bool) -> Row:
    row = queries().get_plex_config(connection, user_id=user_id)
    if row is None:
        raise NotFound("there is no such user")
    stored_secret = row.pop("webhook_secret")
    has_tmdb_key = row.pop("tmdb_api_key") is not None or services.settings.tmdb_api_key is not None
    return {
        "has_plex_token": row.pop("plex_token") is not None,
        "has_tmdb_key": has_tmdb_key,
        "webhook_url": webhook_url(services, user_id, base_url, stored_secret if show_secret else None),
        "accounts": list(queries().list_plex_accounts(connection, user_id=user_id)),
        "servers": list(queries().list_plex_servers(connection, user_id=user_id)),
        **row,
    }


def webhook_url(services: Services, user_id: int, base_url: str, stored_secret: str | None) -> str | None:
    """With its secret, or without when there is none to show; None when the secret was sealed with another key."""
    address = (services.settings.public_url or base_url.rstrip("/")) + WEBHOOK_PATH
    if stored_secret is None:
        return address
    try:
        secret = services.cipher.decrypt(stored_secret, column="plex_config.webhook_secret", row=user_id)
    except CannotDecrypt:
        return None
    services.webhook_secrets.learn(user_id, secret)
    return f"{address}?{urlencode({'secret': secret})}"


def _new_secret(services: Services, connection: Connection, user_id: int, overlap_hours: int) -> None:
    secret = secrets.token_hex(32)
    queries().change_webhook_secret(
        connection,
        user_id=user_id,
        webhook_secret=_sealed(services, user_id, "plex_config.webhook_secret", secret),
        webhook_secret_hash=secret_digest(secret),
        overlap_hours=overlap_hours,
    )


def _sealed(services: Services, user_id: int, column: str, value: str | None) -> str | None:
    return None if value is None else services.cipher.encrypt(value, column=column, row=user_id)


def _chosen(wanted: Iterable[int | str], known: dict[Any, int], field: str) -> list[int]:
    """The ids that are meant; an id or uuid that nobody saw is refused, so that a slip does not track nobody."""
    ids = []
    for name in wanted:
        if name not in known:
            raise NotFound("this was never seen in an event", fields={field: f"{name} is not known"})
        ids.append(known[name])
    return ids
