"""Draws the PNG icons from app/static/icons/logo.svg with Chromium: `uv run python tools/icons.py`."""

from __future__ import annotations

import re
from pathlib import Path

from playwright.sync_api import sync_playwright

ICONS = Path(__file__).resolve().parent.parent / "app" / "static" / "icons"
BACKGROUND = "#c4561f"


def main() -> None:
    """Writes every size; the maskable one bleeds to its edges and keeps the drawing in the safe circle."""
    logo = (ICONS / "logo.svg").read_text(encoding="utf-8")
    square = re.sub(r'<rect width="64" height="64" rx="15"', '<rect width="64" height="64"', logo)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path="/usr/bin/chromium", args=["--no-sandbox", "--disable-gpu"]
        )
        for name, size, svg, inner in (
            ("icon-192", 192, logo, 192),
            ("icon-512", 512, logo, 512),
            ("icon-maskable-512", 512, square, 420),
            ("apple-touch-icon", 180, square, 164),
        ):
            page = browser.new_page(viewport={"width": size, "height": size})
            ground = BACKGROUND if inner != size else "transparent"
            page.set_content(
                f"<style>html,body{{margin:0;background:{ground}}}"
                f"svg{{display:block;width:{inner}px;height:{inner}px;margin:{(size - inner) // 2}px}}</style>"
                f"{svg}"
            )
            page.screenshot(path=ICONS / f"{name}.png", omit_background=True)
            page.close()
        browser.close()


if __name__ == "__main__":
    main()
