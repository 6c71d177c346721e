"""Who gets which review: `parameters/mail.yaml`. It changes no packet; what goes out is in `post`."""

from __future__ import annotations

from email.headerregistry import Address
from email.policy import SMTP
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, InstanceOf

from slareport.agreement import Text
from slareport.documents import Strict, checked, parse, read_document
from slareport.editions import CLIENT, LEADERSHIP, TEAM, client_key
from slareport.errors import Problem, UsageError, did_you_mean
from slareport.pdf import Paper
from slareport.teams import COMPANY
from slareport.workspace import Workspace

LIST = "parameters/mail.yaml"
COMPANYS = "company"
REVIEWS = {TEAM: "team_review", LEADERSHIP: "leadership_summary", CLIENT: "client_review"}


def parse_mailbox(text: str) -> Address:
    """A mail address, with or without a name.

    >>> parse_mailbox("Ada Berg <ada@halden.example>").addr_spec, parse_mailbox("ada@halden.example").display_name
    ('ada@halden.example', '')
    """
    try:
        header: Any = SMTP.header_factory("To", " ".join(text.split()))
        found = header.addresses[0] if len(header.addresses) == 1 and not header.defects else Address()
    except (IndexError, ValueError):  # the parser itself stumbles over "ada@"
        found = Address()
    if not found.domain:
        raise UsageError(Problem("not a mail address", cure="write one like Ada Berg <ada@halden.example>"))
    return Address(found.display_name, addr_spec=found.addr_spec)


Mailbox = Annotated[InstanceOf[Address], BeforeValidator(checked(parse_mailbox))]


class Entry(Strict):
    """Who gets one review: `of` a team or of the company, or of a `client`. The PDF goes first; HTML only if asked."""

    of: Text | None = None
    client: Text | None = None
    edition: Text | None = None
    to: Annotated[list[Mailbox], Field(min_length=1)]
    html: bool = False

    @property
    def whose(self) -> str:
        """What its packets are filed under."""
        return client_key(self.client) if self.client else (self.of or "").replace(COMPANYS, COMPANY)

    @property
    def asked(self) -> str:
        """The options of the command that makes its packet."""
        if self.client:
            return f'--client "{self.client}"'
        named = f"--team {self.of}" if self.of != COMPANYS else f"--notebook {REVIEWS[LEADERSHIP]}"
        return named + f" --edition {self.edition}" * bool(self.edition)


class MailingList(Strict):
    """Who sends reviews, who gets which, and the paper their PDFs are for."""

    sender: Mailbox
    paper: Paper = "A4"
    reviews: Annotated[list[Entry], Field(min_length=1)]


def load_list(workspace: Workspace) -> MailingList:
    """Read `parameters/mail.yaml`. Raises `UsageError` with every problem: no address, no such team or edition."""
    path = workspace.root / LIST
    if not path.is_file():
        raise UsageError(
            Problem("nobody is on the list", LIST, cure="write it: `sender:` and `reviews:`, each with `to:`")
        )
    document = read_document(path, workspace.root)
    found = parse(document, MailingList)
    known = [*workspace.teams, COMPANYS]
    problems = []
    for index, entry in enumerate(found.reviews):
        place = ("reviews", index)
        if (entry.of is None) == (entry.client is None):
            problems.append(document.problem(place, "a review is `of` a team or the company, or of a `client`"))
        elif entry.of is not None and entry.of not in known:
            cure = did_you_mean(entry.of, known)
            problems.append(document.problem((*place, "of"), "no such team", entry.of, cure))
        if entry.edition is not None and (entry.of not in workspace.teams or entry.edition != LEADERSHIP):
            what, cure = "no such edition of this review", "leave it out; only a team's review has one: leadership"
            problems.append(document.problem((*place, "edition"), what, entry.edition, cure))
    if problems:
        raise UsageError(problems)
    return found
