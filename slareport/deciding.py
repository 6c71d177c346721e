"""What a review notes, asks, decides and agrees to do, and the answer to a dispute, as changes to its minutes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any, NamedTuple

from slareport.documents import as_said
from slareport.errors import Problem, UsageError
from slareport.minutes import Action, Decision, Dispute, Note, Reviews, Taken
from slareport.period import Period
from slareport.saying import Changes

WORDS = {"decisions": "question", "actions": "action"}  # what a decision and an action are called by


class Found(NamedTuple):
    """An entry of the minutes of one review, and its place in their list."""

    period: Period
    place: int
    entry: Any


def note(text: str, by: str, on: dt.date, promise: str = "") -> Changes:
    """A remark on a review, or on one promise of it."""
    return Changes({"notes": [as_said(Note, text=text, by=by, on=on, promise=promise or None)]})


def ask(question: str, options: Sequence[str], recommended: str, decider: str, due: dt.date) -> Changes:
    """A decision that is asked for. Raises `UsageError` where the option recommended is none of them."""
    if recommended and recommended not in options:
        known = ", ".join(options)
        raise UsageError(Problem("none of the options", "--recommend", found=recommended, cure=f"choose of: {known}"))
    given = [{"text": text, "recommended": text == recommended} for text in options]
    asked = as_said(Decision, question=question, options=given, decider=decider, due=due)
    return Changes({"decisions": [asked]})


def decide(found: Found, choice: str, by: str, on: dt.date, remark: str = "") -> Changes:
    """How a decision was taken."""
    taken = as_said(Taken, choice=choice, by=by, on=on, note=remark or None)
    return Changes(changed={("decisions", found.place): found.entry.model_copy(update={"taken": taken})})


def act(action: str, owner: str, due: dt.date) -> Changes:
    """What someone will do, until when."""
    return Changes({"actions": [as_said(Action, action=action, owner=owner, due=due)]})


def done(found: Found, on: dt.date) -> Changes:
    """An action is done."""
    return Changes(changed={("actions", found.place): found.entry.model_copy(update={"done_on": on})})


def answer(
    disputes: Sequence[Dispute], promise: str, item: str, text: str, by: str, on: dt.date, *, upheld: bool
) -> Changes:
    """What is answered to a dispute. Raises `UsageError` where there is none of this item, or it has been answered."""
    open_still = [f"{one.promise} {one.item}" for one in disputes if one.answer is None]
    if f"{promise} {item}" not in open_still:
        cure = f"open are: {', '.join(open_still)}" if open_still else "none is open"
        raise UsageError(Problem("no open dispute", found=f"{promise} {item}", cure=cure))
    index = next(n for n, one in enumerate(disputes) if (one.promise, one.item) == (promise, item))
    said = {"answer": text, "answered_by": by, "answered_on": on, "upheld": upheld}
    answered = as_said(Dispute, **{**disputes[index].model_dump(), **said})
    return Changes(changed={("disputes", index): answered})


def waiting(reviews: Reviews, team: str, name: str, beginning: str) -> Found:
    """The open decision or action of a team's reviews that begins so, or says just that; of the very same the oldest.

    Raises `UsageError` where none does, or several.
    """
    held = [(reviews.periods[period], said) for (period, whose), said in reviews.minutes.items() if whose == team]
    found = [
        Found(period, index, entry)
        for period, said in sorted(held, key=lambda one: one[0].start)
        for index, entry in enumerate(getattr(said, name))
        if (entry.taken if name == "decisions" else entry.done_on) is None
    ]
    known, begun = [_words(one, name) for one in found], beginning.strip().casefold()
    fitting = [one for one in found if begun and _words(one, name).casefold().startswith(begun)]
    fitting = [one for one in fitting if _words(one, name).casefold() == begun] or fitting
    if len({_words(one, name) for one in fitting}) != 1:
        what = f"no open {WORDS[name]} begins so" if not fitting else f"several open {name} begin so"
        cure = f"open are: {'; '.join(dict.fromkeys(known))}" if known else "none is open"
        raise UsageError(Problem(what, found=beginning, cure=cure))
    return fitting[0]


def _words(found: Found, name: str) -> str:
    return str(getattr(found.entry, WORDS[name]))
