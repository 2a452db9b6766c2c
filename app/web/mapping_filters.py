"""What the list of mappings is narrowed to, as its address says it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import url_for

from app.errors import Invalid
from app.web import asked

# By a button each: its name in the address, what it is called, the tracker's arguments.
STATES: dict[str, tuple[str, dict[str, Any]]] = {
    "all": ("All", {}),
    "unconfirmed": ("Not confirmed", {"confirmed": False}),
    "off": ("Switched off", {"unmapped": False, "switched_on": False}),
    "untracked": ("Not tracked", {"tracked": False}),
    "asking": ("With a question", {"conflicts": True}),
}

CONFIDENCES = ("0.70", "0.80", "0.90", "1.00")
_LONGEST = 100


@dataclass(frozen=True)
class MappingFilters:
    """What is asked for.

    Attributes:
        show: one of `STATES`.
        query: a part of a title.
        method: how they were found; empty: in any way.
        confidence: below which, one of `CONFIDENCES`; empty: any.
    """

    show: str
    query: str
    method: str
    confidence: str

    def wanted(self) -> dict[str, Any]:
        """As the tracker takes it."""
        return STATES[self.show][1] | {
            "below": float(self.confidence) if self.confidence else None,
            "method": self.method or None,
            "q": self.query or None,
        }

    @property
    def arguments(self) -> dict[str, str]:
        """As an address or a form says them; what is not asked for is not in it."""
        said = {
            "show": "" if self.show == "all" else self.show,
            "method": self.method,
            "confidence": self.confidence,
            "q": self.query,
        }
        return {name: value for name, value in said.items() if value}

    def address(self, **more: Any) -> str:
        """The list with these filters; `more` of the same name take their place. For templates."""
        return url_for("mappings.index", **(self.arguments | more))


def asked_filters(values: Mapping[str, str]) -> MappingFilters:
    """The filters in an address.

    Raises:
        Invalid: there is no such state or confidence.
    """
    confidence = values.get("confidence", "")
    if confidence and confidence not in CONFIDENCES:
        raise Invalid("there is no such confidence", fields={"confidence": ", ".join(CONFIDENCES)})
    return MappingFilters(
        asked.choice(values, "show", tuple(STATES)),
        asked.query(values),
        values.get("method", "").replace("\x00", "")[:_LONGEST],
        confidence,
    )
