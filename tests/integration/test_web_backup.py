"""Settings → Backup: made by administrators, taken along by them, and kept from everybody else."""

from __future__ import annotations

import io
import os
import shutil
import threading
import time
import zipfile
from collections import namedtuple
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from app.backup import keeping
from app.jobs import on_demand
from app.jobs.backup import BY_HAND, rotate
from app.security import accounts
from app.services import Services
from tests.conftest import Connection
from tests.integration.browser import PASSWORD, Browser
from tests.integration.test_web_pages import _text

pytestmark = pytest.mark.usefixtures("cheap_passwords")

PAGE = "/settings/backup"
POLLS = f'hx-get="{PAGE}"'
NIGHTLY = "tellykeep-2026-01-02T033000Z.zip"
Usage = namedtuple("Usage", "total used free")


@pytest.fixture
def olga(client: FlaskClient, services: Services) -> Browser:
    """An administrator, who has just signed in."""
    accounts.create_user(services, "olga", PASSWORD, is_admin=True)
    return _signed_in(client, "olga")


def _signed_in(client: FlaskClient, name: str) -> Browser:
    browser = Browser(client.application)
    browser.sign_in(name)
    return browser


def _directory(services: Services) -> Path:
    return services.settings.data_dir / "backups"


def _ended() -> None:
    for thread in threading.enumerate():
        if thread.name.startswith("job-"):
            thread.join(timeout=60)


def _made(browser: Browser, services: Services) -> str:
    """The name of a backup that was made from the page."""
    assert browser.send(PAGE, PAGE).location == PAGE
    _ended()
    return sorted(path.name for path in _directory(services).glob("tellykeep-by-hand-*.zip"))[-1]


def test_a_backup_is_made_while_the_page_is_left_and_then_taken_along(olga: Browser, services: Services) -> None:
    assert "No backup yet" in _text(olga.get(PAGE).text)

    name = _made(olga, services)
    page = olga.get(PAGE).text
    file = olga.get(f"{PAGE}/{name}")

    assert "1 backup, " in _text(page)
    assert "Backed up" in _text(page)
    assert "By hand · " in _text(page)
    assert "rows · Tellykeep 0.1.0" in _text(page)
    assert POLLS not in page
    assert file.status_code == 200
    assert file.headers["Content-Disposition"] == f"attachment; filename={name}"
    assert file.headers["Cache-Control"] == "no-store"
    assert file.mimetype == "application/zip"
    with zipfile.ZipFile(io.BytesIO(file.data)) as archive:
        assert "manifest.json" in archive.namelist()
    file.close()


def test_while_one_is_made_the_page_says_how_far_it_is_and_no_other_begins(olga: Browser, services: Services) -> None:
    _made(olga, services)
    shown = keeping.list_backups(services.settings)[0].stored_bytes
    go_on = threading.Event()

    def work(run: Any) -> dict[str, Any]:
        # As much as half of what the last one took to write and to read.
        run.go_on({"blocks": shown / (1 << 18)})
        go_on.wait(30)
        return {"rows": 1}

    fields = olga.fields(PAGE, PAGE)
    assert on_demand.begin(services, BY_HAND, work)
    for _ in range(200):
        if 'value="' in olga.poll(PAGE).text.partition("<progress")[2].partition(">")[0]:
            break
        time.sleep(0.05)
    poll = olga.poll(PAGE).text
    assert POLLS in poll
    assert 'max="100" value="5' in poll or 'max="100" value="49"' in poll
    assert poll.strip().startswith('<section class="card tk-question" id="backups"')

    olga.http.post(PAGE, data=fields)
    assert "A backup is being made already." in _text(olga.get(PAGE).text)
    go_on.set()
    _ended()
    assert POLLS not in olga.get(PAGE).text


