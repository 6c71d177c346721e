"""A year with the agreement, told through the commands alone: from before anything was promised to a corrected review.

Everything a person types or writes stands here: the commands, an edit of the draft, cells of a workbook, and what the
learning system and the CRM export. All else on file at the end is slareport's.
"""

from __future__ import annotations

import csv
import datetime as dt
import html
import re
import subprocess
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import companies
import openpyxl
import pytest
from test_answers import fill
from tiny import slareport
from typer.testing import CliRunner

from slareport.cli import app

DRAFT = "parameters/agreement/2026-01-01.yaml"
CHANGED = "parameters/agreement/2026-08-17.yaml"
PARTIES = {
    "Sales": "Ingrid Halden",
    "Marketing": "Matthias Brandt",
    "Customer success": "Amélie Laurent",
    "Product": "Joon-ho Park",
}
EMEA = ("--team", "emea")
SAID = "parameters/reviews/{}/emea.yaml"


@dataclass
class Company:
    """A company's folder, and the day it is there."""

    root: Path
    today: str = ""

    def does(self, *command: object, leads_to: int = 0) -> str:
        """What a command prints at nine in the morning of today; batches run in a process of their own."""
        words = [*map(str, command), "--workspace", str(self.root)]
        now = dt.datetime.fromisoformat(f"{self.today}T09:00+01:00")
        day = {"SOURCE_DATE_EPOCH": f"{now.timestamp():.0f}"}
        if command[0] == "run":
            done = slareport(*words, **day)
            code, said = done.returncode, done.stdout + done.stderr
        else:
            told = CliRunner().invoke(app, words, env=day)
            code, said = told.exit_code, told.output
        assert code == leads_to, said
        return said

    def page(self, place: str, name: str = "packet.html") -> str:
        """What a reader sees of a packet in force."""
        page = (self.root / "outputs" / place / "current" / name).read_text("utf-8")
        bare = re.sub(r"<(style|script|svg|title)\b.*?</\1>|<[^>]+>", " ", page, flags=re.DOTALL)
        return " ".join(html.unescape(bare).split())

    def rows(self, place: str, table: str) -> dict[str, dict[str, str]]:
        """A table of a packet in force, by promise and version."""
        with (self.root / "outputs" / place / "current" / f"{table}.csv").open(encoding="utf-8", newline="") as file:
            return {f"{row['promise']} {row['version']}": row for row in csv.DictReader(file)}

    def text(self, file: str) -> str:
        return (self.root / file).read_text("utf-8")

    def edits(self, file: str, before: str, after: str) -> None:
        text = self.text(file)
        assert before in text
        (self.root / file).write_text(text.replace(before, after), "utf-8")

    def exports(self, file: str, *lines: str) -> None:
        """New rows in an export of the CRM or the learning system."""
        with (self.root / "data" / file).open("a", encoding="utf-8", newline="") as data:
            data.writelines(f"{line}\n" for line in lines)


@pytest.mark.slow
def test_a_year_with_the_agreement(sample, tmp_path):
    company = Company(companies.founded(sample, tmp_path / "halden"))
    time_and_deals_are_lost_before_anything_is_promised(company)
    a_draft_is_played_back_and_made_realistic(company)
    it_is_circulated_objected_to_answered_and_signed(company)
    everyone_is_trained_on_it(company)
    the_first_quarter_is_disputed_by_workbook_reviewed_and_signed(company)
    the_second_quarter_carries_what_was_agreed(company)
    a_signed_review_is_corrected(company)
    the_weeks_between_are_watched(company)
    the_agreement_changes_in_the_middle_of_the_third_quarter(company)
    the_third_quarter_shows_both_versions(company)
    everything_is_on_file(company)


def time_and_deals_are_lost_before_anything_is_promised(company):
    company.today = "2025-10-14"
    company.does("run", "--period", "2025Q3", "--notebook", "workflow_analysis")
    words = company.page("2025Q3/_all/workflow_analysis")
    assert "Pain points, the costliest first" in words
    assert "Proposal" in words


