"""Two versions of the agreement side by side: what differs, in words, and what a year would have been under each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from pydantic import BaseModel

from slareport import format as fmt
from slareport.agreement import Promise, Version
from slareport.evaluation import Evaluation
from slareport.playback import Playback, play_back
from slareport.worktime import Duration

NAMES = ("title", "name", "module", "step")  # what tells the parts of a list apart, best first
SHARES = ("target", "warn_at")
YEAR = 4  # quarters
NOTHING = "nothing"


@dataclass(frozen=True)
class Difference:
    """What one place of the agreement says in either version; `where` is its path in words."""

    where: str
    before: str
    after: str


@dataclass(frozen=True)
class Under:
    """The past periods under one promise as either version has it."""

    before: Playback
    after: Playback


def differences(old: Version, new: Version) -> list[Difference]:
    """Every place at which two versions differ, in the order of the file; what one lacks is "nothing" there."""
    before, after = dict(_said(old, ())), dict(_said(new, ()))
    places = [*before, *(place for place in after if place not in before)]
    return [
        Difference(", ".join(place), before.get(place, NOTHING), after.get(place, NOTHING))
        for place in places
        if before.get(place) != after.get(place)
    ]


def under_each(made: Evaluation, old: Version, new: Version, team: str | None = None) -> list[Under]:
    """The promises that both versions make otherwise, with what the periods of a year would have been under each."""
    later = {promise.id: promise for promise in new.promises}
    both = [(one, later[one.id]) for one in old.promises if one.id in later]
    changed = [pair for pair in both if _judged_by(pair[0]) != _judged_by(pair[1])]
    return [Under(*(play_back(made, promise, team, YEAR) for promise in pair)) for pair in changed]


def _judged_by(promise: Promise) -> dict[str, Any]:
    """What decides whether a promise is kept, without its words and people."""
    return promise.model_dump(include={"kpi", "knobs", "population", "by", "target", "min_n", "pause", "exclusions"})


def _said(value: Any, place: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], str]]:
    """Every place of a part of the agreement, with what it says in words."""
    if isinstance(value, BaseModel):
        value = {_plain(name): getattr(value, name) for name in type(value).model_fields if name != "id"}
    if isinstance(value, Mapping):
        for name, part in value.items():
            yield from _said(part, (*place, str(name)))
    elif isinstance(value, list) and value and isinstance(value[0], BaseModel):
        for part in value:
            yield from _said(part, (*place, _name(part)))
    elif value not in (None, [], {}):
        yield place, _worded(value, place[-1] if place else "")


def _name(part: BaseModel) -> str:
    return str(next(getattr(part, name) for name in NAMES if hasattr(part, name)))


def _worded(value: Any, name: str) -> str:
    if isinstance(value, Duration):
        return value.words
    if isinstance(value, Decimal) and name.replace(" ", "_") in SHARES:
        return fmt.percent(value)
    return fmt.listed([str(each) for each in value]) if isinstance(value, list) else str(value)


def _plain(name: str) -> str:
    return name.replace("_", " ")
