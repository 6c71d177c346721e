"""Which KPIs a mapping makes measurable, and what the others lack."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from slareport import kpis  # noqa: F401  registers them
from slareport.kpi import KPI, KPIS
from slareport.layout import Mapping
from slareport.mapping import Source
from slareport.tables import TABLES

CLOSED = "opportunities.closed_at or stage_history"
TOUCHES = ("activities.lead_id", "activities.actor_id", "users")
LEGS = ("leads.owner_id", "lead_assignments.assigned_at", "users")
TERM = {"from_at": ("quotas.from_on",), "to_at": ("quotas.to_on",)}
DWELL = ("stage_history.stage", "stage_history.entered_at")
CYCLE = ("opportunities.created_at", CLOSED)
WAITS = ("opportunities.created_at", "activities.opportunity_id", "activities.actor_id", "users")

# What the items of a subject are made of: under "" what every one of them needs, then what each of their columns
# needs. A need is a canonical `table.column` or a whole table; "or" stands between what can stand for each other.
# A column that the canonical table of the subject's own name has is read from there, and needs no line.
NEEDS: dict[str, dict[str, tuple[str, ...]]] = {
    "leads": {
        "": ("leads",),
        "assigned_at": LEGS,
        "offered_at": ("handoffs.offered_at or lead_assignments.assigned_at",),
        "first_touch_at": TOUCHES,
        "automatic_touch_at": TOUCHES,
    },
    "lead_handoffs": {
        "": ("leads",),
        "offered_at": ("handoffs.offered_at or leads.qualified_at",),
        "accepted_at": ("handoffs.accepted_at or leads.accepted_at",),
        "rejected_at": ("handoffs.rejected_at or leads.rejected_at",),
        "decided_at": ("handoffs.accepted_at or leads.accepted_at",),
    },
    "lead_commitments": {
        "": ("quotas",),
        "committed": ("quotas.amount",),
        "delivered": ("leads.qualified_at",),
        **TERM,
    },
    "opportunities": {
        "": ("opportunities",),
        "closed_at": (CLOSED,),
        "cycle_days": CYCLE,
        "first_cycle_days": CYCLE,
        "active_days": CYCLE,
        "missing_steps": ("steps.step",),
        "repeated_steps": ("steps.performer_id",),
    },
    "stage_visits": {
        "": ("stage_history",),
        "entered_at": DWELL,
        "left_at": DWELL,
        "dwell_days": DWELL,
        "moved_on": DWELL,
        "status": ("opportunities.status",),
    },
    "touch_gaps": {"": ("opportunities",), "started_at": WAITS, "stopped_at": (*WAITS, CLOSED)},
    "steps": {"": ("steps",)},
    "won_deals": {
        "": ("opportunities.status",),
        "closed_at": (CLOSED,),
        **{
            column: (f"handoffs.{column}",)
            for column in (
                "offered_at",
                "accepted_at",
                "returned_at",
                "completed_at",
                "required_items",
                "present_items",
            )
        },
    },
    "feedback": {"": ("feedback",)},
    "satisfaction": {"": ("satisfaction",), "superseded": ("satisfaction.responded_at",)},
    "coverage": {
        "": ("quotas",),
        "counted_at": ("quotas.from_on",),
        "quota": ("quotas.amount",),
        "open_amount": ("stage_history.amount", "stage_history.expected_close_on"),
        **TERM,
    },
    "forecasts": {
        "": ("quotas",),
        "forecast": ("forecasts.amount or stage_history.probability",),
        "actual": ("opportunities.amount", CLOSED),
        **TERM,
    },
    "role_days": {"": (), "day_at": (), "roles": ()},  # the agreement says it all
    "learners": {"": ("training.module", "users.role"), "missing": ("training.completed_on",)},
    "training": {"": ("training",), "due_at": ("training.due_on",), "done_at": ("training.completed_on",)},
}


@dataclass(frozen=True)
class Verdict:
    """One KPI, and what it needs that no file fills: nothing if it is measurable."""

    kpi: KPI
    lacking: tuple[str, ...]


def needs(kpi: KPI) -> tuple[str, ...]:
    """The canonical columns and tables a KPI is computed from.

    A column of the canonical table itself stands for itself; one that items carry otherwise is taken to be there.
    """
    known, own = NEEDS.get(kpi.subject, {}), TABLES[kpi.subject].columns if kpi.subject in TABLES else {}
    found = list(known.get("", ()))
    for column in (kpi.on, *kpi.columns):
        found += known.get(column, (f"{kpi.subject}.{column}",) if column in own else ())
    return tuple(dict.fromkeys(found))


def verdicts(mapping: Mapping) -> list[Verdict]:
    """Every registered KPI with what this mapping does not give it, by label."""
    there = set(mapping.tables)
    there |= {f"{name}.{column}" for name, parts in mapping.tables.items() for part in parts for column in part.columns}
    judged = (Verdict(kpi, _lacking(needs(kpi), there)) for kpi in KPIS.values())
    return sorted(judged, key=lambda verdict: verdict.kpi.label)


def lacking(source: Source, absent: Iterable[str] = ()) -> dict[str, tuple[str, ...]]:
    """Per KPI that is not measurable, by name, what it needs and a source does not give.

    `absent` names the native tables that the mapping allows to be missing, and are.
    """
    gone = set(absent)
    parts = {name: [part for part in parts if part.source not in gone] for name, parts in source.tables.items()}
    there = {name: given for name, given in parts.items() if given}
    found = verdicts(source.mapping.model_copy(update={"tables": there}))
    return {verdict.kpi.name: verdict.lacking for verdict in found if verdict.lacking}


def _lacking(needed: Iterable[str], there: set[str]) -> tuple[str, ...]:
    """What is not there; of a table that is missing whole and gives several columns, only its name."""
    missing = [need for need in needed if not there & set(need.split(" or "))]
    tables = Counter(need.partition(".")[0] for need in missing if " or " not in need)
    whole = {table for table, times in tables.items() if times > 1 and table not in there}
    named = (need if " or " in need or (table := need.partition(".")[0]) not in whole else table for need in missing)
    return tuple(dict.fromkeys(named))


def sentence(mapping: Mapping) -> str:
    """What is measurable and what the rest needs, as one paragraph.

    >>> "Win rate needs opportunities" in sentence(Mapping(title="none", tables={}))
    True
    """
    judged = verdicts(mapping)
    ready = ", ".join(verdict.kpi.label.lower() for verdict in judged if not verdict.lacking) or "nothing"
    lines = [f"Measurable now: {ready}."]
    lines += [f"{verdict.kpi.label} needs {', '.join(verdict.lacking)}." for verdict in judged if verdict.lacking]
    return "\n".join(lines)