def a_draft_is_played_back_and_made_realistic(company):
    play = ("run", "--period", "2025Q3", "--notebook", "target_setting")
    company.does(*play)
    assert "First reply to a lead: kept in 0 of 8 quarters" in company.page("2025Q3/_all/target_setting")
    company.today = "2025-10-20"
    company.edits(DRAFT, "30 business minutes", "3 business hours")
    company.does(*play)
    words = company.page("2025Q3/_all/target_setting")
    assert re.search(r"First reply to a lead (Realistic|Slack) 90% within 3 business hours", words)
    assert "Feedback decided: kept in 0 of 8 quarters" in words


def it_is_circulated_objected_to_answered_and_signed(company):
    company.today = "2025-11-03"
    company.does("run", "--period", "2026Q1", "--notebook", "agreement")
    assert "We reply to every lead within 3 business hours" in company.page("2026Q1/_all/agreement")
    company.does("object", "lead-response", "--by", "Ingrid Solheim", "Three hours are short on the day after a fair.")
    assert "Ingrid Solheim objects to lead-response and has no answer" in company.does("check")
    company.today = "2025-11-10"
    company.does("answer", "lead-response", "--by", "Ingrid Halden", "One in ten may be late: that covers fairs.")
    company.does("sign", "--party", "Sales", "--by", PARTIES["Sales"])
    company.edits(DRAFT, "An accepted lead becomes", "Every accepted lead becomes")
    assert "the file has changed since Ingrid Halden signed it" in company.does("check")
    signed_by_all(company)
    assert company.does("check").splitlines()[-1] == "everything is in order"
    assert "warning" not in company.does("check")


def signed_by_all(company):
    """Three sign here; Product's head has agreed by mail."""
    for party in ("Sales", "Marketing", "Customer success"):
        company.does("sign", "--party", party, "--by", PARTIES[party])
    mail = company.root / "reply.eml"
    mail.write_text(f"From: Joon-ho Park\nSubject: Re: the agreement\n\nProduct agrees, {company.today}.\n")
    proof = ("--evidence", mail, "--recorded-by", "Katrin Vogel")
    said = company.does("sign", "--party", "Product", "--by", PARTIES["Product"], *proof)
    mail.unlink()
    assert "signed by 4 of 4 parties" in said


def everyone_is_trained_on_it(company):
    company.today = "2025-12-01"
    company.does("run", "--period", "2026Q1", *EMEA, "--notebook", "handbook", "--role", "Account executive")
    words = company.page("2026Q1/emea/handbook@account-executive", "packet-account-executive.html")
    assert "You keep it" in words
    assert "Agreement, version 1" in words
    learnt(company, "Agreement, version 1", "2026-01-31", "2026-01-20")


def learnt(company, module, due, done):
    """The learning system's export: every seventh has not done it."""
    with (company.root / "data" / "User.csv").open(encoding="utf-8", newline="") as file:
        people = [row["Id"] for row in csv.DictReader(file) if row["Title"] in ("Account Executive", "Team Leader")]
    company.exports(
        "Training_Record__c.csv",
        *(f'{module[-1]}-{who},{who},"{module}",{due},{done if n % 7 else ""}' for n, who in enumerate(people, 1)),
    )


