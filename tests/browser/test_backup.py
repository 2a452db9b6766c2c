"""Settings → Backup in a real browser: pictures, and a backup from its beginning to its end without JavaScript."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import expect

from app.services import Services
from tests.browser.conftest import PASSWORD
from tests.browser.looks import every_look
from tests.browser.sample import fill
from tests.browser.test_pages import TOO_SMALL
from tests.browser.watch import PHONE, Window
from tests.conftest import Connection

Open = Callable[..., Window]


@every_look
def test_a_backup_is_made_and_shown(
    open_at: Open, services: Services, user_id: int, size: tuple[int, int], scheme: str, name: str
) -> None:
    fill(services, user_id, pages=False)
    window = open_at(size, scheme)
    page = window.page
    window.sign_in("mira", PASSWORD)
    window.go("/settings/backup")
    window.axe()
    window.picture(f"settings-backup-empty-{name}", full=True)
    page.get_by_role("button", name="Back up now").click()
    expect(page.locator("#backups")).to_contain_text("Backed up")
    directory = services.settings.data_dir / "backups"
    made = next(directory.glob("*.zip"))
    for number in range(1, 4):
        shutil.copy(made, directory / f"tellykeep-2026-01-0{number}T033000Z.zip")
    (directory / "tellykeep-2025-12-31T033000Z.zip").write_bytes(b"PK")
    window.go("/settings/backup")
    expect(page.get_by_role("heading", name="5 backups")).to_be_visible()
    expect(page.get_by_text("Damaged: it cannot be restored")).to_be_visible()
    window.axe()
    window.picture(f"settings-backup-{name}", full=True)
    assert page.evaluate(TOO_SMALL) == []
    assert not window.scrolls_sideways()


def test_a_backup_from_its_beginning_to_its_end_without_javascript(
    open_at: Open, services: Services, conn: Connection, user_id: int, tmp_path: Path
) -> None:
    window = open_at(PHONE, java_script_enabled=False)
    page = window.page
    window.sign_in("mira", PASSWORD)
    window.go("/settings/backup")
    page.get_by_role("button", name="Back up now").click()
    for _ in range(50):
        if page.get_by_text("Backed up").count():
            break
        page.wait_for_timeout(100)
        page.reload()
    expect(page.get_by_role("heading", name="1 backup")).to_be_visible()
    with page.expect_download() as begun:
        page.get_by_role("link", name="Download").click()
    assert begun.value.suggested_filename.startswith("tellykeep-by-hand-")
    begun.value.save_as(tmp_path / "backup.zip")
    assert (tmp_path / "backup.zip").read_bytes()[:2] == b"PK"

    conn.execute("update sessions set confirmed_at = now() - interval '601 seconds'")
    page.get_by_role("button", name="Delete").click()
    page.fill("#current_password", PASSWORD)
    page.click("main button[type=submit]")
    expect(page.locator(".tk-note[role=status]")).to_contain_text("Thank you.")
    page.get_by_role("button", name="Delete").click()
    expect(page.locator(".tk-note[role=status]")).to_contain_text("is deleted")
    expect(page.get_by_role("heading", name="No backup yet")).to_be_visible()
