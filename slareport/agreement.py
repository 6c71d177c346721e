"""The agreement as data: what is promised to whom, on which calendars, since when.

One complete file per version under `parameters/agreement/`, named by the day it takes effect. The version in
force when an item's clock starts governs it for good: a later change never re-judges.
"""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import pandas as pd
from pydantic import BeforeValidator, Field, InstanceOf, TypeAdapter, ValidationError

from slareport.documents import Day, Document, Strict, Zone, checked, parse, read_document, told
from slareport.errors import Problem, UsageError, did_you_mean
from slareport.kpi import KPIS, Kind
from slareport.period import Period, local_instant
from slareport.worktime import Calendar, Duration, parse_duration, parse_windows

DAY = dt.timedelta(days=1)
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def parse_share(text: str) -> Decimal:
    """A share of the whole, written 95% or 0.95.

    >>> parse_share("95%"), parse_share("0.95")
    (Decimal('0.95'), Decimal('0.95'))
    """
    if not re.fullmatch(r"[0-9]{1,3}(\.[0-9]{1,6})?%?", text):
        raise UsageError(Problem("not a share", cure="write 95% or 0.95"))
    value = Decimal(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
    if not 0 < value <= 1:
        raise UsageError(Problem("a share lies above 0% and up to 100%", cure="write 95% or 0.95"))
    return value.normalize()


def parse_hours(text: str) -> tuple[int, ...]:
    """Weekday numbers (Monday is 0) of a day or a range of days.

    >>> parse_hours("mon-fri"), parse_hours("sat")
    ((0, 1, 2, 3, 4), (5,))
    """
    first, _, last = text.lower().replace(" ", "").partition("-")
    if first not in DAYS or (last or first) not in DAYS or DAYS.index(last or first) < DAYS.index(first):
        cure = f"write one of {', '.join(DAYS)}, or a range such as mon-fri"
        raise UsageError(Problem("not a day or a range of days", found=text, cure=cure))
    return tuple(range(DAYS.index(first), DAYS.index(last or first) + 1))


Share = Annotated[Decimal, BeforeValidator(checked(parse_share))]
Identifier = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,39}$")]
Text = Annotated[str, Field(min_length=1)]


class Party(Strict):
    """A department that signs, and who speaks for it."""

    name: Text
    signatory: Text


class Service(Strict):
    """What one party provides to another."""

    name: Text
    provider: Text
    receiver: Text
    description: Text


class Responsibility(Strict):
    """Who does a step of the sale, and the one role that answers for it."""

    step: Text
    accountable: Text
    responsible: list[Text] = Field(min_length=1)
    consulted: list[Text] = []
    informed: list[Text] = []


class Hours(Strict):
    """A calendar as written: `hours` by day or range of days, public holidays by region, own days added or taken."""

    zone: Text
    hours: dict[str, Text] = Field(min_length=1)
    holidays: str | None = None
    closed_on: list[Day] = []
    open_on: list[Day] = []

    def calendar(self, name: str) -> Calendar:
        """The calendar these hours mean. Raises `UsageError` for hours that contradict themselves."""
        windows: dict[int, tuple[tuple[int, int], ...]] = {}
        for days, text in self.hours.items():
            for day in parse_hours(days):
                if day in windows:
                    raise UsageError(Problem(f"{DAYS[day]} has hours twice", found=days, cure="write each day once"))
                windows[day] = parse_windows(text)
        return Calendar(name, self.zone, windows, self.holidays, frozenset(self.closed_on), frozenset(self.open_on))


class Measure(Strict):
    """What a promise and an outcome have in common: the KPI that judges it, and the knobs it is set to."""

    id: Identifier
    title: Text
    kpi: Text
    knobs: dict[str, Any] = {}
    min_n: Annotated[int, Field(ge=1)] = 1
    owner: Text


class Promise(Measure):
    """What is owed for every single item: kept or missed, with a target for the share kept."""

    promise: Text
    target: Share
    escalation: str | None = None
    if_missed: str | None = None


class Outcome(Measure):
    """A result of the business, watched beside the promises: it gets better or worse, and is never a miss."""


class Review(Strict):
    """When reviews happen: who leads them, and how many business days data may settle after a period."""

    settle_business_days: Annotated[int, Field(ge=0, le=60)]
    calendar: Text
    owners: list[Text] = Field(min_length=1)


class Change(Strict):
    """Why this version replaced the one before."""

    reason: Text
    approved_by: Text


