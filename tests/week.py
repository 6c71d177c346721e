"""A company's week at random, where clocks change, a year begins or a holiday falls: canonical rows as plain data."""

from __future__ import annotations

import datetime as dt
import random
from itertools import product
from types import SimpleNamespace as Row
from zoneinfo import ZoneInfo

from judging import PEOPLE
from judging import ZONE as BERLIN
from test_clock import FIRST_DAYS, MINUTE

from slareport.tables import EXTRACTED, TABLES

DAY = dt.timedelta(days=1)
EDGES = ["00:00", "01:59", "02:00", "02:30", "03:00", "08:45", "09:00", "10:00", "16:30", "17:00", "23:59"]
LATER = [-20, -15, -1, 0, 1, 59, 60, 61, 240, 660, 1440]  # minutes after a start: about the promised ones
WITHIN = [(60, True), (240, True), (60, False), (660, False)]  # minutes, and whether of business time
CHANNELS = ["call", "email", "meeting", "chat", "sms", "social", "note", "task"]
STAGES = ["Qualification", "Proposal", "Negotiation"]  # the agreement names them; "Demo" it does not
STEPS = ["proposal", "contract"]
LEARNERS = [f"M{n}" for n in range(8)]  # who take trainings, and do nothing else
TERMS = [(-1, 1), (2, 3), (3, 5), (4, 6)]  # first and last day, of the week
LEADS, DEALS = 20, 30


def local(instant):
    return instant.astimezone(ZoneInfo(BERLIN))


def on_the_clock(naive):
    """The instant of a local time: the first of two, and where there is none the first that comes after it."""
    found = naive.replace(tzinfo=ZoneInfo(BERLIN)).astimezone(dt.UTC)
    return found if local(found).replace(tzinfo=None) == naive else on_the_clock(naive + MINUTE)


def midnight(day):
    return on_the_clock(dt.datetime.combine(day, dt.time()))


class Draws(random.Random):
    """What happens when, in one week: much at the edges of days and hours, and at the end of the data."""

    def __init__(self, seed):
        super().__init__(seed)
        self.begin = dt.date.fromisoformat(FIRST_DAYS[seed % len(FIRST_DAYS)])
        self.as_of = None
        self.as_of = self.instant(3, 5)
        self.keeps_offers = self.random() < 0.7  # some CRMs keep no handoffs of leads

    def mostly(self, value, *others):
        return value if self.random() < 0.7 else self.choice([None, *others])

    def team(self):
        return self.choice(["north", "north", "south"])

    def day(self, first=0, last=5):
        return self.begin + self.randint(first, last) * DAY

    def instant(self, first=0, last=5):
        if self.as_of and self.random() < 0.1:
            return self.as_of + self.randint(-1, 1) * MINUTE
        any_time = dt.time(self.randrange(24), self.randrange(60))
        time = dt.time.fromisoformat(self.choice(EDGES)) if self.random() < 0.6 else any_time
        when = dt.datetime.combine(self.day(first, last), time.replace(fold=self.randint(0, 1)), ZoneInfo(BERLIN))
        return when.astimezone(dt.UTC)

    def after(self, start):
        """About as long after a start as is promised, at any instant, or never."""
        near = start + self.choice(LATER) * MINUTE if start else None
        return self.choice([None, near, near, self.instant()])

    def series(self, start):
        """Different instants in order, from a start on."""
        drawn = [self.instant() for _ in range(self.randrange(6))]
        return sorted({start, *(at for at in drawn if at > start)})


def leads(draws):
    for n in range(LEADS):
        name, created = f"L{n}", draws.instant()
        qualified = draws.after(created)
        yield "leads", Row(
            lead_id=name, team=draws.team(), person=draws.mostly(draws.choice("vwxyz")), created_at=created,
            qualified_at=qualified, accepted_at=draws.after(qualified), rejected_at=draws.after(qualified),
        )  # fmt: skip
        held = draws.series(draws.mostly(created, draws.after(created)) or created)
        for leg, since in enumerate(held[:3]):
            owner = draws.choice([*PEOPLE, None])
            yield "lead_legs", Row(lead_id=name, leg=leg, owner_id=owner, from_at=since, team="north")
        yield from touches(draws, created, lead_id=name, opportunity_id=None)
        if draws.keeps_offers:
            yield from handoffs(draws, "marketing to sales", qualified, lead_id=name)


