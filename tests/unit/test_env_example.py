""".env.example and compose.yaml against app/settings.py: a setting that is not explained or not passed on fails."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from app.settings import Settings, _SecretFiles, environment_name, load_settings

ROOT = Path(__file__).parents[2]
EXAMPLE = (ROOT / ".env.example").read_text(encoding="utf-8")
COMPOSE = (ROOT / "compose.yaml").read_text(encoding="utf-8")
SETTING = re.compile(r"#([A-Z][A-Z0-9_]*)=(.*)")

# What compose.yaml decides itself.
FIXED = {"DATABASE_URL", "DATABASE_OWNER_URL", "TELLYKEEP_DATA_DIR", "TELLYKEEP_BIND", "TELLYKEEP_CADDY_ADDRESS"}


def setting_names() -> set[str]:
    """The environment variables that the application reads."""
    return {environment_name(attribute) for attribute in Settings.model_fields}


def file_names() -> set[str]:
    return {f"{name}_FILE" for name in _SecretFiles.names}


def compose_names() -> set[str]:
    """What compose.yaml takes from `.env` for itself."""
    return set(re.findall(r"\$\{(\w+)", COMPOSE)) - setting_names()


def examples() -> dict[str, str]:
    """Name to the value that stands in the file."""
    found = [match for line in EXAMPLE.splitlines() if (match := SETTING.fullmatch(line))]
    assert len(found) == len({match[1] for match in found}), "a name stands there twice"
    return {match[1]: match[2] for match in found}


def test_every_setting_is_in_the_example() -> None:
    assert setting_names() | file_names() | compose_names() <= set(examples())


def test_every_name_in_the_example_is_a_setting() -> None:
    assert set(examples()) <= setting_names() | file_names() | compose_names()


def test_every_line_is_a_setting_a_comment_or_empty() -> None:
    for line in EXAMPLE.splitlines():
        assert not line or line == "#" or line.startswith("# ") or SETTING.fullmatch(line), line


def test_every_setting_is_explained_by_the_comment_above_it() -> None:
    lines = EXAMPLE.splitlines()
    for number, line in enumerate(lines):
        match = SETTING.fullmatch(line)
        if match and not match[1].endswith("_FILE"):
            assert lines[number - 1].startswith("# "), match[1]


def test_a_default_in_the_example_is_the_default() -> None:
    defaults = load_settings()
    for attribute in Settings.model_fields:
        default = getattr(defaults, attribute)
        if default not in (None, ()):
            shown = default.get_secret_value() if hasattr(default, "get_secret_value") else default
            assert examples()[environment_name(attribute)] == str(shown)


def test_the_examples_of_settings_without_a_default_are_valid(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in examples().items():
        if name in setting_names():
            monkeypatch.setenv(name, value)
    load_settings()


def test_compose_passes_every_setting_on_that_it_does_not_decide() -> None:
    passed = set(re.findall(r"^      (\w+): \$\{\1:-\}$", COMPOSE, re.MULTILINE))
    assert passed == setting_names() - FIXED
