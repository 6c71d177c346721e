"""What goes out: the packets that the list asks for, and the files that are made of them."""

import datetime as dt
import email
import re
from email import policy

import pytest
from browser import chromium
from test_outputs import executed
from test_recipients import CLIENT, LIST, SOUTH, listed
from tiny import make_workspace, slareport

from slareport.editions import client_key
from slareport.errors import UsageError
from slareport.outputs import Place
from slareport.post import packets, write_mails, write_pdfs
from slareport.publishing import publish

pytestmark = pytest.mark.once

SENT_AT = dt.datetime(2026, 10, 8, 6, tzinfo=dt.UTC)
PERIOD = "2017Q2"
ROW = {
    "promise": "win-rate", "title": "Win rate", "kind": "outcome", "kpi": "win_rate", "unit": "%", "value": 0.5, "n": 2,
    "numerator": 1, "denominator": 2, "result": "no real change", "change": None, "target": None,
}  # fmt: skip


@pytest.fixture
def workspace(tmp_path):
    made = make_workspace(tmp_path)
    page = "<!DOCTYPE html><html lang='en'><head><title>North</title></head><body><main>Won.</main></body></html>"
    for place in (
        Place(PERIOD, "north", "team_review"),
        Place(PERIOD, "north", "team_review", "leadership"),
        Place(PERIOD, "north", "annex"),
        Place(PERIOD, "_all", "leadership_summary"),
        Place(PERIOD, client_key("Acme"), "client_review"),
    ):
        publish(made.outputs, place, executed(scorecard=[ROW], name=place.team), page, {})
    return made


def period(workspace):
    return workspace.period(PERIOD)


# ── Packets ──


CHOSEN = [
    pytest.param({}, {"_all", "north", client_key("Acme")}, id="every review"),
    pytest.param({"teams": ["north"]}, {"north"}, id="one team's"),
    pytest.param({"clients": ["Acme"]}, {client_key("Acme")}, id="a client's"),
    pytest.param({"edition": "leadership"}, {"north"}, id="another edition"),
    pytest.param({"notebooks": ["annex"]}, {"north"}, id="another notebook"),
]


@pytest.mark.parametrize(("options", "whose"), CHOSEN)
def test_packets_are_chosen_by_whose_they_are(workspace, options, whose):
    found = packets(workspace, period(workspace), **options)
    assert {packet.place.team for packet in found} == whose
    assert {packet.place.edition for packet in found} == {options.get("edition", "")}


def test_each_packets_files_have_a_name_of_their_own(workspace):
    every = [packet for options in ({}, {"edition": "leadership"}, {"notebooks": ["annex"]})
             for packet in packets(workspace, period(workspace), **options)]  # fmt: skip
    assert {packet.name for packet in every} == {
        f"company-{PERIOD}", f"north-{PERIOD}", f"north-{PERIOD}-leadership", f"north-{PERIOD}-annex",
        f"{client_key('Acme').lstrip('_')}-{PERIOD}",
    }  # fmt: skip


def test_where_nothing_is_published_it_says_how_to(workspace):
    with pytest.raises(UsageError, match=r"no such packet of 2017Q1 is published; fix: .* run --period 2017Q1"):
        packets(workspace, workspace.period("2017Q1"))


# ── What goes out ──


def test_a_pdf_for_each_packet(workspace, tmp_path):
    chromium()
    made = list(write_pdfs(packets(workspace, period(workspace), ["north"]), tmp_path / "post"))
    assert [path.name for path in made] == [f"north-{PERIOD}.pdf"]
    assert made[0].read_bytes().startswith(b"%PDF")


def test_a_mail_for_each_recipient_with_their_review_attached(workspace, tmp_path):
    chromium()
    home = listed(workspace, LIST + CLIENT)
    made = {path.name: email.message_from_bytes(path.read_bytes(), policy=policy.SMTP)
            for path in write_mails(home, period(home), tmp_path / "post", SENT_AT)}  # fmt: skip
    client = f"{client_key('Acme').lstrip('_')}-{PERIOD}-acme@acme.example.eml"
    ada, bo, cy = (
        f"{of}-{PERIOD}-{who}@halden.example.eml" for of, who in (("north", "ada"), ("north", "bo"), ("company", "cy"))
    )
    assert set(made) == {ada, bo, cy, client}
    attached = {name: [part.get_filename() for part in mail.iter_attachments()] for name, mail in made.items()}
    assert attached[ada] == attached[bo] == [f"north-{PERIOD}.pdf", f"north-{PERIOD}.html"]
    assert attached[cy] == [f"company-{PERIOD}.pdf"]
    assert made[ada]["Subject"] == "north, emea: Well."
    assert made[ada].get_body(("plain",)).get_content().count("Win rate: now 50%") == 1


def test_a_link_leads_to_the_packet_itself_for_inside_readers_only(workspace, tmp_path):
    chromium()
    path = next((workspace.root / "parameters" / "agreement").glob("*.yaml"))
    path.write_text(path.read_text() + "portal_url: https://reviews.example/sla/\n")
    home = listed(workspace, LIST + CLIENT)
    text = {p.name[:5]: email.message_from_bytes(p.read_bytes(), policy=policy.SMTP).get_body(("plain",)).get_content()
            for p in write_mails(home, period(home), tmp_path / "post", SENT_AT)}  # fmt: skip
    link = re.search(r"https://reviews.example/sla/(\S+)", text["north"])[1]
    assert (home.outputs / link).is_file()
    assert "http" not in text["clien"]


def test_a_review_that_is_missing_stops_every_mail_and_is_named_with_its_command(workspace, tmp_path):
    home = listed(workspace, LIST + SOUTH + SOUTH.replace("to:", "edition: leadership, to:"))
    with pytest.raises(UsageError) as caught:
        list(write_mails(home, period(home), tmp_path / "post", SENT_AT))
    assert [problem.cure for problem in caught.value.problems] == [
        f"publish it: slareport run --period {PERIOD} --team south",
        f"publish it: slareport run --period {PERIOD} --team south --edition leadership",
    ]
    assert not (tmp_path / "post").exists()


def test_the_commands_write_where_they_are_told(workspace, tmp_path):
    chromium()
    home = listed(workspace, LIST)
    common = ("--workspace", home.root, "--outputs", home.outputs, "--period", PERIOD, "--to", tmp_path / "post")
    for command in (("pdf", "--team", "north", "--letter"), ("mail", "--of", "company")):
        done = slareport(command[0], *common, *command[1:])
        assert (done.returncode, done.stderr) == (0, "")
    assert sorted(path.name for path in (tmp_path / "post").iterdir()) == [
        f"company-{PERIOD}-cy@halden.example.eml", f"north-{PERIOD}.pdf",
    ]  # fmt: skip
