"""What is out of place is found, and what is only long is not."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.browser.layout import faults_of_layout
from tests.browser.watch import SMALL, Window

Open = Callable[..., Window]

LONG = "W" * 80


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        (f"<p>{LONG}</p>", "scrolls sideways"),
        (f'<div id="rail"><p class="card" id="narrow">{LONG}</p></div>', "sticks out"),
        (f'<p id="hidden">{LONG}</p>', "is cut off"),
        ('<p id="low">Once<br>twice<br>thrice</p>', "is cut off"),
        ('<p>Here it is written</p><p id="over">Here too</p>', "lies over"),
        ("<button>x</button>", "small"),
    ],
)
def test_what_is_out_of_place_is_found(open_at: Open, body: str, fault: str) -> None:
    page = open_at(SMALL).page
    page.set_content(
        f"""<style>
        #rail {{ contain: paint; }} #narrow {{ width: 100px; }} #hidden {{ overflow: hidden; }}
        #low {{ overflow: hidden; height: 40px; }} #over {{ margin: -34px 0 0; }}
        </style><body><main>{body}</main></body>"""
    )

    assert any(fault in found for found in faults_of_layout(page)), faults_of_layout(page)


def test_what_is_shortened_or_scrolls_is_in_its_place(open_at: Open) -> None:
    page = open_at(SMALL).page
    page.set_content(
        f"""<style>
        #dots {{ overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }}
        #lines {{ overflow: hidden; display: -webkit-box; -webkit-box-orient: vertical; -webkit-line-clamp: 1; }}
        #rail {{ overflow-x: auto; }}
        </style><body><main><p id="dots">{LONG}</p><p id="lines">Once<br>twice</p><p id="rail">{LONG}</p></main></body>"""
    )

    assert faults_of_layout(page) == []
