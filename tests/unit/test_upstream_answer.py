"""Bodies and heads of other servers' answers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from app.upstream.answer import LONGEST_WAIT, read_json, retry_after


def test_an_object_is_read_whatever_its_encoding() -> None:
    assert read_json(b'{"a": [1, 2.5, null, true]}') == {"a": [1, 2.5, None, True]}
    assert read_json("\ufeff{}".encode("utf-16-le")) == {}
    assert read_json('{"ä": "日本"}'.encode()) == {"ä": "日本"}


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b'"text"',
        b"7",
        b"<html></html>",
        b'{"id": 1',
        b'{"id": NaN}',
        b'{"id": -Infinity}',
        b'{"id": 1e999}',
        b'{"id": ' + b"1" * 5000 + b"}",
        b'{"a":' * 100_000,
        b'{"a": "\xff"}',
    ],
)
def test_all_else_is_refused(body: bytes) -> None:
    with pytest.raises(ValueError):
        read_json(body)


def test_what_cannot_be_stored_is_replaced_in_keys_and_values() -> None:
    assert read_json(b'{"a\\u0000": ["\\uD800", {"b": "\\ude00"}], "c": "\\ud83d\\ude00 \\u00e4"}') == {
        "a\ufffd": ["\ufffd", {"b": "\ufffd"}],
        "c": "😀 ä",
    }


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("7", 7),
        (" 7 ", 7),
        ("0", 1),
        ("999999", LONGEST_WAIT),
        ("Wed, 21 Oct 2015 07:28:00 GMT", 1),
        ("Fri, 31 Dec 9999 23:59:59 GMT", LONGEST_WAIT),
        (None, None),
        ("", None),
        ("-7", None),
        ("soon", None),
        ("1.5", None),
        ("٣", None),
        ("9" * 5000, None),
        ("Fri, 99 Dec 2025 23:59:59 GMT", None),
    ],
)
def test_retry_after_is_seconds_within_bounds(header: str | None, seconds: int | None) -> None:
    assert retry_after(header) == seconds


def test_retry_after_may_be_a_date() -> None:
    soon = format_datetime(datetime.now(UTC) + timedelta(seconds=30), usegmt=True)
    assert 28 <= (retry_after(soon) or 0) <= 30
    assert 28 <= (retry_after(soon.replace("GMT", "-0000")) or 0) <= 30
