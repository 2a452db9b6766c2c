"""Text can be read on its ground, by day and by night (WCAG 2.2, 1.4.3 and 1.4.11)."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

CSS = (Path(__file__).parents[2] / "app" / "static" / "app.css").read_text(encoding="utf-8")
COLOURS = {
    name: (light, dark)
    for name, light, dark in re.findall(r"--tk-([\w-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\)", CSS)
}
TONES = ("watched", "conflict", "failed", "waiting", "ignored", "duplicate")


def _luminance(colour: str) -> float:
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _contrast(one: str, other: str) -> float:
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("night", [False, True])
@pytest.mark.parametrize(
    ("text", "ground"),
    [
        *((text, ground) for text in ("ink", "quiet", "accent") for ground in ("surface", "ground")),
        ("ink", "sunken"),
        ("quiet", "sunken"),
        ("on-accent", "accent"),
        ("on-accent", "accent-strong"),
        ("ink", "conflict-tint"),
        *((tone, "surface") for tone in TONES),
        *((tone, f"{tone}-tint") for tone in TONES),
    ],
)
def test_text_stands_out_from_its_ground(text: str, ground: str, night: bool) -> None:
    assert _contrast(COLOURS[text][night], COLOURS[ground][night]) >= 4.5


def test_every_size_of_a_margin_is_on_the_grid() -> None:
    sizes = re.findall(r"(?:margin|padding|gap)[\w-]*:([^;]+);", CSS)
    pixels = {int(size) for value in sizes for size in re.findall(r"(\d+)px", value)}
    assert {size for size in pixels if size % 4 and size not in (2, 6)} == set()


def test_there_are_two_weights_of_type() -> None:
    assert set(re.findall(r"font-weight: (\d+)", CSS)) == {"400", "600"}