def the_first_quarter_is_disputed_by_workbook_reviewed_and_signed(company):
    company.today = "2026-04-13"
    company.does("run", *EMEA, "--notebook", "team_review")
    row = company.rows("2026Q1/emea/team_review", "scorecard")["training-coverage 1"]
    assert (row["numerator"], row["denominator"]) == ("8", "9")
    words = company.page("2026Q1/emea/team_review")
    assert "agreement version 1, signed by 4 of 4 parties" in words
    assert "No explanation yet from Head of product" in words
    answered_in_a_workbook(company)
    review = ("--period", "2026Q1", *EMEA)
    for command in (
        ("note", "We read ten replies together every month.", "--by", "Ingrid Solheim"),
        ("ask", "Who answers when the seller on duty is away?", "--option", "A named deputy", "--option",
         "We promise 4 hours", "--recommend", "A named deputy", "--decider", "Chief sales officer",
         "--due", "2026-04-17"),
        ("act", "Name a deputy for every day", "--owner", "Ingrid Solheim", "--due", "2026-05-15"),
        ("act", "Log every call on the same day", "--owner", "Mateo Núñez", "--due", "2026-06-30"),
    ):  # fmt: skip
        company.does("review", *command, *review)
    company.today = "2026-04-14"
    lead = misses(company, "q1.xlsx", "lead-response")[0]
    answer = ("lead-response", lead, "What is not logged was not done.", "--by", "Head of sales operations")
    company.does("review", "answer", *answer, "--not-upheld", *review)
    company.does("review", "decide", "Who answers when", "A named deputy", "--by", "Chief sales officer", *EMEA)
    company.today = "2026-04-15"
    company.does("run", *review, "--notebook", "team_review", "--as-of", "2026-04-15")
    words = company.page("2026Q1/emea/team_review")
    assert "“The product board did not meet.” Joon-ho Park, 13 April 2026" in words
    assert "Head of sales operations, 14 April 2026, answers: not upheld" in words
    assert "“We read ten replies together every month.”" in words
    assert "Waived by Chief sales officer: The client asked for it a week later." in words
    assert "Decided 14 April 2026 by Chief sales officer: A named deputy." in words
    company.does("run", "--period", "2026Q1", "--notebook", "leadership_summary")
    company.does("review", "sign", "--by", "Ingrid Solheim", *review)


def answered_in_a_workbook(company):
    """An explanation, a dispute and a waiver, each beside another miss."""
    book = company.root / "q1.xlsx"
    company.does("review", "export", "--period", "2026Q1", *EMEA, "--to", book)
    late, disputed, waived = (
        line_of(book, name) for name in ("feedback-decided", "lead-response", "proposal-turnaround")
    )
    fill(book, {
        f"explanation {late}": "The product board did not meet.", f"explained by {late}": PARTIES["Product"],
        f"dispute {disputed}": "He was called within the three hours.", f"disputed by {disputed}": "Mateo Núñez",
        f"waiver reason {waived}": "The client asked for it a week later.",
        f"waiver approved by {waived}": "Chief sales officer",
    })  # fmt: skip
    renamed = fill_copy(book, {"explanation 1": "why"})
    assert "explanation" in company.does("review", "import", renamed, leads_to=2)
    said = company.does("review", "import", book)
    assert "3 entries new" in said
    assert "waivers count from then on" in said


def fill_copy(book, cells):
    copy = book.with_name(f"changed-{book.name}")
    copy.write_bytes(book.read_bytes())
    return fill(copy, cells)


def line_of(book, promise):
    """The line of the first miss of a promise."""
    sheet = openpyxl.load_workbook(book)["misses"]
    return next(row[0].row for row in sheet.iter_rows(min_row=2) if row[0].value == promise)


def misses(company, book, promise):
    sheet = openpyxl.load_workbook(company.root / book)["misses"]
    return [row[1] for row in sheet.iter_rows(min_row=2, values_only=True) if row[0] == promise]


def the_second_quarter_carries_what_was_agreed(company):
    company.today = "2026-05-12"
    company.does("review", "done", "Name a deputy", *EMEA)
    company.today = "2026-07-10"
    company.does("run", *EMEA, "--notebook", "team_review")
    words = company.page("2026Q2/emea/team_review")
    assert "Name a deputy for every day Ingrid Solheim 15 May 2026 Done 12 May 2026" in words
    assert "Log every call on the same day Mateo Núñez 30 June 2026 Overdue by 7 days" in words
    company.does("run", "--notebook", "leadership_summary")
    company.does("review", "sign", "--by", "Ingrid Solheim", "--role", "Team leader", *EMEA)
    company.does("review", "act", "Read the misses together", "--owner", "Katrin Vogel", "--due", "2026-09-30")
    company.does("review", "sign", "--by", "Ingrid Halden")


