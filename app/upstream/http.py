"""`Upstream`: the one way in which another server is asked."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from http import HTTPStatus
from http.cookiejar import DefaultCookiePolicy
from typing import Any, Literal, TypeVar
from urllib.parse import SplitResult, urljoin, urlsplit

import requests
import urllib3
from urllib3.exceptions import NameResolutionError, NewConnectionError

from app.upstream.answer import read_any_json, read_json, retry_after
from app.upstream.connections import GuardedAdapter, RefusedAddress, deadline, seconds_left
from app.upstream.errors import KeyRejected, NotThere, Service, UpstreamError, UpstreamUnavailable
from app.upstream.figures import SLOW_SECONDS, UpstreamFigures
from app.upstream.pace import Pace
from app.upstream.waiting_room import BUSY_SECONDS, WaitingRoom

MOST_REDIRECTS = 3
_CHUNK = 64 * 1024
_PORTS = {"http": 80, "https": 443}

# What says that it was done; plex.tv answers 201 to what it has made, and may say nothing more.
_DONE = {"GET": (HTTPStatus.OK,), "POST": (HTTPStatus.OK, HTTPStatus.CREATED, HTTPStatus.NO_CONTENT)}

Step = dict[str, Any]
Hear = Callable[[Mapping[str, str]], None]
Form = Sequence[tuple[str, str]]
Result = TypeVar("Result")


@dataclass(frozen=True)
class Limits:
    """How much another server is waited for.

    Attributes:
        connect, read: seconds for a connection, and for each silence.
        total: seconds for all of one question, redirects and waiting for one's turn included.
        body: most bytes of an answer.
    """

    connect: float = 4
    read: float = 8
    total: float = 15
    body: int = 8 * 1024 * 1024


@dataclass(frozen=True)
class _Question:
    """What is asked of whom."""

    method: Literal["GET", "POST"]
    url: str
    what: str
    params: Mapping[str, str | int] | None
    headers: dict[str, str]
    limits: Limits
    form: Form | None = None


class _Session(requests.Session):
    """A session that leaves redirects alone: even where it shall not follow one, requests reads its body to the end."""

    def get_redirect_target(self, _response: requests.Response) -> None:
        """None, as where there is no redirect; see `Upstream._redirected`."""


class Upstream:
    """Asks one kind of server. Shared by all threads; holds its connections until `close`.

    Attributes:
        service: `plex`, `tmdb` or `posters`.
        limits: may be set anew at any time; it counts from the next question.
    """

    def __init__(
        self,
        service: Service,
        figures: UpstreamFigures,
        *,
        pace: Pace,
        room: WaitingRoom | None = None,
        limits: Limits | None = None,
        not_there_codes: frozenset[int] | None = None,
        not_there_statuses: frozenset[int] = frozenset({HTTPStatus.NOT_FOUND}),
    ) -> None:
        """Opens nothing yet.

        Args:
            service: who is asked.
            figures: where it is counted.
            pace: the rate that is kept to.
            room: where requests wait for it; None where something else limits them.
            limits: the defaults when None.
            not_there_codes: a 404 says "no such thing" only with one of these in its `status_code`; any 404 when None.
            not_there_statuses: which answers say "no such thing": a host of images takes 403 for it too.
        """
        self.service = service
        self.limits = limits or Limits()
        self._figures = figures
        self._pace = pace
        self._room = room
        self._not_there_codes = not_there_codes
        self._not_there_statuses = not_there_statuses
        self._lock = threading.Lock()
        self._session: _Session | None = None
        # Origin -> when it may be asked again: whoever asked to wait is not asked by another thread meanwhile.
        self._held: dict[str, float] = {}

    def get(
        self,
        url: str,
        *,
        what: str,
        steps: list[Step] | None = None,
        params: Mapping[str, str | int] | None = None,
        headers: Mapping[str, str] | None = None,
        hear: Hear | None = None,
        limits: Limits | None = None,
    ) -> dict[str, Any]:
        """Asks, and returns the JSON object of the answer.

        Args:
            url: http or https, without secrets.
            what: is asked, in words, for the trace; holds no secret.
            steps: a trace, to which one step is added whatever comes of it.
            params: behind the question mark.
            headers: sent besides.
            hear: is given the headers of the answer as soon as they are there.
            limits: of this question, where somebody waits for a page; those of this server when None.

        Raises:
            KeyRejected, NotThere, UpstreamUnavailable: as they say.
        """
        question = _Question("GET", url, what, params, dict(headers or {}), limits or self.limits)
        return self._asked(question, lambda body: self._json(body, read_json), steps, hear)

    def list_of(
        self, url: str, *, what: str, steps: list[Step] | None = None, headers: Mapping[str, str] | None = None
    ) -> Any:
        """As `get`, where the answer may be any JSON: plex.tv answers with bare lists."""
        question = _Question("GET", url, what, None, dict(headers or {}), self.limits)
        return self._asked(question, lambda body: self._json(body, read_any_json), steps)

    def post(
        self,
        url: str,
        *,
        what: str,
        form: Form = (),
        steps: list[Step] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Any:
        """Sends a form, once: not again over a new connection, and not where a redirect leads.

        Args:
            url: see `get`; and `what`, `steps`, `headers`.
            form: its fields.

        Returns:
            The JSON of the answer; None when it is empty.

        Raises:
            KeyRejected, NotThere, UpstreamUnavailable: as they say.
        """
        question = _Question("POST", url, what, None, dict(headers or {}), self.limits, form)
        return self._asked(question, lambda body: self._json(body, read_any_json) if body.strip() else None, steps)

    def download(
        self,
        url: str,
        *,
        what: str,
        params: Mapping[str, str | int] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> bytes:
        """Asks, and returns the body of the answer, whatever it is; the arguments and errors are those of `get`."""
        return self._asked(_Question("GET", url, what, params, dict(headers or {}), self.limits), bytes)

    def _asked(
        self,
        question: _Question,
        read: Callable[[bytes], Result],
        steps: list[Step] | None = None,
        hear: Hear | None = None,
    ) -> Result:
        """Asks once, reads the body, and says in trace and figures what came of it."""
        started = time.monotonic()
        step: Step = {"step": "asked", "service": self.service, "what": question.what, "status": None}
        outcome, problem = "fault", None
        try:
            answer = read(self._ask_in_turn(question, step, hear))
            outcome = "answered"
            return answer
        except UpstreamError as error:
            outcome, problem = error.outcome, error.message
            raise
        finally:
            seconds = time.monotonic() - started
            self._figures.count(self.service, outcome, seconds)
            step |= {"ms": round(seconds * 1000), "cached": False, "slow": seconds > SLOW_SECONDS}
            if problem is not None:
                step["problem"] = problem
            if steps is not None:
                steps.append(step)

    def note_cached(self, what: str, status: int, started: float, steps: list[Step] | None) -> None:
        """Says in trace and figures that the answer was known.

        Args:
            what: was wanted.
            status: of the answer when it was asked for.
            started: `time.monotonic()` when it was wanted.
            steps: the trace.
        """
        self._figures.count_cached(self.service)
        if steps is not None:
            ms = round((time.monotonic() - started) * 1000)
            steps.append(
                {
                    "step": "asked",
                    "service": self.service,
                    "what": what,
                    "status": status,
                    "ms": ms,
                    "cached": True,
                    "slow": False,
                }
            )

    def close(self) -> None:
        """Ends the connections; a later question opens new ones."""
        with self._lock:
            session, self._session = self._session, None
        if session is not None:
            session.close()

    def _ask_in_turn(self, question: _Question, step: Step, hear: Hear | None) -> bytes:
        if self._room is None:
            return self._ask(question, step, hear)
        with self._room.place() as is_free:
            if not is_free:
                problem = "is not asked now, as too many wait for answers already: try again in a moment"
                raise self._unavailable(problem, retry_after=BUSY_SECONDS, rate_limited=True)
            return self._ask(question, step, hear)

    def _ask(self, question: _Question, step: Step, hear: Hear | None) -> bytes:
        limits = question.limits
        with deadline(limits.total, limits.read):
            for _ in range(1 + MOST_REDIRECTS):
                origin = self._checked(question.url)
                response = self._send(question)
                try:
                    step["status"] = response.status_code
                    if hear is not None:
                        hear(response.headers)
                    if response.is_redirect:
                        if question.method != "GET":
                            raise self._unavailable("redirects what it was told: is its address right?")
                        # With its own parameters: what it was asked with may hold a key.
                        url = self._redirected(question.url, response.headers["location"])
                        question = replace(question, url=url, params=None)
                        continue
                    return self._answer(response, question, origin)
                finally:
                    response.close()
            raise self._unavailable("redirects without end")

    def _checked(self, url: str) -> str:
        """The origin of an address, which may be asked now.

        Raises:
            UpstreamUnavailable: it is no address of a web server, or wants to be left alone for now.
        """
        parts = _split(url)
        if parts is None:
            raise self._unavailable("cannot be asked: its address is not one that begins with http:// or https://")
        origin = _origin(parts)
        with self._lock:
            wait = self._held.get(origin, 0) - time.monotonic()
        if wait > 0:
            raise self._unavailable("asked to wait", retry_after=max(1, round(wait)), rate_limited=True)
        if not self._pace.wait(seconds_left()):
            raise self._unavailable("is being asked too much at once", retry_after=1, rate_limited=True)
        return origin

    def _send(self, question: _Question) -> requests.Response:
        """Sends a request and reads the head of the answer.

        Raises:
            UpstreamUnavailable: there was none. Raised outside of the handler: what requests raises has the whole
                address in it, and whoever logs an exception with its context would log a key.
        """
        for attempt in (1, 2):
            try:
                return self._open().request(
                    question.method,
                    question.url,
                    params=question.params,
                    headers=question.headers,
                    data=None if question.form is None else list(question.form),
                    stream=True,
                    allow_redirects=False,
                    timeout=(question.limits.connect, question.limits.read),
                )
            except (requests.RequestException, urllib3.exceptions.HTTPError, OSError, ValueError) as error:
                problem = in_words(error)
                # A kept connection that the server closed at the same moment: a new one is worth one try.
                again = attempt == 1 and question.method == "GET" and _was_dropped(error) and seconds_left() > 0
            if not again:
                break
        raise self._unavailable(problem)

    def _open(self) -> _Session:
        with self._lock:
            if self._session is None:
                session = _Session()
                # Neither proxies nor a .netrc of this machine: the latter would replace our Authorization header.
                session.trust_env = False
                session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
                session.headers.update({"Accept": "application/json", "User-Agent": "Tellykeep"})
                adapter = GuardedAdapter(pool_connections=16, pool_maxsize=16)
                session.mount("https://", adapter)
                session.mount("http://", adapter)
                self._session = session
            return self._session

    def _redirected(self, url: str, location: str) -> str:
        """Where a redirect leads.

        Raises:
            UpstreamUnavailable: to another server, which the token is not for, or away from TLS.
        """
        try:
            target = urljoin(url, location)
        except ValueError:
            target = ""
        here, there = _split(url), _split(target)
        if here is None or there is None or here.hostname != there.hostname:
            raise self._unavailable("redirects to another server: set the address that it leads to")
        if here.scheme == "https" and there.scheme == "http":
            raise self._unavailable("redirects away from https")
        if _port(here) != _port(there) and (_port(here), _port(there)) != (80, 443):
            raise self._unavailable("redirects to another port: set the address that it leads to")
        return target

    def _answer(self, response: requests.Response, question: _Question, origin: str) -> bytes:
        body = self._read(response, question.limits.body)
        status = response.status_code
        if status in self._not_there_statuses and self._says_not_there(body):
            raise NotThere(self.service, question.what)
        if status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
            raise KeyRejected(self.service)
        if status not in _DONE[question.method]:
            seconds = retry_after(response.headers.get("Retry-After"))
            if seconds is not None:
                self._hold(origin, seconds)
            if status == HTTPStatus.TOO_MANY_REQUESTS:
                raise self._unavailable("asked to wait: too many requests", retry_after=seconds, rate_limited=True)
            raise self._unavailable(f"answered with an error (HTTP {status})", retry_after=seconds)
        return body

    def _json(self, body: bytes, read: Callable[[bytes], Result]) -> Result:
        try:
            return read(body)
        except ValueError:
            pass
        raise self._unavailable("answered with something that is no JSON: is its address right?")

    def _read(self, response: requests.Response, most: int) -> bytes:
        body = bytearray()
        problem = None
        try:
            for chunk in response.iter_content(_CHUNK):
                body += chunk
                if len(body) > most:
                    problem = f"answered with more than {most // 1024} KiB"
                    break
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError, ValueError) as error:
            problem = in_words(error)
        if problem is not None:
            raise self._unavailable(problem)
        return bytes(body)

    def _says_not_there(self, body: bytes) -> bool:
        if self._not_there_codes is None:
            return True
        try:
            return read_json(body).get("status_code") in self._not_there_codes
        except ValueError:
            return False

    def _hold(self, origin: str, seconds: int) -> None:
        now = time.monotonic()
        with self._lock:
            self._held = {name: until for name, until in self._held.items() if until > now} | {origin: now + seconds}

    def _unavailable(
        self, problem: str, *, retry_after: int | None = None, rate_limited: bool = False
    ) -> UpstreamUnavailable:
        return UpstreamUnavailable(self.service, problem, retry_after=retry_after, rate_limited=rate_limited)


def _split(url: str) -> SplitResult | None:
    """The parts of an address that can be asked; None when it is none."""
    try:
        parts = urlsplit(url)
        usable = parts.scheme in _PORTS and bool(parts.hostname) and _port(parts) > 0 and "@" not in parts.netloc
    except ValueError:
        return None
    return parts if usable else None


def _port(parts: SplitResult) -> int:
    return parts.port if parts.port is not None else _PORTS[parts.scheme]


def _origin(parts: SplitResult) -> str:
    return f"{parts.scheme}://{parts.hostname}:{_port(parts)}"


def _causes(error: BaseException) -> list[object]:
    """An error of requests with what it wraps: urllib3 puts the cause into `reason` or among the arguments."""
    found: list[object] = []
    waiting: list[object] = [error]
    while waiting and len(found) < 20:
        one = waiting.pop()
        found.append(one)
        reason = getattr(one, "reason", None)
        waiting += [part for part in (*getattr(one, "args", ()), reason) if isinstance(part, Exception)]
    return found


def in_words(error: BaseException) -> str:
    """What an error of a connection says of the other side, without its address, which may hold a key."""
    causes = _causes(error)
    if any(isinstance(cause, RefusedAddress) for cause in causes):
        return "is not asked: its address is link-local, as no server at home has it"
    if any(isinstance(cause, NameResolutionError) for cause in causes):
        return "was not found: no machine of this name is known here"
    if any(isinstance(cause, requests.exceptions.SSLError | urllib3.exceptions.SSLError) for cause in causes):
        return "has no certificate that can be trusted for its address"
    if any(isinstance(cause, NewConnectionError) for cause in causes):
        # A kind of time-out to urllib3. What the operating system says is in its text only.
        refused = any("refused" in str(cause) for cause in causes)
        return "does not listen there: the connection was refused" if refused else "cannot be reached"
    if any(isinstance(cause, TimeoutError | requests.Timeout | urllib3.exceptions.TimeoutError) for cause in causes):
        return "did not answer in time"
    return "broke the connection"


def _was_dropped(error: BaseException) -> bool:
    return any(isinstance(cause, ConnectionResetError | BrokenPipeError) for cause in _causes(error))
