"""The models of what people say about a review."""

from __future__ import annotations

import datetime as dt
import re
from typing import Annotated

from pydantic import BeforeValidator, Field

from slareport.agreement import Identifier, Text
from slareport.documents import Day, Strict, checked
from slareport.errors import Problem, UsageError
from slareport.teams import COMPANY

MOST_DECISIONS = 3


def packet_digest(text: str) -> str:
    """The content digest of a packet, or the eight characters of it that its folder is named by.

    >>> packet_digest("1a2b3c4d")
    '1a2b3c4d'
    """
    if not re.fullmatch(r"[0-9a-f]{8}([0-9a-f]{56})?", text):
        cure = "write the content_digest of its manifest.json, or the last 8 characters of its folder's name"
        raise UsageError(Problem("not the digest of a packet", cure=cure))
    return text


class Explanation(Strict):
    """Why a promise was missed, or one item of it, in the words of who answers for it."""

    promise: Identifier
    item: Text | None = None
    by: Text
    on: Day
    text: Text


class Note(Strict):
    """A remark on a review, or on one promise of it."""

    promise: Identifier | None = None
    by: Text
    on: Day
    text: Text


class Dispute(Strict):
    """Why a miss should be none, in someone's words, and what was answered. Upheld or not, it changes no number."""

    promise: Identifier
    item: Text
    by: Text
    on: Day
    text: Text
    answer: Text | None = None
    answered_by: Text | None = None
    answered_on: Day | None = None
    upheld: bool | None = None


class Waiver(Strict):
    """An item that someone lets a promise off: it does not count, from the end of the day `on` on."""

    promise: Identifier
    item: Text
    reason: Text
    approved_by: Text
    on: Day


class Option(Strict):
    """One way to decide; at most one of them is recommended."""

    text: Text
    recommended: bool = False


class Taken(Strict):
    """How it was decided: the text of one of the options, who decided, and when."""

    choice: Text
    by: Text
    on: Day
    note: Text | None = None


class Decision(Strict):
    """What the review is asked to decide: a question, the options put to the decider, until when, and the outcome."""

    question: Text
    options: list[Option] = Field(min_length=2, max_length=5)
    decider: Text
    due: Day
    taken: Taken | None = None

    def known(self, day: dt.date) -> Decision:
        """The decision as it stood at the end of a day."""
        later = self.taken is not None and self.taken.on > day
        return self.model_copy(update={"taken": None}) if later else self


class Action(Strict):
    """What someone will do, until when, and since when it is done."""

    action: Text
    owner: Text
    due: Day
    done_on: Day | None = None

    def known(self, day: dt.date) -> Action:
        """The action as it stood at the end of a day."""
        later = self.done_on is not None and self.done_on > day
        return self.model_copy(update={"done_on": None}) if later else self


class Signature(Strict):
    """Who signed a review, and exactly which packet of it; without `notebook` that of the review itself."""

    by: Text
    role: Text | None = None
    on: Day
    packet: Annotated[Text, BeforeValidator(checked(packet_digest))]
    notebook: Text | None = None

    def notebook_of(self, team: str) -> str:
        """The notebook whose packet was signed."""
        return self.notebook or main_notebook(team)


class Minutes(Strict):
    """Everything said about one review, since when it has been held, and who signed it."""

    held_on: Day | None = None
    explanations: list[Explanation] = []
    notes: list[Note] = []
    disputes: list[Dispute] = []
    waivers: list[Waiver] = []
    decisions: list[Decision] = Field(default=[], max_length=MOST_DECISIONS)
    actions: list[Action] = []
    signed: list[Signature] = []

    def explained(self, promise: str) -> list[Explanation]:
        """The explanations of one promise, in the order of the file."""
        return [one for one in self.explanations if one.promise == promise]

    def noted(self, promise: str | None) -> list[Note]:
        """The notes on one promise, or on the review as a whole."""
        return [one for one in self.notes if one.promise == promise]

    def disputed(self, promise: str) -> list[Dispute]:
        """The disputes under one promise."""
        return [one for one in self.disputes if one.promise == promise]


def main_notebook(team: str) -> str:
    """The notebook that reviews a team, or the company."""
    return "leadership_summary" if team == COMPANY else "team_review"


def overdue(action: Action, day: dt.date) -> bool:
    """Whether an action was due before a day and not done by then."""
    return action.due < day and (action.done_on is None or action.done_on > day)
