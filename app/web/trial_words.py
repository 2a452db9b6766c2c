"""What to do about a test of the webhook that did not arrive, or not on the way that Plex takes."""

from __future__ import annotations

from app.sync.trial import Trial


def advice_of(trials: list[Trial], public_url: str | None) -> list[str]:
    """Sentences on what it means and what to do next.

    Args:
        trials: at least one, in the order in which they were sent.
        public_url: PUBLIC_URL; None when it is not set.
    """
    last = trials[-1]
    if public_url is None:
        if last.arrived:
            return [
                "The test stayed inside this machine, as PUBLIC_URL is not set. Whether Plex reaches the address above shows"
                " with the first episode that you start."
            ]
        return ["Tellykeep cannot reach its own port. The process log says more: docker compose logs tellykeep."]
    advice = []
    first = trials[0]
    if not first.arrived:
        if "certificate" in (first.problem or ""):
            advice.append(
                "Plex refuses such a certificate as well. Use one of a public authority, or http:// inside your own network."
            )
        elif first.status is not None:
            advice.append(
                "Something answers at PUBLIC_URL, but not as this Tellykeep does. Look at the proxy in front of it: it must"
                " hand on /api/plex/webhook with its query and its body as they are."
            )
        else:
            advice.append(
                "This machine does not reach PUBLIC_URL. Many routers let nobody inside use the address from outside;"
                " then Plex, if it is in the same network, does not reach it either. Give your network a name for it that"
                " leads to this machine, or set PUBLIC_URL to http:// and its address at home."
            )
        if last.arrived:
            advice.append("The webhook itself works: the same test on this machine's own port was taken.")
    return advice
