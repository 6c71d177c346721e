"""A small company by hand: leads, deals and versions as plain data, judged by the real path from tables on."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import pandas as pd
from canonical import canonical

import slareport.kpis  # noqa: F401  registers them
from slareport.agreement import Agreement, Version
from slareport.counting import Frame
from slareport.items import Known, build_items
from slareport.judgements import judge_items
from slareport.kpi import KPIS
from slareport.period import parse_period
from slareport.scorecard import scorecard
from slareport.teams import Team
from slareport.worktime import parse_duration

ZONE = "Europe/Berlin"
LONG_AFTER = "2027-06-01 00:00"
INSTANT = "datetime64[us, UTC]"
TEAMS = {"north": Team(name="North", leader="Ada", calendar="berlin", currency="EUR", crm=["N"])}
PEOPLE = {"A": "human", "B": "human", "queue": "queue", "robot": "automation"}
CALENDARS = {
    "berlin": {"zone": ZONE, "hours": {"mon-fri": "9:00-17:00"}, "holidays": "DE-BE"},
    "always": {"zone": ZONE, "hours": {"mon-sun": "0:00-24:00"}},
}
REPLY = {"id": "reply", "title": "First reply", "promise": "We reply in time.", "kpi": "lead_response", "owner": "Ada"}
OUTCOMES = (
    {"id": "win-rate", "title": "Win rate", "kpi": "win_rate", "owner": "Ada"},
    {"id": "closure", "title": "Closure", "kpi": "deal_closure_rate", "owner": "Ada", "knobs": {"horizon_days": 30}},
    {"id": "cycle", "title": "Sales cycle", "kpi": "sales_cycle_length", "owner": "Ada"},
)


def at(text: str | None) -> pd.Timestamp:
    """An instant in UTC: local to Berlin unless it says otherwise, NaT for None."""
    if text is None:
        return pd.NaT
    stamp = pd.Timestamp(text)
    return (stamp if stamp.tzinfo else stamp.tz_localize(ZONE)).tz_convert("UTC").as_unit("us")


def version(since="2020-01-01", within="60 business minutes", target="0.9", **changes) -> Version:
    """A version of the agreement with one promise and three outcomes."""
    promise = REPLY | {"target": str(target), "knobs": {"within": parse_duration(within)}}
    whole = {
        "title": "Agreement",
        "version": since,
        "effective_from": dt.date.fromisoformat(since),
        "timezone": ZONE,
        "parties": [{"name": "Sales", "signatory": "Ada"}, {"name": "Marketing", "signatory": "Bo"}],
        "calendars": CALENDARS,
        "promises": [promise],
        "outcomes": list(OUTCOMES),
        "review": {"settle_business_days": 5, "calendar": "berlin", "owners": ["Ada"]},
    }
    return Version.model_validate(whole | changes)


def measuring(kpi, within=None, *, knobs=None, agreed=None, **measure):
    """A version with this one promise or outcome, called `it`; `agreed` are further parts of the version."""
    by = {
        column: {value: _typed(other) for value, other in values.items()}
        for column, values in measure.pop("by", {}).items()
    }
    known = _typed((knobs or {}) | ({"within": within} if within else {}))
    whole = {"id": "it", "title": "It", "kpi": kpi, "owner": "Ada", "knobs": known, "by": by} | measure
    promise = KPIS[kpi].kind == "promise"
    promises = [{"promise": "We keep it.", "target": "0.9"} | whole] if promise else []
    return version(promises=promises, outcomes=[] if promise else [whole], **(agreed or {}))


def _typed(knobs):
    return {name: parse_duration(value) if name == "within" else value for name, value in knobs.items()}


def rows(*given):
    """Rows of a table, dates and instants as text: local to Berlin, in columns named so (`_on`, `_at`)."""
    frame = pd.DataFrame(list(given))
    for name in frame.columns:
        if name.endswith("_at"):
            frame[name] = pd.Series([at(text or None) for text in frame[name].fillna("")], dtype=INSTANT)
        elif name.endswith("_on"):
            frame[name] = pd.to_datetime(frame[name]).astype("datetime64[us]")
    return frame


def lead(name, owners=(), touches=(), *, created=None, team="north", deal=None, **columns):
    """A lead: who owned it since when, and who touched it when (a person's e-mail unless said otherwise)."""
    own = {"id": name, "owners": owners, "touches": touches, "created": created, "team": team, "deal": deal}
    return own | {"columns": columns}


def deal(
    name, created, status="open", closed=None, *, moves=(), touches=(), dates=False, team="north", amount=100.0,
    **columns,
):  # fmt: skip
    """A deal; `moves` are (status, when, stage) of its history, `dates` says that the CRM keeps only days."""
    return locals()


@dataclass(frozen=True)
class Judged:
    """What the real path makes of it."""

    items: Known
    frames: dict
    frame: Frame

    def states(self, measure="reply"):
        return self.frames[measure]["state"].to_dict()

    def row(self, measure="reply", period="2026Q1"):
        return self.card(period).set_index("promise").loc[measure]

    def card(self, period="2026Q1"):
        return scorecard(self.frames, parse_period(period), self.frame)


def judge(leads=(), deals=(), versions=None, as_of=LONG_AFTER, began_at=None, **more) -> Judged:
    """Judge leads and deals as known at `as_of`; `began_at` is when the records begin, `more` are further tables."""
    agreement = Agreement(tuple(versions or [version()]), {})
    known = at(as_of)
    tables = _tables(leads, deals, known, more)
    items = build_items(tables, agreement, known, dict.fromkeys(tables, "https://crm.example/{id}"))
    frames = judge_items(items, agreement, TEAMS)
    began = dict.fromkeys(("leads", "opportunities"), at(began_at)) if began_at else {}
    return Judged(items, frames, Frame("north", agreement, known, began))


def _tables(leads, deals, known, more=None):
    first = [one["created"] or (one["owners"][0][1] if one["owners"] else "2026-01-01") for one in leads]
    legs = [(one["id"], n, who, at(when)) for one in leads for n, (who, when) in enumerate(one["owners"])]
    touches = [(one["id"], None, *_touch(*touch)) for one in leads for touch in one["touches"]]
    touches += [(None, one["name"], *_touch(*touch)) for one in deals for touch in one["touches"]]
    moves = [(one["name"], one["team"], *_move(*move)) for one in deals for move in one["moves"]]
    tables = {
        "users": pd.DataFrame({"user_id": list(PEOPLE), "name": list(PEOPLE), "kind": list(PEOPLE.values())}),
        "leads": _frame(
            {
                "lead_id": [one["id"] for one in leads],
                "created_at": [at(when) for when in first],
                "owner_id": [one["owners"][-1][0] if one["owners"] else None for one in leads],
                "opportunity_id": [one["deal"] for one in leads],
                "team": [one["team"] for one in leads],
                "name": [f"Lead {one['id']}" for one in leads],
            }
        )
        .assign(account="Acme")
        .join(rows(*(one["columns"] for one in leads))),
        "lead_legs": _known(_frame(_columns(legs, ["lead_id", "leg", "owner_id", "from_at"])), "from_at", known),
        "activities": _known(
            _frame(_columns(touches, ["lead_id", "opportunity_id", "actor_id", "occurred_at", "channel", "direction"])),
            "occurred_at",
            known,
        ),
        "opportunities": _frame(
            {
                "opportunity_id": [one["name"] for one in deals],
                "name": [f"Deal {one['name']}" for one in deals],
                "created_at": [at(one["created"]) for one in deals],
                "closed_at": [at(one["closed"]) for one in deals],
                "status": [one["status"] for one in deals],
                "team": [one["team"] for one in deals],
                "amount": [one["amount"] for one in deals],
                "created_at__date": [False for _ in deals],
                "closed_at__date": [one["dates"] for one in deals],
            }
        )
        .assign(account="Acme", owner_id="A", currency="EUR")
        .join(rows(*(one["columns"] for one in deals))),
        "stage_history": _known(
            _frame(_columns(moves, ["opportunity_id", "team", "status", "entered_at", "stage"])), "entered_at", known
        ),
    }
    return canonical(**tables | (more or {}))


def _touch(who, when, channel="email", direction="outbound"):
    return who, at(when), channel, direction


def _move(status, when, stage=None):
    return status, at(when), stage


def _columns(rows, names):
    return {name: [row[n] for row in rows] for n, name in enumerate(names)}


def _known(frame, column, known):
    return frame[frame[column].le(known)].reset_index(drop=True)


def _frame(columns):
    frame = pd.DataFrame(columns)
    instants = {name: pd.to_datetime(frame[name], utc=True).astype(INSTANT) for name in frame if name.endswith("_at")}
    types = {name: "str" for name in frame if name.endswith(("_id", "status", "team", "name", "channel", "direction"))}
    types |= {name: bool for name in frame if name.endswith("__date")}
    return frame.assign(**instants).astype(types)
