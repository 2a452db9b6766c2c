"""The file of the webhook secrets' hashes."""

from __future__ import annotations

import stat
from datetime import UTC, datetime
from pathlib import Path

import pytest

from app.security.secret_hashes import KnownSecret, read_hashes, write_hashes

KNOWN = (KnownSecret(1, bytes(range(32)), None), KnownSecret(2, bytes(32), datetime(2026, 11, 26, 8, tzinfo=UTC)))


def test_what_was_written_is_read_and_only_the_owner_may(tmp_path: Path) -> None:
    path = tmp_path / "hashes"
    write_hashes(path, KNOWN[:1])
    write_hashes(path, KNOWN)
    assert read_hashes(path) == KNOWN
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["hashes"]


def test_no_file_is_no_hashes(tmp_path: Path) -> None:
    assert read_hashes(tmp_path / "hashes") == ()


def test_a_file_that_a_power_cut_left_beside_it_disturbs_nobody(tmp_path: Path) -> None:
    (tmp_path / ".hashes.new").write_text("half")
    write_hashes(tmp_path / "hashes", KNOWN)
    assert read_hashes(tmp_path / "hashes") == KNOWN


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"version": 2, "secrets": []}', '{"version": 1}', "\x00"])
def test_anything_else_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "hashes").write_text(content)
    with pytest.raises(ValueError):
        read_hashes(tmp_path / "hashes")
