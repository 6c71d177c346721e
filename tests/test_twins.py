"""Every KPI said again in plain loops over canonical rows, slowly and by nothing of the package: both must agree.

A twin tells of every item when it counts, its state and, where that is "counted", by what.
"""

from __future__ import annotations

import datetime as dt
from functools import cache
from itertools import pairwise
from types import SimpleNamespace as Row

import pandas as pd
import pytest
from canonical import canonical
from judging import PEOPLE, TEAMS, at, version
from test_clock import FIRST_DAYS, MINUTE, counts, slow
from week import BERLIN, DAY, STAGES, Week, local, midnight, on_the_clock

from slareport.agreement import Agreement
from slareport.items import build_items
from slareport.judgements import judge_items
from slareport.kpi import KPIS
from slareport.worktime import parse_duration

OURS = {name: kpi for name, kpi in KPIS.items() if kpi.place.startswith("slareport.kpis.")}
SEEDS = range(2 * len(FIRST_DAYS))  # every week twice
MESSAGES, VOID = {"call", "email", "meeting", "chat", "sms", "social"}, {"bounced", "no show", "cancelled"}
NOTHING, JUST_BEFORE = dt.timedelta(0), -dt.timedelta(microseconds=1)
PENDING, INVALID, APART = ("pending",), ("invalid",), ("does not apply",)
MONTHLY = {"cadence": "monthly", "settle_business_days": 5, "calendar": "berlin", "owners": ["Ada"]}
TWINS = {}


def twin(function):
    TWINS[function.__name__] = function
    return function


def counted(numerator, denominator=1):
    return "counted", numerator, denominator


def measured(value, *, waits=False):
    return "counted", value, waits


def first(instants):
    return min((each for each in instants if each), default=None)


def timed(week, start, stop):
    """State and minutes of what began and ended so, under the version at its start; None where there is none."""
    governing = week.version_at(start)
    state, _, minutes, _ = slow((start, stop, []), *governing.within, BERLIN, week.as_of) if governing else [None] * 4
    return state, minutes


def days_after(instant, days):
    return on_the_clock(local(instant).replace(tzinfo=None, fold=0) + days * DAY)


# Leads


def messages(week, key, name):
    """When people sent messages about a lead or a deal that reached somebody."""
    for touch in week.activities:
        ours = touch.direction == "outbound" and touch.channel in MESSAGES and touch.outcome not in VOID
        if ours and getattr(touch, key) == name and PEOPLE.get(touch.actor_id) == "human":
            yield touch.occurred_at


def replied(week, lead):
    return first(messages(week, "lead_id", lead.lead_id))


def assigned(week, lead):
    held = [leg for leg in week.lead_legs if leg.lead_id == lead.lead_id]
    return first(leg.from_at for leg in held if PEOPLE.get(leg.owner_id) == "human")


def kept_offers(week):
    return [offer for offer in week.handoffs if offer.kind == "marketing to sales"]


def offers(week):
    """Id, instant and answers of every offer of a lead to sales; where none are kept, every qualified lead is one."""
    kept = [(offer.handoff_id, offer.offered_at, offer) for offer in kept_offers(week)]
    return kept or [(lead.lead_id, lead.qualified_at, lead) for lead in week.leads if lead.qualified_at]


def delivered(week, lead):
    kept = kept_offers(week)
    return first(o.offered_at for o in kept if o.lead_id == lead.lead_id) if kept else assigned(week, lead)


def answers(week, offer):
    return week.happened(offer.accepted_at), week.happened(offer.rejected_at)


@twin
def routing_delay(week):
    for lead in week.leads:
        known = week.happened(assigned(week, lead))
        minutes = ((known or week.as_of) - lead.created_at) / MINUTE
        yield lead.lead_id, lead.created_at, *(INVALID if minutes < 0 else measured(minutes, waits=not known))


@twin
def response_time(week):
    for lead in week.leads:
        start, stop = assigned(week, lead), replied(week, lead)
        state, minutes = timed(week, start, stop)
        yield lead.lead_id, start, *(INVALID if state == "invalid" else measured(minutes, waits=not stop))


@twin
def lead_acceptance(week):
    for item, offered, offer in offers(week):
        accepted, rejected = answers(week, offer)
        stands = accepted and not (rejected and rejected > accepted)
        yield item, offered, *(counted(bool(stands)) if accepted or rejected else PENDING)


