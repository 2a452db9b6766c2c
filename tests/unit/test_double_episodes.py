"""What the names of files say of the episodes in them."""

from __future__ import annotations

import pytest

from app.sync.double_episodes import EpisodeRange, episodes_in

SEVERAL = {
    "Harbour Lights - S01E01-E02 - Fog and Ferry.mkv": (1, 1, 2),
    "harbour.lights.s01e01e02.1080p.web.h264-grp.mkv": (1, 1, 2),
    "Harbour.Lights.S01E01-02.720p.HDTV.x264.mkv": (1, 1, 2),
    "Harbour Lights - s01e01-s01e02.mp4": (1, 1, 2),
    "Harbour.Lights.S01E01.S01E02.mkv": (1, 1, 2),
    "Harbour Lights S01E01 - S01E02.mkv": (1, 1, 2),
    "Harbour Lights - 1x01-1x02 - Fog.avi": (1, 1, 2),
    "Harbour Lights - 1x01-02 - Fog.avi": (1, 1, 2),
    "Harbour_Lights_01x01_01x02.avi": (1, 1, 2),
    "Harbour Lights 1x01x02.avi": (1, 1, 2),
    "Harbour Lights S01E01-E03.mkv": (1, 1, 3),
    "Harbour Lights S01E01E02E03 WEBRip.mkv": (1, 1, 3),
    "Harbour Lights S01E01-E02-E03.mkv": (1, 1, 3),
    "Harbour Lights S01E01-02-03.mkv": (1, 1, 3),
    "Harbour Lights S01E01+E02.mkv": (1, 1, 2),
    "Harbour Lights S01E01 & E02.mkv": (1, 1, 2),
    "Harbour Lights S01.E01.E02.mkv": (1, 1, 2),
    "Harbour Lights S01 E01-E02.mkv": (1, 1, 2),
    "S00E00-E01.mkv": (0, 0, 1),
    "Harbour Lights - S2025E101-E102.mkv": (2025, 101, 102),
    "Harbour Lights S01E99-100.mkv": (1, 99, 100),
    "Harbour Lights S01E9E10.mkv": (1, 9, 10),
    "Harbour Lights S01E01–E02.mkv": (1, 1, 2),
    "Harbour Lights S01E01E02v2.mkv": (1, 1, 2),
    "[Group] Harbour Lights - S01E01-E02 [BD 1920x1080][A1B2C3D4].mkv": (1, 1, 2),
    "S01E01-E02": (1, 1, 2),
    "進撃の巨人 S03E01-E02 「煙」.mkv": (3, 1, 2),
    "Ｈａｒｂｏｕｒ　Ｓ０１Ｅ０１－Ｅ０２.mkv": (1, 1, 2),
    "D:\\Series\\Harbour Lights\\Season 01\\Harbour Lights - S01E01-E02.mkv": (1, 1, 2),
    "\\\\nas\\tv\\Harbour Lights (2024)\\S01E05E06.mkv": (1, 5, 6),
    "/volume1/tv/Harbour Lights (2024) {tvdb-900100}/Season 1/Harbour Lights (2024) - s01e05-e06 - Überfahrt.mkv": (
        1,
        5,
        6,
    ),
    "/tv/Show S09E01-E09/Show - S01E03-E04.mkv": (1, 3, 4),
    "Show - S01E01-E26 - Complete.mkv": (1, 1, 26),
}

ONE_OR_UNCERTAIN = [
    "Harbour Lights - S01E01.mkv",
    "Harbour Lights - S01E01-1080p.mkv",
    "Harbour Lights - S01E01-2160p x265.mkv",
    "Harbour Lights S01E01-720.mkv",
    "Harbour Lights - S01E01 - 2 Fast.mkv",
    "Harbour Lights - S01E01-2 Fast.mkv",
    "Harbour Lights - S1E1-2 Fast.mkv",
    "Harbour Lights - S01E01 - 02 Days Later.mkv",
    "Harbour Lights - S01E01 - 24 Hours.mkv",
    "Harbour Lights - S01E01-10bit.mkv",
    "Harbour Lights - S01E01-5.1.mkv",
    "Harbour Lights - S01E01-2024-10-14.mkv",
    "Harbour Lights - S01E01-10-14-2024.mkv",
    "Harbour Lights - S01E01-14-10.mkv",
    "Harbour Lights - 2024-10-14.mkv",
    "Harbour Lights - S01E01-pt1.mkv",
    "Harbour Lights - S01E01-part2.mkv",
    "Harbour Lights - S01E01 - pt1.mkv",
    "Harbour Lights - S01E01a.mkv",
    "Harbour Lights - S01E01-E02a.mkv",
    "Harbour Lights - S01E01-E01.mkv",
    "Harbour Lights - S01E02-E01.mkv",
    "Harbour Lights - S01E02-01.mkv",
    "Harbour Lights - S01E10-S02E01.mkv",
    "Harbour Lights - S01E01E03.mkv",
    "Harbour Lights - S01E01-E03-E05.mkv",
    "Harbour Lights - S01E01-E60.mkv",
    "Harbour Lights - S01E01-99.mkv",
    "Harbour Lights - S01E01-EXTENDED.mkv",
    "Harbour Lights - S01E01 E2E.mkv",
    "Harbour Lights - S01E0102.mkv",
    "Harbour Lights - 1920x1080.mkv",
    "Harbour Lights - 1x01 - 1920x1080.mkv",
    "Harbour Lights - 1x01-1080p.mkv",
    "Harbour Lights - S01E01-x264.mkv",
    "Harbour Lights - S01E01.x265-HEVC.mkv",
    "Harbour Lights - S01E01-DDP5.1-GRP.mkv",
    "Harbour Lights - 01-02.mkv",
    "Harbour Lights - 012 - Fog.mkv",
    "/tv/Show S01E01-E02/Fog.mkv",
    "Series1E01-E02.mkv",
    "S01E01-E02.mkv/",
    "",
    "\\",
    ".mkv",
]


@pytest.mark.parametrize(("file", "expected"), SEVERAL.items())
def test_a_file_of_several_episodes_is_known_by_its_name(file: str, expected: tuple[int, int, int]) -> None:
    assert episodes_in(file) == EpisodeRange(*expected)


@pytest.mark.parametrize("file", ONE_OR_UNCERTAIN)
def test_a_file_of_one_episode_or_with_a_name_that_may_mean_something_else_is_not_taken_for_several(file: str) -> None:
    assert episodes_in(file) is None
