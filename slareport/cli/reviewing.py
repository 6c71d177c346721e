"""Commands around a review: a workbook to answer for its misses in, what is said and decided, and the signature."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from slareport.cli.app import Outputs_, Workspace_, app, day_of, open_home, out, period_of, told

if TYPE_CHECKING:
    from slareport.period import Period
    from slareport.saying import Changes
    from slareport.workspace import Workspace

review = typer.Typer(no_args_is_help=True, help="Answer for the misses of a review, note what is decided, sign it.")
app.add_typer(review, name="review")

Period_ = Annotated[str, typer.Option(help="A period, such as 2026Q3.")]
Day_ = Annotated[str, typer.Option("--on", help="The day, such as 2026-10-09 (default: today).")]
Whose_ = Annotated[str | None, typer.Option("--team", help="A team (default: the company).")]
By_ = Annotated[str, typer.Option("--by", help="Who says so.")]
Due_ = Annotated[str, typer.Option("--due", help="The day it is due, such as 2026-10-31.")]


@review.command()
@told
def export(
    team: Annotated[str, typer.Option(help="A team.")],
    period: Period_ = "last",
    to: Annotated[Path | None, typer.Option(help="The file to write (default: misses-PERIOD-TEAM.xlsx).")] = None,
    workspace: Workspace_ = None,
    outputs: Outputs_ = None,
) -> None:
    """Write a workbook of a review's misses, to explain and dispute them or to ask for a waiver."""
    from slareport import files
    from slareport.answers import export as answers_to

    home = open_home(workspace, outputs)
    when = period_of(home, period)
    path = to or Path(f"misses-{when.name}-{team}.xlsx")
    files.write(path, answers_to(home, when, team))
    out.print(f"made   {path}; next: fill in its coloured columns, then slareport review import {path}")


@review.command("import")
@told
def import_(
    workbook: Annotated[Path, typer.Argument(help="The workbook that was filled in.")],
    on: Day_ = "",
    workspace: Workspace_ = None,
    outputs: Outputs_ = None,
) -> None:
    """Take over what a filled workbook says into the minutes of its review; everything else there stays."""
    from slareport.answers import read
    from slareport.format import plural
    from slareport.saying import say

    home = open_home(workspace, outputs)
    found = read(home, workbook, day_of(home, on))
    file = say(home, found.period, found.team, found.changes)
    new, changed = sum(map(len, found.changes.added.values())), len(found.changes.changed)
    if not new + changed:
        out.print(f"nothing is new; {file} stays as it is")
        return
    out.print(f"{plural(new, 'entry', 'entries')} new, {changed} changed in {file}")
    if "waivers" in {*found.changes.added, *(name for name, _ in found.changes.changed)}:
        known = day_of(home, on) + dt.timedelta(days=1)
        out.print(f"waivers count from then on: slareport run --period {found.period.name} --as-of {known}")


@review.command()
@told
def note(
    text: Annotated[str, typer.Argument(help="The remark.")],
    by: By_,
    promise: Annotated[str, typer.Option(help="The promise it is about (default: the whole review).")] = "",
    team: Whose_ = None,
    period: Period_ = "last",
    on: Day_ = "",
    workspace: Workspace_ = None,
    outputs: Outputs_ = None,
) -> None:
    """Note a remark on a review: its packets quote it."""
    from slareport import deciding

    home = open_home(workspace, outputs)
    _say(home, team, period_of(home, period), deciding.note(text, by, day_of(home, on), promise))


@review.command()
@told
def ask(
    question: Annotated[str, typer.Argument(help="What is to be decided.")],
    option: Annotated[list[str], typer.Option(help="One way to decide; repeat for more.")],
    decider: Annotated[str, typer.Option(help="Who decides.")],
    due: Due_,
    recommend: Annotated[str, typer.Option(help="The option that is recommended.")] = "",
    team: Whose_ = None,
    period: Period_ = "last",
    workspace: Workspace_ = None,
    outputs: Outputs_ = None,
) -> None:
    """Ask a review for a decision: it stands in the bottom line of its packets."""
    from slareport import deciding

    home = open_home(workspace, outputs)
    changes = deciding.ask(question, option, recommend, decider, day_of(home, due, "--due"))
    _say(home, team, period_of(home, period), changes)


