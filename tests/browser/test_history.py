"""Plex's history and running events again, as they look and behave."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import expect

from app.db.queries import queries
from app.services import Services
from tests.browser.conftest import PASSWORD
from tests.browser.looks import every_look
from tests.browser.sample import fill
from tests.browser.test_pages import TOO_SMALL
from tests.browser.watch import PHONE, Window
from tests.conftest import Connection

Open = Callable[..., Window]

GAP = """{"missed": 3, "recovered": 2, "waiting": 0, "failed": 1, "read": 40, "total": 40, "known": 37,
    "from": "2026-01-31T19:05:00Z", "until": "2026-01-31T20:50:00Z"}"""
PROGRESS = """{"read": 1250, "total": 4800, "at": "2021-05-01T20:00:00Z", "known": 900,
    "recovered": 340, "waiting": 8, "failed": 2}"""


def _run(conn: Connection, kind: str, user_id: int, **columns: str) -> None:
    conn.execute("select start_job(%s, %s, 600)", (kind, user_id))
    for column, content in columns.items():
        conn.execute(f"update job_runs set {column} = %s where kind = %s", (content, kind))  # type: ignore[arg-type]
    if "result" in columns:
        conn.execute("update job_runs set status = 'success', finished_at = now() where kind = %s", (kind,))


@every_look
def test_the_history(
    open_at: Open,
    conn: Connection,
    user_id: int,
    use_plex: Callable[..., None],
    size: tuple[int, int],
    scheme: str,
    name: str,
) -> None:
    window = open_at(size, scheme)
    page = window.page
    window.sign_in("mira", PASSWORD)
    page.click(".tk-menu summary")
    page.click("a:has-text('Plex’s history')")
    expect(page.get_by_text("cannot be asked yet")).to_be_visible()
    window.picture(f"history-no-token-{name}", full=True)
    assert page.evaluate(TOO_SMALL) == []

    use_plex(user_id)
    _run(conn, "catch_up", user_id, result=GAP)
    window.go("/history")
    window.picture(f"history-gap-{name}", full=True)
    assert page.evaluate(TOO_SMALL) == []

    _run(conn, "history_import", user_id, progress=PROGRESS)
    window.go("/history")
    expect(page.get_by_role("progressbar")).to_be_visible()
    window.picture(f"history-running-{name}", full=True)
    assert page.evaluate(TOO_SMALL) == []


def test_an_import_is_followed_to_its_end_and_then_nothing_is_asked_any_more(
    open_at: Open, conn: Connection, user_id: int, use_plex: Callable[..., None]
) -> None:
    use_plex(user_id)
    window = open_at(PHONE)
    page = window.page
    window.sign_in("mira", PASSWORD)
    window.go("/history")
    page.click("button:has-text('Import everything')")
    expect(page.get_by_text("About to begin")).to_be_visible()
    assert page.evaluate("document.activeElement.textContent.includes('About to begin')")

    _run(conn, "history_import", user_id, progress=PROGRESS)
    expect(page.get_by_role("progressbar")).to_have_attribute("value", "1250")
    page.focus("#cancel-import")
    with page.expect_response("**/history"):
        pass
    page.wait_for_timeout(200)
    assert page.evaluate("document.activeElement.id") == "cancel-import"

    queries().end_history_import(conn, user_id=user_id, error="cancelled by the user")
    expect(page.get_by_text("The import was stopped")).to_be_visible()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.wait_for_timeout(2_600)
    assert asked == []


def test_a_failed_event_is_run_again_by_a_click(open_at: Open, services: Services, user_id: int) -> None:
    fill(services, user_id, pages=False)
    window = open_at(PHONE)
    page = window.page
    window.sign_in("mira", PASSWORD)
    window.go("/activity?status=failed")
    window.picture("failed-run-all-phone-light")
    page.click(".tk-event a >> nth=0")
    page.wait_for_url("**/activity/*")
    page.click("button:has-text('Run it again')")
    expect(page.locator(".tk-note")).to_contain_text("run again")
    window.picture("event-run-again-phone-light", full=True)
    assert page.evaluate(TOO_SMALL) == []
