"""How numbers leave the kernel: one record of a review's figures, from which the CSV files are written."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from slareport import format as fmt
from slareport.editions import CLIENT, client_key
from slareport.errors import UsageError
from slareport.evaluation import Evaluation
from slareport.period import Period
from slareport.teams import COMPANY
from slareport.workspace import Workspace

MIME = "application/vnd.slareport.record+json"
DIGITS = 6
FORECAST_COLUMNS = [
    "team", "period", "as_of", "source", "currency", "wins_mean", "wins_low", "wins_high", "wins", "amount_mean",
    "amount_low", "amount_high", "amount",
]  # fmt: skip
REJECT_COLUMNS = ["table", "id", "place", "value", "reason", "effect"]


@dataclass(frozen=True)
class Told:
    """What a review says in words: its title, whose it is, the zone of its readers, its bottom line.

    `said` is the digest of what people say in it, empty where nobody does.
    """

    title: str
    name: str
    zone: str
    lede: str
    points: Sequence[str]
    said: str = ""


@dataclass(frozen=True)
class Record:
    """The closing record. It is shown as one line; its data is what `outputs` publishes."""

    data: dict[str, Any]

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, Any]:  # noqa: ARG002
        counts = ", ".join(f"{len(self.data[name])} {name}" for name in ("scorecard", "misses", "rejects"))
        return {MIME: self.data, "text/plain": f"Review closed: {counts}."}


def make(evaluation: Evaluation, told: Told, figures: Mapping[str, pd.DataFrame]) -> Record:
    """The record of a review. The same figures give the same record: no clock, no paths, no tool versions.

    `figures` has the `scorecard`; as `versions` its rows under each version of the agreement, of what a change splits;
    the `misses`; and the `forecasts` as they were made, so that later ones can be held against them. Any may be empty.
    """
    agreement, edition, data = evaluation.workspace.agreement, evaluation.edition, evaluation.extract.digest
    agreed = digest_of(dict(sorted(agreement.digests.items())))
    team = evaluation.teams[0] if len(evaluation.teams) == 1 else COMPANY
    content = {
        "title": f"{told.title}: SLA review",
        "bottom_line": {"lede": told.lede, "points": list(told.points)},
        "said": told.said,
        "team": client_key(edition.client) if edition.audience == CLIENT else team,
        "edition": edition.audience,
        "client": edition.client,
        "name": told.name,
        "period": evaluation.period.name,
        "period_title": evaluation.period.title,
        "as_of": evaluation.as_of.isoformat(),
        "provisional": evaluation.provisional,
        "zone": told.zone,
        "agreement_digest": agreed,
        "data_digest": data,
        "accounting": _rows(evaluation.accounting()),
        "items": _rows(evaluation.judged_items()),
        "scorecard": _rows(figures["scorecard"]),
        "versions": _rows(figures["versions"]),
        "misses": _rows(figures["misses"]),
        "forecasts": _rows(figures["forecasts"].reindex(columns=FORECAST_COLUMNS)),
        "rejects": _rows(evaluation.rejects()[REJECT_COLUMNS]),
    }
    return _identified(content, evaluation.workspace, evaluation.period, _next(evaluation))


def of_paper(workspace: Workspace, told: Told, period: Period, team: str, edition: str) -> Record:
    """The record of a paper made of the agreement alone: that of a review without a figure."""
    settled = workspace.agreement.as_of(period)
    agreement = workspace.agreement.known(settled)
    content = {
        "title": told.title,
        "bottom_line": {"lede": told.lede, "points": list(told.points)},
        "said": told.said,
        "team": team,
        "edition": edition,
        "client": "",
        "name": told.name,
        "period": period.name,
        "period_title": period.title,
        "as_of": settled.isoformat(),
        "provisional": False,
        "zone": told.zone,
        "agreement_digest": digest_of(dict(sorted(agreement.digests.items()))),
        "data_digest": "",
        **{name: [] for name in ("accounting", "items", "scorecard", "versions", "misses", "forecasts", "rejects")},
    }
    return _identified(content, replace(workspace, agreement=agreement), period, "")


def _identified(content: dict[str, Any], workspace: Workspace, period: Period, upcoming: str) -> Record:
    """The content of a record with its id, and a foot that tells what it is made of and how far that is agreed."""
    agreement, signatures = workspace.agreement, workspace.signatures
    states = [signatures.state(agreement, version) for version in agreement.in_force(period)]
    versions = ", and ".join(f"version {signed.version}, {signed.count}" for signed in states)
    versions += ", not in force then" * bool(agreement.reaches)
    packet, data = digest_of(content)[:8], content["data_digest"]
    parts = [f"{content['name']}, {period.title}", f"{content['edition']} edition"]
    parts += [f"agreement {versions} ({content['agreement_digest'][:8]})"]
    parts += [f"data {data[:8]}"] * bool(data) + [f"packet {packet}"]
    return Record({**content, "id": packet, "foot": " · ".join(parts), "next": upcoming})


def _next(evaluation: Evaluation) -> str:
    """When the next review can be made; nothing while no agreement is in force then."""
    period, agreement = evaluation.period.next(), evaluation.workspace.agreement
    try:
        settled = agreement.as_of(period)
    except UsageError:
        return ""
    return f"Next review: {period.title}, from {fmt.day(settled, evaluation.zone)}."


def _rows(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """A frame as plain rows: instants in ISO, numbers rounded here and nowhere else, None for what is missing."""
    rows = frame.astype(object).where(frame.notna(), None).to_dict("records")
    return [{str(name): _plain(value) for name, value in row.items()} for row in rows]


def _plain(value: Any) -> Any:
    if isinstance(value, pd.Timestamp):
        return value.isoformat()
    return round(value, DIGITS) + 0.0 if isinstance(value, float) else value


def digest_of(data: object) -> str:
    """The digest of plain data."""
    return hashlib.sha256(json.dumps(data, sort_keys=True).encode()).hexdigest()