def a_signed_review_is_corrected(company):
    """A call of the second quarter was logged in July: the packet that was signed stays, another one follows it."""
    company.today = "2026-07-24"
    signed = (company.root / "outputs/2026Q2/emea/team_review/current").resolve()
    before = (signed / "packet.html").read_bytes()
    late = company.root / "outputs/2026Q2/emea/team_review/current/misses.csv"
    with late.open(encoding="utf-8", newline="") as file:
        miss = next(row for row in csv.DictReader(file) if row["promise"] == "lead-response")
    called = dt.datetime.fromisoformat(miss["due_at"]) - dt.timedelta(minutes=5)
    who = user(company, miss["owner_at_deadline"])
    company.exports(
        "Task.csv",
        f"00TLATE,{miss['item']},,{who},Call,Call,Outbound,,Completed,true,{called:%Y-%m-%d},2026-07-20T08:00:00.000Z,"
        f"{called:%Y-%m-%dT%H:%M:%S.000Z},2026-07-20T08:00:00.000Z",
    )
    company.does("run", "--period", "2026Q2", *EMEA, "--notebook", "team_review", "--as-of", "2026-07-24")
    words = company.page("2026Q2/emea/team_review")
    assert "Supersedes the packet signed by Ingrid Solheim on 10 July 2026." in words
    assert "Corrected since it was signed by Ingrid Solheim on 10 July 2026" in words
    assert "First reply to a lead In time, as known now 1" in words
    assert (signed / "packet.html").read_bytes() == before
    company.does("review", "sign", "--by", "Ingrid Solheim", "--role", "Team leader", "--period", "2026Q2", *EMEA)


def user(company, name):
    with (company.root / "data" / "User.csv").open(encoding="utf-8", newline="") as file:
        return next(row["Id"] for row in csv.DictReader(file) if row["Name"] == name)


def the_weeks_between_are_watched(company):
    company.today = "2026-08-03"
    words = company.does("watch", *EMEA, leads_to=10)
    assert "First reply to a lead" in words


def the_agreement_changes_in_the_middle_of_the_third_quarter(company):
    company.today = "2026-08-04"
    reason = ("--reason", "Half a year has shown that two hours can be kept.", "--approved-by", "Chief sales officer")
    company.does("amend", "--from", "2026-08-17", "--set", "lead-response.within=2 business hours", *reason)
    told = company.does("diff", "--period", "2026Q2")
    assert "First reply to a lead, knobs, within\t3 business hours\t2 business hours" in told
    assert "The last year under each" in told
    signed_by_all(company)
    learnt(company, "Agreement, version 2", "2026-09-16", "2026-09-10")
    files = [str(company.root / file) for file in (DRAFT, CHANGED)]
    shown = subprocess.run(["git", "diff", "--no-index", "-U0", *files], capture_output=True, text=True, check=False)
    lines = [line for line in shown.stdout.splitlines() if re.match(r"[+-](?![+-])", line)]
    assert sorted(re.sub(r"^(.) *(- )?(\w+).*", r"\1\3", line) for line in lines) == sorted(
        [*("-" + key for key in SAME), *("+" + key for key in SAME), "+change", "+reason", "+approved_by"]
    )


SAME = ("version", "effective_from", "promise", "knobs")


def the_third_quarter_shows_both_versions(company):
    company.today = "2026-10-12"
    company.does("run", *EMEA, "--notebook", "team_review")
    company.does("run", "--notebook", "leadership_summary")
    rows = company.rows("2026Q3/emea/team_review", "versions")
    assert list(rows) == ["lead-response 1", "lead-response 2"]
    whole = company.rows("2026Q3/emea/team_review", "scorecard")["lead-response 1, 2"]
    assert sum(int(row["n"]) for row in rows.values()) == int(whole["n"])
    summary = company.page("2026Q3/_all/leadership_summary")
    assert "Read the misses together Katrin Vogel 30 September 2026 Overdue by 7 days" in summary
    words = company.page("2026Q3/emea/team_review")
    assert "Under each version of the agreement" in words
    assert "2, from 17 August 2026 90% within 2 business hours" in words
    assert company.rows("2026Q3/emea/team_review", "scorecard")["training-coverage 2"]["numerator"] == "8"
    company.does("review", "sign", "--by", "Ingrid Solheim", "--role", "Team leader", *EMEA)
    company.does("review", "sign", "--by", "Ingrid Halden")