def touches(draws, start, **about):
    for _ in range(draws.randrange(5)):
        yield "activities", Row(
            occurred_at=draws.after(start) or draws.instant(), actor_id=draws.mostly("A", *PEOPLE, "Z"), team="north",
            channel=draws.choice(CHANNELS), direction=draws.choice(["outbound"] * 4 + ["inbound", "internal"]),
            outcome=draws.mostly("connected", "attempted", "bounced", "no show", "cancelled"), **about,
        )  # fmt: skip


def deals(draws):
    for n in range(DEALS):
        name, team, created, closed = f"D{n}", draws.team(), draws.mostly(draws.instant()), draws.instant()
        recorded, by_day = draws.random() < 0.6, draws.random() < 0.2
        created_by_day = bool(created) and not recorded and draws.random() < 0.2
        yield "opportunities", Row(
            opportunity_id=name, team=team, status=draws.choice(["open", "won", "won", "lost", "no decision"]),
            created_at=midnight(local(created).date()) if created_by_day else created, created_at__date=created_by_day,
            closed_at=midnight(local(closed).date()) if by_day else closed, closed_at__date=by_day, amount=100.0 * n,
        )  # fmt: skip
        moves = draws.series(created or closed) if recorded else []
        for at in moves:
            status = draws.choice(["open", "open", "won", "lost"])
            yield "stage_history", Row(
                history_id=f"{name}{at}", opportunity_id=name, team=team, status=status, entered_at=at,
                stage=draws.choice([*STAGES, "Demo", "Demo"]) if status == "open" else status,
                amount=draws.mostly(100.0, 40.0), probability=draws.mostly(0.5, 0.25),
                expected_close_on=draws.mostly(draws.day(-1, 7)),
            )  # fmt: skip
        yield from touches(draws, created or closed, lead_id=None, opportunity_id=name)
        yield from handoffs(draws, "sales to customer success", moves[-1] if moves else closed, opportunity_id=name)
        for number in range(draws.randrange(4)):
            asked = draws.instant()
            yield "steps", Row(
                step_id=f"{name}.{number}", opportunity_id=name, team=team, step=draws.choice(STEPS),
                performer_id=draws.choice("AB"), requested_at=asked, completed_at=draws.after(asked),
            )  # fmt: skip


def handoffs(draws, kind, start, lead_id=None, opportunity_id=None):
    """What was handed over, none to several times, about when it had to be."""
    for number in range(draws.choice([0, 1, 1, 2, 3])):
        offered = draws.choice([start, start, draws.after(start)])
        taken = draws.after(offered)
        yield "handoffs", Row(
            handoff_id=f"{lead_id or opportunity_id}.{number}", kind=draws.mostly(kind) or "sales to product",
            offered_at=offered, accepted_at=taken, rejected_at=draws.after(offered), completed_at=draws.after(start),
            returned_at=draws.choice([None, draws.after(taken)]), required_items=draws.mostly(5.0, 0.0),
            present_items=draws.mostly(4.0, 5.0), lead_id=lead_id, opportunity_id=opportunity_id, team="north",
        )  # fmt: skip


def opinions(draws):
    for n in range(40):
        told, decided = draws.instant(), draws.after(draws.instant())
        yield "feedback", Row(
            feedback_id=f"F{n}", team=draws.team(), duplicate_of=draws.mostly(None, "F0"), submitted_at=told,
            acknowledged_at=draws.after(told), decided_at=decided, told_at=draws.after(decided), user_id="A",
        )  # fmt: skip
        asked = draws.instant()
        yield "satisfaction", Row(
            response_id=f"R{n:02}", survey=draws.choice(["csat", "nps"]), team=draws.team(), sent_at=asked,
            responded_at=draws.after(asked), scale_min=draws.choice([0.0, 0.0, 1.0]),
            scale_max=draws.choice([5.0, 10.0, 10.0]), score=draws.mostly(float(draws.randint(-1, 11))), user_id="A",
            account=draws.mostly(None, "Acme", "Best"),
        )  # fmt: skip


