"""tracker.country_code: ISO 3166 for what titles say."""

from __future__ import annotations

import pytest

from tests.conftest import Connection
from tests.watch_state import value


@pytest.mark.parametrize(("said", "code"), [("UK", "GB"), ("USA", "US"), ("US", "US"), ("JP", "JP"), (None, None)])
def test_what_titles_say_is_brought_to_iso_codes(conn: Connection, said: str | None, code: str | None) -> None:
    assert value(conn, "select tracker.country_code(%s) as code", (said,)) == code
