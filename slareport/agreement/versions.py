"""All versions of the agreement: which one is in force when, and when a period has settled."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import islice

import numpy as np
import pandas as pd

from slareport.agreement.models import Version
from slareport.errors import Problem, UsageError
from slareport.period import Period, local_instant, period_at

CADENCES = {"monthly": 1, "quarterly": 3, "half-yearly": 6, "yearly": 12}  # in months
DAY = dt.timedelta(days=1)


@dataclass(frozen=True)
class Agreement:
    """All versions in order of effect, and the digest of each file.

    `reaches` is a day since when the first one is taken to have been in force, where that is before it was.
    """

    versions: tuple[Version, ...]
    digests: Mapping[str, str]
    reaches: dt.date | None = None

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
        return [self._midnight(day) for day in self._begun()]

    def reaching(self, day: dt.date) -> Agreement:
        """The agreement as if its first version had been in force since a day, to look at a time before any was."""
        return replace(self, reaches=day) if day < self.versions[0].effective_from else self

    def version_of(self, instants: pd.Series) -> pd.Series:
        """The position of the version in force at each instant; -1 before the first one and where there is none."""
        ended = [self._midnight(first) for first, _ in self._gaps() if first > dt.date.min]
        since = [*zip(self.effective_at(), range(len(self.versions)), strict=True), *((end, -1) for end in ended)]
        moments, positions = zip(*sorted(since), strict=True)
        found = pd.Index(moments).searchsorted(instants.dt.tz_convert("UTC"), side="right")
        return pd.Series(np.array([-1, *positions])[found], index=instants.index).mask(instants.isna(), -1)

    def known(self, at: pd.Timestamp) -> Agreement:
        """The agreement as it stood at an instant: no version that takes effect later, no end that is still to come."""
        in_effect = [version for version, since in zip(self.versions, self.effective_at(), strict=True) if since <= at]
        *before, last = in_effect
        if last.ends_on and self._midnight(last.ends_on + DAY) > at:
            last = last.model_copy(update={"ends_on": None})
        return replace(self, versions=(*before, last), digests=dict(islice(self.digests.items(), len(in_effect))))

    def file_of(self, version: Version) -> str:
        """The file a version was read from, as `digests` names it."""
        days = [one.effective_from for one in self.versions]
        return list(self.digests)[days.index(version.effective_from)]

    def in_force(self, period: Period) -> list[Version]:
        """The versions in force in a period. Raises `UsageError` naming the days without one."""
        last_day = period.end - DAY
        gaps = [(max(first, period.start), min(last, last_day)) for first, last in self._gaps()]
        days = [f"{first} to {last}" for first, last in gaps if first <= last]
        if days:
            what = f"no agreement is in force on some days of {period.name}: {', '.join(days)}"
            raise UsageError(Problem(what, "parameters/agreement", cure="add a version that covers them"))
        begun = self._begun()
        spans = zip(self.versions, begun, [*begun[1:], dt.date.max], strict=True)
        return [version for version, first, end in spans if first < period.end and end > period.start]

    def period_at(self, day: dt.date) -> Period:
        """The period that is reviewed for a day, as the version in force on it has the cadence."""
        version = [v for v in self.versions if v.effective_from <= day][-1:] or self.versions[:1]
        return period_at(day, CADENCES[version[0].review.cadence], self.fiscal_start)

    def as_of(self, period: Period) -> pd.Timestamp:
        """When a period's data has settled: local midnight after the settling days that follow its end."""
        version = self.in_force(period)[-1]
        calendar = version.working_hours()[version.review.calendar]
        day = calendar.open_days_after(period.end, version.review.settle_business_days)
        return self._midnight(day)

    def _begun(self) -> list[dt.date]:
        """The day that each version is in force since."""
        first, *later = (version.effective_from for version in self.versions)
        return [min(first, self.reaches or first), *later]

    def _midnight(self, day: dt.date) -> pd.Timestamp:
        """The instant a day begins in the reporting zone."""
        return pd.Timestamp(local_instant(day, 0, self.zone)).as_unit("us")

    def _gaps(self) -> Iterator[tuple[dt.date, dt.date]]:
        """The first and last day of every stretch without a version, the one before the first version included."""
        yield dt.date.min, self._begun()[0] - DAY
        for version, later in zip(self.versions, [*self.versions[1:], None], strict=True):
            last = later.effective_from - DAY if later else dt.date.max
            if version.ends_on and version.ends_on < last:
                yield version.ends_on + DAY, last
