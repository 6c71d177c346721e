"""How numbers leave the kernel: one record of a review's figures, from which the CSV files are written."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Any

import pandas as pd

from slareport import format as fmt
from slareport.evaluation import Evaluation

MIME = "application/vnd.slareport.record+json"
DIGITS = 6
FORECAST_COLUMNS = [
    "team", "period", "as_of", "source", "currency", "wins_mean", "wins_low", "wins_high", "wins", "amount_mean",
    "amount_low", "amount_high", "amount",
]  # fmt: skip
REJECT_COLUMNS = ["table", "id", "place", "value", "reason", "effect"]


@dataclass(frozen=True)
class Record:
    """The closing record. It is shown as one line; its data is what `outputs` publishes."""

    data: dict[str, Any]

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, Any]:  # noqa: ARG002
        counts = ", ".join(f"{len(self.data[name])} {name}" for name in ("scorecard", "misses", "rejects"))
        return {MIME: self.data, "text/plain": f"Review closed: {counts}."}


def make(
    evaluation: Evaluation,
    name: str,
    title: str,
    zone: str,
    scorecard: pd.DataFrame,
    misses: pd.DataFrame,
    forecasts: pd.DataFrame,
) -> Record:
    """The record of a review. The same figures give the same record: no clock, no paths, no tool versions.

    `zone` is where its readers are. `forecasts` are kept as they were made, so that later ones can be held against
    them; empty where none is made.
    """
    agreement = evaluation.workspace.agreement
    agreed = _digest(dict(sorted(agreement.digests.items())))
    versions = fmt.listed([v.version for v in agreement.in_force(evaluation.period)])
    data = evaluation.extract.digest
    foot = f"{name}, {evaluation.period.title} · agreement version {versions} ({agreed[:8]}) · data {data[:8]}"
    return Record(
        {
            "title": f"{title}: SLA review",
            "foot": foot,
            "team": evaluation.teams[0] if len(evaluation.teams) == 1 else "_all",
            "name": name,
            "period": evaluation.period.name,
            "period_title": evaluation.period.title,
            "as_of": evaluation.as_of.isoformat(),
            "provisional": evaluation.provisional,
            "zone": zone,
            "agreement_digest": agreed,
            "data_digest": data,
            "accounting": _rows(evaluation.accounting()),
            "items": _rows(evaluation.judged_items()),
            "scorecard": _rows(scorecard),
            "misses": _rows(misses),
            "forecasts": _rows(forecasts.reindex(columns=FORECAST_COLUMNS)),
            "rejects": _rows(evaluation.rejects()[REJECT_COLUMNS]),
        }
    )


def _rows(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """A frame as plain rows: instants in ISO, numbers rounded here and nowhere else, None for what is missing."""
    rows = frame.astype(object).where(frame.notna(), None).to_dict("records")
    return [{str(name): _plain(value) for name, value in row.items()} for row in rows]


def _plain(value: Any) -> Any:
    if isinstance(value, pd.Timestamp):
        return value.isoformat()
    return round(value, DIGITS) + 0.0 if isinstance(value, float) else value


def _digest(data: object) -> str:
    return hashlib.sha256(json.dumps(data, sort_keys=True).encode()).hexdigest()
