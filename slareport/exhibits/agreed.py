"""The agreement as people read it: what is promised to whom, who does what, on which hours, and what if not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from slareport import format as fmt
from slareport import glossary, sections
from slareport.agreement import Handoff, Promise, Version
from slareport.kpi import KPIS
from slareport.sections import Cell, Entry, Section, Table
from slareport.signatures import Signed

EVERYONE = "All teams"


def services(version: Version) -> Section:
    """What each party provides to another, and the promises that say how well."""
    titles = {promise.id: promise.title for promise in version.promises}
    rows: list[list[Cell]] = [
        [
            service.name,
            f"{service.provider} to {service.receiver}",
            service.description,
            fmt.listed([titles[name] for name in service.promises]) or "Promised, not measured",
        ]
        for service in version.services
    ]
    return _table("What each party provides", ["Service", "From and to", "What", "Measured by"], rows)


def standards(version: Version) -> Section:
    """What holds for everything that is promised."""
    return entries("standards", [Entry("For everything that is promised", version.standards)] * bool(version.standards))


def processes(version: Version) -> Section:
    """How work runs, step by step."""
    numbered = [
        Entry(process.name, [f"{number}. {step}" for number, step in enumerate(process.steps, 1)])
        for process in version.processes
    ]
    return entries("processes", numbered)


def responsibilities(version: Version, teams: Mapping[str, str]) -> Section:
    """Who does each step, and the one role that answers for it."""
    rows: list[list[Cell]] = [
        [
            each.step.replace("_", " ").capitalize(),
            each.accountable,
            fmt.listed(each.responsible),
            fmt.listed(each.consulted) or fmt.DASH,
            fmt.listed(each.informed) or fmt.DASH,
            teams.get(each.team or "", EVERYONE),
        ]
        for each in version.responsibilities
    ]
    titles = ["Step", "Answers for it", "Does it", "Is asked", "Is told", "Where"]
    return _table("Steps and roles", titles, rows)


def promises(shown: Sequence[Promise]) -> Section:
    """Every promise in its own words, with all that it is measured by."""
    return entries("promises", [Entry(promise.title, _terms(promise)) for promise in shown])


def outcomes(version: Version) -> Section:
    """The results that are watched beside the promises."""
    rows: list[list[Cell]] = [[one.title, KPIS[one.kpi].meaning, one.owner] for one in version.outcomes]
    return _table("Results and their owners", ["Result", "What it is", "Owner"], rows)


def hours(version: Version) -> Section:
    """The working hours of every calendar, in words."""
    return entries(
        "hours", [Entry(name.capitalize(), [glossary.open_hours(each)]) for name, each in version.calendars.items()]
    )


def handoffs(shown: Sequence[Handoff]) -> Section:
    """How work passes on: through which channel, with what, and to whom it goes if it sticks."""
    rows: list[list[Cell]] = [
        [
            each.name,
            f"{each.giver} to {each.receiver}",
            each.channel,
            fmt.listed(each.required_items) or fmt.DASH,
            each.escalate_to,
        ]
        for each in shown
    ]
    return _table("How work is handed over", ["What", "From and to", "Through", "With", "If it sticks"], rows)


def training(version: Version) -> Section:
    """The training on the agreement, who takes it, and until when."""
    rows: list[list[Cell]] = [
        [
            each.module,
            fmt.listed(each.roles),
            fmt.day(each.due_on(version.effective_from)),
            fmt.plural(each.within_days, "day"),
        ]
        for each in version.modules
    ]
    return _table("Modules and who takes them", ["Module", "For", "By", "Who starts later has"], rows)


def reviews(version: Version) -> Section:
    """When reviews happen, and who leads them."""
    told = version.review
    said = (
        f"Reviews are {told.cadence}. Data settle for {fmt.plural(told.settle_business_days, 'business day')} after a "
        f"period; the review is held within {fmt.plural(told.hold_business_days, 'business day')} after that. It is "
        f"led by {fmt.listed(told.owners)}."
    )
    return sections.tables("reviews", above=[said])


def signatures(version: Version, signed: Signed) -> Section:
    """Who has signed for each party, and who has not."""
    rows: list[list[Cell]] = []
    for party in version.parties:
        by = signed.by.get(party.name)
        told = [by.by, by.role, fmt.day(by.on)] if by else ["Not signed", party.signatory, fmt.DASH]
        rows.append([party.name, *told])
    return _table("Parties and who has signed", ["Party", "Signed by", "Role", "On"], rows)


def change(version: Version) -> Section:
    """Why this version replaced the one before."""
    if version.change is None:
        return sections.nothing("the first version")
    text = version.change.reason.rstrip(".")
    return sections.tables("change", above=[f"{text}. Approved by {version.change.approved_by}."])


def owed(version: Version, promises: Sequence[Promise], role: str) -> Section:
    """What a role owes, to whom, and which part it has in it."""
    receivers = {name: service.receiver for service in version.services for name in service.promises}
    rows: list[list[Cell]] = [
        [
            promise.title,
            promise.promise,
            receivers.get(promise.id, fmt.DASH),
            "You answer for it" if promise.owner == role else "You keep it",
        ]
        for promise in promises
    ]
    return _table("Promises of this role", ["Promise", "In words", "To whom", "Your part"], rows)


def part_in(version: Version, role: str, team: str) -> Section:
    """The steps that a role has a part in."""
    rows: list[list[Cell]] = [
        [each.step.replace("_", " ").capitalize(), words]
        for each in version.responsibilities
        for words, whose in (
            ("You answer for it", [each.accountable]),
            ("You do it", each.responsible),
            ("You are asked", each.consulted),
            ("You are told", each.informed),
        )
        if each.team in (None, team) and role in whose
    ]
    return _table("Your steps", ["Step", "Your part"], rows)


def entries(name: str, found: Sequence[Entry]) -> Section:
    """Titles with lines below them; nothing where there are none."""
    return sections.section("definitions", name, entries=found) if found else sections.nothing(f"no {name}")


def _terms(promise: Promise) -> list[str]:
    """All that a promise says, a line each."""
    knobs = [f"{_plain(name)} {getattr(value, 'words', value)}" for name, value in promise.knobs.items()]
    target = f"Kept if {fmt.percent(promise.target)} of at least {fmt.plural(promise.min_n, 'item')} are in time"
    timed = f", {fmt.listed(knobs)}" if knobs else ""
    lines = [
        promise.promise,
        f"{target}{timed}. At risk from {fmt.percent(promise.warn_at)} of the time.",
        KPIS[promise.kpi].counting,
        f"Only: {_values(promise.population)}." if promise.population else "",
        f"Without: {_values(promise.exclusions)}." if promise.exclusions else "",
        f"The clock stands still for {fmt.listed(promise.pause, 'or')}." if promise.pause else "",
        f"Owner: {promise.owner}." + f" If it sticks: {promise.escalation}." * bool(promise.escalation),
        f"If it is missed: {promise.if_missed}" if promise.if_missed else "",
    ]
    return [line for line in lines if line]


def _values(columns: Mapping[str, Sequence[str]]) -> str:
    """Columns with the values that they may have."""
    return fmt.listed([f"{_plain(column)} {_plain(fmt.listed(values, 'or'))}" for column, values in columns.items()])


def _plain(name: str) -> str:
    return name.replace("_", " ")


def _table(caption: str, titles: Sequence[str], rows: list[list[Cell]]) -> Section:
    if not rows:
        return sections.nothing(f"no {caption.lower()}")
    return sections.tables(caption, Table(caption, sections.columns(titles), rows))
