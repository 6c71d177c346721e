"""Every item under every promise and outcome, judged once, by the version in force when its clock started."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from slareport.agreement import Agreement, Measure, Version
from slareport.clock import Clock
from slareport.items import Tables, owner_at
from slareport.kpi import KPI, KPIS, State, judge
from slareport.teams import Team
from slareport.worktime import Duration

CARRIED = ["team", "name", "account", "amount", "currency", "record_url", "created_at"]
EVIDENCE = ["due_at", "stopped_at", "elapsed_minutes", "late_minutes", "reason"]

Judgements = dict[str, pd.DataFrame]


def judge_items(
    items: Mapping[str, pd.DataFrame],
    tables: Tables,
    agreement: Agreement,
    teams: Mapping[str, Team],
    as_of: pd.Timestamp,
) -> Judgements:
    """One frame per promise and outcome, by its id; one row per item that it covers, indexed by item.

    Beside the state, the counts and the evidence stand `at` (the instant that puts the item in a period), `version`
    (its position in the agreement), `definition` and what the item carries. Items from before the first version,
    or outside every version that has the measure, are not in it.
    """
    judged: dict[str, list[pd.DataFrame]] = {}
    for position, version in enumerate(agreement.versions):
        for measure in version.measures:
            kpi = KPIS[measure.kpi]
            subject = items[kpi.subject]
            governed = subject[agreement.version_of(subject[kpi.on]).eq(position)]
            frame = judge(kpi, governed, measure.knobs, _clock(version, agreement.zone, governed, teams, as_of))
            carried = governed.reindex(columns=CARRIED).assign(
                at=frame["dated_at"] if "dated_at" in frame else governed[kpi.on],
                version=position,
                definition=definition_of(measure),
            )
            evidence = frame.reindex(columns=["state", "numerator", "denominator", "value", *EVIDENCE])
            whole = _typed(evidence.join(carried))
            judged.setdefault(measure.id, []).append(_traced(whole, kpi, subject, tables))
    return {name: pd.concat(frames).sort_index() for name, frames in judged.items()}


def definition_of(measure: Measure) -> str:
    """What exactly is measured: the KPI's definition and the knobs it is set to. Only like is compared with like."""
    set_to = [f"{knob.replace('_', ' ')} {_written(value)}" for knob, value in sorted(measure.knobs.items())]
    return ", ".join([KPIS[measure.kpi].definition, *set_to])


def _written(value: object) -> str:
    return value.words if isinstance(value, Duration) else str(value)


def _traced(judged: pd.DataFrame, kpi: KPI, subject: pd.DataFrame, tables: Tables) -> pd.DataFrame:
    """With who held each item when it was due (a miss is theirs, whoever holds it now), and why it was missed."""
    owners = judged.index.to_series().map(subject["owner_id"])
    cause = pd.Series(None, index=judged.index, dtype=object)
    if kpi.subject == "leads" and kpi.kind == "promise":
        owners = owner_at(tables["lead_legs"], judged["due_at"])
        cause = _causes(judged, subject)
    names = owners.map(tables["users"].set_index("user_id")["name"])
    return judged.assign(owner_at_deadline=names.fillna("nobody").astype(object), cause=cause)


def _causes(judged: pd.DataFrame, leads: pd.DataFrame) -> pd.Series:
    """Why each missed lead was missed, in words; missing for every other item."""
    automatic = leads["automatic_touch_at"].reindex(judged.index)
    words = np.select(
        [judged["stopped_at"].notna(), automatic.notna()],
        ["answered late", "only automatic mail"],
        default="no reply at all",
    )
    return pd.Series(words, index=judged.index, dtype=object).where(judged["state"].eq(State.MISSED))


def _clock(version: Version, zone: str, items: pd.DataFrame, teams: Mapping[str, Team], as_of: pd.Timestamp) -> Clock:
    calendar_of = {name: team.calendar for name, team in teams.items()}
    names = items["team"].map(calendar_of).fillna(version.review.calendar)
    return Clock(as_of, version.working_hours(), zone, names)


def _typed(frame: pd.DataFrame) -> pd.DataFrame:
    """The same column types whatever a KPI left out, so that frames of several versions join cleanly."""
    instants = ["due_at", "stopped_at", "at", "created_at"]
    numbers = ["numerator", "denominator", "value", "elapsed_minutes", "late_minutes", "amount"]
    words = ["state", "reason", "team", "name", "account", "currency", "record_url", "definition"]
    types = dict.fromkeys(instants, "datetime64[us, UTC]") | dict.fromkeys(numbers, "float64")
    return frame.astype(types | dict.fromkeys(words, "object"))
