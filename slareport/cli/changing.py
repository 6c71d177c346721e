"""Commands to change the agreement: draft its next version, compare two."""

from __future__ import annotations

from typing import Annotated

import typer

from slareport.cli.app import Outputs_, Workspace_, app, open_home, out, period_of, show, told

Period_ = Annotated[str, typer.Option(help="The last period to look back on.")]


@app.command()
@told
def amend(
    effective_from: Annotated[str, typer.Option("--from", help="The day it takes effect, such as 2027-01-01.")],
    changes: Annotated[
        list[str] | None,
        typer.Option("--set", help="PROMISE.FIELD=VALUE; repeat for more (default: what past periods call for)."),
    ] = None,
    reason: Annotated[str, typer.Option(help="Why, for the changes named with --set.")] = "",
    approved_by: Annotated[str, typer.Option(help="Who approves it.")] = "Not approved yet",
    version: Annotated[str, typer.Option(help="Its name (default: the next number).")] = "",
    period: Period_ = "last",
    workspace: Workspace_ = None,
    outputs: Outputs_ = None,
) -> None:
    """Draft the next version of the agreement, from named changes or from what past periods call for."""
    from slareport import amending
    from slareport.documents import parse_day
    from slareport.errors import Problem, UsageError
    from slareport.evaluation import evaluate

    home = open_home(workspace, outputs)
    last = home.agreement.versions[-1]
    if changes and not reason:
        raise UsageError(Problem("a change needs a reason", "--reason", cure="say why, in a sentence"))
    chosen = [amending.parse_amendment(text, last, reason) for text in changes or ()]
    if not changes:
        name = period_of(home, period).name
        chosen = amending.proposals(evaluate(home.reaching(name), name), last)
    path = amending.amend(home, chosen, parse_day(effective_from), approved_by, version)
    for one in chosen:
        out.print(f"{one.promise}: {one.field} {one.value}. {one.reason}")
    out.print(f"made   {path}")


@app.command()
@told
def diff(
    old: Annotated[str, typer.Argument(help="The day a version takes effect (default: the last but one).")] = "",
    new: Annotated[str, typer.Argument(help="The day another does (default: the last).")] = "",
    period: Period_ = "last",
    workspace: Workspace_ = None,
    outputs: Outputs_ = None,
) -> None:
    """Show two versions of the agreement side by side, in words, and what a year would have been under each."""
    from slareport import consent, differing
    from slareport.errors import Problem, UsageError
    from slareport.evaluation import evaluate
    from slareport.exhibits import versions as shown

    home = open_home(workspace, outputs)
    versions = home.agreement.versions
    if len(versions) < 2:
        raise UsageError(
            Problem("there is one version only", "parameters/agreement", cure="draft one: slareport amend")
        )
    before = consent.version_of(home, old) if old else versions[-2]
    after = consent.version_of(home, new) if new else versions[-1]
    show(shown.differences(differing.differences(before, after), before, after))
    name = period_of(home, period).name
    made = evaluate(home.reaching(name), name)
    if under := differing.under_each(made, before, after):
        show(shown.under_each(under, before, after))
