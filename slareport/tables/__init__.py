"""The canonical tables: the one contract between what CRMs hold and what KPIs judge.

A mapping fills these columns from native ones. A column is text unless said otherwise; instants are UTC;
a required column without a value sets its row aside, an optional one stays empty. Whatever becomes of a row other
than being used is listed as one row of `REJECTS`, with its effect.

A row about something a team answers for names it in `lead_id`, `opportunity_id` or `user_id`: the first of them
that is known gives the row its team. A new table is a `Table` in `sales` or `neighbours`, and a line in `TABLES`.
"""

from __future__ import annotations

from slareport.tables import neighbours, sales
from slareport.tables.contract import (
    ADJUSTED,
    COUNTED_UNASSIGNED,
    DTYPES,
    EXCLUDED,
    MESSAGES,
    NOT_USED,
    REJECTS,
    SET_ASIDE,
    SUSPECT,
    TEXT,
    VOID,
    Column,
    Table,
    Type,
)

__all__ = [
    "ADJUSTED",
    "COUNTED_UNASSIGNED",
    "DTYPES",
    "EXCLUDED",
    "EXTRACTED",
    "MESSAGES",
    "NOT_USED",
    "REJECTS",
    "SET_ASIDE",
    "SHARED",
    "SUSPECT",
    "TABLES",
    "TEAMED",
    "TEXT",
    "VOID",
    "Column",
    "Table",
    "Type",
]

TABLES: dict[str, Table] = {
    table.name: table
    for table in (
        sales.USERS,
        sales.MEMBERSHIPS,
        sales.ABSENCES,
        sales.ACCOUNTS,
        sales.LEADS,
        sales.LEAD_ASSIGNMENTS,
        sales.ACTIVITIES,
        sales.OPPORTUNITIES,
        sales.STAGE_HISTORY,
        sales.PRODUCTS,
        sales.OPPORTUNITY_PRODUCTS,
        sales.STEPS,
        neighbours.HANDOFFS,
        neighbours.FEEDBACK,
        neighbours.SATISFACTION,
        neighbours.QUOTAS,
        neighbours.FX_RATES,
        neighbours.FORECASTS,
        neighbours.HOLDS,
        neighbours.WAIVERS,
        neighbours.TRAINING,
    )
}

# What an extract holds, each table with the order of its rows; of lead_assignments it holds the legs they mean.
EXTRACTED: dict[str, tuple[str, ...]] = {
    "users": ("user_id",),
    "absences": ("user_id", "from_on"),
    "fx_rates": ("currency", "from_on"),
    "leads": ("lead_id",),
    "lead_legs": ("lead_id", "from_at", "leg"),
    "activities": ("activity_id", "lead_id", "opportunity_id"),
    "opportunities": ("opportunity_id",),
    "stage_history": ("opportunity_id", "entered_at", "history_id"),
    "opportunity_products": ("opportunity_id", "line_id"),
    "steps": ("step_id",),
    "handoffs": ("handoff_id",),
    "feedback": ("feedback_id",),
    "satisfaction": ("response_id",),
    "quotas": ("quota_id",),
    "forecasts": ("user_id", "from_on", "snapshot_at"),
    "holds": ("hold_id",),
    "waivers": ("waiver_id",),
    "training": ("user_id", "module"),
}
SHARED = ("users", "absences", "fx_rates")  # every team needs all of them: a lead is touched and held by others too
TEAMED = EXTRACTED.keys() - set(SHARED)
