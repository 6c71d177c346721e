"""What makes a version of the agreement hard to keep to or to measure, though nothing in it is wrong."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator

from slareport import format as fmt
from slareport.agreement import Promise, Responsibility, Version
from slareport.documents import Document
from slareport.errors import Problem

FEW = 5  # items, below which a share says next to nothing
DAY = dt.timedelta(days=1)


def lint(version: Version, document: Document, teams: Iterable[str]) -> Iterator[Problem]:
    """What a careful reader would ask about: a place, what is doubtful, the cure.

    Services that nothing measures, promises judged on next to no items, two that ask for different shares of the same,
    and steps of the process with no role accountable on some days, or with several.
    """
    for index, service in enumerate(version.services):
        if not service.promises:
            what, cure = "promised, not measured", "name the promises that say how well: `promises: [...]`"
            yield document.problem(("services", index), what, service.name, cure)
    for index, promise in enumerate(version.promises):
        if promise.min_n < FEW:
            what, cure = "a share of so few items says next to nothing", f"write `min_n: {FEW}` or more"
            yield document.problem(("promises", index), what, f"{promise.id}: min_n {promise.min_n}", cure)
        for other in version.promises[:index]:
            if _same_items(promise, other) and promise.target != other.target:
                what = f"{other.id} promises another share of the same"
                yield document.problem(("promises", index, "target"), what, promise.id, "keep one of them")
    yield from _accountable(version, document, list(teams))


def _same_items(one: Promise, other: Promise) -> bool:
    """Whether two promises judge the same items in the same way."""
    fields = {"kpi", "knobs", "population", "by", "exclusions", "pause"}
    return one.model_dump(include=fields) == other.model_dump(include=fields)


def _accountable(version: Version, document: Document, teams: list[str]) -> Iterator[Problem]:
    """The steps that on some days nobody answers for, or several roles do."""
    for step in dict.fromkeys(each.step for each in version.responsibilities):
        held = [each for each in version.responsibilities if each.step == step]
        place = ("responsibilities", version.responsibilities.index(held[0]))
        for team in teams:
            mine = [each for each in held if each.team in (None, team)]
            for day in _turns(mine, version):
                roles = {each.accountable for each in mine if each.covers(day)}
                if len(roles) != 1:
                    who = fmt.listed(sorted(roles)) if roles else "nobody"
                    what = f"from {day} on {who} {'is' if len(roles) < 2 else 'are'} accountable for {step}"
                    yield document.problem(place, what, team, "let exactly one role be, on every day")


def _turns(rows: list[Responsibility], version: Version) -> list[dt.date]:
    """The days from which on others may be accountable, from the day the version takes effect."""
    last = version.ends_on or dt.date.max
    days = {version.effective_from, *(each.from_on for each in rows if each.from_on)}
    days |= {each.to_on + DAY for each in rows if each.to_on and each.to_on < last}
    return sorted(day for day in days if version.effective_from <= day <= last)
