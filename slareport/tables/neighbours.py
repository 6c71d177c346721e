"""What departments owe each other, and what is planned, allowed and learnt."""

from __future__ import annotations

from slareport.tables.contract import (
    DATE,
    DAY,
    ID,
    INSTANT,
    KEY,
    MODIFIED,
    MONEY,
    NAMED,
    NUMBER,
    STARTS,
    TEXT,
    Column,
    Table,
    must_be,
)

HANDOFFS = Table(
    "handoffs",
    ("handoff_id",),
    {
        "handoff_id": KEY,
        "kind": must_be("marketing to sales", "sales to product", "sales to customer success"),
        "lead_id": ID,
        "opportunity_id": ID,
        "offered_at": INSTANT,
        "accepted_at": INSTANT,
        "rejected_at": INSTANT,
        "reject_reason": TEXT,
        "returned_at": INSTANT,
        "completed_at": INSTANT,
        "required_items": NUMBER,
        "present_items": NUMBER,
        **MODIFIED,
    },
    known_at=("offered_at",),
)
FEEDBACK = Table(
    "feedback",
    ("feedback_id",),
    {
        "feedback_id": KEY,
        "name": TEXT,
        "opportunity_id": ID,
        "user_id": ID,
        "product_area": TEXT,
        "duplicate_of": ID,
        "amount": MONEY,
        "currency": TEXT,
        "submitted_at": STARTS,
        "acknowledged_at": INSTANT,
        "decided_at": INSTANT,
        "decision": TEXT,
        "told_at": INSTANT,
        **MODIFIED,
    },
    known_at=("submitted_at",),
)
SATISFACTION = Table(
    "satisfaction",
    ("response_id",),
    {
        "response_id": KEY,
        "survey": must_be("csat", "nps"),
        "scale_min": NUMBER,
        "scale_max": NUMBER,
        "opportunity_id": ID,
        "user_id": ID,
        "account": TEXT,
        "sent_at": STARTS,
        "responded_at": INSTANT,
        "score": NUMBER,
    },
    known_at=("sent_at",),
)


QUOTAS = Table(
    "quotas",
    ("quota_id",),
    {
        "quota_id": KEY,
        "user_id": KEY,
        "measure": must_be("won amount", "qualified leads"),
        "from_on": DAY,
        "to_on": DAY,
        "amount": Column("money", required=True),
        "currency": TEXT,
    },
)
FX_RATES = Table(
    "fx_rates",
    ("currency", "from_on"),
    {"currency": KEY, "from_on": DAY, "rate": Column("number", required=True)},
)
FORECASTS = Table(
    "forecasts",
    ("user_id", "from_on", "snapshot_at"),
    {
        "snapshot_at": STARTS,
        "user_id": KEY,
        "from_on": DAY,
        "to_on": DAY,
        "amount": Column("money", required=True),
        "currency": TEXT,
    },
    known_at=("snapshot_at",),
)
HOLDS = Table(
    "holds",
    ("hold_id",),
    {
        "hold_id": KEY,
        "lead_id": ID,
        "opportunity_id": ID,
        "promise": TEXT,
        "started_at": STARTS,
        "ended_at": INSTANT,
        "reason": NAMED,
        "approved_by": TEXT,
    },
    known_at=("started_at",),
)
WAIVERS = Table(
    "waivers",
    ("waiver_id",),
    {
        "waiver_id": KEY,
        "lead_id": ID,
        "opportunity_id": ID,
        "item": ID,
        "promise": NAMED,
        "reason": NAMED,
        "approved_by": NAMED,
        "approved_at": STARTS,
    },
    known_at=("approved_at",),
)
TRAINING = Table(
    "training",
    ("user_id", "module"),
    {"user_id": KEY, "module": NAMED, "due_on": DATE, "completed_on": DATE},
)
