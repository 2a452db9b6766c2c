"""The figures of a year as they look: calendar, charts, favourites, and the page before there is anything."""

from __future__ import annotations

from collections.abc import Callable

from app.services import Services
from tests.browser.conftest import PASSWORD
from tests.browser.looks import every_look
from tests.browser.test_pages import TOO_SMALL
from tests.browser.watch import Window
from tests.watched_year import fill_year

Open = Callable[..., Window]


@every_look
def test_a_year_of_figures(
    open_at: Open, services: Services, user_id: int, size: tuple[int, int], scheme: str, name: str
) -> None:
    fill_year(services, user_id)
    window = open_at(size, scheme)
    window.sign_in("mira", PASSWORD)

    window.picture(f"home-year-{name}", full=True)
    window.go("/figures")
    window.picture(f"figures-{name}", full=True)
    assert window.page.evaluate(TOO_SMALL) == []
    for summary in window.page.locator(".tk-as-table > summary").all():
        summary.click()
    window.picture(f"figures-tables-{name}", full=True)
    window.axe()
