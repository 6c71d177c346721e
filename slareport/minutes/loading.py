"""The minutes of all reviews, read, and refused where they cannot be so."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from slareport.agreement import Agreement
from slareport.documents import Document, Place, parse, read_document
from slareport.errors import Problem, SlareportError, UsageError, did_you_mean
from slareport.minutes.models import Action, Decision, Dispute, Minutes, Waiver
from slareport.period import Period, parse_period
from slareport.teams import COMPANY, Team

ITEMS = ("explanations", "disputes", "waivers")
KEYS: Mapping[str, Any] = {
    "explanations": lambda one: (one.promise, one.item) if one.item else (one.promise, one.by, one.text),
    "notes": lambda one: (one.promise, one.by, one.text),
    "disputes": lambda one: (one.promise, one.item),
    "waivers": lambda one: (one.promise, one.item),
    "decisions": lambda one: one.question,
    "actions": lambda one: (one.action, one.owner),
    "signed": lambda one: (one.by, one.packet[:8], one.notebook),
}


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
        """The files that say nothing a review needs: of later periods, and where it is a team's, of the others.

        A waiver counts whenever it was given, so a file that has one is needed.
        """
        return {
            file
            for (name, whose), file in self.files.items()
            if team not in (whose, COMPANY)
            or (self.periods[name].start > period.start and not self.minutes.get((name, whose), Minutes()).waivers)
        }

    def carried(self, period: Period, team: str) -> list[Action]:
        """The actions of a team's earlier reviews that were not done when the period before began, oldest first."""
        actions = [action for said in self._before(period, team) for action in said.actions]
        return [one for one in actions if one.done_on is None or one.done_on >= period.previous().start]

    def decided(self, period: Period, team: str) -> list[Decision]:
        """The decisions of a team's earlier reviews that were not taken when the period before began, oldest first."""
        decisions = [decision for said in self._before(period, team) for decision in said.decisions]
        return [one for one in decisions if one.taken is None or one.taken.on >= period.previous().start]

    def waivers(self, team: str) -> list[tuple[str, Waiver]]:
        """The waivers that the reviews of a team have given, each with the name of its period, the oldest first."""
        named = sorted((self.periods[name].start, name) for name, whose in self.minutes if whose == team)
        return [(name, waiver) for _, name in named for waiver in self.minutes[name, team].waivers]

    def _before(self, period: Period, team: str) -> list[Minutes]:
        """What was said at a team's earlier reviews, the oldest first."""
        earlier = sorted(
            (self.periods[name].start, name)
            for name, whose in self.minutes
            if whose == team and self.periods[name].start < period.start
        )
        return [self.minutes[name, team] for _, name in earlier]


def load_reviews(folder: Path, root: Path, agreement: Agreement | None, teams: Mapping[str, Team] | None) -> Reviews:
    """Read the minutes of every review there is.

    Raises `UsageError` with all problems of all files: folders that are no period, files that are no team, and whatever
    `contradictions` finds.
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
        problems += contradictions(document, said, path.stem, agreement)
        minutes[period.name, path.stem] = said
        periods[period.name] = period
        files[period.name, path.stem] = document.file
        digests[document.file] = document.sha256
    if problems:
        raise UsageError(problems)
    return Reviews(minutes, periods, files, digests)


def contradictions(document: Document, said: Minutes, team: str, agreement: Agreement | None) -> Iterator[Problem]:
    """What cannot be so in the minutes of a team's review, or the company's: each thing said once, of what there is."""
    if agreement is not None:
        yield from _unknown(document, said, {p.id for version in agreement.versions for p in version.promises})
    for index, decision in enumerate(said.decisions):
        yield from _undecided(document, index, decision)
    for index, dispute in enumerate(said.disputes):
        yield from _half_answered(document, index, dispute)
    for name, of in KEYS.items():
        entries: Sequence[Any] = getattr(said, name)
        if team == COMPANY and name in ITEMS:
            for index in (n for n, one in enumerate(entries) if one.item):
                cure = "say it in the review of the item's own team"
                yield document.problem((name, index, "item"), "the review of the company is about no item", cure=cure)
        first: dict[Hashable, int] = {}
        for index, one in enumerate(entries):
            if (before := first.setdefault(of(one), index)) != index:
                yield document.problem((name, index), f"has been said in {name}[{before}]", cure="keep one of them")


def _unknown(document: Document, said: Minutes, promises: set[str]) -> Iterator[Problem]:
    """What is said of promises that there are not."""
    for name in ("explanations", "notes", "disputes", "waivers"):
        for index, one in enumerate(getattr(said, name)):
            if one.promise is not None and one.promise not in promises:
                what, cure = "no version of the agreement promises this", did_you_mean(one.promise, promises)
                yield document.problem((name, index, "promise"), what, one.promise, cure)


def _undecided(document: Document, index: int, decision: Decision) -> Iterator[Problem]:
    place: Place = ("decisions", index)
    texts = [option.text for option in decision.options]
    if sum(option.recommended for option in decision.options) > 1:
        what, cure = "more than one option is recommended", "recommend one of them, or none"
        yield document.problem((*place, "options"), what, cure=cure)
    if len(set(texts)) < len(texts):
        yield document.problem((*place, "options"), "two options have the same text", cure="keep one of them")
    if decision.taken is not None and decision.taken.choice not in texts:
        what, found = "none of the options", decision.taken.choice
        yield document.problem((*place, "taken", "choice"), what, found, did_you_mean(found, texts))


def _half_answered(document: Document, index: int, dispute: Dispute) -> Iterator[Problem]:
    answer = {name: getattr(dispute, name) for name in ("answer", "answered_by", "answered_on")}
    absent = [name for name, value in answer.items() if value is None]
    if absent and (len(absent) < len(answer) or dispute.upheld is not None):
        cure = " and ".join(f"add `{name}:`" for name in absent)
        yield document.problem(("disputes", index), "is answered only in part", cure=cure)
    elif dispute.answered_on is not None and dispute.answered_on < dispute.on:
        what, cure = "is answered before it was raised", "correct one of the days"
        yield document.problem(("disputes", index, "answered_on"), what, dispute.answered_on.isoformat(), cure)