def everything_is_on_file(company):
    assert "packets hold" in company.does("verify")
    assert "warning" not in company.does("check")
    kept = sorted(path.relative_to(company.root).as_posix() for path in company.root.glob("parameters/**/*.*"))
    assert [re.sub(r"/[0-9a-f]{8}-", "/…-", file) for file in kept] == [
        DRAFT,
        CHANGED,
        "parameters/mail.yaml",
        "parameters/reviews/2026Q1/emea.yaml",
        "parameters/reviews/2026Q2/_all.yaml",
        "parameters/reviews/2026Q2/emea.yaml",
        "parameters/reviews/2026Q3/_all.yaml",
        "parameters/reviews/2026Q3/emea.yaml",
        "parameters/signatures/2026-01-01.yaml",
        "parameters/signatures/2026-08-17.yaml",
        "parameters/signatures/evidence/…-reply.eml",
        "parameters/signatures/evidence/…-reply.eml",
        "parameters/source.yaml",
        "parameters/teams.yaml",
        *(f"parameters/teams/{team}.yaml" for team in ("americas", "apac", "emea", "strategic")),
    ]
    ids = r"\b(00Q|a03|a02)\w{15}\b|\b[0-9a-f]{64}\b"
    assert re.sub(ids, "…", company.text("parameters/reviews/2026Q1/emea.yaml")) == MINUTES
    objected, signed = company.text("parameters/signatures/2026-01-01.yaml").split("signatures:\n")
    assert objected.endswith("answered_by: Ingrid Halden\n    answered_on: 2025-11-10\n")
    assert re.findall(r"party: (.*)", signed) == ["Sales", *PARTIES], "Sales has signed again after a change"
    calendar = company.text("outputs/reviews.ics")
    assert re.findall(r"SUMMARY:(Q\d 20\d\d): review to be held by today", calendar)[:3] == QUARTERS
    packets = sorted((company.root / "outputs").glob("2026Q?/*/*/2*/manifest.json"))
    found = Counter("/".join(path.parts[-5:-2]) for path in packets)
    assert found == {
        "2026Q1/_all/agreement": 1,
        "2026Q1/emea/handbook@account-executive": 1,
        "2026Q1/emea/team_review": 2,
        "2026Q1/_all/leadership_summary": 1,
        "2026Q2/emea/team_review": 2,
        "2026Q2/_all/leadership_summary": 1,
        "2026Q3/emea/team_review": 1,
        "2026Q3/_all/leadership_summary": 1,
    }, "what was signed and what superseded it"


QUARTERS = ["Q1 2026", "Q2 2026", "Q3 2026"]
MINUTES = """\
# What people say about EMEA, 2026Q1.
held_on: 2026-04-15
explanations:
  - promise: feedback-decided
    item: …
    by: Joon-ho Park
    on: 2026-04-13
    text: The product board did not meet.
disputes:
  - promise: lead-response
    item: …
    by: Mateo Núñez
    on: 2026-04-13
    text: He was called within the three hours.
    answer: What is not logged was not done.
    answered_by: Head of sales operations
    answered_on: 2026-04-14
    upheld: no
waivers:
  - promise: proposal-turnaround
    item: …
    reason: The client asked for it a week later.
    approved_by: Chief sales officer
    on: 2026-04-13
notes:
  - by: Ingrid Solheim
    on: 2026-04-13
    text: We read ten replies together every month.
decisions:
  - question: Who answers when the seller on duty is away?
    options:
      - text: A named deputy
        recommended: yes
      - text: We promise 4 hours
    decider: Chief sales officer
    due: 2026-04-17
    taken:
      choice: A named deputy
      by: Chief sales officer
      on: 2026-04-14
actions:
  - action: Name a deputy for every day
    owner: Ingrid Solheim
    due: 2026-05-15
    done_on: 2026-05-12
  - action: Log every call on the same day
    owner: Mateo Núñez
    due: 2026-06-30
signed:
  - by: Ingrid Solheim
    on: 2026-04-15
    packet: …
"""
