"""What belongs to one account: its TMDB key, its Plex server, its webhook, its jobs."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from app.doctor.finding import Finding
from app.doctor.jobs import check_jobs
from app.errors import NotFound
from app.monitoring.condition import QUIET_DAYS
from app.plex.client import PlexServer
from app.services import Services
from app.tmdb.client import tmdb_of
from app.tracker.connection import connection_steps, plex_token
from app.tracker.paging import Row
from app.upstream.errors import KeyMissing, KeyRejected, UpstreamError
from app.upstream.http import Limits

# Somebody waits.
LIMITS = Limits(connect=2, read=4, total=6)


def examine_account(services: Services, user_id: int) -> Iterator[Finding]:
    """Every check of an account, one after the other; other servers are asked."""
    try:
        steps = connection_steps(services, user_id)
    except NotFound:
        yield Finding("Plex server", "fail", "This account has no connection to Plex.", "Make the account anew.")
        return
    yield check_tmdb(services, user_id)
    yield from check_plex(services, user_id, steps)
    yield check_webhook(steps, datetime.now(UTC))
    yield check_jobs(services, user_id, shared=False)


def check_tmdb(services: Services, user_id: int) -> Finding:
    """Whether TMDB takes the key that this account asks with."""
    name = "TMDB"
    client = tmdb_of(services, user_id, [])
    if client is None:
        return Finding(name, "warn", "There is no key: new shows are not looked up.", "Enter one under Settings, TMDB.")
    try:
        client.check_key(limits=LIMITS)
    except KeyRejected as error:
        return Finding(name, "fail", _sentence(error), "Copy it anew from themoviedb.org, Settings, API.")
    except UpstreamError as error:
        return Finding(name, "fail", _sentence(error), "Does this machine reach the internet? Is TMDB_URL right?")
    return Finding(name, "ok", "TMDB answers and accepts the key.")


def check_plex(services: Services, user_id: int, steps: Row) -> Iterator[Finding]:
    """Whether the Plex server answers, is the one that was chosen, accepts the token, and has the right time."""
    name = "Plex server"
    try:
        token = plex_token(services, user_id)
    except KeyMissing as error:
        yield Finding(name, "warn", _sentence(error), "Sign in to Plex under Settings, Plex.")
        return
    if not steps["plex_server_url"]:
        yield Finding(name, "warn", "No server is chosen.", "Choose one under Settings, Plex.")
        return
    server = PlexServer(services, steps["plex_server_url"], token, [], limits=LIMITS)
    try:
        identity = server.identity()
        if steps["plex_server_uuid"] and identity.uuid != steps["plex_server_uuid"]:
            yield Finding(
                name,
                "fail",
                "Another Plex server answers at its address than the one that was chosen.",
                "Choose the server again under Settings, Plex.",
            )
            return
        # Who it is a server tells anybody; this it tells only to whom it knows.
        server.name()
    except KeyRejected as error:
        yield Finding(name, "fail", _sentence(error), "Sign in to Plex again under Settings, Plex.")
        return
    except UpstreamError as error:
        yield Finding(
            name,
            "fail",
            _sentence(error),
            "Is it running, and does this machine reach its address? Another can be chosen under Settings, Plex.",
        )
        return
    yield Finding(name, "ok", f"Plex {identity.version} answers and accepts the token.")
    yield _clock_of(server)


def check_webhook(steps: Row, now: datetime) -> Finding:
    """Whether anything comes."""
    name = "Webhook"
    last = steps["last_webhook_at"]
    if not steps["enabled"]:
        return Finding(name, "warn", "Taking events is switched off.", "Switch it on under Settings, Plex.")
    if last is None:
        return Finding(
            name,
            "warn",
            "Nothing has come yet.",
            "Put the address from Settings, Webhook into Plex, and send a test there.",
        )
    days = (now - last).days
    if days >= QUIET_DAYS:
        return Finding(
            name,
            "warn",
            f"Nothing was received for {days} days.",
            "If something was watched since: is the address still in Plex, and does a test under Settings, Webhook arrive?",
        )
    return Finding(name, "ok", f"The last event came {f'{days} days ago' if days > 1 else 'within two days'}.")


def _clock_of(server: PlexServer) -> Finding:
    ahead = server.clock_ahead
    if abs(ahead) <= 60:
        return Finding("Plex server's clock", "ok", "It has the same time as this machine.")
    return Finding(
        "Plex server's clock",
        "warn",
        f"It is {abs(ahead)} seconds {'ahead of' if ahead > 0 else 'behind'} this machine's.",
        "Let both machines set their clocks by NTP.",
    )


def _sentence(error: UpstreamError) -> str:
    return f"{error.message[:1].upper()}{error.message[1:]}."
