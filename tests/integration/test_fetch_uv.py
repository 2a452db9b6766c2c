"""deploy/fetch_uv.py on a machine without pip, against a package index of our own."""

from __future__ import annotations

import hashlib
import importlib.util
import io
import json
import platform
import subprocess
import sys
import threading
import zipfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import ModuleType

import pytest

SCRIPT = Path(__file__).parents[2] / "deploy" / "fetch_uv.py"


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The script as a module, with a pip that is not there."""
    specification = importlib.util.spec_from_file_location("fetch_uv", SCRIPT)
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)

    def no_pip(_target: Path) -> None:
        raise OSError("No module named pip")

    monkeypatch.setattr(module, "by_pip", no_pip)
    return module


class Index:
    """What PyPI answers: the JSON of a release, and a wheel that holds a program which says its name."""

    def __init__(self, machine: str) -> None:
        wheel = io.BytesIO()
        with zipfile.ZipFile(wheel, "w") as archive:
            archive.writestr("uv-9.9.9.data/scripts/uvx", "#!/bin/sh\necho uvx\n")
            archive.writestr("uv-9.9.9.data/scripts/uv", "#!/bin/sh\necho uv 9.9.9\n")
        self.wheel = wheel.getvalue()
        self.digest = hashlib.sha256(self.wheel).hexdigest()
        self.machine = machine

    def answer(self, path: str) -> bytes | None:
        """The body for a path; None for 404."""
        name = f"uv-9.9.9-py3-none-manylinux_2_17_{self.machine}.manylinux2014_{self.machine}.whl"
        names = ["uv-9.9.9-py3-none-macosx_11_0_arm64.whl", "uv-9.9.9-py3-none-manylinux_2_28_sparc.whl", name]
        release = [{"filename": n, "url": f"/files/{n}", "digests": {"sha256": self.digest}} for n in names]
        return {"/json": json.dumps({"urls": release}).encode(), f"/files/{name}": self.wheel}.get(path)


@pytest.fixture
def index(script: ModuleType, monkeypatch: pytest.MonkeyPatch) -> Iterator[Index]:
    """An index with a wheel for this machine."""
    index = Index(platform.machine())

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = index.answer(self.path)
            self.send_response(404 if body is None else 200)
            self.end_headers()
            self.wfile.write(body or b"")

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        monkeypatch.setattr(script, "INDEX", f"http://127.0.0.1:{server.server_port}/json")
        yield index
        server.shutdown()
        thread.join()


def run(script: ModuleType, target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["fetch_uv.py", str(target)])
    script.main()


@pytest.mark.usefixtures("index")
def test_uv_is_taken_out_of_the_wheel_for_this_machine(
    script: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".uv").mkdir()
    (tmp_path / ".uv" / "left by an interrupted run").touch()
    run(script, tmp_path / ".uv", monkeypatch)
    program = tmp_path / ".uv" / "bin" / "uv"
    assert subprocess.run([program], capture_output=True, text=True, check=True).stdout == "uv 9.9.9\n"
    assert [path.name for path in (tmp_path / ".uv").iterdir()] == ["bin"]


def test_a_wheel_that_is_not_what_the_index_announced_is_refused(
    script: ModuleType, index: Index, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    index.digest = hashlib.sha256(b"another").hexdigest()
    with pytest.raises(SystemExit, match="not what PyPI announced"):
        run(script, tmp_path / ".uv", monkeypatch)
    assert not (tmp_path / ".uv").exists()


def test_a_machine_without_a_wheel_is_told_all_that_was_tried(
    script: ModuleType, index: Index, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    index.machine = "vax"
    with pytest.raises(SystemExit) as refused:
        run(script, tmp_path / ".uv", monkeypatch)
    message = str(refused.value)
    assert "No module named pip" in message
    assert f"by_download: PyPI has no uv for {platform.machine()}" in message


def test_a_python_that_is_too_old_is_named(script: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 10, 4))
    with pytest.raises(SystemExit, match=r"Tellykeep needs Python 3\.11 or later"):
        run(script, tmp_path / ".uv", monkeypatch)