@review.command()
@told
def decide(
    question: Annotated[str, typer.Argument(help="The decision, or how it begins.")],
    choice: Annotated[str, typer.Argument(help="The option that was chosen.")],
    by: By_,
    remark: Annotated[str, typer.Option(help="What else is to be said of it.")] = "",
    team: Whose_ = None,
    on: Day_ = "",
    workspace: Workspace_ = None,
    outputs: Outputs_ = None,
) -> None:
    """Note how an open decision was taken, whichever review it was asked at."""
    from slareport import deciding

    home = open_home(workspace, outputs)
    found = deciding.waiting(home.reviews, _whose(home, team), "decisions", question)
    _say(home, team, found.period, deciding.decide(found, choice, by, day_of(home, on), remark))


@review.command()
@told
def act(
    action: Annotated[str, typer.Argument(help="What will be done.")],
    owner: Annotated[str, typer.Option(help="Who does it.")],
    due: Due_,
    team: Whose_ = None,
    period: Period_ = "last",
    workspace: Workspace_ = None,
    outputs: Outputs_ = None,
) -> None:
    """Agree on an action at a review: the reviews that follow carry it until it is done."""
    from slareport import deciding

    home = open_home(workspace, outputs)
    _say(home, team, period_of(home, period), deciding.act(action, owner, day_of(home, due, "--due")))


@review.command()
@told
def done(
    action: Annotated[str, typer.Argument(help="The action, or how it begins.")],
    team: Whose_ = None,
    on: Day_ = "",
    workspace: Workspace_ = None,
    outputs: Outputs_ = None,
) -> None:
    """Note that an action is done, whichever review it was agreed at."""
    from slareport import deciding

    home = open_home(workspace, outputs)
    found = deciding.waiting(home.reviews, _whose(home, team), "actions", action)
    _say(home, team, found.period, deciding.done(found, day_of(home, on)))


@review.command()
@told
def answer(
    promise: Annotated[str, typer.Argument(help="The promise of the disputed miss.")],
    item: Annotated[str, typer.Argument(help="The id of its item, as in misses.csv.")],
    text: Annotated[str, typer.Argument(help="The answer.")],
    by: By_,
    upheld: Annotated[bool, typer.Option("--upheld/--not-upheld", help="Whether the dispute is right.")],
    team: Whose_ = None,
    period: Period_ = "last",
    on: Day_ = "",
    workspace: Workspace_ = None,
    outputs: Outputs_ = None,
) -> None:
    """Answer a dispute. It changes no number: what is upheld is waived, or corrected in the CRM."""
    from slareport import deciding

    home = open_home(workspace, outputs)
    when = period_of(home, period)
    disputes = home.reviews.of(when, _whose(home, team)).disputes
    _say(home, team, when, deciding.answer(disputes, promise, item, text, by, day_of(home, on), upheld=upheld))


@review.command()
@told
def sign(
    by: Annotated[str, typer.Option(help="Who signs.")],
    team: Whose_ = None,
    period: Period_ = "last",
    role: Annotated[str, typer.Option(help="What they sign as, such as 'Team leader'.")] = "",
    on: Day_ = "",
    notebook: Annotated[str, typer.Option(help="The notebook whose packet is signed (default: the review).")] = "",
    workspace: Workspace_ = None,
    outputs: Outputs_ = None,
) -> None:
    """Sign the packet in force of a review: its digest goes into the minutes."""
    from slareport.signing import sign as put
    from slareport.teams import COMPANY

    home = open_home(workspace, outputs)
    whose = _whose(home, team)
    when = period_of(home, period)
    file = put(home, when, whose, notebook, by, role, day_of(home, on))
    out.print(f"signed by {by}: {whose.replace(COMPANY, 'the company')}, {when.name}; see {file}")


def _whose(home: Workspace, team: str | None) -> str:
    """The team a person named, or the company."""
    from slareport.teams import COMPANY

    if team:
        home.team(team)
    return team or COMPANY


def _say(home: Workspace, team: str | None, period: Period, changes: Changes) -> None:
    """Write what was said into the minutes of a review."""
    from slareport.saying import say

    out.print(f"it is in {say(home, period, _whose(home, team), changes)}")
