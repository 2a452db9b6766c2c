"""That a secret in a log is found, by runs of pytest with tests that let one in."""

from __future__ import annotations

import re

import pytest

from tests.leaks import Leaks

CONFTEST = 'pytest_plugins = ["tests.leak_guard"]'
TESTS = {
    "made by the program": """
        import secrets, structlog
        def test_it():
            structlog.get_logger("x").debug("oops", value=secrets.token_urlsafe(32))
    """,
    "made by the program, by a library": """
        import logging, secrets
        def test_it():
            logging.getLogger("urllib3").debug("GET /a/%s/b", secrets.token_urlsafe(24))
    """,
    "a password, within another word": """
        import argon2, structlog
        def test_it():
            argon2.PasswordHasher(1, 8, 1).hash("a long password")
            structlog.get_logger("x").info("a long passwords")
    """,
    "encrypted": """
        import structlog
        from app.security.crypto import Cipher
        def test_it():
            Cipher(bytes(32)).encrypt("plex-token", column="a", row=1)
            structlog.get_logger("x").warning("with plex-token")
    """,
    "in a traceback": """
        import secrets, structlog
        def test_it():
            token = secrets.token_urlsafe(32)
            try:
                raise ValueError(token)
            except ValueError:
                structlog.get_logger("x").exception("oops")
    """,
    "on the standard error of a process": """
        import subprocess, sys
        def test_it():
            subprocess.run([sys.executable, "-c", "import sys; print('5e' * 32, file=sys.stderr)"], capture_output=True)
    """,
    "in the file that a process writes to": """
        import subprocess, sys
        def test_it(tmp_path):
            with (tmp_path / "output").open("wb") as output:
                subprocess.Popen([sys.executable, "-c", "print('5e' * 32)"], stdout=output).wait()
    """,
    "in a fixture that is shared": """
        import pytest, secrets, structlog
        @pytest.fixture(scope="module")
        def token():
            token = secrets.token_urlsafe(32)
            yield token
            structlog.get_logger("x").info("bye", note=token + "x")
        def test_it(token):
            pass
    """,
}


@pytest.mark.parametrize("kind", TESTS)
def test_a_test_that_lets_a_secret_into_a_log_fails(pytester: pytest.Pytester, kind: str) -> None:
    pytester.makeconftest(CONFTEST)
    pytester.makepyfile(TESTS[kind])

    result = pytester.runpytest_subprocess("-p", "no:cacheprovider", "--show-capture=no")

    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(["*secrets were logged*"])


def test_one_that_lets_none_in_passes(pytester: pytest.Pytester) -> None:
    """What is redacted counts as not logged, and neither does what a command answers with."""
    pytester.makeconftest(CONFTEST)
    pytester.makepyfile("""
        import logging, secrets, structlog, subprocess, sys
        def test_it():
            token = secrets.token_urlsafe(32)
            logging.getLogger("urllib3").debug("GET /?X-Plex-Token=%s", token)
            structlog.get_logger("x").info("asked", address="/a?secret=" + token)
            subprocess.run([sys.executable, "-c", "print('5e' * 32)"], capture_output=True)
    """)
    pytester.runpytest_subprocess("-p", "no:cacheprovider", "--show-capture=no").assert_outcomes(passed=1)


@pytest.mark.parametrize(
    "text",
    [
        "5e" * 32,
        "key=" + "0a" * 24,
        "postgresql://tellykeep:hunter2@db/tellykeep",
        "Bearer tk_Ab3dEfGh1jKlMnOpQrStUvWxYz0123456789-_Ab3dE",
        "tellykeep=Ab3dEfGh1jKlMnOpQrStUvWxYz0123456789-_Ab3dE",
        "$argon2id$v=19$m=65536",
        f"{'0a' * 12}:{'0b' * 16}:0c",
        "ABCD-2345-EFGH-6789",
        "GET /3/find?api_key=abcdefgh12 HTTP/1.1",
    ],
)
def test_what_is_shaped_like_a_secret_is_found(text: str) -> None:
    leaks = Leaks()
    leaks.logged(f"timestamp=2026 event={text} more=1")
    (found, *_) = leaks.found()
    assert "<HERE>" in found
    assert not re.search("hunter2|Ab3dEf|abcdefgh12|ABCD|0a0a", found)
    assert leaks.found() == []


@pytest.mark.parametrize(
    "text",
    [
        "with this one-time setup code: ABCD-2345-EFGH-6789",
        "GET /api/plex/webhook?secret=*** HTTP/1.1",
        "receipt=0b0c6f3e-1111-4222-8333-444455556666",
        "the hash api_0123456789abcdef of the functions",
        "postgresql://tellykeep:***@db/tellykeep",
    ],
)
def test_what_is_none_is_left_alone(text: str) -> None:
    leaks = Leaks()
    leaks.logged(text)
    assert leaks.found() == []
