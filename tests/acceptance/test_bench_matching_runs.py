"""The benchmarks of matching run on a small list, and their figures are the ones of the formulas."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parent.parent.parent

LIBRARY = """show_id,title,year,tmdb_id,tvdb_id,imdb_id,country,votes
s1,Lantern Isle,2015,1,,,GB,1
s2,Lantern Isle,1990,2,7,,US,1
s3,The Quiet Harbour,2010,3,7,tt0000003,GB,1
s4,Paper Detectives: Homecoming,2018,4,,,,1
"""
ALTERNATIVES = """show_id,title,auth,source
s3,Der stille Hafen,test,test
s9,Nobody's name,test,test
"""
QUERIES = """query_title,query_year,label_show_id,kind,acceptable_ids
Lantern Isle,2015,s1,exact,
Lantern Isle,1991,s1,exact,
Lantern Isle (US),,s2,country,
Der Stille Hafen,2012,s3,far,
Quiet Harbour,,s3,article,
Paper Detectives,,s4,short,
Zyxomma,,s4,other,
Lantern Isle,,ambiguous,ambiguous,s1|s2
The Quiet Harbour,2014,s3,episode_year,
The Quiet Harbour,2010,none,none,
Paper Detective,,none,none,
Zyxomma,,none,none,
"""


def run(*arguments: str) -> Any:
    command = [sys.executable, "-m", *arguments, "--json"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=280, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.timeout(300)
def test_every_answer_is_counted_where_it_belongs(tmp_path: Path) -> None:
    for name, text in (("library", LIBRARY), ("alt", ALTERNATIVES), ("queries", QUERIES)):
        (tmp_path / f"{name}.csv").write_text(text)
    files = [f"--{name}={tmp_path / name}.csv" for name in ("library", "alt", "queries")]
    found = run("bench.matching", *files, "--kinds")
    ours = found["tellykeep"]
    counts = {
        "right": 3,
        "wrong": 1,
        "held": 3,
        "held_without": 0,
        "missed": 1,
        "none_mapped": 1,
        "none_held": 1,
        "none_clean": 1,
        "ambiguous_mapped": 0,
        "ambiguous_held": 1,
    }
    assert {name: ours[name] for name in counts} == counts
    assert (ours["precision"], ours["recall"], ours["reach"]) == (60.0, 37.5, 75.0)
    assert ours["kinds"]["episode_year"]["right"] == 1
    # The plain rule takes the year of an episode for that of the show.
    assert found["plain"]["kinds"]["episode_year"]["missed"] == 1
    assert found["plain"]["right"] == 1
    assert found["plain"].keys() == ours.keys()


@pytest.mark.timeout(300)
def test_the_speed_is_measured_and_no_table_is_read_from_end_to_end() -> None:
    found = run("bench.matching_speed", "--names=3000")["3000"]
    assert found["median_ms"] > 0
    assert found["decisions"] == 800
    assert set(found["kinds_ms"]) == {"as it is", "written otherwise", "with a slip", "not there"}
    assert found["plans"]["same title"] == "show_titles_equal"
