"""People, leads, deals, and what is done about them."""

from __future__ import annotations

from slareport.tables.contract import (
    DATE,
    DAY,
    ID,
    INSTANT,
    KEY,
    MESSAGES,
    MODIFIED,
    MONEY,
    NAMED,
    NUMBER,
    RATE,
    REMOVED,
    STARTS,
    STATUS,
    TEXT,
    VOID,
    Column,
    Table,
    must_be,
    one_of,
)

USERS = Table(
    "users",
    ("user_id",),
    {
        "user_id": KEY,
        "name": TEXT,
        "kind": must_be("human", "queue", "automation"),
        "team": TEXT,
        "role": TEXT,
        "manager": TEXT,
        "active_from": DATE,
        "active_to": DATE,
        **MODIFIED,
    },
)
MEMBERSHIPS = Table(
    "memberships",
    ("user_id", "from_on"),
    {"user_id": KEY, "team": NAMED, "from_on": DAY, "to_on": DATE},
)
ABSENCES = Table(
    "absences",
    ("user_id", "from_on"),
    {"user_id": KEY, "from_on": DAY, "to_on": DAY},
)
ACCOUNTS = Table(
    "accounts",
    ("account_id",),
    {"account_id": KEY, "name": TEXT, "segment": TEXT, "region": TEXT, **MODIFIED},
)


LEADS = Table(
    "leads",
    ("lead_id",),
    {
        "lead_id": KEY,
        "name": TEXT,
        "account": TEXT,
        "person": Column("person"),
        "channel": TEXT,
        "segment": TEXT,
        "priority": TEXT,
        "created_at": STARTS,
        "qualified_at": INSTANT,
        "accepted_at": INSTANT,
        "rejected_at": INSTANT,
        "reject_reason": TEXT,
        "withdrawn_at": INSTANT,
        "owner_id": ID,
        "opportunity_id": ID,
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
    ("activity_id", "lead_id", "opportunity_id"),
    {
        "activity_id": KEY,
        "lead_id": ID,
        "opportunity_id": ID,
        "actor_id": ID,
        "channel": must_be(*MESSAGES, "note", "task", "form"),
        "direction": must_be("outbound", "inbound", "internal"),
        "outcome": one_of("connected", "attempted", *VOID),
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
        "segment": TEXT,
        "owner_id": ID,
        "kind": TEXT,
        "created_at": INSTANT,
        "status": STATUS,
        "stage": TEXT,
        "amount": MONEY,
        "currency": TEXT,
        "probability": RATE,
        "forecast_category": one_of("omitted", "pipeline", "best case", "most likely", "commit", "closed"),
        "expected_close_on": DATE,
        "closed_at": INSTANT,
        "lost_reason": TEXT,
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
        "amount": MONEY,
        "probability": RATE,
        "expected_close_on": DATE,
        "changed_by": ID,
    },
    known_at=("entered_at",),
)
OPPORTUNITY_PRODUCTS = Table(
    "opportunity_products",
    ("line_id",),
    {"line_id": KEY, "opportunity_id": KEY, "product": TEXT, "quantity": NUMBER, "amount": MONEY},
)
PRODUCTS = Table("products", ("product",), {"product": KEY, "name": TEXT})
STEPS = Table(
    "steps",
    ("step_id",),
    {
        "step_id": KEY,
        "opportunity_id": KEY,
        "step": NAMED,
        "performer_id": ID,
        "requested_at": INSTANT,
        "completed_at": INSTANT,
        **MODIFIED,
    },
    known_at=("requested_at",),
)
