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

# A page of a hundred posters does not wait a hundred times for a host that is away.
_REST_SECONDS = 30.0
_NOT_THERE_SECONDS = 3600.0
_MOST_REMEMBERED = 10_000


class TooManyWait(Exception):
    """As many requests wait for posters already as may: this one can be asked for again in a moment."""


class PosterKeeper:
    """Shared by all threads. A page of a hundred posters that are not kept yet does not hold the threads of the others.

    Attributes:
        upstream: how the hosts are asked.
        store: what was fetched.
    """

    def __init__(self, upstream: Upstream, room: WaitingRoom, store: PosterStore, *, places: int, reserve: int) -> None:
        """Touches nothing yet.

        Args:
            upstream: see above.
            room: where requests wait for other servers.
            store: see above.
            places: how many requests may wait for posters at once; fewer than the room has, so that it is never full of them.
            reserve: bytes that stay free on the disk.
        """
        self.upstream = upstream
        self.store = store
        self._room = room
        self._reserve = reserve
        self._places = threading.BoundedSemaphore(places)
        self._lock = threading.Lock()
        # What is not asked for, or not asked, before a moment. In memory: a start begins anew.
        self._resting: dict[object, float] = {}

    def image(self, name: tuple[object, ...], host: str, ask: Callable[[], bytes]) -> Image | None:
        """A poster, kept or fetched; None when there is none, or it cannot be had now.

        Args:
            name: under which it is kept.
            host: which is asked.
            ask: fetches it.

        Raises:
            TooManyWait: it was not asked for. At once: who waits for a place holds a thread as well.
        """
        image = self.store.get(*name)
        if image is not None or self._rests(host) or self._rests(name):
            return image
        if not self._places.acquire(blocking=False):
            raise TooManyWait
        try:
            with self._room.place() as is_free:
                if not is_free:
                    raise TooManyWait
                content = ask()
        except NotThere:
            self._rest(name, _NOT_THERE_SECONDS)
            return None
        except UpstreamError as error:
            log.warning("a poster cannot be fetched", kind=name[0], reason=error.message)
            self._rest(host, _REST_SECONDS)
            return None
        finally:
            self._places.release()
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
