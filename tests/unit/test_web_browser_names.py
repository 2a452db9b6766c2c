"""Browsers by the names that people know."""

from __future__ import annotations

import pytest

from app.web.browser_names import browser_name, is_pocket


@pytest.mark.parametrize(
    ("agent", "name", "pocket"),
    [
        ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox on Linux", False),
        ("Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/140.0 Safari/537.36", "Chrome on Windows", False),
        ("Mozilla/5.0 (Windows NT 10.0) Chrome/140.0 Safari/537.36 Edg/140.0", "Edge on Windows", False),
        ("Mozilla/5.0 (Linux; Android 16) Chrome/140.0 Mobile Safari/537.36", "Chrome on Android", True),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) Mobile Safari/604.1", "Safari on iPhone", True),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) Version/18.5 Safari/605.1", "Safari on Mac", False),
        ("curl/8.5.0", "curl/8.5.0", False),
        ("x" * 300, "x" * 60, False),
        ("", "Unknown browser", False),
        (None, "Unknown browser", False),
    ],
)
def test_a_browser_is_named(agent: str | None, name: str, pocket: bool) -> None:
    assert (browser_name(agent), is_pocket(agent)) == (name, pocket)
