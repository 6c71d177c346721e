"""What a canonical table is: columns of a type, a key, and what becomes of a row that is not used as it stands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Type = Literal["id", "text", "person", "instant", "date", "money", "number", "rate", "flag", "choice"]

DTYPES = {
    "instant": "datetime64[us, UTC]",
    "date": "datetime64[us]",
    "money": "float64",
    "number": "float64",
    "rate": "float64",
    "flag": "bool",
}
REJECTS = ("table", "id", "place", "value", "reason", "effect")
SET_ASIDE = "row set aside"
NOT_USED = "value not used"
EXCLUDED = "row excluded"
ADJUSTED = "value adjusted"
SUSPECT = "counted, but suspect"
COUNTED_UNASSIGNED = "counted as unassigned"


@dataclass(frozen=True)
class Column:
    """One column: its type, whether a row is useless without it, and the values a choice may take.

    `person` is an e-mail address or telephone number: only a digest of it is kept, to tell people apart.
    A `rate` lies between 0 and 1.
    """

    type: Type = "text"
    required: bool = False
    choices: tuple[str, ...] = ()


@dataclass(frozen=True)
class Table:
    """One canonical table: its columns, what identifies a row, and the instants that make a row known."""

    name: str
    key: tuple[str, ...]
    columns: Mapping[str, Column]
    known_at: tuple[str, ...] = ()

    @property
    def required(self) -> list[str]:
        """The columns a mapping must fill."""
        return [name for name, column in self.columns.items() if column.required]

    @property
    def dtypes(self) -> dict[str, str]:
        """What its columns are in pandas; beside an instant stands `<name>__date`, whether it is a day without time."""
        types: dict[str, str] = {}
        for name, column in self.columns.items():
            types[name] = DTYPES.get(column.type, "str")
            if column.type == "instant":
                types[f"{name}__date"] = "bool"
        return types


ID, KEY = Column("id"), Column("id", required=True)
TEXT, NAMED = Column(), Column(required=True)
INSTANT, STARTS = Column("instant"), Column("instant", required=True)
DATE, DAY = Column("date"), Column("date", required=True)
MONEY, NUMBER, RATE, FLAG = Column("money"), Column("number"), Column("rate"), Column("flag")


def one_of(*choices: str) -> Column:
    """A column whose value must be one of these, if it has one."""
    return Column("choice", choices=choices)


def must_be(*choices: str) -> Column:
    """A column that must have one of these values."""
    return Column("choice", required=True, choices=choices)


MODIFIED = {"modified_at": INSTANT}
REMOVED = {"is_test": FLAG, "is_deleted": FLAG, "merged_into_id": ID}
STATUS = must_be("open", "won", "lost", "no decision")
MESSAGES = ("call", "email", "meeting", "chat", "sms", "social")
VOID = ("bounced", "no show", "cancelled")  # a message that reached nobody
