"""`tellykeep demo`: the script comes out as it says, on data of its own, and leaves nothing behind."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import requests

from tests.acceptance.appliance import free_port


def _environment(directory: Path, **variables: str) -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return kept | {"TMPDIR": str(directory), "COLUMNS": "150"} | variables


def test_once_plays_the_script_and_holds_it_against_the_database(tmp_path: Path) -> None:
    # Settings of an installation that must not be touched: nothing of them may reach the demo.
    environment = _environment(tmp_path, DATABASE_URL="postgresql://nobody@127.0.0.1:1/no", ENCRYPTION_KEY="ab" * 32)
    done = subprocess.run(
        [sys.executable, "-m", "app.cli", "demo", "--once"],
        env=environment,
        capture_output=True,
        text=True,
        timeout=150,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    for said in (
        "marked_watched",
        "rewatched",
        "duplicate",
        "account_not_tracked",
        "live_tv",
        "海の記憶",
        "Nightjar (2020)",
    ):
        assert said in done.stdout
    assert "The database says the same." in done.stdout
    assert "secret=" not in done.stdout + done.stderr
    assert not list(tmp_path.glob("tellykeep-demo-*"))


def test_without_once_it_stays_up_until_it_is_stopped(tmp_path: Path) -> None:
    port = free_port()
    output = tmp_path / "output"
    with output.open("wb") as sink:
        process = subprocess.Popen(
            [sys.executable, "-u", "-m", "app.cli", "demo"],
            env=_environment(tmp_path, TELLYKEEP_BIND=f"127.0.0.1:{port}"),
            stdout=sink,
            stderr=sink,
            # Where the tests run in a shell's background they ignore Ctrl-C, and what they start would as well.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )
    try:
        deadline = time.monotonic() + 120
        while not re.search(r"S\d\dE\d\d: success \(marked_watched\)", output.read_text()):
            assert time.monotonic() < deadline, output.read_text()
            assert process.poll() is None, output.read_text()
            time.sleep(0.2)
        assert requests.get(f"http://127.0.0.1:{port}/sign-in", timeout=10).status_code == 200
        assert "sign in as sam with " in output.read_text()

        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=30) == 0, output.read_text()
    finally:
        process.kill()
    assert not list(tmp_path.glob("tellykeep-demo-*"))
