"""Draws the posters of the demo's shows with Chromium: `uv run python tools/posters.py`.

Invented like the shows: a ground, a shape or two and the title in type. The pictures are kept, so that the demo needs
neither Chromium nor a network.
"""

from __future__ import annotations

from xml.sax.saxutils import escape

from playwright.sync_api import sync_playwright

from app.demo import past
from app.demo.drawn_posters import DIRECTORY, poster_name
from app.demo.library import (
    BONES,
    HARBOUR,
    LATE,
    LIBRARY,
    NEW,
    NIGHTJAR_2009,
    NIGHTJAR_2020,
    ORBIT,
    SEA,
    SIGNAL,
    SampleShow,
)

WIDTH, HEIGHT = 342, 513

# Ground, ink, and what is drawn between them.
DRAWINGS: dict[SampleShow, tuple[str, str, str]] = {
    HARBOUR: (
        "#17324a",
        "#f4e3c1",
        '<path d="M0 330h342v183H0z" fill="#0f2437"/><path d="M171 130 40 330h262z" fill="#f2b84b" opacity=".28"/>'
        '<path d="M159 150h24l10 180h-44z" fill="#f4e3c1"/><circle cx="171" cy="136" r="20" fill="#f2b84b"/>',
    ),
    BONES: (
        "#e9dfcb",
        "#4b2e20",
        '<circle cx="171" cy="205" r="104" fill="#c9502f"/>'
        '<g stroke="#e9dfcb" stroke-width="18" stroke-linecap="round"><path d="M118 152l106 106M224 152 118 258"/></g>',
    ),
    SIGNAL: (
        "#24242b",
        "#f3f0ea",
        '<g fill="none" stroke="#e4572e" stroke-width="14"><path d="M20 220h60l26-110 40 210 40-250 36 200 24-50h76"/></g>',
    ),
    SEA: (
        "#dfeef0",
        "#123c4a",
        '<circle cx="236" cy="126" r="62" fill="#e76f51"/><path d="M0 236q57-46 114 0t114 0 114 0v277H0z" fill="#3f8ea0"/>'
        '<path d="M0 296q57-46 114 0t114 0 114 0v217H0z" fill="#86bcc6"/>',
    ),
    NIGHTJAR_2009: (
        "#201a33",
        "#eadcf5",
        '<circle cx="232" cy="124" r="70" fill="#eadcf5"/><circle cx="206" cy="108" r="64" fill="#201a33"/>'
        '<path d="M40 330q90-90 150-20 60-70 112-40-60 30-112 90Q150 310 40 330z" fill="#8f6bb3"/>',
    ),
    NIGHTJAR_2020: (
        "#3b2a20",
        "#ffe6c7",
        '<path d="M0 0h342v250H0z" fill="#e08e45"/><circle cx="171" cy="250" r="92" fill="#ffe0a8"/>'
        '<path d="M0 250h342v263H0z" fill="#3b2a20"/>'
        '<path d="M70 180q50-50 101 0 50-50 101 0-50-18-101 26-50-44-101-26z" fill="#3b2a20"/>',
    ),
    LATE: (
        "#7c1f3a",
        "#ffe9d6",
        '<path d="M60 70h222v150H60z" fill="#ffb703"/><path d="M171 220 120 300h102z" fill="#ffb703"/>'
        '<circle cx="171" cy="145" r="44" fill="#7c1f3a"/>',
    ),
    ORBIT: (
        "#0d1b2a",
        "#e0e6ef",
        '<ellipse cx="171" cy="210" rx="140" ry="52" transform="rotate(-24 171 210)" fill="none" stroke="#778da9"'
        ' stroke-width="3"/>'
        '<circle cx="171" cy="210" r="66" fill="#e0a458"/><circle cx="292" cy="146" r="14" fill="#e0e6ef"/>',
    ),
    NEW: (
        "#243b2f",
        "#f3eed9",
        '<path d="M171 70q90 70 60 160-20 50-60 50t-60-50q-30-90 60-160z" fill="#f3c969"/>'
        '<path d="M171 150q40 40 26 80-8 24-26 24t-26-24q-14-40 26-80z" fill="#f3eed9"/>'
        '<path d="M116 300h110v16H116z" fill="#f3eed9"/>',
    ),
}


# Of the others: one of these shapes in colours of their own.
SHAPES = (
    '<circle cx="171" cy="190" r="112" fill="{one}"/><circle cx="228" cy="150" r="52" fill="{two}"/>',
    '<path d="M0 300 130 90l110 150 50-66 52 126z" fill="{one}"/><circle cx="262" cy="92" r="34" fill="{two}"/>',
    '<path d="M60 300V180a111 111 0 0 1 222 0v120z" fill="{one}"/><path d="M116 300V190a55 55 0 0 1 110 0v110z" fill="{two}"/>',
    '<path d="M28 60h286v44H28zM28 204h286v44H28z" fill="{one}"/><path d="M28 132h200v44H28z" fill="{two}"/>',
    '<path d="M40 60h118v230H40z" fill="{one}"/><path d="M184 120h118v170H184z" fill="{two}"/>',
)
COLOURS = (
    ("#f0e7d8", "#3a2a1e", "#d8973c", "#a4452c"),
    ("#14302b", "#eef3e6", "#4f9d8a", "#f2c57c"),
    ("#2b2d42", "#edf2f4", "#8d99ae", "#ef8354"),
    ("#f7d6c4", "#4a1d2c", "#c8553d", "#588b8b"),
    ("#1f1d36", "#f4eefc", "#864879", "#e9a6a6"),
)


def _composed(number: int) -> tuple[str, str, str]:
    """A drawing made of shapes and colours, no two of which meet twice in twenty-five."""
    ground, ink, one, two = COLOURS[number % 5]
    return ground, ink, SHAPES[(number + number // 5) % 5].format(one=one, two=two)


def drawing(show: SampleShow) -> str:
    """A poster as SVG."""
    ground, ink, shapes = DRAWINGS.get(show) or _composed(past.SHOWS.index(show))
    # Where there is no font for a script it would be boxes: those posters have no title.
    words = show.title.split() if ord(show.title[0]) < 0x250 else []
    size = min(52, int(464 / max((len(word) for word in words), default=9)))
    lines = words if len(words) < 4 else [" ".join(words[at : at + 2]) for at in range(0, len(words), 2)]
    first = 478 - (len(lines) - 1) * size * 1.02
    text = "".join(
        f'<text x="28" y="{first + number * size * 1.02:.0f}">{escape(line)}</text>'
        for number, line in enumerate(lines)
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}" viewBox="0 0 {WIDTH} {HEIGHT}">'
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="{ground}"/>{shapes}'
        f'<g fill="{ink}" font-family="DejaVu Sans, sans-serif" font-weight="700" font-size="{size}"'
        f' letter-spacing="-1">{text}</g></svg>'
    )


def main() -> None:
    """Writes a PNG for each show."""
    DIRECTORY.mkdir(exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path="/usr/bin/chromium", args=["--no-sandbox", "--disable-gpu"]
        )
        page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT})
        for show in (*LIBRARY, NEW, *past.SHOWS):
            page.set_content(f"<style>html,body{{margin:0}}svg{{display:block}}</style>{drawing(show)}")
            page.screenshot(path=DIRECTORY / poster_name(show))
        browser.close()


if __name__ == "__main__":
    main()
