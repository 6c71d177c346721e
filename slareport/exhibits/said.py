"""What people said about a review, quoted: the decision asked for, explanations, actions that are carried over."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from string import ascii_lowercase

import pandas as pd

from slareport import format as fmt
from slareport import sections
from slareport.findings import cause_counts
from slareport.minutes import Action, Decision, Explanation, overdue
from slareport.sections import Asked, Bar, Cell, Quote, Section, Table


def needed(decisions: Sequence[Decision]) -> str:
    """How many decisions are needed, and until when: the end of the bottom line; empty for none."""
    if not decisions:
        return ""
    first = fmt.day(min(decision.due for decision in decisions))
    if len(decisions) == 1:
        return f"One decision is needed by {first}."
    return f"{fmt.plural(len(decisions), 'decision')} are needed, the first by {first}."


def asked(decisions: Sequence[Decision]) -> list[Asked]:
    """Decisions with their options by letter, ready for the page."""
    return [
        Asked(
            f"{decision.decider}, by {fmt.day(decision.due)}",
            decision.question,
            [f"({letter}) {option.text}{' (recommended)' * option.recommended}"
             for letter, option in zip(ascii_lowercase, decision.options, strict=False)],
        )
        for decision in decisions
    ]  # fmt: skip


def explained(misses: pd.DataFrame, said: Sequence[Explanation], owner: str) -> Section:
    """Why a promise was missed: the causes counted, then its owner in their own words, or that there are none yet."""
    counts = cause_counts(misses)
    bars = [Bar(str(cause).capitalize(), fmt.count(n), n / len(misses)) for cause, n in counts.items()]
    quotes = [Quote(one.text, f"{one.by}, {fmt.day(one.on)}") for one in said]
    missing = "" if quotes else f"No explanation yet from {owner}."
    return sections.section("explained", "why", bars=bars, quotes=quotes, missing=missing)


def carried(actions: Sequence[Action], day: dt.date) -> Section:
    """The actions of earlier reviews: done, open or overdue on a day; nothing where there are none."""
    if not actions:
        return sections.nothing("no actions are open")
    rows: list[list[Cell]] = [
        [one.action, one.owner, fmt.day(one.due), sections.result(*_state(one, day))] for one in actions
    ]
    done = sum(one.done_on is not None and one.done_on <= day for one in actions)
    late = sum(overdue(one, day) for one in actions)
    told = f"{done} of {fmt.plural(len(actions), 'action')} done{f', {late} overdue' * bool(late)}."
    table = Table("Actions agreed at earlier reviews", sections.columns(["Action", "Owner", "Due", "State"]), rows)
    return sections.tables("actions", table, above=[told])


def _state(action: Action, day: dt.date) -> tuple[str, str]:
    if action.done_on is not None and action.done_on <= day:
        return "kept", f"Done {fmt.day(action.done_on)}"
    if overdue(action, day):
        return "missed", f"Overdue by {fmt.plural((day - action.due).days, 'day')}"
    return "none", "Open"
