"""What is secret in the tests, and what was logged: see tests.leak_guard, which holds one against the other."""

from __future__ import annotations

import io
import re
from collections.abc import Generator
from pathlib import Path

# A shorter one could be a word.
SHORTEST = 8

_WORD = re.compile(r"[\w-]{8,}")
_SHAPES = {
    # Docker's ids are as long.
    "an encryption key or webhook secret": re.compile(
        r"(?<![0-9a-fA-F])(?<!containers/)(?<!networks/)(?<!exec/)(?<!sha256:)[0-9a-f]{64}(?![0-9a-fA-F])"
    ),
    "a database password": re.compile(
        r"(?<![0-9a-fA-F])[0-9a-f]{48}(?![0-9a-fA-F])|postgres(ql)?://[^\s:@/]+:(?!\*|PASSWORD@)[^\s@]+@"
    ),
    "an API token": re.compile(r"tk_[\w-]{20,}"),
    "a session's or calendar's token": re.compile(
        r"(?<![\w-])(?<!code_challenge=)(?=[\w-]*\d)(?=[\w-]*[a-z])(?=[\w-]*[A-Z])[\w-]{43}(?![\w-])"
    ),
    "a password hash": re.compile(r"\$argon2"),
    "a ciphertext": re.compile(r"[0-9a-f]{24}:[0-9a-f]{32}:[0-9a-f]+"),
    "a code": re.compile(r"(?<!setup code: )(?<![\w-])[2-9A-HJ-NP-Z]{4}(-[2-9A-HJ-NP-Z]{4}){3}(?![\w-])"),
    "a parameter of an address": re.compile(
        r"(?:secret|token|api_key|X-Plex-Token)=(?!\*\*\*|None\b|\s|$)[\w.~+/-]{8,}"
    ),
}


class Leaks:
    """What is secret, and what was logged since it was looked at last."""

    def __init__(self) -> None:
        self._secrets: dict[str, str] = {}
        self._of_this_file: dict[str, str] = {}
        self._files: dict[Path, int] = {}
        self._texts: list[str] = []
        self.takes_given = True
        self.log = io.StringIO()

    def secret(self, value: str, what: str = "a secret") -> str:
        """Remembers a secret, and returns it."""
        if len(value) >= SHORTEST:
            self._secrets[value] = self._of_this_file[value] = what
        return value

    def given(self, value: str, what: str) -> None:
        """Remembers what somebody gave to be kept secret, unless a test gives the same texts everywhere."""
        if self.takes_given:
            self.secret(value, what)

    def begin_file(self) -> None:
        """Another file of tests: of what was secret before, only whole words are looked for."""
        self._of_this_file.clear()

    def logged(self, text: str) -> None:
        """Something that was logged elsewhere."""
        self._texts.append(text)

    def watch(self, path: Path) -> None:
        """A file that something is logged to from now on."""
        if path not in self._files:
            self._files[path] = path.stat().st_size if path.exists() else 0

    def read_files(self) -> None:
        """Takes what came to the files that are watched; those that are gone were read before."""
        for path, read in list(self._files.items()):
            try:
                with path.open("rb") as file:
                    file.seek(read)
                    new = file.read()
            except OSError:
                # Not there yet, or not any more.
                continue
            self._files[path] = read + len(new)
            if new:
                self._texts.append(new.decode(errors="replace"))

    def found(self) -> list[str]:
        """What secrets there are in what was logged since the last time, as lines without them."""
        self.read_files()
        texts = [self.log.getvalue(), *self._texts]
        self.log.seek(0)
        self.log.truncate()
        self._texts.clear()
        return list(dict.fromkeys(leak for text in texts if text for leak in self._search(text)))

    def _search(self, text: str) -> Generator[str, None, None]:
        for what, shape in _SHAPES.items():
            for match in shape.finditer(text):
                yield _told(text, match[0], what)
        for word in set(_WORD.findall(text)) & self._secrets.keys():
            yield _told(text, word, self._secrets[word])
        for value, what in self._of_this_file.items():
            if value in text:
                yield _told(text, value, what)


def _told(text: str, value: str, what: str) -> str:
    line = next((line for line in text.splitlines() if value in line), "")
    return f"{what}, in: {line.replace(value, '<HERE>')[:300]}"


leaks = Leaks()
