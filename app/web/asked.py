"""What a form or an address asks for, read into values: nothing that the database cannot hold comes through."""

from __future__ import annotations

from collections.abc import Mapping

from app.errors import Invalid

LARGEST_ID = 2**63 - 1
LARGEST_NUMBER = 100_000
LARGEST_FOREIGN_ID = 2**31 - 1
LONGEST_QUERY = 200


def whole_number(
    values: Mapping[str, str], name: str, *, at_least: int = 0, at_most: int = LARGEST_NUMBER
) -> int | None:
    """The number in a field; None where it is empty.

    Raises:
        Invalid: it holds something else.
    """
    text = values.get(name, "").strip()
    if not text:
        return None
    digits = text.removeprefix("-")
    if digits.isascii() and digits.isdigit() and len(digits) <= 19 and at_least <= int(text) <= at_most:
        return int(text)
    raise Invalid(
        f"{name.replace('_', ' ')} is no number that can be here",
        fields={name: f"a number from {at_least} to {at_most}"},
    )


def show_id(values: Mapping[str, str], name: str) -> int | None:
    """The id of something of ours; None where the field is empty."""
    return whole_number(values, name, at_least=1, at_most=LARGEST_ID)


def place_in_list(values: Mapping[str, str]) -> int | None:
    """After which row a list goes on; None for its beginning."""
    return whole_number(values, "before", at_least=1, at_most=LARGEST_ID)


def query(values: Mapping[str, str]) -> str:
    """What is searched for, as the database can take it."""
    return " ".join(values.get("q", "").replace("\x00", "").split())[:LONGEST_QUERY]


def choice(values: Mapping[str, str], name: str, choices: tuple[str, ...]) -> str:
    """One of the choices; the first where none is made.

    Raises:
        Invalid: there is no such choice.
    """
    chosen = values.get(name) or choices[0]
    if chosen not in choices:
        raise Invalid(f"there is no such {name}", fields={name: ", ".join(choices)})
    return chosen
