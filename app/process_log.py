"""What the process writes to its standard error: one line an event, without secrets."""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any, TextIO

import gunicorn.glogging
import structlog

# A webhook URL or token that slipped into a message (a malformed request line, a library's warning), or the password of
# an address or a connection (a driver's error message).
_SECRETS = re.compile(
    r"((?:secret|token|api_key|X-Plex-Token|password)=)[^&\s\"']+"
    r"|(Bearer\s+)[\w.~+/-]+"
    r"|(://[^\s/:@]*:)[^\s/@]+(?=@)",
    re.IGNORECASE,
)
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")


def redact(text: str) -> str:
    """The text without the values of secrets."""
    return _SECRETS.sub(lambda match: f"{match[1] or match[2] or match[3]}***", text)


def _one_line(_logger: Any, _name: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """No forged lines: control characters in what strangers sent are shown, not obeyed.

    A traceback is ours and stays readable; its lines are set off, so that none passes for a line of the log.
    """
    for key, value in event.items():
        if key == "exception":
            continue
        if isinstance(value, str):
            event[key] = _CONTROL.sub(lambda match: f"\\x{ord(match[0]):02x}", redact(value))
    return event


def _drop_empty(_logger: Any, _name: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    return {key: value for key, value in event.items() if value is not None}


def _render(logger: Any, name: str, event: MutableMapping[str, Any]) -> str:
    """Logfmt, with a traceback under its line."""
    traceback = event.pop("exception", None)
    line = _LOGFMT(logger, name, event)
    return line if not traceback else line + "\n" + "\n".join(f"    {part}" for part in traceback.splitlines())


_LOGFMT = structlog.processors.LogfmtRenderer(key_order=["timestamp", "level", "logger", "event"], bool_as_flag=False)


class _RedactingFormatter(structlog.stdlib.ProcessorFormatter):
    """The last look at every line, tracebacks included."""

    def format(self, record: logging.LogRecord) -> str:
        return redact(super().format(record))


def configure_log(level: str, stream: TextIO | None = None) -> None:
    """Sets up structlog and the standard library's logging alike.

    Args:
        level: debug, info, warning or error.
        stream: where the lines go; standard error when None.
    """
    shared: list[Any] = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        _drop_empty,
        _one_line,
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        # Its methods below the level do nothing at all: each webhook has a line for debugging.
        wrapper_class=structlog.make_filtering_bound_logger(level),
        cache_logger_on_first_use=True,
    )

    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(
        _RedactingFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                _render,
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    logging.getLogger("flask-limiter").setLevel(logging.WARNING)
    logging.getLogger("psycopg.pool").setLevel(logging.ERROR)
    # A line for every time that a job is looked at, and a warning each few seconds for as long as one is at work (an import
    # takes an hour); what a job did is told by itself.
    logging.getLogger("apscheduler").setLevel(logging.ERROR)


class GunicornLog(gunicorn.glogging.Logger):  # type: ignore[misc]
    """gunicorn's messages through our handler, so that a request line in one of them is redacted too."""

    def setup(self, cfg: Any) -> None:
        """Takes the root handler instead of gunicorn's own."""
        super().setup(cfg)
        self.error_log.handlers[:] = []
        self.error_log.propagate = True
        self.access_log.handlers[:] = []
        self.access_log.propagate = False
