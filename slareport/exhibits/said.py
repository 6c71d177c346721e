"""What people said about a review, quoted: decisions, explanations, notes, disputes, actions carried over."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from string import ascii_lowercase

import pandas as pd

from slareport import format as fmt
from slareport import sections
from slareport.findings import cause_counts
from slareport.minutes import Action, Decision, Dispute, Explanation, Note, overdue
from slareport.sections import Asked, Bar, Cell, Quote, Section, Table


def needed(decisions: Sequence[Decision]) -> str:
    """How many decisions are needed, and until when: the end of the bottom line; empty for none."""
    due = [decision.due for decision in decisions if decision.taken is None]
    if not due:
        return ""
    first = fmt.day(min(due))
    if len(due) == 1:
        return f"One decision is needed by {first}."
    return f"{fmt.plural(len(due), 'decision')} are needed, the first by {first}."


def asked(decisions: Sequence[Decision]) -> list[Asked]:
    """Decisions with their options by letter, and how they were taken, ready for the page."""
    return [
        Asked(
            f"{decision.decider}, by {fmt.day(decision.due)}",
            decision.question,
            [f"({letter}) {option.text}{' (recommended)' * option.recommended}"
             for letter, option in zip(ascii_lowercase, decision.options, strict=False)],
            _taken(decision),
        )
        for decision in decisions
    ]  # fmt: skip


def explained(
    misses: pd.DataFrame,
    said: Sequence[Explanation],
    owner: str,
    notes: Sequence[Note] = (),
    disputes: Sequence[Dispute] = (),
) -> Section:
    """Why a promise was missed: the causes counted, then its owner in their own words, or that there are none yet.

    Notes follow, and what was disputed, each dispute with its answer.
    """
    counts = cause_counts(misses)
    bars = [Bar(str(cause).capitalize(), fmt.count(n), n / len(misses)) for cause, n in counts.items()]
    names = dict(zip(misses["item"], misses["name"], strict=True)) if len(misses) else {}
    quotes = [Quote(one.text, _by(one, f"on {_named(one.item, names)}" * bool(one.item))) for one in said]
    quotes += [Quote(one.text, _by(one)) for one in notes]
    quotes += [quote for one in disputes for quote in _disputed(one, names)]
    missing = "" if said else f"No explanation yet from {owner}."
    return sections.section("explained", "why", bars=bars, quotes=quotes, missing=missing)


def remarks(notes: Sequence[Note], disputes: Sequence[Dispute], titles: Mapping[str, str]) -> Section:
    """What else was said: notes on the review or on promises that were not missed, and disputes under those."""
    quotes = [Quote(one.text, _by(one, f"on {titles[one.promise] if one.promise else 'all of it'}")) for one in notes]
    quotes += [quote for one in disputes for quote in _disputed(one, {})]
    return sections.section("explained", "notes", bars=[], quotes=quotes, missing="")


def carried(actions: Sequence[Action], day: dt.date, decisions: Sequence[Decision] = ()) -> Section:
    """The decisions and actions of earlier reviews: taken or done, open or overdue on a day; nothing if there are none.

    Decisions are as they were known on that day.
    """
    if not actions and not decisions:
        return sections.nothing("no actions are open")
    found = [_decisions(decisions, day)] * bool(decisions) + [_actions(actions, day)] * bool(actions)
    return sections.tables("actions", *(table for table, _ in found), above=[told for _, told in found])


def _decisions(decisions: Sequence[Decision], day: dt.date) -> tuple[Table, str]:
    rows: list[list[Cell]] = [
        [one.question, one.decider, fmt.day(one.due), sections.result(*_outcome(one, day))] for one in decisions
    ]
    taken = sum(one.taken is not None for one in decisions)
    late = sum(one.taken is None and one.due < day for one in decisions)
    told = f"{taken} of {fmt.plural(len(decisions), 'decision')} taken{f', {late} overdue' * bool(late)}."
    columns = sections.columns(["Decision", "Decider", "Due", "State"])
    return Table("Decisions asked for at earlier reviews", columns, rows), told


def _actions(actions: Sequence[Action], day: dt.date) -> tuple[Table, str]:
    rows: list[list[Cell]] = [
        [one.action, one.owner, fmt.day(one.due), sections.result(*_state(one, day))] for one in actions
    ]
    done = sum(one.done_on is not None and one.done_on <= day for one in actions)
    late = sum(overdue(one, day) for one in actions)
    told = f"{done} of {fmt.plural(len(actions), 'action')} done{f', {late} overdue' * bool(late)}."
    return Table("Actions agreed at earlier reviews", sections.columns(["Action", "Owner", "Due", "State"]), rows), told


def _state(action: Action, day: dt.date) -> tuple[str, str]:
    if action.done_on is not None and action.done_on <= day:
        return "kept", f"Done {fmt.day(action.done_on)}"
    return _waiting(action.due, day)


def _outcome(decision: Decision, day: dt.date) -> tuple[str, ...]:
    if decision.taken is None:
        return _waiting(decision.due, day)
    return "kept", f"Decided {fmt.day(decision.taken.on)}", f"{decision.taken.choice} ({decision.taken.by})"


def _waiting(due: dt.date, day: dt.date) -> tuple[str, str]:
    if due < day:
        return "missed", f"Overdue by {fmt.plural((day - due).days, 'day')}"
    return "none", "Open"


def _taken(decision: Decision) -> str:
    if decision.taken is None:
        return ""
    taken = f"Decided {fmt.day(decision.taken.on)} by {decision.taken.by}: {decision.taken.choice}."
    return f"{taken} {decision.taken.note}" if decision.taken.note else taken


def _disputed(dispute: Dispute, names: Mapping[str, object]) -> Iterator[Quote]:
    """What was disputed, and its answer."""
    raised = _by(dispute, f"disputes {_named(dispute.item, names)}")
    if dispute.answer is None or dispute.answered_on is None:
        yield Quote(dispute.text, f"{raised}; not answered yet")
        return
    upheld = {True: ": upheld", False: ": not upheld", None: ""}[dispute.upheld]
    yield Quote(dispute.text, raised)
    yield Quote(dispute.answer, f"{dispute.answered_by}, {fmt.day(dispute.answered_on)}, answers{upheld}")


def _by(said: Explanation | Note | Dispute, about: str = "") -> str:
    return ", ".join(filter(None, [said.by, fmt.day(said.on), about]))


def _named(item: str | None, names: Mapping[str, object]) -> str:
    """An item by its name where it is known, else by its id."""
    name = names.get(str(item))
    return f"{name} ({item})" if isinstance(name, str) and name else str(item)
