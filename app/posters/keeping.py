"""`PosterKeeper`: fetches a poster once, keeps it, and leaves a host alone that does not answer."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import structlog

from app.posters.image import Image, read_image
from app.posters.store import PosterStore
from app.upstream.errors import NotThere, UpstreamError
from app.upstream.http import Upstream
from app.upstream.waiting_room import WaitingRoom

log = structlog.get_logger("tellykeep.posters")

# At most so many threads wait for posters; the others answer webhooks and pages.
_AT_ONCE = 4
_PATIENCE_SECONDS = 3.0
# A page of a hundred posters does not wait a hundred times for a host that is away.
_REST_SECONDS = 30.0
_NOT_THERE_SECONDS = 3600.0
_MOST_REMEMBERED = 10_000


class PosterKeeper:
    """Shared by all threads.

    Attributes:
        upstream: how the hosts are asked.
        store: what was fetched.
    """

    def __init__(self, upstream: Upstream, room: WaitingRoom, store: PosterStore, *, reserve: int) -> None:
        """Touches nothing yet.

        Args:
            upstream: see above.
            room: where requests wait for other servers.
            store: see above.
            reserve: bytes that stay free on the disk.
        """
        self.upstream = upstream
        self.store = store
        self._room = room
        self._reserve = reserve
        self._turns = threading.BoundedSemaphore(_AT_ONCE)
        self._lock = threading.Lock()
        # What is not asked for, or not asked, before a moment. In memory: a start begins anew.
        self._resting: dict[object, float] = {}

    def image(self, name: tuple[object, ...], host: str, ask: Callable[[], bytes]) -> Image | None:
        """A poster, kept or fetched; None when there is none, or it cannot be had now.

        Args:
            name: under which it is kept.
            host: which is asked.
            ask: fetches it.
        """
        image = self.store.get(*name)
        if image is not None or self._rests(host) or self._rests(name):
            return image
        if not self._turns.acquire(timeout=_PATIENCE_SECONDS):
            return None
        try:
            with self._room.place() as is_free:
                # Others that waited with this one may have found the host away meanwhile.
                content = ask() if is_free and not self._rests(host) else b""
        except NotThere:
            self._rest(name, _NOT_THERE_SECONDS)
            return None
        except UpstreamError as error:
            log.warning("a poster cannot be fetched", kind=name[0], reason=error.message)
            self._rest(host, _REST_SECONDS)
            return None
        finally:
            self._turns.release()
        if not content:
            return None
        image = read_image(content)
        if image is None:
            log.warning("what came for a poster is no image", kind=name[0])
            self._rest(name, _NOT_THERE_SECONDS)
            return None
        self.store.put(image, *name, reserve=self._reserve)
        return image

    def close(self) -> None:
        """Ends the connections."""
        self.upstream.close()

    def _rests(self, what: object) -> bool:
        with self._lock:
            return self._resting.get(what, 0) > time.monotonic()

    def _rest(self, what: object, seconds: float) -> None:
        now = time.monotonic()
        with self._lock:
            if len(self._resting) >= _MOST_REMEMBERED:
                self._resting.clear()
            self._resting[what] = now + seconds
