"""axe-core, which finds what keeps people with a screen reader, a keyboard or weak eyes out of a page."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from playwright.sync_api import Page

AXE_VERSION = "4.14.1"
# Of the npm package, with its licences (MPL 2.0) beside it; renewed by tools/vendor.py.
AXE = Path(__file__).parent / "vendor" / f"axe-core-{AXE_VERSION}" / "axe.min.js"

_GRAVE = ("serious", "critical")


def violations(page: Page, rules: Sequence[str] = ()) -> list[str]:
    """What is seriously or critically wrong with what the page shows now, a line for each element.

    Args:
        page: as it is now.
        rules: those of axe-core to look for; all of them when none is named.
    """
    if not page.evaluate("typeof axe !== 'undefined'"):
        page.evaluate(AXE.read_text(encoding="utf-8"))
    # In the middle of a transition, colours are none of the design's.
    page.evaluate("document.getAnimations().filter(a => a instanceof CSSTransition).forEach(a => a.finish())")
    found: list[dict[str, Any]] = page.evaluate(
        "rules => axe.run({resultTypes: ['violations'], ...(rules.length ? {runOnly: rules} : {})}).then(r => r.violations)",
        list(rules),
    )
    return [
        f"{rule['impact']} {rule['id']}: {node['html'][:160]} ({node['failureSummary'].splitlines()[-1].strip()})"
        for rule in found
        if rule["impact"] in _GRAVE
        for node in rule["nodes"]
    ]
