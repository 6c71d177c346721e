"""Commands to agree by: sign a version of the agreement, object to a promise, answer an objection."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from slareport.cli.app import Outputs_, Workspace_, app, day_of, open_home, out, told

if TYPE_CHECKING:
    from slareport.agreement import Version
    from slareport.workspace import Workspace

By = Annotated[str, typer.Option(help="Who says so.")]
On = Annotated[str, typer.Option(help="The day, such as 2026-03-09 (default: today).")]
Version_ = Annotated[str, typer.Option("--version", help="The day a version takes effect (default: the newest).")]
Promise = Annotated[str, typer.Argument(help="A promise of the agreement.")]


@app.command()
@told
def sign(
    party: Annotated[str, typer.Option(help="The party that signs.")],
    by: Annotated[str, typer.Option(help="Who signs for it.")],
    version: Annotated[str, typer.Argument(help="The day a version takes effect (default: the newest).")] = "",
    role: Annotated[str, typer.Option(help="Their role (default: the signatory of the party).")] = "",
    on: On = "",
    evidence: Annotated[Path | None, typer.Option(help="A file that shows it, such as a mail: it is copied.")] = None,
    recorded_by: Annotated[str, typer.Option(help="Who records a signature given elsewhere.")] = "",
    workspace: Workspace_ = None,
    outputs: Outputs_ = None,
) -> None:
    """Sign a version of the agreement for a party, exactly as its file is now."""
    from slareport import consent
    from slareport.errors import Problem, UsageError

    if bool(evidence) != bool(recorded_by):
        cure = "give both, or neither for a signature given here"
        raise UsageError(Problem("evidence goes with who recorded it", "--evidence, --recorded-by", cure=cure))
    home = open_home(workspace, outputs)
    chosen = consent.version_of(home, version)
    proof = consent.Evidence(evidence, recorded_by) if evidence else None
    consent.sign(home, chosen, party, by, day_of(home, on), role, proof)
    _show(open_home(workspace, outputs), chosen)


@app.command("object")
@told
def object_(
    promise: Promise,
    text: Annotated[str, typer.Argument(help="What is wrong with it.")],
    by: By,
    version: Version_ = "",
    on: On = "",
    workspace: Workspace_ = None,
    outputs: Outputs_ = None,
) -> None:
    """Object to a promise: it is kept with the version until someone has answered."""
    from slareport import consent

    home = open_home(workspace, outputs)
    chosen = consent.version_of(home, version)
    path = consent.object_to(home, chosen, promise, by, day_of(home, on), text)
    out.print(f"the objection is in {path}")


@app.command()
@told
def answer(
    promise: Promise,
    text: Annotated[str, typer.Argument(help="The answer.")],
    by: By,
    version: Version_ = "",
    on: On = "",
    workspace: Workspace_ = None,
    outputs: Outputs_ = None,
) -> None:
    """Answer the oldest open objection to a promise."""
    from slareport import consent

    home = open_home(workspace, outputs)
    chosen = consent.version_of(home, version)
    path = consent.answer(home, chosen, promise, by, day_of(home, on), text)
    out.print(f"the answer is in {path}")


def _show(home: Workspace, version: Version) -> None:
    """Who has signed, who is missing, and what is still open."""
    from slareport import format as fmt
    from slareport.signatures import open_objections

    signed = home.signatures.state(home.agreement, version)
    out.print(f"version {version.version}, from {fmt.day(version.effective_from)}: {signed.count}")
    for party in version.parties:
        held = signed.by[party.name]
        said = f"{held.by}, {held.role}, {fmt.day(held.on)}" if held else f"missing: {party.signatory}"
        out.print(f"  {party.name}: {said}")
    for one in open_objections(home.signatures.of(version)):
        out.print(f"  open: {one.by} objects to {one.promise}")