def test_one_is_cancelled_and_nothing_of_it_is_left(
    olga: Browser, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def write(_services: Services, _path: Path, *, step: Any) -> None:
        begun.set()
        go_on.wait(30)
        for _ in range(100):
            time.sleep(0.05)
            step()
        raise AssertionError("it goes on")

    monkeypatch.setattr("app.jobs.backup.write_backup", write)
    olga.send(PAGE, PAGE)
    assert begun.wait(30)
    assert olga.send(f"{PAGE}/cancel", PAGE).location == PAGE
    go_on.set()
    _ended()

    assert "The backup was broken off" in _text(olga.get(PAGE).text)


def test_a_disk_that_fills_is_said_in_words(olga: Browser, services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    def write(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("app.jobs.backup.write_backup", write)
    olga.send(PAGE, PAGE)
    _ended()

    assert "The backup was not made The file cannot be written: No space left on device." in _text(olga.get(PAGE).text)


def test_none_is_begun_that_would_fill_the_disk(
    olga: Browser, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    _made(olga, services)
    free = services.settings.disk_reserve_mb * 1_000_000 + 100
    monkeypatch.setattr(keeping.shutil, "disk_usage", lambda _: Usage(free * 2, free, free))

    olga.send(PAGE, PAGE)
    _ended()

    assert "The disk is almost full: " in _text(olga.get(PAGE).text)
    assert len(list(_directory(services).iterdir())) == 1


def test_by_hand_there_are_only_so_many(olga: Browser, services: Services) -> None:
    _directory(services).mkdir()
    for number in range(keeping.MOST_BY_HAND):
        (_directory(services) / f"tellykeep-by-hand-2026-01-02T0330{number:02}Z.zip").write_bytes(b"")

    olga.send(PAGE, PAGE)
    _ended()

    assert "There are 20 backups made by hand already" in _text(olga.get(PAGE).text)
    assert len(list(_directory(services).iterdir())) == keeping.MOST_BY_HAND


def test_what_a_power_cut_left_of_one_goes_with_the_next_one_also_where_no_night_makes_any(
    olga: Browser, services: Services
) -> None:
    assert services.settings.nightly_backups == 0
    _directory(services).mkdir()
    left = _directory(services) / f".{NIGHTLY}.7.partial"
    left.write_bytes(b"PK")
    os.utime(left, (0, 0))

    name = _made(olga, services)

    assert [path.name for path in _directory(services).iterdir()] == [name]


def test_the_nights_never_remove_what_was_made_by_hand(olga: Browser, services: Services) -> None:
    name = _made(olga, services)
    nights = [_directory(services) / f"tellykeep-2026-01-0{day}T033000Z.zip" for day in range(1, 6)]
    for path in nights:
        shutil.copy(_directory(services) / name, path)

    assert rotate(_directory(services), 2) == 2
    assert sorted(path.name for path in _directory(services).iterdir()) == [nights[3].name, nights[4].name, name]
    assert rotate(_directory(services), 0) == 0
    assert [path.name for path in _directory(services).iterdir()] == [name]


def test_one_is_deleted(olga: Browser, services: Services) -> None:
    name = _made(olga, services)

    olga.send(f"{PAGE}/{name}/delete", PAGE)

    page = _text(olga.get(PAGE).text)
    assert f"{name} is deleted." in page
    assert "No backup yet" in page
    assert list(_directory(services).iterdir()) == []


def test_a_file_that_is_damaged_is_said_and_one_that_is_none_of_ours_is_not_shown(
    olga: Browser, services: Services
) -> None:
    _directory(services).mkdir()
    (_directory(services) / NIGHTLY).write_bytes(b"PK\x03\x04 half of it")
    (_directory(services) / "holiday.zip").write_bytes(b"")
    (_directory(services) / "tellykeep-2026-13-40T999999Z.zip").write_bytes(b"")

    page = _text(olga.get(PAGE).text)

    assert "1 backup, 1 KB" in page
    assert "Nightly" in page
    assert "Damaged: it cannot be restored" in page
    assert "holiday" not in page


@pytest.mark.parametrize(
    "name",
    [
        "..",
        "..%2Fencryption.key",
        "%2e%2e%2f%2e%2e%2fetc%2fpasswd",
        "../encryption.key",
        "..%5Cencryption.key",
        "%2Fetc%2Fpasswd",
        "holiday.zip",
        f"{NIGHTLY}%00.txt",
        f"{NIGHTLY}%0A",
        f".%2F{NIGHTLY}",
        "tellykeep-٢026-01-02T033000Z.zip",
        "tellykeep-2026-01-03T033000Z.zip",
        "tellykeep-2026-01-04T033000Z.zip",
        "tellykeep-2026-01-05T033000Z.zip",
    ],
)
def test_no_other_file_can_be_had_or_deleted_by_any_name(olga: Browser, services: Services, name: str) -> None:
    directory = _directory(services)
    directory.mkdir()
    (directory / NIGHTLY).write_bytes(b"ours")
    (directory / "holiday.zip").write_bytes(b"theirs")
    (services.settings.data_dir / "encryption.key").write_text("the key")
    (directory / "tellykeep-2026-01-04T033000Z.zip").symlink_to(services.settings.data_dir / "encryption.key")
    (directory / "tellykeep-2026-01-05T033000Z.zip").mkdir()
    fields = olga.fields(PAGE, PAGE)

    had = olga.get(f"{PAGE}/{name}")
    deleted = olga.http.post(f"{PAGE}/{name}/delete", data=fields)

    # `..` is resolved before it is asked for.
    assert had.status_code == 404 or (name == ".." and b"the key" not in had.data)
    assert deleted.status_code in (404, 405)
    assert len(list(directory.iterdir())) == 4
    assert (services.settings.data_dir / "encryption.key").read_text() == "the key"


def test_who_has_not_just_proved_who_they_are_is_asked_for_the_password_first(
    olga: Browser, services: Services, conn: Connection
) -> None:
    name = _made(olga, services)
    conn.execute("update sessions set confirmed_at = now() - interval '601 seconds'")
    fields = olga.fields(PAGE, f"{PAGE}/{name}/delete")

    had, deleted = olga.get(f"{PAGE}/{name}"), olga.http.post(f"{PAGE}/{name}/delete", data=fields)

    assert had.location.startswith("/settings/confirm?next=")
    assert deleted.location.startswith("/settings/confirm?next=")
    assert "asked for your password first" in _text(olga.get(PAGE).text)
    assert (_directory(services) / name).exists()


def test_nobody_but_an_administrator_sees_makes_has_or_deletes_one(
    client: FlaskClient, olga: Browser, services: Services
) -> None:
    name = _made(olga, services)
    accounts.create_user(services, "mira", PASSWORD)
    mira = _signed_in(client, "mira")
    token = mira.fields("/settings/account", "/settings/account/password")

    assert "/settings/backup" not in mira.get("/settings").text
    assert [mira.get(path).status_code for path in (PAGE, f"{PAGE}/{name}")] == [403, 403]
    for path in (PAGE, f"{PAGE}/cancel", f"{PAGE}/{name}/delete"):
        assert mira.http.post(path, data={"csrf_token": token["csrf_token"]}).status_code == 403
    assert (_directory(services) / name).exists()


def test_the_page_says_whether_the_nights_are_on_and_what_is_not_in_a_backup(olga: Browser, services: Services) -> None:
    off = _text(olga.get(PAGE).text)
    services.settings = services.settings.model_copy(update={"nightly_backups": 5})
    on = _text(olga.get(PAGE).text)

    assert "Off No backup is made by itself. Set NIGHTLY_BACKUPS=7" in off
    assert "On The newest 5 of the nights are kept." in on
    assert "NIGHTLY_BACKUPS=5" in on
    assert "The key is not in it." in on
    assert "tellykeep restore - < BACKUP.zip" in on
    assert str(_directory(services)) in on
