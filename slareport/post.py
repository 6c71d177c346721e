"""What goes out: a PDF of a packet, and for everyone on the list a mail with the review they get."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
import pandas as pd

from slareport import exhibits, files, outputs
from slareport.editions import CLIENT, TEAM, client_key, inside, own
from slareport.errors import Problem, UsageError
from slareport.mail import Attachment, Letter, compose
from slareport.outputs import PROVISIONAL, Place
from slareport.pdf import Paper, print_pdf
from slareport.period import Period
from slareport.publishing import closing_record
from slareport.recipients import COMPANYS, REVIEWS, Entry, load_list
from slareport.teams import COMPANY
from slareport.workspace import Workspace


@dataclass(frozen=True)
class Packet:
    """A published packet: its place, its manifest and the folder it is in."""

    place: Place
    manifest: dict[str, Any]
    folder: Path

    @property
    def name(self) -> str:
        """What files made of it are called."""
        whose = COMPANYS if self.place.team == COMPANY else self.place.team.lstrip("_")
        other = "" if self.is_review else self.place.notebook
        return "-".join(filter(None, [whose, self.place.period, other, self.place.edition]))

    @property
    def is_review(self) -> bool:
        """Whether it is the review itself, not an annex or another notebook."""
        return self.place.notebook == REVIEWS[own(self.place.team)]

    @property
    def known_at(self) -> pd.Timestamp:
        """Up to when things were known in it."""
        return pd.Timestamp(self.manifest["as_of"])

    def read(self) -> dict[str, Any]:
        """Its closing record."""
        return closing_record(nbformat.read(self.folder / "notebook.ipynb", as_version=4))

    def printed(self, paper: Paper) -> bytes:
        """It as PDF."""
        return print_pdf(self.folder / self.place.page, self.known_at, paper)


def packets(
    workspace: Workspace,
    period: Period,
    teams: Sequence[str] = (),
    clients: Sequence[str] = (),
    edition: str = "",
    notebooks: Sequence[str] = (),
) -> list[Packet]:
    """The packets in force of a period: of some teams or clients, of all where none is named.

    Raises `UsageError` for unknown teams, and where none is published.
    """
    for team in teams:
        workspace.team(team)
    named = "" if edition in ("", TEAM) else inside(edition).audience
    whose = {*teams, *map(client_key, clients)}
    found = [
        packet
        for packet in _published(workspace, period)
        if packet.place.edition == named
        and (packet.place.team in whose or not whose)
        and (packet.place.notebook in notebooks if notebooks else packet.is_review)
    ]
    if not found:
        cure = f"publish it first: slareport run --period {period.name}"
        raise UsageError(Problem(f"no such packet of {period.name} is published", str(workspace.outputs), cure=cure))
    return found


def _published(workspace: Workspace, period: Period) -> Iterator[Packet]:
    for place, manifest, _ in outputs.published(workspace.outputs):
        if manifest and place.period == period.name:
            yield Packet(place, manifest, workspace.outputs / place.path(workspace.outputs))


def write_pdfs(chosen: Sequence[Packet], folder: Path, paper: Paper = "A4") -> Iterator[Path]:
    """Print packets into a folder, one PDF each."""
    for packet in chosen:
        path = folder / f"{packet.name}.pdf"
        files.write(path, packet.printed(paper))
        yield path


def write_mails(
    workspace: Workspace, period: Period, folder: Path, sent_at: dt.datetime, whose: Sequence[str] = ()
) -> Iterator[Path]:
    """Write one mail per recipient of the list into a folder, for a mail program to send.

    `whose` limits it to some teams or `company`. Raises `UsageError` with every packet of the list that is missing,
    before any mail is written.
    """
    known = load_list(workspace)
    chosen = [entry for entry in known.reviews if not whose or (entry.of or entry.client) in whose]
    for entry, packet in _found(workspace, period, chosen):
        attached = [Attachment(f"{packet.name}.pdf", "application/pdf", packet.printed(known.paper))]
        if entry.html:
            page = packet.folder / packet.place.page
            attached.append(Attachment(f"{packet.name}.html", "text/html", page.read_bytes()))
        letter = _letter(workspace, packet)
        for recipient in entry.to:
            path = folder / f"{packet.name}-{recipient.addr_spec}.eml"
            files.write(path, compose(letter, known.sender, recipient, sent_at, attached))
            yield path


def _found(workspace: Workspace, period: Period, entries: Sequence[Entry]) -> list[tuple[Entry, Packet]]:
    """Each entry with its packet."""
    there = {(p.place.team, p.place.edition): p for p in _published(workspace, period) if p.is_review}
    missing = [entry for entry in entries if (entry.whose, entry.edition or "") not in there]
    if missing:
        what, command = f"no such packet of {period.name} is published", f"slareport run --period {period.name}"
        raise UsageError(
            Problem(what, one.client or one.of or "", cure=f"publish it: {command} {one.asked}") for one in missing
        )
    return [(entry, there[entry.whose, entry.edition or ""]) for entry in entries]


def _letter(workspace: Workspace, packet: Packet) -> Letter:
    """The words of a mail, from what the packet's record says. The portal is for inside readers."""
    record = packet.read()
    told = record["bottom_line"]
    portal = workspace.agreement.versions[-1].portal_url if own(packet.place.team) != CLIENT else None
    link = f"{portal}/{packet.place.path(workspace.outputs)}/{packet.place.page}" if portal else None
    title = f"{packet.manifest['name']}, {packet.manifest['period_title']}"
    tables = exhibits.brief(pd.DataFrame(record["scorecard"]))
    provisional = packet.manifest["status"] == PROVISIONAL
    return Letter(title, told["lede"], told["points"], tables, link, record["foot"], provisional)
