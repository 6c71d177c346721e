"""The events in the life of a lead, a deal, or anything else that is judged, as the CRM tables tell them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pandas as pd

from slareport.items import Known
from slareport.tables import MESSAGES, VOID

# What can happen, in the order in which events of one instant are told.
EVENTS = (
    "created",
    "qualified",
    "offered",
    "stage",
    "owner",
    "request",
    "answer",
    "reopened",
    "closed",
    "started",
    "paused",
    "resumed",
    "touch",
    "stopped",
    "warning",
    "deadline",
    "data ends",
)
NOBODY = "nobody known"
UNTOLD = ("created_at", "modified_at")


@dataclass(frozen=True)
class Event:
    """One thing that happened. `remark` is for what a reader must know of it, such as why a touch does not count."""

    at: pd.Timestamp
    event: str
    words: str
    remark: str = ""


def lead_events(known: Known, lead: str) -> Iterator[Event]:
    """When a lead came in, was qualified and offered, accepted or not; touches and owners are told apart."""
    row = row_of(known, "leads", lead)
    channel = f" by {row['channel']}" if pd.notna(row["channel"]) else ""
    yield Event(row["created_at"], "created", f"Lead {lead} came in{channel}")
    yield Event(row["qualified_at"], "qualified", "Qualified")
    yield Event(row["accepted_at"], "answer", "Accepted by sales")
    yield Event(row["rejected_at"], "answer", "Rejected by sales" + _because(row["reject_reason"]))
    yield Event(row["withdrawn_at"], "closed", "Withdrawn by the lead")
    handoffs = known.tables["handoffs"]
    yield from _handoffs(handoffs[handoffs["lead_id"].eq(lead)])


def touches(known: Known, key: str, about: str) -> Iterator[tuple[pd.Series, Event]]:
    """Every touch of a lead or deal, each with its row; the remark says why one is no message of ours."""
    rows, kinds = known.tables["activities"], known.kinds()
    mine = rows[rows[key].eq(about)].sort_values(["occurred_at", "activity_id"], kind="stable")
    for _, row in mine.iterrows():
        by = f" by {name_of(known, row['actor_id'])}"
        words = row["channel"].capitalize() + (" from the customer" if row["direction"] == "inbound" else by)
        yield row, Event(row["occurred_at"], "touch", words, _no_message(row, kinds.get(row["actor_id"])))


def deal_events(known: Known, deal: str) -> Iterator[Event]:
    """A deal from its first contact to its closing: stages and how long each lasted, steps, handoffs, feedback."""
    row, tables = row_of(known, "opportunities", deal), known.tables
    leads = known["leads"]
    for name, lead in leads[leads["opportunity_id"].eq(deal)].iterrows():
        yield Event(lead["created_at"], "created", f"First contact: lead {name} came in")
        yield Event(lead["first_touch_at"], "touch", f"First reply to lead {name}")
    yield Event(row["created_at"], "created", f"Deal {deal} created")
    history = tables["stage_history"]
    history = history[history["opportunity_id"].eq(deal)]
    yield from _stages(history, known.as_of)
    if history.empty:
        yield Event(row["closed_at"], "closed", f"Closed: {row['status']}{_because(row['lost_reason'])}")
    steps = tables["steps"]
    for _, step in steps[steps["opportunity_id"].eq(deal)].iterrows():
        name = _words(step["step"])
        yield Event(step["requested_at"], "request", f"{name} requested")
        yield Event(step["completed_at"], "answer", f"{name} completed by {name_of(known, step['performer_id'])}")
    handoffs = tables["handoffs"]
    yield from _handoffs(handoffs[handoffs["opportunity_id"].eq(deal)])
    feedback = tables["feedback"]
    for _, given in feedback[feedback["opportunity_id"].eq(deal)].iterrows():
        yield Event(given["submitted_at"], "request", f"Feedback {given['feedback_id']} to product")
        yield Event(given["decided_at"], "answer", f"Feedback {given['feedback_id']} decided")
    asked = tables["satisfaction"]
    for _, survey in asked[asked["opportunity_id"].eq(deal)].iterrows():
        yield Event(survey["sent_at"], "request", f"Survey ({survey['survey']}) sent")
        yield Event(survey["responded_at"], "answer", f"Survey ({survey['survey']}) answered: {survey['score']:g}")


def own_events(row: pd.Series) -> Iterator[Event]:
    """The instants that an item itself carries, in the words of their columns."""
    carried = row[[name for name in row.index if str(name).endswith("_at") and name not in UNTOLD]].dropna()
    if not carried.eq(row["created_at"]).any():
        yield Event(row["created_at"], "created", "Begins")
    for name, at in carried.items():
        yield Event(at, "answer", _words(str(name).removesuffix("_at")))


def row_of(known: Known, subject: str, item: object) -> Any:
    """One item of a subject, as a Series."""
    return known[subject].loc[str(item)]


def name_of(known: Known, user: Any) -> str:
    """A person as people know them."""
    users = known.tables["users"].drop_duplicates("user_id").set_index("user_id")["name"]
    name = users.get(user) if pd.notna(user) else None
    return str(name) if name is not None and pd.notna(name) else NOBODY


def _stages(history: pd.DataFrame, as_of: pd.Timestamp) -> Iterator[Event]:
    """Stages with how long each lasted; edits within a stage are no events, a closing or reopening is."""
    told = history["stage"].fillna("") + "/" + history["status"]
    same = told.eq(told.shift())
    entered = history[~same]
    left = entered["entered_at"].shift(-1)
    before = ""
    for (_, row), until in zip(entered.iterrows(), left, strict=True):
        days = ((until if pd.notna(until) else as_of) - row["entered_at"]) / pd.Timedelta(days=1)
        stage = f"stage {row['stage']}" if pd.notna(row["stage"]) else "open"
        so_far = "" if pd.notna(until) else " so far"
        if row["status"] != "open":
            yield Event(row["entered_at"], "closed", f"Closed: {row['status']}")
        elif before and before != "open":
            yield Event(row["entered_at"], "reopened", f"Reopened: {stage}, for {days:.1f} days{so_far}")
        else:
            yield Event(row["entered_at"], "stage", f"{stage[0].upper()}{stage[1:]}, for {days:.1f} days{so_far}")
        before = row["status"]


def _handoffs(rows: pd.DataFrame) -> Iterator[Event]:
    for _, row in rows.iterrows():
        what = f"Handoff from {row['kind']}"
        yield Event(row["offered_at"], "offered", f"{what} offered")
        yield Event(row["accepted_at"], "answer", f"{what} accepted")
        yield Event(row["rejected_at"], "answer", f"{what} rejected{_because(row['reject_reason'])}")
        yield Event(row["returned_at"], "answer", f"{what} returned")
        yield Event(row["completed_at"], "answer", f"{what} completed")


def _no_message(touch: pd.Series, kind: object) -> str:
    """Why a touch is no message of ours that reached the customer; empty where it is one."""
    if touch["direction"] == "inbound":
        return "from the customer"
    if touch["direction"] == "internal" or touch["channel"] not in MESSAGES:
        return "internal: no message to the customer"
    if touch["outcome"] in VOID:
        return f"reached nobody: {touch['outcome']}"
    by = {"human": "", "automation": "sent automatically", "queue": "sent by a queue"}
    return by.get(str(kind), f"sent by {NOBODY}")


def _because(reason: Any) -> str:
    return f", {reason}" if pd.notna(reason) else ""


def _words(name: str) -> str:
    return name.replace("_", " ").capitalize()
