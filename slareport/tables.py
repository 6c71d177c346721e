"""The canonical tables: the one contract between what CRMs hold and what KPIs judge.

A mapping fills these columns from native ones. A column is text unless said otherwise; instants are UTC;
a required column without a value sets its row aside, an optional one stays empty. Whatever becomes of a row other
than being used is listed as one row of `REJECTS`, with one of the effects below.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Type = Literal["id", "text", "instant", "date", "money", "number", "flag", "choice"]

REJECTS = ("table", "id", "place", "value", "reason", "effect")
SET_ASIDE = "row set aside"
NOT_USED = "value not used"
EXCLUDED = "row excluded"
ADJUSTED = "value adjusted"
COUNTED_UNASSIGNED = "counted as unassigned"


@dataclass(frozen=True)
class Column:
    """One column: its type, whether a row is useless without it, and the values a choice may take."""

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


ID = Column("id")
KEY = Column("id", required=True)
TEXT = Column()
INSTANT = Column("instant")
STARTS = Column("instant", required=True)
MODIFIED = {"modified_at": INSTANT}
REMOVED = {"is_test": Column("flag"), "is_deleted": Column("flag")}
STATUS = Column("choice", required=True, choices=("open", "won", "lost", "no decision"))
MESSAGES = ("call", "email", "meeting", "chat", "sms", "social")

USERS = Table(
    "users",
    ("user_id",),
    {
        "user_id": KEY,
        "name": TEXT,
        "kind": Column("choice", required=True, choices=("human", "queue", "automation")),
        "team": TEXT,
        **MODIFIED,
    },
)
LEADS = Table(
    "leads",
    ("lead_id",),
    {
        "lead_id": KEY,
        "name": TEXT,
        "account": TEXT,
        "channel": TEXT,
        "segment": TEXT,
        "created_at": STARTS,
        "owner_id": ID,
        "opportunity_id": ID,
        "merged_into_id": ID,
        **REMOVED,
        **MODIFIED,
    },
    known_at=("created_at",),
)
LEAD_ASSIGNMENTS = Table(
    "lead_assignments",
    ("lead_id", "assigned_at"),
    {"lead_id": KEY, "assigned_at": STARTS, "owner_id": ID, "previous_owner_id": ID},
    known_at=("assigned_at",),
)
ACTIVITIES = Table(
    "activities",
    ("activity_id",),
    {
        "activity_id": KEY,
        "lead_id": ID,
        "opportunity_id": ID,
        "actor_id": ID,
        "channel": Column("choice", required=True, choices=(*MESSAGES, "note", "task", "form")),
        "direction": Column("choice", required=True, choices=("outbound", "inbound", "internal")),
        "occurred_at": STARTS,
        "logged_at": INSTANT,
        **MODIFIED,
    },
    known_at=("logged_at", "occurred_at"),
)
OPPORTUNITIES = Table(
    "opportunities",
    ("opportunity_id",),
    {
        "opportunity_id": KEY,
        "name": TEXT,
        "account": TEXT,
        "owner_id": ID,
        "created_at": INSTANT,
        "status": STATUS,
        "stage": TEXT,
        "amount": Column("money"),
        "currency": TEXT,
        "closed_at": INSTANT,
        **REMOVED,
        **MODIFIED,
    },
    known_at=("created_at",),
)
STAGE_HISTORY = Table(
    "stage_history",
    ("history_id",),
    {
        "history_id": KEY,
        "opportunity_id": KEY,
        "stage": TEXT,
        "status": STATUS,
        "entered_at": STARTS,
    },
    known_at=("entered_at",),
)
OPPORTUNITY_PRODUCTS = Table(
    "opportunity_products",
    ("line_id",),
    {
        "line_id": KEY,
        "opportunity_id": KEY,
        "product": TEXT,
        "quantity": Column("number"),
        "amount": Column("money"),
    },
)
PRODUCTS = Table("products", ("product",), {"product": KEY, "name": TEXT})

TABLES: dict[str, Table] = {
    table.name: table
    for table in (
        USERS,
        LEADS,
        LEAD_ASSIGNMENTS,
        ACTIVITIES,
        OPPORTUNITIES,
        STAGE_HISTORY,
        PRODUCTS,
        OPPORTUNITY_PRODUCTS,
    )
}

# What an extract holds, each table with the order of its rows; of lead_assignments it holds the legs they mean.
EXTRACTED: dict[str, tuple[str, ...]] = {
    "users": ("user_id",),
    "leads": ("lead_id",),
    "lead_legs": ("lead_id", "from_at", "leg"),
    "activities": ("activity_id",),
    "opportunities": ("opportunity_id",),
    "stage_history": ("opportunity_id", "entered_at", "history_id"),
    "opportunity_products": ("opportunity_id", "line_id"),
}
TEAMED = EXTRACTED.keys() - {"users"}  # every team needs all users: a lead is touched and held by others too
