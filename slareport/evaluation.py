"""One period, judged: the extract read, items built, promises and outcomes scored. No Jupyter, no HTML."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace

import pandas as pd

from slareport import editions, waivers
from slareport import scorecard as scores
from slareport.counting import Frame, dated_in, in_period, measures
from slareport.editions import CLIENT, CLIENT_MISSES, Edition, People
from slareport.errors import Problem, UsageError
from slareport.extract import Extract
from slareport.items import Known, build_items
from slareport.judgements import WAIVED, Judgements, judge_items, population
from slareport.kpi import COUNTED, KPIS, State
from slareport.measurable import NEEDS, lacking
from slareport.minutes import Waiver
from slareport.period import Period, instant
from slareport.tables import SET_ASIDE, TABLES
from slareport.teams import UNASSIGNED
from slareport.workspace import Workspace

TREND_PERIODS = 10
COMPANY = "company"
OWN_TABLES = {"leads": "created_at", "opportunities": "created_at"}


@dataclass(frozen=True)
class Evaluation:
    """What some teams' data says about one period, as known at `as_of` and as the audience of an edition may see it.

    `workspace` has what is promised to that audience. `lacking` says, per KPI that is not measurable, what it needs and
    these CRM tables do not give.
    """

    workspace: Workspace
    teams: tuple[str, ...]
    period: Period
    as_of: pd.Timestamp
    provisional: bool
    extract: Extract
    judged: Judgements
    items: Known
    lacking: Mapping[str, tuple[str, ...]]
    edition: Edition
    people: People

    @property
    def zone(self) -> str:
        """The reporting zone."""
        return self.workspace.agreement.zone

    def scorecard(self, team: str | None = None) -> pd.DataFrame:
        """The scorecard of one team, or of all of them together as the company."""
        return scores.scorecard(of_team(self.judged, team), self.period, self.frame(team))

    def split(self) -> pd.DataFrame:
        """The promises and results that a change to the agreement splits in the period, under each version."""
        return scores.split(self.judged, self.period, self.frame())

    def trend(self, measure: str, team: str | None = None) -> pd.DataFrame:
        """One promise or outcome over the last ten periods, all as known now."""
        periods = self.period.history(TREND_PERIODS)
        return scores.trend(of_team(self.judged, team), measure, periods, self.frame(team))

    def trends(self) -> dict[str, pd.DataFrame]:
        """Every promise and outcome of the period over the last ten periods, by name."""
        names, periods = measures(self.workspace.agreement, self.period), self.period.history(TREND_PERIODS)
        return scores.trends(self.judged, names, periods, self.frame(None))

    def misses(self) -> pd.DataFrame:
        """The very items behind every miss of the period."""
        rows = scores.misses(self.judged, self.period, self.frame(None))
        return rows[CLIENT_MISSES].reindex(columns=rows.columns) if self.edition.audience == CLIENT else rows

    def rejects(self) -> pd.DataFrame:
        """The rows set aside, excluded or adjusted that belong to these teams and this period, or to no period."""
        listed = self.people.hide_in(self.extract.rejects(), "value", "reason")
        listed = listed.iloc[:0] if self.edition.audience == CLIENT else listed
        start, end = self.period.bounds(self.zone)
        dated_here = listed["at"].isna() | (listed["at"].ge(start) & listed["at"].lt(end))
        return listed[listed["team"].isin(self.teams) & dated_here].reset_index(drop=True)

    def accounting(self) -> pd.DataFrame:
        """Per table, the rows created in the period: read = used + excluded + set aside.

        A row set aside without a usable date counts in every period: it could belong to any.
        """
        rejects, rows = self.rejects(), []
        start, end = self.period.bounds(self.zone)
        for table, dated in OWN_TABLES.items():
            items = self.items[table]
            used = int((items[dated].ge(start) & items[dated].lt(end)).sum())
            effects = rejects[rejects["table"].eq(table)].drop_duplicates(["place", "effect"])["effect"].value_counts()
            parts = {
                "used": used,
                "excluded": int(effects.get("row excluded", 0)),
                "set_aside": int(effects.get(SET_ASIDE, 0)),
            }
            rows.append({"table": table, "read": sum(parts.values()), **parts})
        return pd.DataFrame(rows)

    def judged_items(self) -> pd.DataFrame:
        """Per promise and outcome, what became of the items of the period: judged, waiting, excluded, invalid."""
        rows = []
        for name in measures(self.workspace.agreement, self.period):
            judged = self.judged[name]
            states = Counter(judged["state"].to_numpy()[dated_in(judged, self.period, self.zone)])
            counted = sum(states[s] for s in COUNTED)
            others = {s.value: states[s] for s in (State.PENDING, State.EXCLUDED, State.INVALID)}
            aside = states[State.DOES_NOT_APPLY]
            rows.append({"measure": name, "items": states.total(), "judged": counted, **others, "no_case": aside})
        return pd.DataFrame(rows)

    def waived(self) -> pd.DataFrame:
        """The items of the period that someone waived: `measure`, `item`, and `reason`, which says who and why."""
        found = {}
        for name in measures(self.workspace.agreement, self.period):
            rows = self.judged[name]
            excused = rows["state"].eq(State.EXCLUDED) & rows["reason"].str.startswith(WAIVED).eq(True)
            found[name] = rows.loc[excused & dated_in(rows, self.period, self.zone), "reason"]
        return pd.concat(found, names=["measure", "item"]).rename("reason").reset_index()

    def idle_waivers(self) -> list[Waiver]:
        """The waivers given at the reviews of the period that waive nothing, as they name no item of the promise."""
        given = waivers.given(self.workspace.reviews, self.teams, self.items)
        return list(waivers.idle(self.judged, given, self.period.name))

    def lost(self) -> dict[str, int]:
        """Per promise and outcome, how many rows and items of the period could not be used because of their data."""
        rejects = self.rejects()
        aside = rejects[rejects["effect"].eq(SET_ASIDE)].drop_duplicates(["table", "place"])["table"].value_counts()
        found = {}
        for row in self.judged_items().itertuples():
            measure = next(m for v in self.workspace.agreement.versions[::-1] if (m := v.measure(str(row.measure))))
            tables = (need.partition(".")[0] for need in NEEDS.get(KPIS[measure.kpi].subject, {}).get("", ()))
            found[str(row.measure)] = int(str(row.invalid)) + sum(int(aside.get(table, 0)) for table in tables)
        return found

    def at_risk(self) -> dict[str, int]:
        """Per promise, how many items of the period are still waiting and past their warning time."""
        found = {}
        for name in measures(self.workspace.agreement, self.period):
            rows = self.judged[name]
            waiting = rows["state"].eq(State.PENDING) & rows["warn_at"].le(self.as_of)
            found[name] = int((waiting & dated_in(rows, self.period, self.zone)).sum())
        return found

    def unstarted(self) -> dict[str, int]:
        """Per promise, how many items created in the period have no start: no clock ever ran for them."""
        start, end = self.period.bounds(self.zone)
        found = {}
        for name in measures(self.workspace.agreement, self.period):
            measure = next(m for v in self.workspace.agreement.versions[::-1] if (m := v.measure(name)))
            kpi = KPIS[measure.kpi]
            if kpi.kind != "promise" or kpi.name in self.lacking:
                continue
            items = population(self.items[kpi.subject], measure)
            never = items[kpi.on].isna() & items["created_at"].ge(start) & items["created_at"].lt(end)
            found[name] = int(never.sum())
        return found

    def again(self, period: str, as_of: str = "") -> Evaluation:
        """The same teams and edition in another period, or as known at another time."""
        team = self.teams[0] if len(self.teams) == 1 else None
        return evaluate(self.workspace, period, as_of, team, self.edition)

    def frame(self, team: str | None = None) -> Frame:
        """What the rows of a scorecard share, that of one team or of all of them together."""
        began = {table: pd.Timestamp(instant) for table, instant in self.extract.began_at.items()}
        whose = team or (self.teams[0] if len(self.teams) == 1 else COMPANY)
        return Frame(whose, self.workspace.agreement, self.as_of, began, self.lacking)


def of_team(judged: Judgements, team: str | None) -> Judgements:
    """The judgements of one team's items, or all of them."""
    return judged if team is None else {name: frame[frame["team"].eq(team)] for name, frame in judged.items()}


