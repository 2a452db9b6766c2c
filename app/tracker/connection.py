"""How far a user's connection is set up, who was ever seen, and the Plex token for the questions of a page."""

from __future__ import annotations

from app.db.queries import queries
from app.errors import NotFound
from app.security.crypto import CannotDecrypt
from app.services import Services
from app.tracker.paging import Row
from app.upstream.errors import KeyMissing


def connection_steps(services: Services, user_id: int) -> Row:
    """What is set and what came of it; the webhook's secret among it is still encrypted.

    Raises:
        NotFound: the account has no connection (it was made in another way than `create_user`).
    """
    with services.db.connection() as connection:
        row: Row | None = queries().connection_steps(connection, user_id=user_id)
    if row is None:
        raise NotFound("this account has no Plex connection")
    key = services.settings.tmdb_api_key
    return row | {"has_installation_tmdb_key": key is not None and bool(key.get_secret_value().strip())}


def people(services: Services, user_id: int) -> list[Row]:
    """Every account that was ever seen on a server, by server, its owner first."""
    with services.db.connection() as connection:
        return list(queries().plex_people(connection, user_id=user_id))


def places(services: Services, user_id: int) -> list[Row]:
    """Every server that was ever seen."""
    with services.db.connection() as connection:
        return list(queries().plex_places(connection, user_id=user_id))


def plex_token(services: Services, user_id: int) -> str:
    """The user's Plex token.

    Raises:
        KeyMissing: there is none, or it cannot be read any more.
    """
    with services.db.connection() as connection:
        row = queries().get_plex_server(connection, user_id=user_id)
    if row is None or row["plex_token"] is None:
        raise KeyMissing("plex", "there is no Plex token: sign in to Plex first")
    try:
        return services.cipher.decrypt(row["plex_token"], column="plex_config.plex_token", row=user_id)
    except CannotDecrypt:
        raise KeyMissing("plex", "the Plex token was encrypted under another key: sign in to Plex again") from None
