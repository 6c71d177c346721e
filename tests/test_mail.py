"""A mail: the bottom line as its subject, the scorecard inline, packets attached, to standards and always the same."""

import datetime as dt
import email
from email import policy
from email.headerregistry import Address
from html.parser import HTMLParser

import pytest

from slareport.mail import SUBJECT_ENDS, Attachment, Letter, compose
from slareport.sections import Table, columns

SENT_AT = dt.datetime(2026, 10, 8, 6, tzinfo=dt.UTC)
SENDER, ADA = Address("Sales operations", "ops", "halden.example"), Address("Åda Bérg", "ada", "halden.example")
TABLE = Table(
    "Promises",
    columns(["Promise", "#Promised", "#On time", "#Late", "Result"]),
    [
        ["First reply", "90%", "77%", "32 of 139", "Missed, clearly"],
        ["<b>Proposals & co", "85%", "no data", "0", "No data"],
    ],
)
LETTER = Letter(
    "EMEA, Q3 2026", "1 of 2 promises kept. The problem: first reply.", ["32 were late.", "Kept: <none>."], [TABLE],
    "https://reviews.example/2026Q3/packet.html", "packet 1d2c",
)  # fmt: skip
PDF = Attachment("emea-2026Q3.pdf", "application/pdf", b"%PDF-1.4 \x00\xff")
HTML = Attachment("emea-2026Q3.html", "text/html", "<!DOCTYPE html><p>Größe</p>".encode())


def sent(letter=LETTER, recipient=ADA, attached=(PDF, HTML)):
    raw = compose(letter, SENDER, recipient, SENT_AT, attached)
    return raw, email.message_from_bytes(raw, policy=policy.SMTP)


def body(mail, kind):
    return mail.get_body((kind,)).get_content()


def test_it_reads_back_as_written():
    _, mail = sent()
    assert mail["Subject"] == f"{LETTER.title}: {LETTER.lede}"
    assert [(a.display_name, a.addr_spec) for a in mail["To"].addresses] == [("Åda Bérg", "ada@halden.example")]
    assert mail["From"].addresses[0].addr_spec == "ops@halden.example"
    assert mail["Date"].datetime == SENT_AT
    kinds = [(part.get_content_type(), part.get_filename()) for part in mail.iter_attachments()]
    assert kinds == [("application/pdf", PDF.name), ("text/html", HTML.name)]
    assert [part.get_payload(decode=True) for part in mail.iter_attachments()] == [PDF.content, HTML.content]


def test_it_keeps_to_the_standards():
    raw, mail = sent()
    assert [part.defects for part in mail.walk()] == [[]] * len(list(mail.walk()))
    assert all(header.defects == () for header in mail.values())
    assert all(len(line) <= 998 for line in raw.split(b"\r\n"))
    assert b"\n" not in raw.replace(b"\r\n", b"")
    assert raw.isascii()
    assert all(len(mail.get_all(name)) == 1 for name in ("From", "To", "Date", "Subject", "Message-ID", "MIME-Version"))
    assert mail["Message-ID"].endswith("@halden.example>")


def test_the_same_mail_has_the_same_bytes_and_another_one_another_id():
    (raw, mail), (again, _), (_, other) = sent(), sent(), sent(recipient=Address("Bo", "bo", "halden.example"))
    assert raw == again
    assert mail["Message-ID"] != other["Message-ID"]


def test_text_and_html_say_the_same():
    _, mail = sent()
    text, html = body(mail, "plain"), words(body(mail, "html"))
    said = [
        LETTER.lede,
        *LETTER.points,
        LETTER.foot,
        "First reply",
        "32 of 139",
        "Missed, clearly",
        "<b>Proposals & co",
    ]
    for one in said:
        assert one in text
        assert one in html
    assert LETTER.link in text
    assert "First reply: promised 90%, on time 77%, late 32 of 139. Missed, clearly." in text


def words(html):
    reader = HTMLParser(convert_charrefs=True)
    found = []
    reader.handle_data = found.append
    reader.feed(html)
    return " ".join(" ".join(found).split())


def test_html_needs_nothing_but_itself():
    _, mail = sent()
    html = body(mail, "html")
    assert not [tag for tag in ("<script", "<style", "<svg", "<img", "<link", "url(", "@import") if tag in html]
    assert html.count("http") == html.count(LETTER.link) == 1


@pytest.mark.parametrize(
    ("letter", "subject"),
    [
        pytest.param({"provisional": True}, "Provisional. EMEA, Q3 2026: 1 of 2", id="a provisional review says so"),
        pytest.param({"title": "A\r\nBcc: eve@example.com"}, "A Bcc: eve@example.com: 1 of", id="no header slips in"),
        pytest.param({"title": "Größe"}, "Größe: 1 of 2 promises", id="any letter"),
    ],
)
def test_subjects(letter, subject):
    _, mail = sent(Letter(**{**vars(LETTER), **letter}))
    assert mail["Subject"].strip().startswith(subject)
    assert mail["Bcc"] is None


def test_a_subject_of_any_length_is_cut_between_words():
    _, mail = sent(Letter(**{**vars(LETTER), "lede": "promise " * 99}))
    assert len(mail["Subject"]) <= SUBJECT_ENDS + 2
    assert mail["Subject"].endswith("promise …")


def test_without_a_portal_there_is_no_link():
    _, mail = sent(Letter(**{**vars(LETTER), "link": None}))
    assert "http" not in body(mail, "plain") + body(mail, "html")
