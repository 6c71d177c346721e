"""What every builder of items works from: the tables, the agreement, and the instant up to which all is known."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar, cast

import pandas as pd

from slareport.agreement import Agreement

Tables = Mapping[str, pd.DataFrame]
Builder = Callable[["Known"], pd.DataFrame]
Made = TypeVar("Made")
SECONDS_A_DAY = 86_400


@dataclass(frozen=True)
class Known(Mapping[str, pd.DataFrame]):
    """The item frames by subject, each built when it is first asked for.

    A builder sees the canonical `tables` as extracted and must use nothing that happened after `as_of`.
    """

    tables: Tables
    agreement: Agreement
    as_of: pd.Timestamp
    builders: Mapping[str, Builder]
    links: Mapping[str, str] = field(default_factory=dict)
    _built: dict[str, pd.DataFrame] = field(default_factory=dict, compare=False)
    _made: dict[Hashable, Any] = field(default_factory=dict, compare=False)

    @property
    def zone(self) -> str:
        """The reporting zone, in which days and dates are counted."""
        return self.agreement.zone

    def __getitem__(self, subject: str) -> pd.DataFrame:
        if subject not in self._built:
            self._built[subject] = self.builders[subject](self)
        return self._built[subject]

    def once(self, made: Hashable, make: Callable[[], Made]) -> Made:
        """What several sections make of these tables alike, made when it is first asked for; nobody changes it."""
        if made not in self._made:
            self._made[made] = make()
        return cast("Made", self._made[made])

    def __iter__(self) -> Iterator[str]:
        return iter(self.builders)

    def __len__(self) -> int:
        return len(self.builders)

    def happened(self, instants: pd.Series) -> pd.Series:
        """The instants up to `as_of`; what lies after it is not known yet."""
        return instants.where(instants <= self.as_of)

    def midnights(self, dates: pd.Series) -> pd.Series:
        """The instants at which local dates begin in the reporting zone."""
        local = dates.astype("datetime64[us]").dt.tz_localize(self.zone, ambiguous=True, nonexistent="shift_forward")
        return local.dt.tz_convert("UTC")

    def local_days(self, instants: pd.Series) -> pd.Series:
        """The local dates of instants in the reporting zone, as naive midnights."""
        return instants.dt.tz_convert(self.zone).dt.tz_localize(None).dt.normalize()

    def kinds(self) -> pd.Series:
        """Per user id, whether that is a person, a queue or an automation."""
        return self.tables["users"].set_index("user_id")["kind"]

    def record_urls(self, table: str, ids: pd.Series) -> pd.Series:
        """Links to the CRM's records of a table; missing where no template is declared."""
        template = self.links.get(table)
        links = [template.replace("{id}", str(name)) if template else None for name in ids]
        return pd.Series(links, index=ids.index, dtype=object)

    def of_deals(self, frame: pd.DataFrame, columns: tuple[str, ...] = ()) -> pd.DataFrame:
        """Rows about deals (column `opportunity_id`) with what a reader wants to know of each deal."""
        carried = ["name", "account", "segment", "owner_id", "currency", *columns]
        of = self["opportunities"][[column for column in carried if column not in frame]]
        urls = self.record_urls("opportunities", frame["opportunity_id"])
        return frame.join(of, on="opportunity_id").assign(record_url=urls)
