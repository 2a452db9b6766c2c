"""Renews the third-party files in app/static/vendor from their npm packages: `uv run python tools/vendor.py`.

Needs npm and its registry, and is run by whoever raises a version, never by a user or a build. The versions stand
in `app/web/vendor.py`, which the templates take them from, and in the folders' names. axe-core, with which the tests look
at the pages, goes to tests/browser/vendor.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

from app.web.vendor import HTMX, ICONS, TABLER, VERSIONS
from tests.browser.axe import AXE, AXE_VERSION

ROOT = Path(__file__).resolve().parent.parent / "app" / "static" / "vendor"

# Only what the pages show; a test holds this list against the templates.
ICON_NAMES = (
    "adjustments",
    "alert-triangle",
    "arrow-back-up",
    "arrow-left",
    "ban",
    "calendar",
    "chart-bar",
    "check",
    "chevron-right",
    "copy",
    "device-desktop",
    "device-mobile",
    "device-tv",
    "download",
    "external-link",
    "eye",
    "eye-off",
    "help",
    "history",
    "home",
    "hourglass",
    "key",
    "layout-grid",
    "link",
    "list",
    "logout",
    "mood-empty",
    "mood-smile",
    "moon",
    "movie",
    "palette",
    "pencil",
    "player-play",
    "plug-connected",
    "plug-x",
    "plus",
    "refresh",
    "route",
    "search",
    "send",
    "server",
    "settings",
    "shield-lock",
    "sun",
    "trash",
    "upload",
    "user-circle",
    "users",
    "webhook",
    "wifi-off",
    "zoom-question",
)

# The npm package of Tabler carries no licence file; this is the text of its repository.
TABLER_LICENSE = """The MIT License (MIT)

Copyright (c) 2018-2026 The Tabler Authors

Permission is hereby granted, free of charge, to any person obtaining a copy
of this software and associated documentation files (the "Software"), to deal
in the Software without restriction, including without limitation the rights
to use, copy, modify, merge, publish, distribute, sublicense, and/or sell
copies of the Software, and to permit persons to whom the Software is
furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in
all copies or substantial portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR
IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY,
FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE
AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER
LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM,
OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN
THE SOFTWARE.
"""


def unpack(package: str, version: str, directory: Path) -> Path:
    """Downloads a package with `npm pack` and returns the folder of its files."""
    packed = subprocess.run(
        ["npm", "pack", f"{package}@{version}", "--silent"],
        cwd=directory,
        check=True,
        capture_output=True,
        text=True,
    )
    target = directory / f"{package.replace('/', '-')}"
    with tarfile.open(directory / packed.stdout.split()[-1]) as archive:
        archive.extractall(target, filter="data")
    return target / "package"


def sprite(icons: Path) -> str:
    """One SVG with a symbol per icon."""
    symbols = []
    for name in sorted(ICON_NAMES):
        text = (icons / "icons" / "outline" / f"{name}.svg").read_text(encoding="utf-8")
        paths = [path for path in re.findall(r"<(?:path|circle|rect)[^>]*/>", text) if 'stroke="none"' not in path]
        body = "".join(re.sub(r"\s+", " ", path) for path in paths)
        symbols.append(
            f'<symbol id="{name}" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="2"'
            f' stroke-linecap="round" stroke-linejoin="round">{body}</symbol>'
        )
    return '<svg xmlns="http://www.w3.org/2000/svg">\n' + "\n".join(symbols) + "\n</svg>\n"


def main() -> None:
    """Replaces every vendored folder."""
    for old in (*ROOT.glob("*-[0-9]*"), *AXE.parents[1].glob("*-[0-9]*")):
        shutil.rmtree(old)
    with tempfile.TemporaryDirectory() as scratch:
        htmx = unpack("htmx.org", VERSIONS["htmx"], Path(scratch))
        tabler = unpack("@tabler/core", VERSIONS["tabler"], Path(scratch))
        icons = unpack("@tabler/icons", VERSIONS["tabler-icons"], Path(scratch))
        axe = unpack("axe-core", AXE_VERSION, Path(scratch))
        _write(HTMX, (htmx / "dist" / "htmx.min.js").read_text(encoding="utf-8"), (htmx / "LICENSE").read_text())
        _write(TABLER, (tabler / "dist" / "css" / "tabler.min.css").read_text(encoding="utf-8"), TABLER_LICENSE)
        _write(ICONS, sprite(icons), (icons / "LICENSE").read_text(encoding="utf-8"))
        AXE.parent.mkdir(parents=True)
        for name in ("axe.min.js", "LICENSE", "LICENSE-3RD-PARTY.txt"):
            shutil.copyfile(axe / name, AXE.parent / name)


def _write(file: str, text: str, licence: str) -> None:
    path = ROOT.parent / file
    path.parent.mkdir(parents=True)
    # Source maps are not vendored: a browser's tools would ask for them in vain.
    text = re.sub(r"\n?(//|/\*)# sourceMappingURL=[^\n]*", "", text)
    path.write_text(text.rstrip() + "\n", encoding="utf-8")
    (path.parent / "LICENSE").write_text(licence, encoding="utf-8")
    sys.stdout.write(f"{file}: {len(text)} characters\n")


if __name__ == "__main__":
    main()
