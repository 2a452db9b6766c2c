"""Sign-in by a header that a proxy in front sets once it knows who somebody is: Authelia, Authentik, oauth2-proxy …"""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog
from flask import request

from app.errors import Invalid, StateConflict
from app.security.accounts import create_user_without_password, find_account
from app.security.client_address import came_by_trusted_proxy
from app.security.host_names import called_as, may_be_lured
from app.services import services

if TYPE_CHECKING:
    from app.services import Services

log = structlog.get_logger("tellykeep.door")


def named_account() -> str | None:
    """The name in TRUSTED_HEADER_USER, if that is set and the peer itself is a proxy of TRUSTED_PROXIES.

    From anybody else the header is nothing: everybody can send it. Of several it takes none, as the proxy sets one, and
    another one would be the client's. Nor does it count by plain http under a name that is not known: a proxy that knows
    people by their machine, as Tailscale does, would let any website act for them under a name of its own.
    """
    header = services().settings.trusted_header_user
    if header is None or not came_by_trusted_proxy(request.environ):
        return None
    if may_be_lured(request, services().settings):
        log.warning(
            "a proxy's header does not count by http under a name that is not known", name=called_as(request)[:100]
        )
        return None
    # As WSGI hands them over, bytes of Latin-1; proxies write names in UTF-8.
    name = request.headers.get(header, "").strip()
    try:
        return name.encode("latin-1").decode() or None
    except UnicodeError:
        return None


def account_of_header(services: Services, named: str) -> int | None:
    """The account that the proxy means, made now where TRUSTED_HEADER_NEW_ACCOUNTS says so; None where there is none."""
    user_id = find_account(services, named).user_id
    if user_id is not None or not services.settings.trusted_header_new_accounts:
        return user_id
    try:
        return create_user_without_password(services, named, timezone=services.settings.timezone)
    except StateConflict:
        # Another request of the same browser was faster.
        return find_account(services, named).user_id
    except Invalid:
        return None


def names(user_id: int) -> bool:
    """Whether the header of this request names that account."""
    named = named_account()
    return named is not None and find_account(services(), named).user_id == user_id
