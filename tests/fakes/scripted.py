"""What both fakes can be told: to fail, and to say what they were asked."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from fnmatch import fnmatchcase
from http.server import BaseHTTPRequestHandler

from app.demo.simulated_server import Request, SimulatedServer
from tests.fakes.failures import Failure, goes_on


@dataclass
class _Planned:
    pattern: str
    failure: Failure
    times: int | None


class Scripted(SimulatedServer):
    """A simulated server that fails when told to, and remembers.

    Attributes:
        requests: all that it was asked, in order.
        base: what stands before the paths that are spoken of here.
    """

    base = ""

    def __init__(self) -> None:
        super().__init__()
        self.requests: list[Request] = []
        self._planned: list[_Planned] = []
        self._guard = threading.Lock()

    def fail(self, path: str, failure: Failure, *, times: int | None = None) -> None:
        """Answers requests for a path in another way.

        Args:
            path: without the base (`/3`), with * for anything: `/tv/*`.
            failure: see tests.fakes.failures.
            times: how often; until `heal` when None. What was told last comes first.
        """
        with self._guard:
            self._planned.insert(0, _Planned(path, failure, times))

    def heal(self) -> None:
        """Answers rightly from now on."""
        with self._guard:
            self._planned.clear()

    def paths(self) -> list[str]:
        """The paths that it was asked for, without the base."""
        with self._guard:
            return [request.path.removeprefix(self.base) for request in self.requests]

    def count(self, path: str = "*") -> int:
        """How often it was asked for a path, with * for anything."""
        return sum(fnmatchcase(asked, path) for asked in self.paths())

    def forget(self) -> None:
        """Starts counting anew."""
        with self._guard:
            self.requests.clear()

    def handle(self, request: Request, handler: BaseHTTPRequestHandler) -> None:
        failure = self._note(request)
        if failure is not None:
            failure(handler)
            if not goes_on(failure):
                return
        super().handle(request, handler)

    def _note(self, request: Request) -> Failure | None:
        with self._guard:
            self.requests.append(request)
            for planned in self._planned:
                if fnmatchcase(request.path.removeprefix(self.base), planned.pattern) and planned.times != 0:
                    if planned.times is not None:
                        planned.times -= 1
                    return planned.failure
        return None
