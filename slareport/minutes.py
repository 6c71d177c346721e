"""What people say about a review: explanations of misses, decisions asked for, actions that follow.

One file per review, `parameters/reviews/<period>/<team, or _all>.yaml`. Packets quote it and name who said it;
nothing in it is ever counted.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import Field

from slareport.agreement import Agreement, Identifier, Text
from slareport.documents import Day, Document, Strict, parse, read_document
from slareport.errors import Problem, SlareportError, UsageError, did_you_mean
from slareport.period import Period, parse_period
from slareport.teams import COMPANY, Team

MOST_DECISIONS = 3


class Explanation(Strict):
    """Why a promise was missed, in the words of who answers for it."""

    promise: Identifier
    by: Text
    on: Day
    text: Text


class Option(Strict):
    """One way to decide; at most one of them is recommended."""

    text: Text
    recommended: bool = False


class Decision(Strict):
    """What the review is asked to decide: a question, the options put to the decider, and until when."""

    question: Text
    options: list[Option] = Field(min_length=2, max_length=5)
    decider: Text
    due: Day


class Action(Strict):
    """What someone will do, until when, and since when it is done."""

    action: Text
    owner: Text
    due: Day
    done_on: Day | None = None


class Minutes(Strict):
    """Everything said about one review, and since when it has been held."""

    held_on: Day | None = None
    explanations: list[Explanation] = []
    decisions: list[Decision] = Field(default=[], max_length=MOST_DECISIONS)
    actions: list[Action] = []

    def explained(self, promise: str) -> list[Explanation]:
        """The explanations of one promise, in the order of the file."""
        return [one for one in self.explanations if one.promise == promise]


@dataclass(frozen=True)
class Reviews:
    """The minutes of all reviews and their files, by period and team; `digests` has the digest of every file read."""

    minutes: Mapping[tuple[str, str], Minutes] = field(default_factory=dict)
    periods: Mapping[str, Period] = field(default_factory=dict)
    files: Mapping[tuple[str, str], str] = field(default_factory=dict)
    digests: Mapping[str, str] = field(default_factory=dict)

    def of(self, period: Period, team: str) -> Minutes:
        """What was said about one review; empty minutes where nothing has been."""
        return self.minutes.get((period.name, team), Minutes())

    def unread(self, period: Period, team: str) -> set[str]:
        """The files that say nothing a review needs: of later periods, and where it is a team's, of the others."""
        return {
            file
            for (name, whose), file in self.files.items()
            if self.periods[name].start > period.start or team not in (whose, COMPANY)
        }

    def carried(self, period: Period, team: str) -> list[Action]:
        """The actions of a team's earlier reviews that were not done when the period before began, oldest first."""
        before = period.previous()
        earlier = sorted(
            (self.periods[name].start, name)
            for name, whose in self.minutes
            if whose == team and self.periods[name].start < period.start
        )
        actions = [action for _, name in earlier for action in self.minutes[name, team].actions]
        return [action for action in actions if action.done_on is None or action.done_on >= before.start]


def load_reviews(folder: Path, root: Path, agreement: Agreement | None, teams: Mapping[str, Team] | None) -> Reviews:
    """Read the minutes of every review there is.

    Raises `UsageError` with all problems of all files: folders that are no period, files that are no team, promises
    that no version of the agreement has, two recommendations.
    """
    name = folder.relative_to(root).as_posix()
    problems: list[Problem] = []
    minutes, periods, files, digests = {}, {}, {}, {}
    known = [COMPANY, *(teams or ())]
    for path in sorted(folder.glob("*/*")):
        file = f"{name}/{path.parent.name}/{path.name}"
        try:
            period = parse_period(path.parent.name, fiscal_start=agreement.fiscal_start if agreement else 1)
            if path.suffix != ".yaml":
                raise UsageError(Problem("not read", file, cure="name it .yaml, or remove it"))
            if teams is not None and path.stem not in known:
                raise UsageError(Problem("no such team", file, found=path.stem, cure=did_you_mean(path.stem, known)))
            if (period.name, path.stem) in minutes:
                raise UsageError(
                    Problem(f"this review of {period.name} has another file", file, cure="keep one of them")
                )
            document = read_document(path, root)
            said = parse(document, Minutes)
        except SlareportError as error:
            problems += [Problem(p.what, p.file or file, p.place, p.found, p.cure) for p in error.problems]
            continue
        problems += _contradictions(document, said, agreement)
        minutes[period.name, path.stem] = said
        periods[period.name] = period
        files[period.name, path.stem] = document.file
        digests[document.file] = document.sha256
    if problems:
        raise UsageError(problems)
    return Reviews(minutes, periods, files, digests)


def _contradictions(document: Document, said: Minutes, agreement: Agreement | None) -> Iterator[Problem]:
    promises = {p.id for version in agreement.versions for p in version.promises} if agreement else None
    for index, one in enumerate(said.explanations):
        if promises is not None and one.promise not in promises:
            place = ("explanations", index, "promise")
            cure = did_you_mean(one.promise, promises)
            yield document.problem(place, "no version of the agreement promises this", one.promise, cure)
    for index, decision in enumerate(said.decisions):
        if sum(option.recommended for option in decision.options) > 1:
            place = ("decisions", index, "options")
            yield document.problem(place, "more than one option is recommended", cure="recommend one of them, or none")


def overdue(action: Action, day: dt.date) -> bool:
    """Whether an action was due before a day and not done by then."""
    return action.due < day and (action.done_on is None or action.done_on > day)
