"""A published review as a mail: the bottom line and the scorecard to read at once, the packet attached."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP

from slareport.page import environment
from slareport.sections import Table

SUBJECT_ENDS = 250  # characters; what follows the bottom line's first sentences is in the body


@dataclass(frozen=True)
class Attachment:
    """A file that goes with a mail: its name, its kind (such as application/pdf) and its content."""

    name: str
    kind: str
    content: bytes


@dataclass(frozen=True)
class Letter:
    """What a mail says: whose review it is, the bottom line, its points, the scorecard, where the packet is."""

    title: str
    lede: str
    points: Sequence[str]
    tables: Sequence[Table]
    link: str | None
    foot: str
    provisional: bool = False

    @property
    def subject(self) -> str:
        """Whose review of which period it is, then the bottom line."""
        words = " ".join(f"{'Provisional. ' * self.provisional}{self.title}: {self.lede}".split())
        return words if len(words) <= SUBJECT_ENDS else f"{words[:SUBJECT_ENDS].rsplit(' ', 1)[0]} …"


def compose(
    letter: Letter, sender: Address, recipient: Address, sent_at: dt.datetime, attached: Sequence[Attachment]
) -> bytes:
    """One mail to one recipient as the bytes of an .eml file; the same arguments give the same bytes.

    Text and HTML say the same; the HTML has its styles inline and needs no picture, no script and no network.
    """
    mail = EmailMessage(policy=SMTP)
    mail["From"], mail["To"] = sender, recipient
    mail["Subject"] = letter.subject
    mail["Date"] = sent_at
    mail["X-Unsent"] = "1"  # so that a mail program opens it to be looked at and sent
    text, html = (_body(f"mail.{kind}.j2", letter) for kind in ("txt", "html"))
    mail.set_content(text, cte="quoted-printable")
    mail.add_alternative(html, subtype="html", cte="quoted-printable")
    for one in attached:
        main, sub = one.kind.split("/")
        mail.add_attachment(one.content, main, sub, filename=one.name)
    content = b"".join(one.content for one in attached)
    told = "\n".join([letter.subject, text, html, str(sender), str(recipient), sent_at.isoformat()])
    digest = hashlib.sha256(told.encode() + content).hexdigest()[:32]
    mail["Message-ID"] = f"<{digest}@{sender.domain}>"
    for number, part in enumerate(part for part in mail.walk() if part.is_multipart()):
        part.set_boundary(f"=_{digest}_{number}")
    return mail.as_bytes()


def _body(template: str, letter: Letter) -> str:
    return environment().get_template(template).render(letter=letter).strip() + "\n"
