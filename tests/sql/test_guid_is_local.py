"""tracker.guid_is_local: which Plex GUIDs mean something on their own server only."""

from __future__ import annotations

import pytest

from app.plex.guids import parse_guid
from tests.conftest import Connection
from tests.watch_state import value


@pytest.mark.parametrize(
    "guid",
    [
        "local://567283",
        "com.plexapp.agents.none://569747",
        "com.plexapp.agents.none://569747/2026/41103?lang=xn",
        "tv.plex.agents.none://4711",
        "plex://show/5d9c086c46115600200aa2fe",
        "plex://show/local://1",
        "com.plexapp.agents.thetvdb://73871/2/15?lang=en",
        "com.plexapp.agents.nonesuch://1",
        "tv.plex.agents.custom.x.agents.nones://1",
        "tv.plex.xmltv://abc",
        "hama://anidb-17494",
        "iva://x.agents.none://1",
        "imdb://tt0944947",
    ],
)
def test_it_says_the_same_as_the_parser(conn: Connection, guid: str) -> None:
    parsed = parse_guid(guid)
    assert value(conn, "select tracker.guid_is_local(%s) as local", (parsed.text,)) is parsed.local
