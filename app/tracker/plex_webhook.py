"""Entering the webhook's address into the user's Plex account, for who does not want to do it by hand."""

from __future__ import annotations

import structlog

from app.errors import Unprocessable
from app.plex.tv import NoPlexPass, PlexTv
from app.services import Services
from app.tracker.connection import plex_token
from app.tracker.plex_config import get_config
from app.upstream.errors import UpstreamUnavailable

log = structlog.get_logger("tellykeep.plex")


def register_webhook(services: Services, user_id: int, *, base_url: str) -> bool:
    """Adds the user's address to the webhooks of the Plex account.

    plex.tv takes the whole list only: it is read right before, and read again after, and nothing is ever left out of it.

    Returns:
        False when it was there already.

    Raises:
        Unprocessable: there is no address to enter.
        NoPlexPass: the account may not have webhooks.
        UpstreamError: there is no token, plex.tv refuses it, does not answer, or did not keep the list.
    """
    plex_tv = PlexTv(services, plex_token(services, user_id))
    url = get_config(services, user_id, base_url=base_url)["webhook_url"]
    if url is None:
        raise Unprocessable("the webhook's secret cannot be read: make a new one first")
    if plex_tv.account().has_webhooks is False:
        raise NoPlexPass()
    others = plex_tv.webhooks()
    if url in others:
        return False
    plex_tv.set_webhooks([*others, url])
    if not {*others, url} <= set(plex_tv.webhooks()):
        raise UpstreamUnavailable("plex_tv", "did not keep the webhook: look at the webhooks in your Plex account")
    log.info("webhook entered at plex.tv", user_id=user_id, others=len(others))
    return True
