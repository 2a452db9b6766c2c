"""Signing in to Plex: a PIN that the user's own browser confirms at Plex, or a token that is pasted."""

from __future__ import annotations

import structlog

from app.plex.account import Account
from app.plex.tv import NewPin, PlexTv
from app.services import Services
from app.tracker.plex_config import change_config

log = structlog.get_logger("tellykeep.plex")


def begin_sign_in(services: Services) -> NewPin:
    """Makes a PIN at plex.tv.

    Raises:
        UpstreamError: here and below; see `app.upstream.errors`.
    """
    return PlexTv(services).begin_sign_in()


def finish_sign_in(services: Services, user_id: int, pin_id: int, *, base_url: str) -> Account | None:
    """Keeps the token of a sign-in that was confirmed at Plex; None as long as it was not.

    Raises:
        NotThere: the PIN has expired.
    """
    token = PlexTv(services).signed_in(pin_id)
    return None if token is None else keep_token(services, user_id, token, base_url=base_url)


def keep_token(services: Services, user_id: int, token: str, *, base_url: str) -> Account:
    """Keeps a token that plex.tv knows, and whose it is.

    Raises:
        KeyRejected: plex.tv does not know it.
    """
    account = PlexTv(services, token).account()
    changes = {"plex_token": token, "plex_account_name": account.name, "has_plex_pass": account.has_webhooks}
    change_config(services, user_id, changes, base_url=base_url)
    log.info("signed in to Plex", user_id=user_id, has_plex_pass=account.has_webhooks)
    return account
