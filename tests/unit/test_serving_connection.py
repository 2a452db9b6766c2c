"""What a connection knows of its client."""

from __future__ import annotations

import socket
from unittest.mock import Mock

import pytest
from gunicorn.config import Config

from app.serving.connection import Connection


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (("192.0.2.1", 1), ("192.0.2.1", 2), True),
        (("192.0.2.1", 1), ("192.0.2.2", 1), False),
        (("2001:db8:1:2::1", 1, 0, 0), ("2001:db8:1:2:9::9", 1, 0, 0), True),
        (("2001:db8:1:2::1", 1, 0, 0), ("2001:db8:1:3::1", 1, 0, 0), False),
        (("::ffff:192.0.2.1", 1, 0, 0), ("192.0.2.1", 1), True),
    ],
)
def test_room_is_made_among_the_connections_of_one_place(one: object, other: object, same: bool) -> None:
    """A network of IPv6 is one place, or a single host could be five hundred."""
    first, second = (
        Connection(Config(), Mock(spec=socket.socket), client, ("127.0.0.1", 8787)) for client in (one, other)
    )
    assert (first.place == second.place) is same