def plans(draws):
    for n in range(16):
        first, last = (draws.begin + day * DAY for day in draws.choice(TERMS))
        term = {"from_on": first, "to_on": last, "team": draws.team(), "user_id": draws.choice("AB")}
        measure, amount = draws.choice(["won amount", "qualified leads"]), draws.choice([0.0, 3.0, 100.0])
        yield "quotas", Row(quota_id=f"Q{n:02}", measure=measure, amount=amount, **term)
        taken = draws.instant(-1) + n * dt.timedelta(seconds=1)  # no two at once
        yield "forecasts", Row(snapshot_at=taken, amount=amount, **draws.choice([term, term | {"team": "elsewhere"}]))
    for who, module in product(["A", "B", *LEARNERS], ["SLA", "CRM"]):
        due_on, completed_on = draws.mostly(draws.day()), draws.mostly(draws.day())
        yield "training", Row(user_id=who, module=module, team="north", due_on=due_on, completed_on=completed_on)


def people(draws):
    for name, kind in [*PEOPLE.items(), *((name, "human") for name in LEARNERS)]:
        yield "users", Row(
            user_id=name, name=name, kind=kind,
            role=draws.mostly("Seller", "Desk"), home=draws.mostly("north", "south"),
            active_from=draws.mostly(None, draws.day(-9)), active_to=draws.mostly(None, draws.day()),
        )  # fmt: skip


def module(draws):
    roles = draws.choice([["SELLER"], ["desk"], ["Seller", "Desk"]])
    return {"module": draws.choice(["SLA", "CRM"]), "roles": roles, "within_days": draws.choice([0, 1, 2, 9])}


def role(draws):
    return {
        "step": draws.choice(STEPS), "accountable": draws.choice(["Leader", "Desk"]), "responsible": ["Seller"],
        "team": draws.mostly(None, "north"), "recorded": draws.random() < 0.7,
        "from_on": draws.mostly(None, draws.day(-2)), "to_on": draws.mostly(None, draws.day()),
    }  # fmt: skip


class Week:
    """The rows of one week by table, as an extract holds them at `as_of`, and the two versions of its agreement."""

    def __init__(self, seed):
        draws = Draws(seed)
        self.as_of = draws.as_of
        self.tables = {name: [] for name in EXTRACTED}
        for make in (leads, deals, opinions, plans, people):
            for table, row in make(draws):
                self.tables[table] += [row] if self.is_known(table, row) else []
        for table, rows in self.tables.items():
            rows.sort(key=lambda row, order=EXTRACTED[table]: [str(getattr(row, name, "")) for name in order])
        since = [draws.begin + day * DAY for day in (draws.choice([-10, 1]), 3)]
        self.versions = [
            Row(
                since=day,
                within=draws.choice(WITHIN),
                roles=[role(draws) for _ in range(3)],
                training=[module(draws) for _ in range(2)],
            )
            for day in since
        ]
        self.knobs = {
            "win_rate": {"counting": draws.choice(["narrow", "broad"])},
            "deal_closure_rate": {"counting": draws.choice(["won", "closed"]), "horizon_days": draws.randint(1, 3)},
            "sales_cycle_length": {"measured": draws.choice(["final", "first", "active"])},
            "csat": {"top_boxes": draws.randint(1, 2)},
            "survey_response": {"open_days": draws.randint(1, 3)},
        }

    def is_known(self, table, row):
        """Whether an extract as of then has the row."""
        names = ["from_at"] if table == "lead_legs" else TABLES[table].known_at
        instants = [getattr(row, name, None) for name in names]
        return all(at is None or at <= self.as_of for at in instants)

    def happened(self, instant):
        return instant if instant and instant <= self.as_of else None

    def version_at(self, instant):
        """The version in force at an instant; None where there is none."""
        return next((v for v in reversed(self.versions) if instant and midnight(v.since) <= instant), None)

    def __getattr__(self, table):
        return self.tables[table]
