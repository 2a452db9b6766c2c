"""The API tokens of an account: a list of them, and an end to each. app.security.accounts makes and recognises them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Literal

from app.db.queries import queries
from app.errors import NotFound
from app.security.accounts import create_token
from app.tracker.paging import Row

if TYPE_CHECKING:
    from app.services import Services


def list_tokens(services: Services, user_id: int) -> list[Row]:
    """Name, scope and dates of each, the newest first. The tokens themselves nobody knows but who keeps them."""
    with services.db.connection() as connection:
        return list(queries().list_api_tokens(connection, user_id=user_id))


def make_token(
    services: Services, username: str, name: str, scope: Literal["read", "write"], days: int | None
) -> tuple[str, datetime | None]:
    """A new token, which is shown once, and until when it counts.

    Args:
        services: the application's parts.
        username: whom it acts for.
        name: what it is for.
        scope: what it may do.
        days: for how long; None for good.

    Raises:
        Invalid: the name cannot be taken.
    """
    until = None if days is None else datetime.now(UTC) + timedelta(days=days)
    return create_token(services, username, scope=scope, name=name, expires_at=until), until


def revoke_token(services: Services, user_id: int, token_id: int) -> str:
    """Ends a token at once, and returns its name.

    Raises:
        NotFound: this account has no such token.
    """
    with services.db.connection() as connection:
        name: str | None = queries().revoke_api_token(connection, user_id=user_id, token_id=token_id)
    if name is None:
        raise NotFound("there is no such token any more")
    return name