@twin
def lead_volume(week):
    for term in terms(week, "qualified leads"):
        inside = [lead for lead in week.leads if lead.team == term.team and term.has(week.happened(lead.qualified_at))]
        minutes = [term.begins + n * MINUTE for n in range((term.ends - term.begins) // MINUTE)]
        open_minutes = [minute for minute in minutes if counts(minute, BERLIN, business=True)]
        passed = sum(minute < week.as_of for minute in open_minutes)
        people = {lead.person or lead.lead_id for lead in inside}
        owed = passed and term.planned * passed / len(open_minutes)
        yield term.name, term.begins, *(counted(len(people), owed) if passed else PENDING)


# Deals


@cache
def deals(week):
    return [standing(week, deal) for deal in week.opportunities]


def won(week):
    return [deal for deal in deals(week) if deal.status == "won"]


def standing(week, row):
    """How a deal stands: by its history where it has one, else by what it says itself."""
    moves = [move for move in week.stage_history if move.opportunity_id == row.opportunity_id]
    status, closings, turns, shut, idle = "open", [], [], None, NOTHING
    for move in moves or unrecorded(week, row):
        if move.status not in ("open", status):  # an edit of a closed deal is no closing; lost after all is one
            closings.append(move.entered_at)
        if (move.status == "open") == (shut is not None):
            turns.append((move.entered_at, move.status == "open"))
            idle += move.entered_at - shut if shut else NOTHING
            shut = None if shut else move.entered_at
        status = move.status
    by_day = row.created_at__date or (row.closed_at__date and not moves)
    return Row(
        name=row.opportunity_id, team=row.team, created=row.created_at, amount=row.amount, status=status, moves=moves,
        closings=closings, closed=closings[-1] if shut else None, turns=turns, idle=idle, by_day=by_day,
    )  # fmt: skip


def unrecorded(week, row):
    closed = row.status != "open" and week.happened(row.closed_at)
    return [Row(status=row.status, entered_at=row.closed_at)] if closed else []


@twin
def win_rate(week):
    broad = week.knobs["win_rate"]["counting"] == "broad"
    for deal in deals(week):
        decided = deal.status in ("won", "lost") or broad
        yield deal.name, deal.closed, *(counted(deal.status == "won") if decided else APART)


@twin
def deal_closure_rate(week):
    knobs = week.knobs["deal_closure_rate"]
    for deal in deals(week):
        if week.version_at(deal.created):
            of_age = days_after(deal.created, knobs["horizon_days"])
            wanted = deal.status == "won" or knobs["counting"] == "closed"
            in_time = wanted and deal.closed is not None and deal.closed <= of_age
            yield deal.name, of_age, *(PENDING if of_age > week.as_of else counted(in_time))


@twin
def sales_cycle_length(week):
    for deal in deals(week):
        spent = deal.created and cycle(deal, week.knobs["sales_cycle_length"]["measured"]) if deal.closed else None
        judged = INVALID if spent is None or spent < NOTHING else measured(spent / DAY)
        yield deal.name, deal.closed, *(judged if deal.status == "won" else APART)


def cycle(deal, kind):
    """How long a deal took; a deal of which only days are known took whole days."""
    closed = deal.closings[0 if kind == "first" else -1]
    if deal.by_day:
        return local(closed).date() - local(deal.created).date()
    return closed - deal.created - (deal.idle if kind == "active" else NOTHING)


def stays(week):
    """Every deal and stage with its stays in it: since when and until when, None where it is there still."""
    found = {}
    for deal in deals(week):
        for move, later in pairwise([*deal.moves, None]):
            if move.status == "open":
                visits = found.setdefault(f"{deal.name}:{move.stage}", (deal, move.stage, []))[2]
                visits.append((move.entered_at, later and later.entered_at))
    return found.items()


@twin
def stage_dwell(week):
    for item, (_, _, visits) in stays(week):
        spent = sum(((left or week.as_of) - entered for entered, left in visits), NOTHING)
        yield item, visits[0][0], *measured(spent / DAY, waits=visits[-1][1] is None)


@twin
def stage_conversion(week):
    for item, (deal, stage, visits) in stays(week):
        onward = moved_on(deal, stage)
        yield item, visits[0][0], *(PENDING if deal.status == "open" and not onward else counted(onward))


def moved_on(deal, stage):
    """Whether a deal reached a later stage or was won; a stage without a place in the order it must leave for good."""
    reached = ["won" if move.status == "won" else move.stage for move in deal.moves if move.status != "lost"]
    order = [*STAGES, "won"]
    if stage in order:
        return any(order.index(other) > order.index(stage) for other in reached if other in order)
    return reached[-1] != stage or "won" in reached[reached.index(stage) :]


def waits(week):
    """Since when until when open deals waited for us; a touch at the instant of a closing is one of a closed deal."""
    for deal in deals(week):
        touches = [(when, None) for when in messages(week, "opportunity_id", deal.name)]
        begun = [(deal.created, True)] if deal.created else []
        since, found = None, []
        for when, opens in sorted([*begun, *deal.turns, *touches], key=lambda moment: moment[0]):
            found += [(since, when)] if since else []
            since = when if opens or (since and opens is None) else None
        for n, wait in enumerate([*found, (since, None)], 1):
            yield f"{deal.name}#{n}", *wait


@twin
def steps_done_once(week):
    for deal in deals(week):
        version = week.version_at(deal.closed)
        roles = version.roles if version else []
        required = {role["step"] for role in roles if role["recorded"] and role["team"] in (None, deal.team)}
        done = [step for step in week.steps if step.opportunity_id == deal.name and week.happened(step.completed_at)]
        people = [{step.performer_id for step in done if step.step == name} for name in required]
        once = all(len(each) == 1 for each in people)
        yield deal.name, deal.closed, *(counted(once) if deal.status == "won" else APART)


# Handoffs, feedback and surveys


def to_success(week, deal):
    rows = [row for row in week.handoffs if row.kind == "sales to customer success" and row.opportunity_id == deal.name]
    return sorted(rows, key=lambda row: (not row.offered_at, str(row.offered_at), row.handoff_id))


def accepted(week, deal):
    """When a deal's handoff was accepted, and not returned afterwards."""
    for row in to_success(week, deal):
        taken, returned = week.happened(row.accepted_at), week.happened(row.returned_at)
        if taken and not (returned and returned >= taken):
            yield taken


@twin
def handoff_completeness(week):
    for deal in won(week):
        lists = [row for row in to_success(week, deal) if row.required_items is not None]
        required, present = (lists[-1].required_items, lists[-1].present_items or 0) if lists else (0, 0)
        yield deal.name, deal.closed, *(counted(present, required) if required else APART)


@twin
def handoff_first_time_right(week):
    for deal in won(week):
        rows = to_success(week, deal)
        returned, right = any(week.happened(row.returned_at) for row in rows), any(accepted(week, deal))
        waiting = PENDING if any(row.offered_at for row in rows) else APART
        yield deal.name, deal.closed, *(counted(right and not returned) if right or returned else waiting)


def held(week, deal):
    return first(row.completed_at for row in to_success(week, deal))


def feedback(week, start, stop):
    for row in week.feedback:
        yield row.feedback_id, week.happened(getattr(row, start)), getattr(row, stop), row.duplicate_of


def answered(week, survey):
    """The answers to a survey, each with whether it is on its scale, and the last of its account in the quarter."""
    scored = [row for row in week.satisfaction if week.happened(row.responded_at) and row.score is not None]
    last = {asked(row): row for row in sorted(scored, key=lambda row: row.responded_at)}
    for row in week.satisfaction:
        mine = row in scored and row.survey == survey
        yield row, mine and not row.scale_min <= row.score <= row.scale_max, mine and last[asked(row)] is row


def asked(row):
    on = local(row.responded_at)
    return row.survey, row.account or row.response_id, on.year, (on.month - 1) // 3


@twin
def csat(week):
    for row, off_scale, last in answered(week, "csat"):
        judged = counted(row.score > row.scale_max - week.knobs["csat"]["top_boxes"]) if last else APART
        yield row.response_id, week.happened(row.responded_at), *(INVALID if off_scale else judged)


@twin
def nps(week):
    for row, off_scale, last in answered(week, "nps"):
        other_scale = last and (row.scale_min, row.scale_max) != (0, 10)
        judged = counted(100 * ((row.score >= 9) - (row.score <= 6))) if last else APART
        yield row.response_id, week.happened(row.responded_at), *(INVALID if off_scale or other_scale else judged)


@twin
def survey_response(week):
    for row in week.satisfaction:
        closes = days_after(row.sent_at, week.knobs["survey_response"]["open_days"])
        in_time = week.happened(row.responded_at) is not None and row.responded_at <= closes
        yield row.response_id, row.sent_at, *(counted(in_time) if in_time or closes <= week.as_of else PENDING)


# Plans, and the agreement itself


class Term(Row):
    """What a team planned for the days from one to another."""

    def has(self, instant):
        return instant is not None and self.begins <= instant < self.ends


def terms(week, measure):
    planned = {}
    for row in [row for row in week.quotas if row.measure == measure]:
        term = row.team, row.from_on, row.to_on
        planned[term] = planned.get(term, 0) + row.amount
    for (team, start, end), amount in planned.items():
        begins, ends = midnight(start), midnight(end + DAY)
        name = f"{team}:{start}:{end}"
        yield Term(name=name, team=team, start=start, end=end, begins=begins, ends=ends, planned=amount)


def pipeline(week, term):
    """Amount and probability of the deals of a team that were open when a term began, and expected to close in it."""
    for deal in deals(week):
        moves = [move for move in deal.moves if move.entered_at <= term.begins]
        if deal.team == term.team and moves and moves[-1].status == "open":
            expected = recorded(moves, "expected_close_on")
            if expected and term.start <= expected <= term.end:
                yield recorded(moves, "amount") or 0, recorded(moves, "probability") or 0


def recorded(moves, name):
    """What was last recorded of a deal."""
    return next((value for move in reversed(moves) if (value := getattr(move, name)) is not None), None)


@twin
def pipeline_coverage(week):
    for term in terms(week, "won amount"):
        expected = sum(amount for amount, _ in pipeline(week, term))
        judged = counted(expected, term.planned) if known_then(week, term) else APART
        judged = judged if term.planned > 0 else INVALID
        yield term.name, term.begins + JUST_BEFORE, *(PENDING if term.begins > week.as_of else judged)


def forecast(week, term):
    """The last snapshot of each person up to the first days of a term; without any, the pipeline by its chances."""
    until = min(term.begins + 3 * DAY, week.as_of)
    taken = [row for row in week.forecasts if row.team == term.team and row.from_on == term.start]
    early = sorted((row for row in taken if row.snapshot_at <= until), key=lambda row: row.snapshot_at)
    last = {row.user_id: row.amount for row in early}
    if not last and not known_then(week, term):
        return None
    return sum(last.values()) if last else sum(amount * chance for amount, chance in pipeline(week, term))


def known_then(week, term):
    """Whether anything of the team's deals was on record when a term began."""
    return any(row.entered_at <= term.begins for row in week.stage_history if row.team == term.team)


def missed_by(week, distance):
    for term in terms(week, "won amount"):
        actual = sum(deal.amount for deal in won(week) if deal.team == term.team and term.has(deal.closed))
        called = forecast(week, term)
        judged = counted(distance(called - actual), actual) if actual and called is not None else APART
        yield term.name, term.begins, *(PENDING if term.ends > week.as_of else judged)


@twin
def forecast_error(week):
    return missed_by(week, abs)


@twin
def forecast_bias(week):
    return missed_by(week, float)


@twin
def training_completed(week):
    for row in [row for row in week.training if row.due_on]:
        due = midnight(row.due_on + DAY) + JUST_BEFORE
        done = week.happened(row.completed_on and midnight(row.completed_on))
        open_still = "pending" if due > week.as_of else "missed"
        yield f"{row.user_id}:{row.module}", due, "met" if done and done <= due else open_still


@twin
def training_coverage(week):
    for first_day in (week.versions[0].since + n * DAY for n in range(1, 20)):
        last, version = first_day - DAY, week.version_at(midnight(first_day) + JUST_BEFORE)
        if first_day.day != 1 or midnight(first_day) > week.as_of or not version:
            continue  # months that have ended under an agreement
        for row in week.users:
            there = (row.active_from or last) <= last <= (row.active_to or last)
            if row.kind == "human" and row.home in at_work(week) and there:
                begun = max(version.since, row.active_from or version.since)
                due = [one for one in version.training if begun + one["within_days"] * DAY <= last and takes(row, one)]
                done = {one.module for one in week.training if one.user_id == row.user_id and until(one, last)}
                figures = counted({one["module"] for one in due} <= done, bool(due))
                yield f"{row.user_id}:{last:%Y-%m}", midnight(first_day) + JUST_BEFORE, *(figures if due else APART)


def takes(row, module):
    return row.role and row.role.lower() in [role.lower() for role in module["roles"]]


def until(training, day):
    return training.completed_on is not None and training.completed_on <= day


def at_work(week):
    return {row.team for row in [*week.leads, *week.opportunities]}


@twin
def role_coverage(week):
    teams = at_work(week)
    day = week.versions[0].since
    while day < local(week.as_of).date():
        roles = week.version_at(midnight(day)).roles
        for step, team in {(role["step"], team) for role in roles for team in teams}:
            held = {role["accountable"] for role in roles if role["step"] == step and holds(role, team, day)}
            yield f"{team}:{step}:{day}", midnight(day), *counted(len(held) == 1)
        day += DAY


def holds(role, team, day):
    return role["team"] in (None, team) and (role["from_on"] or day) <= day <= (role["to_on"] or day)


# Promises about time: item, start, stop, and what makes it one that does not count

PROMISES = {
    "lead_response": lambda week: ((row.lead_id, assigned(week, row), replied(week, row)) for row in week.leads),
    "speed_to_lead": lambda week: ((row.lead_id, row.created_at, replied(week, row)) for row in week.leads),
    "marketing_delivery": lambda week: ((row.lead_id, row.qualified_at, delivered(week, row)) for row in week.leads),
    "lead_decision": lambda week: ((item, at, first(answers(week, offer))) for item, at, offer in offers(week)),
    "turnaround": lambda week: ((row.step_id, row.requested_at, row.completed_at) for row in week.steps),
    "deals_kept_moving": waits,
    "handoff_acceptance": lambda week: ((deal.name, deal.closed, first(accepted(week, deal))) for deal in won(week)),
    "kick_off": lambda week: ((deal.name, deal.closed, held(week, deal)) for deal in won(week)),
    "feedback_acknowledged": lambda week: feedback(week, "submitted_at", "acknowledged_at"),
    "feedback_decided": lambda week: feedback(week, "submitted_at", "decided_at"),
    "feedback_loop_closed": lambda week: feedback(week, "decided_at", "told_at"),
}


def clocked(items):
    """The twin of a promise about time, from its items."""

    def tell(week):
        for item, start, stop, *doubles in items(week):
            yield item, start, "does not apply" if any(doubles) else timed(week, start, stop)[0]

    return tell


TWINS |= {name: clocked(items) for name, items in PROMISES.items()}


# Both, side by side


@cache
def week_of(seed):
    return Week(seed)


@cache
def frames(seed):
    """What the package makes of a week, by KPI."""
    week = week_of(seed)
    agreement = Agreement(tuple(agreed(week, terms) for terms in week.versions), {})
    tables = {name: pd.DataFrame([vars(row) for row in rows]) for name, rows in week.tables.items() if rows}
    items = build_items(canonical(**tables), agreement, at(str(week.as_of)), {})
    return judge_items(items, agreement, TEAMS)


def agreed(week, terms):
    """A version of the agreement that has every KPI once, by the name of the KPI."""
    amount, business = terms.within
    within = {"within": parse_duration(f"{amount} {'business ' * business}minutes")}
    measures = {"promise": [], "outcome": []}
    for name, kpi in OURS.items():
        knobs = within if "within" in kpi.knobs else week.knobs.get(name, {})
        promise = {"promise": "We keep it.", "target": "0.9"} if kpi.kind == "promise" else {}
        whole = {"id": ident(name), "title": name, "kpi": name, "owner": "Ada", "knobs": knobs}
        measures[kpi.kind].append(whole | promise)
    known = {"stages": STAGES, "responsibilities": terms.roles, "outcomes": measures["outcome"], "review": MONTHLY}
    known |= {"training": terms.training}
    return version(terms.since.isoformat(), promises=measures["promise"], **known)


def ident(name):
    return name.replace("_", "-")


def said(kpi, row):
    """What the package says of an item, in the words of its twin."""
    figures = ("value", "censored") if kpi.estimate == "median" else ("numerator", "denominator")
    return row["at"], row["state"], *(row[figure] for figure in figures if row["state"] == "counted")


def plain(when, state, *figures):
    return when, state, *(round(float(figure), 9) for figure in figures)


@pytest.mark.parametrize("name", OURS)
@pytest.mark.parametrize("seed", SEEDS)
def test_a_kpi_agrees_with_its_twin(seed, name):
    week, fast = week_of(seed), frames(seed)[ident(name)]
    slowly = {item: plain(*told) for item, *told in TWINS[name](week) if week.version_at(told[0])}
    assert {item: plain(*said(OURS[name], row)) for item, row in fast.iterrows()} == slowly


def test_every_kpi_has_a_twin():
    assert set(TWINS) == set(OURS)
