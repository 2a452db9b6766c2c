from __future__ import annotations

import io
import logging
from collections.abc import Iterator

import pytest
import structlog

from app.process_log import configure_log, redact

SECRET = "5e" * 32


@pytest.fixture
def written() -> io.StringIO:
    return io.StringIO()


@pytest.fixture
def log(written: io.StringIO) -> Iterator[structlog.stdlib.BoundLogger]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    configure_log("info", written)
    yield structlog.get_logger("tellykeep.test")
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


@pytest.mark.parametrize(
    "text",
    [
        f"POST /api/plex/webhook?secret={SECRET} HTTP/1.1",
        f"https://tv.example/api/plex/webhook?a=1&secret={SECRET}&b=2",
        f"Authorization: Bearer {SECRET}",
        f"GET /library?X-Plex-Token={SECRET}",
        f"/3/find?api_key={SECRET}",
        f"SECRET={SECRET}",
        f'connection to "postgresql://tellykeep:{SECRET}@db:5432/tellykeep" failed',
        f"redis://:{SECRET}@cache:6379/0",
        f"host=db user=tellykeep password={SECRET} dbname=tellykeep",
    ],
)
def test_values_of_secrets_are_taken_out(text: str) -> None:
    assert SECRET not in redact(text)
    assert "***" in redact(text)


@pytest.mark.parametrize("text", ["http://nas.example:32400/web?a=b", "2026-11-25T21:00:00 mail to sam@tv.example"])
def test_an_address_without_a_password_is_left_as_it_is(text: str) -> None:
    assert redact(text) == text


def test_a_value_with_a_secret_or_a_newline_stays_one_line_without_it(
    log: structlog.stdlib.BoundLogger, written: io.StringIO
) -> None:
    log.warning("refused", path=f"/x?secret={SECRET}", title="a\nlevel=error forged\u2028\x1b[31m")

    lines = written.getvalue().splitlines()
    assert len(lines) == 1
    assert SECRET not in lines[0]
    assert "\x1b" not in lines[0]
    assert "level=warning" in lines[0]


def test_messages_of_other_libraries_are_redacted_too(log: structlog.stdlib.BoundLogger, written: io.StringIO) -> None:
    logging.getLogger("gunicorn.error").warning("Invalid request line 'POST /x?secret=%s'", SECRET)
    assert SECRET not in written.getvalue()


def test_a_traceback_is_under_its_line_set_off_and_redacted(
    log: structlog.stdlib.BoundLogger, written: io.StringIO
) -> None:
    try:
        raise ValueError(f"bad url ?secret={SECRET}\ntimestamp=forged")
    except ValueError as error:
        log.error("fault", exc_info=error)

    first, *rest = written.getvalue().splitlines()
    assert "event=fault" in first
    assert rest
    assert all(line.startswith("    ") for line in rest)
    assert SECRET not in "".join(rest)


def test_what_is_not_there_is_left_out(log: structlog.stdlib.BoundLogger, written: io.StringIO) -> None:
    log.info("event", fields=None, status=200)
    assert "fields" not in written.getvalue()


def test_a_job_that_is_still_at_work_when_the_clock_looks_again_is_not_told_each_time(
    log: structlog.stdlib.BoundLogger, written: io.StringIO
) -> None:
    """The first import takes an hour, and the clock looks every three seconds."""
    clock = logging.getLogger("apscheduler.scheduler")
    clock.warning(
        'Execution of job "%s" skipped: maximum number of running instances reached (%d)', "history_import", 1
    )
    assert written.getvalue() == ""
    clock.error("a job raised an exception")
    assert "a job raised an exception" in written.getvalue()