class Version(Strict):
    """One complete version of the agreement."""

    title: Text
    version: Text
    effective_from: Day
    ends_on: Day | None = None
    timezone: Zone
    fiscal_year_starts_in_month: Annotated[int, Field(ge=1, le=12)] = 1
    parties: list[Party] = Field(min_length=2)
    services: list[Service] = []
    standards: list[Text] = []
    responsibilities: list[Responsibility] = []
    calendars: dict[Identifier, Hours] = Field(min_length=1)
    promises: list[Promise] = []
    outcomes: list[Outcome] = []
    review: Review
    change: Change | None = None

    @property
    def measures(self) -> list[Promise | Outcome]:
        """Promises, then outcomes, in the order of the file."""
        return [*self.promises, *self.outcomes]

    def measure(self, name: str) -> Promise | Outcome | None:
        """The promise or outcome of this id, None where this version has none."""
        return next((measure for measure in self.measures if measure.id == name), None)

    def working_hours(self) -> dict[str, Calendar]:
        """Every calendar of this version by name."""
        return {name: hours.calendar(name) for name, hours in self.calendars.items()}


@dataclass(frozen=True)
class Agreement:
    """All versions in order of effect, and the digest of each file."""

    versions: tuple[Version, ...]
    digests: Mapping[str, str]

    @property
    def zone(self) -> str:
        """The reporting zone, in which periods begin and end: the same in all versions."""
        return self.versions[-1].timezone

    @property
    def fiscal_start(self) -> int:
        """The month in which the fiscal year begins."""
        return self.versions[-1].fiscal_year_starts_in_month

    def effective_at(self) -> list[pd.Timestamp]:
        """The instant each version takes effect: midnight in the reporting zone."""
        return [self._midnight(version.effective_from) for version in self.versions]

    def version_of(self, instants: pd.Series) -> pd.Series:
        """The position of the version in force at each instant; -1 before the first one and where there is none."""
        ended = [self._midnight(first) for first, _ in self._gaps() if first > dt.date.min]
        since = [*zip(self.effective_at(), range(len(self.versions)), strict=True), *((end, -1) for end in ended)]
        moments, positions = zip(*sorted(since), strict=True)
        found = pd.Index(moments).searchsorted(instants.dt.tz_convert("UTC"), side="right")
        return pd.Series(np.array([-1, *positions])[found], index=instants.index).mask(instants.isna(), -1)

    def in_force(self, period: Period) -> list[Version]:
        """The versions in force in a period. Raises `UsageError` naming the days without one."""
        last_day = period.end - DAY
        gaps = [(max(first, period.start), min(last, last_day)) for first, last in self._gaps()]
        days = [f"{first} to {last}" for first, last in gaps if first <= last]
        if days:
            what = f"no agreement is in force on some days of {period.name}: {', '.join(days)}"
            raise UsageError(Problem(what, "parameters/agreement", cure="add a version that covers them"))
        ends = [version.effective_from for version in self.versions[1:]] + [dt.date.max]
        spans = zip(self.versions, ends, strict=True)
        return [v for v, end in spans if v.effective_from < period.end and end > period.start]

    def as_of(self, period: Period) -> pd.Timestamp:
        """When a period's data has settled: local midnight after the settling days that follow its end."""
        version = self.in_force(period)[-1]
        calendar = version.working_hours()[version.review.calendar]
        day = calendar.open_days_after(period.end, version.review.settle_business_days)
        return self._midnight(day)

    def _midnight(self, day: dt.date) -> pd.Timestamp:
        """The instant a day begins in the reporting zone."""
        return pd.Timestamp(local_instant(day, 0, self.zone)).as_unit("us")

    def _gaps(self) -> Iterator[tuple[dt.date, dt.date]]:
        """The first and last day of every stretch without a version, the one before the first version included."""
        yield dt.date.min, self.versions[0].effective_from - DAY
        for version, later in zip(self.versions, [*self.versions[1:], None], strict=True):
            last = later.effective_from - DAY if later else dt.date.max
            if version.ends_on and version.ends_on < last:
                yield version.ends_on + DAY, last


def load_agreement(folder: Path, root: Path) -> Agreement:
    """Read every version of the agreement. Raises `UsageError` with all problems of all files."""
    paths = sorted(folder.glob("*.yaml"))
    name = folder.relative_to(root).as_posix()
    if not paths:
        raise UsageError(Problem("no version of the agreement", name, cure="write one, named like 2026-01-01.yaml"))
    misnamed = sorted(folder.glob("*.yml"))
    problems = [Problem("not read", f"{name}/{path.name}", cure="name it .yaml, or remove it") for path in misnamed]
    versions: list[Version] = []
    documents: list[Document] = []
    for path in paths:
        try:
            document = read_document(path, root)
            version = parse(document, Version)
        except UsageError as error:
            problems += error.problems
            continue
        documents.append(document)
        versions.append(version)
        problems += _contradictions(document, version, path)
    problems += _across(versions, documents)
    if problems:
        raise UsageError(problems)
    ordered = sorted(zip(versions, documents, strict=True), key=lambda pair: pair[0].effective_from)
    typed = tuple(_typed(version) for version, _ in ordered)
    return Agreement(typed, {document.file: document.sha256 for _, document in ordered})


