"""Looks for secrets in everything that is logged while the tests run: a test that lets one into a log fails.

What is looked at is what the process would write in service at its most talkative: every record of every library, through
the formatter of app.process_log; and what processes that tests start write to their standard error, files and containers
included. What is looked for:

- what the program made or was given meanwhile: all that comes out of the module `secrets`, what is encrypted or decrypted,
  passwords that are hashed or tried; and what fixtures name with `secret`;
- whatever is shaped like a secret of the program: keys, tokens, codes, passwords in addresses, stored ciphertexts.
"""

from __future__ import annotations

import functools
import logging
import secrets
import subprocess
from collections.abc import Callable, Generator
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import argon2
import pyotp
import pytest
import structlog

from app.process_log import configure_log
from app.security.crypto import Cipher
from tests.leaks import SHORTEST, leaks

# A shorter one is the name of a database or the like.
SHORTEST_RANDOM = 20


def _noting(
    function: Callable[..., Any],
    what: str,
    *,
    shortest: int = SHORTEST,
    note: Callable[[str, str], object] = leaks.secret,
) -> Callable[..., Any]:
    """The function, whose results are secret."""

    @functools.wraps(function)
    def noted(*args: Any, **kwargs: Any) -> Any:
        made = function(*args, **kwargs)
        text = made.hex() if isinstance(made, bytes) else made
        if len(text) >= shortest:
            note(text, what)
        return made

    return noted


def _noting_argument(function: Callable[..., Any], what: str, place: int) -> Callable[..., Any]:
    """The method, one of whose arguments is secret."""

    @functools.wraps(function)
    def noted(*args: Any, **kwargs: Any) -> Any:
        if isinstance(args[place], str):
            leaks.given(args[place], what)
        return function(*args, **kwargs)

    return noted


class _NotedPopen(subprocess.Popen):  # type: ignore[type-arg]
    """A process, whose log is what it writes to its standard error, or to a file."""

    def __init__(self, args: Any, *more: Any, **options: Any) -> None:
        # What a process is asked for on its standard output, such as a token, is no log, unless it goes to a file.
        for name in ("stdout", "stderr"):
            name_of_file = getattr(options.get(name), "name", None)
            if isinstance(name_of_file, str) and Path(name_of_file).is_file():
                leaks.watch(Path(name_of_file))
        self._is_log_asked_for = isinstance(args, list | tuple) and "logs" in [str(part) for part in args]
        super().__init__(args, *more, **options)

    def communicate(self, *args: Any, **options: Any) -> Any:
        out, errors = super().communicate(*args, **options)
        for text in (errors, out if self._is_log_asked_for else None):
            if text:
                leaks.logged(text if isinstance(text, str) else text.decode(errors="replace"))
        return out, errors


_handler: list[logging.Handler] = []
_configured: dict[str, Any] = {}


def _listen() -> None:
    """Sets the log up, or up again after a test that did."""
    root = logging.getLogger()
    if not _handler:
        before = root.handlers[:]
        configure_log("debug", leaks.log)
        structlog.configure(cache_logger_on_first_use=False)
        _handler.extend(root.handlers)
        _configured.update(structlog.get_config())
        root.handlers[:] = [*before, *_handler]
        # Libraries are heard that the process would not let speak.
        logging.getLogger("flask-limiter").setLevel(logging.NOTSET)
    if _handler[0] not in root.handlers:
        root.addHandler(_handler[0])
    root.setLevel(logging.DEBUG)
    structlog.configure(**_configured)


def pytest_configure(config: pytest.Config) -> None:
    for name in ("token_hex", "token_urlsafe", "token_bytes"):
        made = _noting(getattr(secrets, name), f"made by secrets.{name}", shortest=SHORTEST_RANDOM)
        setattr(secrets, name, made)
    pyotp.random_base32 = _noting(pyotp.random_base32, "a secret of a second step")
    Cipher.encrypt = _noting_argument(Cipher.encrypt, "encrypted", 1)  # type: ignore[method-assign]
    Cipher.decrypt = _noting(Cipher.decrypt, "decrypted", note=leaks.given)  # type: ignore[method-assign]
    argon2.PasswordHasher.hash = _noting_argument(argon2.PasswordHasher.hash, "a password", 1)  # type: ignore[method-assign]
    argon2.PasswordHasher.verify = _noting_argument(argon2.PasswordHasher.verify, "a password", 2)  # type: ignore[method-assign]
    from tests.fakes import oidc, plex, tmdb

    for value, what in ((tmdb.KEY, "a TMDB key"), (plex.TOKEN, "a Plex token"), (oidc.CLIENT_SECRET, "of OpenID")):
        leaks.secret(value, what)
    subprocess.Popen = _NotedPopen  # type: ignore[misc]


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    leaks.takes_given = item.get_closest_marker("texts_everywhere") is None
    _listen()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> Generator[None, None, None]:
    yield
    # Threads may still be writing.
    with _handler[0].lock or nullcontext():
        found = leaks.found()
    if nextitem is None or nextitem.path != item.path:
        leaks.begin_file()
    if found:
        pytest.fail("secrets were logged:\n" + "\n".join(found[:20]), pytrace=False)
