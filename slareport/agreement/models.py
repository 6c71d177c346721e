"""What one version of the agreement says: parties, services, responsibilities, calendars, promises, outcomes."""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from slareport.documents import Day, Strict, Zone, checked
from slareport.errors import Problem, UsageError
from slareport.worktime import Calendar, parse_windows

VERSION = "{version}"
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


def parse_url(text: str) -> str:
    """Where reviews are found on the web.

    >>> parse_url("https://reviews.example.com/sla/")
    'https://reviews.example.com/sla'
    """
    if not re.fullmatch(r"https?://[^\s\"'<>?#]+", text):
        raise UsageError(Problem("not an address", cure="write one like https://reviews.example.com/sla"))
    return text.rstrip("/")


def listed(value: object) -> object:
    """One value written without a list, as a list."""
    return [value] if isinstance(value, str) else value


def for_both(value: object) -> object:
    """One way to show people, for both inside editions."""
    return dict.fromkeys(("leadership", "team"), value) if isinstance(value, str) else value


Share = Annotated[Decimal, BeforeValidator(checked(parse_share))]
Identifier = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,39}$")]
Text = Annotated[str, Field(min_length=1)]
Url = Annotated[str, BeforeValidator(checked(parse_url))]
Cadence = Literal["monthly", "quarterly", "half-yearly", "yearly"]
Inside = Literal["leadership", "team"]
Audience = Literal["leadership", "team", "client"]
INSIDE: list[Any] = ["leadership", "team"]


class Party(Strict):
    """A department that signs, and who speaks for it."""

    name: Text
    signatory: Text


class Service(Strict):
    """What one party provides to another, and the promises that say how well; without one it is not measured."""

    name: Text
    provider: Text
    receiver: Text
    description: Text
    promises: list[Identifier] = []


class Process(Strict):
    """How a piece of work runs, step by step."""

    name: Text
    steps: list[Text] = Field(min_length=1)


class Handoff(Strict):
    """How work passes from one party to another: through which channel, with what, and to whom it goes if it sticks."""

    name: Text
    giver: Text
    receiver: Text
    channel: Text
    required_items: list[Text] = []
    escalate_to: Text
    promise: Identifier | None = None


class Module(Strict):
    """A part of the training on the agreement, and the roles that take it, as a learning system and the CRM name both.

    It is to be completed within so many days of the version's first day, or of the person's if that comes later.
    `{version}` in its name becomes the version's, so that the next version asks for a training of its own.
    """

    module: Text
    within_days: Annotated[int, Field(ge=0, le=366)] = 30
    roles: Annotated[list[Text], BeforeValidator(listed), Field(min_length=1)]

    def due_on(self, first: dt.date) -> dt.date:
        """The last day to complete it for whom it begins on a day."""
        return first + dt.timedelta(days=self.within_days)


class Responsibility(Strict):
    """Who does a step of the sale, and the one role that answers for it: in every team or one, always or for a time.

    `recorded` says that the CRM records the step, so that every won deal must have it done, once.
    """

    step: Text
    accountable: Text
    responsible: list[Text] = Field(min_length=1)
    consulted: list[Text] = []
    informed: list[Text] = []
    team: Text | None = None
    from_on: Day | None = None
    to_on: Day | None = None
    recorded: bool = False

    def covers(self, day: dt.date) -> bool:
        """Whether it holds on a date; `to_on` is its last."""
        return (self.from_on or dt.date.min) <= day <= (self.to_on or dt.date.max)


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
    """What a promise and an outcome have in common: the KPI that judges it, and the knobs it is set to.

    `population` keeps only the items that have one of these values in a column; `by` sets knobs otherwise for the
    items with a value: `by: {priority: {Hot: {within: 30 business minutes}}}`.
    """

    id: Identifier
    title: Text
    kpi: Text
    knobs: dict[str, Any] = {}
    population: dict[str, Annotated[list[str], BeforeValidator(listed)]] = {}
    by: dict[str, dict[str, dict[str, Any]]] = Field(default={}, max_length=1)
    min_n: Annotated[int, Field(ge=1)] = 1
    owner: Text