def _typed(version: Version) -> Version:
    measured = {
        "promises": [p.model_copy(update={"knobs": _knobs(p)}) for p in version.promises],
        "outcomes": [o.model_copy(update={"knobs": _knobs(o)}) for o in version.outcomes],
    }
    return version.model_copy(update=measured)


def _knobs(measure: Measure) -> dict[str, Any]:
    """The knobs of a measure, already checked, as its KPI takes them."""
    knobs = KPIS[measure.kpi].knobs
    return {name: _adapter(knobs[name].annotation).validate_python(value) for name, value in measure.knobs.items()}


def _adapter(annotation: Any) -> TypeAdapter[Any]:
    """What turns a knob's text into the type the KPI's signature asks for."""
    if annotation is Duration:
        return TypeAdapter(Annotated[InstanceOf[Duration], BeforeValidator(checked(parse_duration))])
    return TypeAdapter(annotation)


def _contradictions(document: Document, version: Version, path: Path) -> Iterator[Problem]:
    """What the schema alone cannot see: names that lead nowhere, and things said twice."""
    if path.stem != version.effective_from.isoformat():
        cure = f"rename the file to {version.effective_from}.yaml"
        yield document.problem(("effective_from",), "the file is named by another day", path.name, cure)
    if version.ends_on and version.ends_on < version.effective_from:
        yield document.problem(("ends_on",), "ends before it takes effect", str(version.ends_on), "correct one of them")
    for name, hours in version.calendars.items():
        try:
            hours.calendar(name)
        except UsageError as error:
            yield from (
                document.problem(("calendars", name), problem.what, problem.found, problem.cure)
                for problem in error.problems
            )
    if version.review.calendar not in version.calendars:
        cure = did_you_mean(version.review.calendar, version.calendars)
        yield document.problem(("review", "calendar"), "no such calendar", version.review.calendar, cure)
    yield from _repeated(document, "responsibilities", "step", [r.step for r in version.responsibilities])
    kinds: list[tuple[Kind, list[Any]]] = [("promise", version.promises), ("outcome", version.outcomes)]
    for kind, measures in kinds:
        for index, measure in enumerate(measures):
            yield from _wrong_measure(document, (f"{kind}s", index), kind, measure)
    yield from _repeated(document, "promises", "id", [measure.id for measure in version.measures])


def _wrong_measure(document: Document, place: tuple[str | int, ...], kind: Kind, measure: Measure) -> Iterator[Problem]:
    known = KPIS.get(measure.kpi)
    if known is None or known.kind != kind:
        cure = did_you_mean(measure.kpi, (name for name, kpi in KPIS.items() if kpi.kind == kind))
        what = f"no such KPI for {'a promise' if kind == 'promise' else 'an outcome'}"
        yield document.problem((*place, "kpi"), what, measure.kpi, cure)
        return
    for name, value in measure.knobs.items():
        if name not in known.knobs:
            yield document.problem((*place, "knobs", name), "unknown knob", cure=did_you_mean(name, known.knobs))
            continue
        try:
            _adapter(known.knobs[name].annotation).validate_python(value)
        except ValidationError as error:
            what, cure = told(error.errors()[0])
            yield document.problem((*place, "knobs", name), what, value, cure)
    for name, parameter in known.knobs.items():
        if parameter.default is parameter.empty and name not in measure.knobs:
            yield document.problem(
                place, f"the KPI {known.name} needs the knob {name}", cure=f"add `{name}:` under knobs"
            )


def _repeated(document: Document, section: str, key: str, names: Iterable[str]) -> Iterator[Problem]:
    for name, times in Counter(names).items():
        if times > 1:
            yield document.problem((section,), f"{times} entries with the same {key}", name, "keep one of them")


def _across(versions: list[Version], documents: list[Document]) -> Iterator[Problem]:
    """What no version shows alone: the same day or the same name again, and another reporting zone."""
    for key in ("effective_from", "version"):
        first: dict[str, str] = {}
        for version, document in zip(versions, documents, strict=True):
            value = str(getattr(version, key))
            if value in first:
                yield document.problem((key,), f"the same {key} as in {first[value]}", value, "change one of them")
            first.setdefault(value, document.file)
    for version, document in zip(versions[1:], documents[1:], strict=True):
        if version.timezone != versions[0].timezone:
            what = f"another zone than in {documents[0].file}: the periods already reviewed would begin at other hours"
            yield document.problem(("timezone",), what, version.timezone, f"write {versions[0].timezone}")
