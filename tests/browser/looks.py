"""How pages are looked at: on a phone and on a desk, by day and by night, and on the smallest phone."""

from __future__ import annotations

import pytest

from tests.browser.watch import DESK, PHONE, SMALL

every_look = pytest.mark.parametrize(
    ("size", "scheme", "name"),
    [
        (PHONE, "light", "phone-light"),
        (PHONE, "dark", "phone-dark"),
        (DESK, "light", "desk-light"),
        (DESK, "dark", "desk-dark"),
        (SMALL, "light", "small-light"),
    ],
)
