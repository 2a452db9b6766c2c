"""Which third-party files the pages load, and their versions; renewed by tools/vendor.py."""

from __future__ import annotations

VERSIONS = {"htmx": "4.0.1", "tabler": "1.6.1", "tabler-icons": "3.51.0"}

HTMX = f"vendor/htmx-{VERSIONS['htmx']}/htmx.min.js"
TABLER = f"vendor/tabler-{VERSIONS['tabler']}/tabler.min.css"
ICONS = f"vendor/tabler-icons-{VERSIONS['tabler-icons']}/sprite.svg"
