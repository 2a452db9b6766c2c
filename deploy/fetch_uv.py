"""Puts uv into a directory, for `make` on a machine that has Python and nothing else.

    python3 deploy/fetch_uv.py .uv      # then .uv/bin/uv is there

By pip, which knows the index that this machine uses; by the standard library alone where there is none, as
with Debian's python3. Nothing is installed outside of the directory, so PEP 668 does not apply.
"""

from __future__ import annotations

import hashlib
import io
import json
import platform
import shutil
import subprocess
import sys
import urllib.request
import zipfile
from pathlib import Path
from urllib.parse import urljoin

REQUIREMENT = "uv>=0.8"  # as in pyproject.toml, required-version
INDEX = "https://pypi.org/pypi/uv/json"  # https://docs.pypi.org/api/json/
SECONDS = 60


def by_pip(target: Path) -> None:
    """`pip install --target`, which PEP 668 allows everywhere."""
    run(sys.executable, "-m", "pip", "install", "--quiet", "--target", str(target), REQUIREMENT)


def by_download(target: Path) -> None:
    """The wheel itself: a zip file that holds the program."""
    machine = f"_{platform.machine()}."
    files = [file for file in json.loads(fetch(INDEX))["urls"] if "-manylinux" in file["filename"]]
    file = next((file for file in files if machine in file["filename"]), None)
    if file is None:
        raise OSError(f"PyPI has no uv for {platform.machine()}")
    wheel = fetch(urljoin(INDEX, file["url"]))
    if hashlib.sha256(wheel).hexdigest() != file["digests"]["sha256"]:
        raise OSError("the downloaded uv is not what PyPI announced")
    with zipfile.ZipFile(io.BytesIO(wheel)) as archive:
        name = next(name for name in archive.namelist() if name.endswith(".data/scripts/uv"))
        program = target / "bin" / "uv"
        program.parent.mkdir(parents=True)
        program.write_bytes(archive.read(name))
    program.chmod(0o755)


def fetch(address: str) -> bytes:
    """The body of an https answer.

    Raises:
        OSError: there is none.
    """
    with urllib.request.urlopen(address, timeout=SECONDS) as answer:  # noqa: S310 - PyPI's addresses
        return bytes(answer.read())


def run(*command: str) -> None:
    """Runs `command` silently.

    Raises:
        OSError: it failed; with its last line.
    """
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise OSError((done.stderr.strip() or done.stdout.strip() or "failed").splitlines()[-1])


def main() -> None:
    """Tries one way after the other."""
    if sys.version_info < (3, 11):  # noqa: UP036 - it is the system's Python that runs this
        sys.exit(f"Tellykeep needs Python 3.11 or later; {sys.executable} is {platform.python_version()}.")
    target = Path(sys.argv[1])
    reasons = []
    for way in (by_pip, by_download):
        shutil.rmtree(target, ignore_errors=True)
        try:
            way(target)
        except OSError as error:
            reasons.append(f"  {way.__name__}: {error}\n")
        else:
            return
    shutil.rmtree(target, ignore_errors=True)
    sys.exit(
        f"uv could not be fetched:\n{''.join(reasons)}"
        "Install it yourself (https://docs.astral.sh/uv/) and run make again."
    )


if __name__ == "__main__":
    main()