class Promise(Measure):
    """What is owed for every single item: kept or missed, with a target for the share kept.

    `kept_by` names the roles that keep it day by day; its `owner` answers for it.

    `pause` names the reasons of holds that stop the clock ("leave" is the owner's absence). Items with one of the
    values of `exclusions` are excluded. From `warn_at` of its time on, an item that waits is at risk. `audience` lists
    whose editions show it.
    """

    promise: Text
    audience: Annotated[list[Audience], BeforeValidator(listed), Field(min_length=1)] = INSIDE
    target: Share
    kept_by: Annotated[list[Text], BeforeValidator(listed)] = []
    warn_at: Share = Decimal("0.75")
    pause: list[Text] = []
    exclusions: dict[str, Annotated[list[str], BeforeValidator(listed)]] = {}
    escalation: str | None = None
    if_missed: str | None = None


class Outcome(Measure):
    """A result of the business, watched beside the promises: it gets better or worse, and is never a miss.

    No client's edition shows one.
    """

    audience: Annotated[list[Inside], BeforeValidator(listed), Field(min_length=1)] = INSIDE


class Review(Strict):
    """How often reviews happen and who leads them.

    Data may settle for so many business days after a period; so many more later the review is to be held.
    """

    cadence: Cadence = "quarterly"
    settle_business_days: Annotated[int, Field(ge=0, le=60)]
    hold_business_days: Annotated[int, Field(ge=0, le=60)] = 10
    calendar: Text
    owners: list[Text] = Field(min_length=1)


class Change(Strict):
    """Why this version replaced the one before."""

    reason: Text
    approved_by: Text


class Version(Strict):
    """One complete version of the agreement. `portal_url` is where the folder of outputs is found on the web.

    `people` says whether an inside edition has people's names or only their roles.
    """

    title: Text
    version: Text
    effective_from: Day
    ends_on: Day | None = None
    timezone: Zone
    fiscal_year_starts_in_month: Annotated[int, Field(ge=1, le=12)] = 1
    parties: list[Party] = Field(min_length=2)
    services: list[Service] = []
    standards: list[Text] = []
    processes: list[Process] = []
    handoffs: list[Handoff] = []
    training: list[Module] = []
    stages: list[Text] = []
    currency: Text | None = None
    responsibilities: list[Responsibility] = []
    calendars: dict[Identifier, Hours] = Field(min_length=1)
    promises: list[Promise] = []
    outcomes: list[Outcome] = []
    review: Review
    portal_url: Url | None = None
    people: Annotated[dict[Inside, Literal["names", "roles"]], BeforeValidator(for_both)] = {}
    change: Change | None = None

    @property
    def measures(self) -> list[Promise | Outcome]:
        """Promises, then outcomes, in the order of the file."""
        return [*self.promises, *self.outcomes]

    @property
    def modules(self) -> list[Module]:
        """The training on this version, by the names that it has."""
        named = ((each, each.module.replace(VERSION, self.version)) for each in self.training)
        return [each.model_copy(update={"module": name}) for each, name in named]

    def measure(self, name: str) -> Promise | Outcome | None:
        """The promise or outcome of this id, None where this version has none."""
        return next((measure for measure in self.measures if measure.id == name), None)

    @property
    def roles(self) -> list[str]:
        """Every role that has a part in it: owners of promises, who does the steps, and who is trained."""
        named = [role for promise in self.promises for role in (promise.owner, *promise.kept_by)]
        for each in self.responsibilities:
            named += [each.accountable, *each.responsible, *each.consulted, *each.informed]
        return list(dict.fromkeys([*named, *(role for module in self.training for role in module.roles)]))

    def roles_of(self, promise: Promise) -> set[str]:
        """Who keeps a promise: its owner, whom it names, and who does the step that it is about."""
        steps = promise.population.get("step", [])
        doing = {role for each in self.responsibilities if each.step in steps for role in each.responsible}
        return {promise.owner, *promise.kept_by, *doing}

    def working_hours(self) -> dict[str, Calendar]:
        """Every calendar of this version by name."""
        return {name: hours.calendar(name) for name, hours in self.calendars.items()}
