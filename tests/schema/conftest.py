"""`--update-schema` writes sql/schema.sql anew instead of comparing it (`make schema`)."""

from __future__ import annotations

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-schema", action="store_true", help="write sql/schema.sql from the migrated database")
