"""How long webhooks wait while two hundred clients send, or read, one byte a second.

    uv run python -m bench.slow_clients [--seconds 15] [--clients 200] [--json]

Starts the server as it is shipped on throw-away data, and for each way of being slow sends one webhook after the other
over connections of their own, as a Plex server does. docs/adr/0012-slow-clients.md tells what was chosen by it.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from contextlib import nullcontext
from statistics import median
from typing import Any

import requests

from bench.installation import running_installation
from bench.library import make_library, message
from tests.slow_clients import SlowClients, kinds

LARGE_FILE = "/static/vendor/tabler-1.6.1/tabler.min.css"
LONGEST_WAIT = 60.0
ALLOWED_SECONDS = 5.0
PAUSE = 0.1


def run(arguments: argparse.Namespace) -> dict[str, dict[str, Any]]:
    """Seconds that webhooks waited, by the way of being slow."""
    library = make_library(20)
    episodes = [message(episode) for show in library for episode in show.episodes]
    found: dict[str, dict[str, Any]] = {}
    with running_installation() as installation:
        account = installation.add_account("slow", library)
        url = f"http://{installation.address[0]}:{installation.address[1]}"
        ways = kinds(account.webhook, arguments.file)
        for name in ["nobody is slow", *(arguments.kinds or ways)]:
            slow = SlowClients(installation.address, ways[name], count=arguments.clients) if name in ways else None
            waited: list[float] = []
            with slow or nullcontext():
                until = time.monotonic() + arguments.seconds
                while time.monotonic() < until:
                    began = time.monotonic()
                    try:
                        requests.post(url + account.webhook, json=episodes.pop(), timeout=LONGEST_WAIT)
                    except requests.RequestException:
                        print(f"{name}: a webhook was not answered", file=sys.stderr)
                    waited.append(time.monotonic() - began)
                    time.sleep(PAUSE)
            found[name] = {
                "sent": len(waited),
                "median_ms": median(waited) * 1000,
                "longest_ms": max(waited) * 1000,
                "shut_out": slow.shut_out if slow else 0,
            }
            print(name, found[name], file=sys.stderr)
    return found


def report(found: dict[str, dict[str, Any]]) -> str:
    """The figures as a table."""
    lines = [f"{'200 clients, a byte a second':34}{'median':>10}{'longest':>12}{'shut out':>10}"]
    lines += [
        f"{name:34}{row['median_ms']:8.0f} ms{row['longest_ms']:9.0f} ms{row['shut_out']:10}"
        for name, row in found.items()
    ]
    return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(prog="bench.slow_clients", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=15.0, help="of every way of being slow (default 15)")
    parser.add_argument("--clients", type=int, default=200, help="(default 200)")
    parser.add_argument("--kinds", nargs="+", help="only these ways")
    parser.add_argument("--file", default=LARGE_FILE, help="what is read slowly")
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    arguments = parser.parse_args()
    found = run(arguments)
    print(json.dumps(found, indent=2) if arguments.json else report(found))
    return 0 if all(row["longest_ms"] < ALLOWED_SECONDS * 1000 for row in found.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