def evaluate(
    workspace: Workspace, period: str, as_of: str = "", team: str | None = None, edition: Edition | None = None
) -> Evaluation:
    """Judge a period for one team, or for every team and the items of none, as an edition shows it.

    Without an `edition` it is that of the team, or of leadership for all teams.
    `as_of` is a local date or time in the reporting zone; empty means when the period has settled, an earlier
    one makes the evaluation provisional. Raises `UsageError` for unknown names and impossible times.
    """
    if team is not None:
        workspace.team(team)
    teams = (team,) if team else (*workspace.teams, UNASSIGNED)
    when = workspace.period(period)
    workspace.agreement.in_force(when)
    settled = workspace.agreement.as_of(when)
    known = instant(as_of, workspace.agreement.zone) if as_of else settled
    if known <= when.bounds(workspace.agreement.zone)[0]:
        what = f"nothing of {when.name} is known yet"
        raise UsageError(
            Problem(what, found=as_of, cure="choose an as_of after the period's start, or an earlier period")
        )
    workspace = replace(workspace, agreement=workspace.agreement.known(known))
    made = workspace.extract(known)
    tables = made.read(teams)
    edition = edition or Edition("team" if team else "leadership")
    people = editions.people(workspace, edition, tables["users"])
    seen = editions.narrowed(workspace, edition, people)
    items = build_items(people.hide_in_tables(tables), seen.agreement, known, _links(workspace))
    said = workspace.reviews if edition.audience == CLIENT else seen.reviews  # what counts, counts for a client too
    items = waivers.joined(items, waivers.given(said, teams, items))
    needs = lacking(workspace.source, made.absent)
    judged = judge_items(items, seen.agreement, workspace.teams, needs)
    if edition.audience == CLIENT:
        edition = replace(edition, client=edition.client or _worst_served(judged, when, seen.agreement.zone))
        items, judged = editions.of_client(items, judged, edition.client)
    return Evaluation(seen, teams, when, known, known < settled, made, judged, items, needs, edition, people)


def _links(workspace: Workspace) -> dict[str, str]:
    """The templates of links to records, by canonical table."""
    return {name: link for name in TABLES if (link := workspace.source.record_url_of(name))}


def _worst_served(judged: Judgements, period: Period, zone: str) -> str:
    """The account with the most misses in a period: a client's review to look at without naming one."""
    items = pd.concat([in_period(rows, period, zone) for rows in judged.values()])
    missed = items["state"].eq(State.MISSED).groupby(items["account"]).sum()
    return str(missed.sort_values(ascending=False, kind="stable").index[0]) if len(missed) else ""
