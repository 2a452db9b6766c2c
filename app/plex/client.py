"""`PlexServer`: questions to a Plex Media Server about its library.

Plain requests rather than PlexAPI: that one builds whole lists of objects, asks the server again when an attribute is
read that it lacks, and has neither a deadline nor a limit. See docs/adr/0006-upstream-clients.md.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any

import structlog

from app.db.queries import queries
from app.plex.metadata import Container, HistoryPage, Identity, PlexAccount, PlexEpisode, PlexShow
from app.plex.naming import client_headers
from app.security.crypto import CannotDecrypt
from app.services import Services
from app.upstream.errors import KeyRejected, NotThere, UpstreamUnavailable
from app.upstream.http import Limits, Step

log = structlog.get_logger("tellykeep.plex")

PAGE = 300
MOST_EPISODES = 20_000
# A row is half a kilobyte.
HISTORY_PAGE = 200
# A header's second, and the time of a round trip, are no wrong clock.
LEAST_CLOCK_AHEAD = 3
MOST_CLOCK_AHEAD = 24 * 60 * 60

_RATING_KEY = re.compile(r"[\w-]+", re.ASCII)


class PlexServer:
    """Asks one server with one token. Made for one job: cheap, and not to be shared between threads with its trace.

    Attributes:
        url: its address.
        clock_ahead: seconds that the server's clock is ahead of ours, by its last answer; 0 as long as it gave none. More
            than a day is a clock that was never set, and says nothing about when something was watched.
    """

    def __init__(
        self, services: Services, url: str, token: str, steps: list[Step], *, limits: Limits | None = None
    ) -> None:
        """Asks nothing yet.

        Args:
            services: the application's parts.
            url: of the server, such as http://192.168.1.10:32400.
            token: of somebody who may see its library.
            steps: the trace; each question adds a step.
            limits: of each question, where somebody waits for a page; the usual ones when None.
        """
        self._limits = limits
        self.services = services
        self.steps = steps
        self.url = url.rstrip("/")
        self._token = token.strip()
        self.clock_ahead = 0

    def identity(self) -> Identity:
        """Who the server is. It tells that to anybody: this does not prove the token.

        Raises:
            UpstreamError: here and below; see `app.upstream.errors`.
        """
        return Identity.model_validate(self._ask("/identity", "who the server is"))

    def name(self) -> str:
        """What its owner calls it; "" when it has no name."""
        return Identity.model_validate(self._ask("/", "what the server is called")).name

    def show(self, rating_key: str) -> PlexShow:
        """The server's metadata of a show.

        Raises:
            NotThere: there is no such show. A library that was rebuilt has new keys.
        """
        what = f"show {rating_key}"
        document = self._ask(f"/library/metadata/{_part(rating_key, what)}", what, {"includeGuids": 1})
        shows = [show for show in Container.model_validate(document).shows if show.type in ("show", "")]
        if not shows:
            self.steps[-1]["problem"] = "the answer has no show"
            raise NotThere("plex", what)
        return shows[0]

    def show_known_as(self, rating_key: str, guid: str | None, title: str | None) -> PlexShow:
        """The same of a show that was seen before, by what its mapping or an event says of it.

        Raises:
            NotThere: there is no such show, or its key stands for another one by now.
        """
        show = self.show(rating_key)
        if not show.is_known_as(guid, title):
            self.steps[-1]["problem"] = "the key stands for another show now"
            raise NotThere("plex", f"show {rating_key}")
        return show

    def episodes(self, show_rating_key: str) -> list[PlexEpisode]:
        """Every episode of a show that the server has, specials included, page by page.

        Raises:
            NotThere: there is no such show.
        """
        found: dict[str, PlexEpisode] = {}
        start = 0
        while start < MOST_EPISODES:
            what = f"episodes of show {show_rating_key}" + (f" from {start}" if start else "")
            path = f"/library/metadata/{_part(show_rating_key, what)}/allLeaves"
            # In the header and in the address: some servers and proxies know only one of them.
            page_of: dict[str, str | int] = {"X-Plex-Container-Start": start, "X-Plex-Container-Size": PAGE}
            document = self._ask(path, what, {"includeGuids": 1, **page_of}, page_of)
            container = Container.model_validate(document)
            page = {episode.rating_key: episode for episode in container.episodes if episode.rating_key}
            # Nothing new also when a server does not know pages and sends all of it each time.
            if page.keys() <= found.keys():
                break
            found |= page
            start += len(container.metadata)
            if _is_last(start, len(container.metadata), PAGE, container.total_size):
                break
        return list(found.values())

    def accounts(self) -> list[PlexAccount]:
        """Who watches on the server. The history names them by number."""
        return list(Container.model_validate(self._ask("/accounts", "who watches")).accounts)

    def history(self, since: datetime, account_ids: Sequence[int] | None = None) -> Iterator[HistoryPage]:
        """What was watched since then, the oldest first. One page is held at a time.

        Args:
            since: by the server's clock.
            account_ids: of whom; of everybody when None.
        """
        start = 0
        before: frozenset[str] = frozenset()
        plain: dict[str, str | int] = {"sort": "viewedAt:asc", "viewedAt>": int(since.timestamp())}
        if account_ids is not None and len(account_ids) == 1:
            # Of one, the server leaves the others out. Not every version takes a list.
            plain["accountID"] = account_ids[0]
        while True:
            page_of: dict[str, str | int] = {"X-Plex-Container-Start": start, "X-Plex-Container-Size": HISTORY_PAGE}
            document = self._ask("/status/sessions/history/all", f"history from row {start}", plain | page_of, page_of)
            container = Container.model_validate(document)
            keys = frozenset(row.history_key for row in container.history)
            # A server that does not know pages sends the same again.
            if not container.metadata or (keys and keys <= before):
                return
            rows = tuple(row for row in container.history if account_ids is None or row.account_id in account_ids)
            yield HistoryPage(start, container.total_size, len(container.metadata), rows)
            before = keys
            start += len(container.metadata)
            if _is_last(start, len(container.metadata), HISTORY_PAGE, container.total_size):
                return

    def poster(self, path: str, width: int, height: int) -> bytes:
        """An image of its library, made as small as asked for.

        Args:
            path: as its metadata has it, such as /library/metadata/4711/thumb/1700000000.
            width, height: in pixels.
        """
        return self.services.posters.upstream.download(
            f"{self.url}/photo/:/transcode",
            what="a poster",
            params={"width": width, "height": height, "minSize": 1, "upscale": 0, "url": path},
            headers=self._headers(),
        )

    def _hear_clock(self, headers: Mapping[str, str]) -> None:
        try:
            date = parsedate_to_datetime(headers.get("date", ""))
            ahead = round(date.timestamp() + 0.5 - time.time())
        except (TypeError, ValueError, OverflowError):
            return
        self.clock_ahead = ahead if LEAST_CLOCK_AHEAD <= abs(ahead) <= MOST_CLOCK_AHEAD else 0

    def _ask(
        self,
        path: str,
        what: str,
        params: dict[str, str | int] | None = None,
        headers: dict[str, str | int] | None = None,
    ) -> dict[str, Any]:
        document = self.services.plex.get(
            self.url + path,
            what=what,
            steps=self.steps,
            params=params,
            headers={**self._headers(), **{name: str(value) for name, value in (headers or {}).items()}},
            hear=self._hear_clock,
            limits=self._limits,
        )
        container = document.get("MediaContainer")
        if not isinstance(container, dict):
            self.steps[-1]["problem"] = "the answer is not one of a Plex server"
            raise UpstreamUnavailable("plex", "gave an answer that is not one of a Plex server: is its address right?")
        return container

    def _headers(self) -> dict[str, str]:
        """What it is told with each question.

        Raises:
            KeyRejected: the token cannot be one.
        """
        if not self._token.isascii() or not self._token.isprintable() or not self._token:
            raise KeyRejected("plex")
        return client_headers(self.services) | {"X-Plex-Token": self._token}


def plex_server_of(services: Services, user_id: int, steps: list[Step]) -> PlexServer | None:
    """The user's Plex server; None without a token or an address, or when the token cannot be read."""
    with services.db.connection() as connection:
        row = queries().get_plex_server(connection, user_id=user_id)
    if row is None or row["plex_token"] is None or not row["plex_server_url"]:
        return None
    try:
        token = services.cipher.decrypt(row["plex_token"], column="plex_config.plex_token", row=user_id)
    except CannotDecrypt as error:
        log.warning("a Plex token cannot be read", user_id=user_id, reason=error.message)
        return None
    return PlexServer(services, row["plex_server_url"], token, steps)


def _is_last(read: int, count: int, wanted: int, total: int | None) -> bool:
    """Whether a page was the last one. Where the server says how many rows there are, that counts: it may give few at once."""
    return read >= total if total is not None else count < wanted


def _part(rating_key: str, what: str) -> str:
    """A rating key as a part of an address.

    Raises:
        NotThere: it cannot be one; with dots and slashes it would be another address.
    """
    if not _RATING_KEY.fullmatch(rating_key):
        raise NotThere("plex", what)
    return rating_key
