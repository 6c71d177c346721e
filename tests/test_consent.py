"""Signing, objecting and answering, by the commands: what is written, what is said, what is refused."""

from __future__ import annotations

import hashlib

import pytest
from test_agreement import VERSION, written
from test_teams import GOOD
from tiny import tree
from typer.testing import CliRunner

from slareport import checks
from slareport.cli import app
from slareport.signatures import open_objections
from slareport.workspace import open_workspace

DAY = "2026-01-01"
RECORD = f"parameters/signatures/{DAY}.yaml"
REPLY = b"From: Bo\r\n\r\nI sign.\r\n"
KEPT = f"{hashlib.sha256(REPLY).hexdigest()[:8]}-reply.eml"


@pytest.fixture
def home(tmp_path):
    """A workspace with one version of an agreement between Sales (Ada) and Marketing (Bo)."""
    parameters = tmp_path / "home" / "parameters"
    parameters.mkdir(parents=True)
    written(parameters, DAY)
    (parameters / "teams.yaml").write_text(GOOD)
    (parameters / "source.yaml").write_text("mapping: salesforce\ndata: data\n")
    return tmp_path / "home"


def command(home, *arguments, on="2025-12-20", **environment):
    day = ["--on", on] if on else []
    return CliRunner().invoke(app, [*map(str, arguments), *day, "--workspace", str(home)], env=environment)


def did(home, *arguments, **options):
    done = command(home, *arguments, **options)
    assert done.exit_code == 0, done.output
    return done.stdout


def state(home):
    workspace = open_workspace(home)
    return workspace.signatures.state(workspace.agreement, workspace.agreement.versions[-1])


def record(home):
    workspace = open_workspace(home)
    return workspace.signatures.of(workspace.agreement.versions[-1])


def warnings(home):
    return [str(problem) for problem in checks.unsettled(open_workspace(home))]


def reply(tmp_path, content=REPLY):
    (tmp_path / "reply.eml").write_bytes(content)
    return tmp_path / "reply.eml"


# Signing


def test_a_party_signs_and_it_says_who_is_missing(home):
    said = did(home, "sign", "--party", "Sales", "--by", "Ada Byron")
    assert said.splitlines() == [
        "version 1, from 1 January 2026: signed by 1 of 2 parties",
        "  Sales: Ada Byron, Ada, 20 December 2025",
        "  Marketing: missing: Bo",
    ]
    digest = hashlib.sha256((home / f"parameters/agreement/{DAY}.yaml").read_bytes()).hexdigest()
    head, _, text = (home / RECORD).read_text().partition("signatures:\n")
    assert head.startswith("# Who has signed version 1")
    assert text == f"  - party: Sales\n    by: Ada Byron\n    role: Ada\n    on: 2025-12-20\n    digest: {digest}\n"


def test_a_change_of_one_byte_makes_it_unsigned_and_it_can_be_signed_again(home):
    did(home, "sign", "--party", "Sales", "--by", "Ada")
    with (home / f"parameters/agreement/{DAY}.yaml").open("a") as file:
        file.write("\n")
    assert state(home).missing == ["Sales", "Marketing"]
    did(home, "sign", "--party", "Sales", "--by", "Ada", "--role", "Deputy", on="2026-01-04")
    assert state(home).by["Sales"].role == "Deputy"
    assert len(record(home).signatures) == 2


def test_a_signature_by_mail_keeps_its_evidence_and_who_recorded_it(home, tmp_path):
    did(home, "sign", "--party", "Marketing", "--by", "Bo", "--evidence", reply(tmp_path), "--recorded-by", "Ada")
    (one,) = record(home).signatures
    assert (one.evidence, one.evidence_digest[:8], one.recorded_by) == (KEPT, KEPT[:8], "Ada")
    assert (home / "parameters" / "signatures" / "evidence" / KEPT).read_bytes() == REPLY


@pytest.mark.parametrize(("version", "signed"), [([], "2026-03-01"), ([DAY], DAY)], ids=["the newest", "the one named"])
def test_the_version_signed_is(home, version, signed):
    (home / "parameters/agreement/2026-03-01.yaml").write_text(VERSION.format(version=2, day="2026-03-01"))
    did(home, "sign", *version, "--party", "Sales", "--by", "Ada")
    assert [path.stem for path in (home / "parameters" / "signatures").iterdir()] == [signed]


def test_without_a_day_it_is_today_where_periods_begin(home):
    did(home, "sign", "--party", "Sales", "--by", "Ada", on="", SOURCE_DATE_EPOCH="1767222000")  # 23:00 UTC
    assert state(home).by["Sales"].on.isoformat() == "2026-01-01"


def test_what_people_wrote_into_the_record_stays(home):
    did(home, "sign", "--party", "Sales", "--by", "Ada")
    before = (home / RECORD).read_text().replace("signatures:", "# Ada was first\nsignatures:") + "\n# the end\n"
    (home / RECORD).write_text(before)
    did(home, "sign", "--party", "Marketing", "--by", "Bo")
    did(home, "object", "reply", "Too short.", "--by", "Cem")
    after = (home / RECORD).read_text()
    assert [line for line in before.splitlines() if line not in after.splitlines()] == []
    assert after.index("Ada was first") < after.index("party: Marketing") < after.index("# the end")


# Objecting and answering


def test_an_objection_is_open_until_it_is_answered_the_oldest_first(home):
    did(home, "object", "reply", "Too short.", "--by", "Cem", on="2025-12-02")
    did(home, "object", "reply", "Not on: Mondays # ever", "--by", "Dee", on="2025-12-01")
    assert "open: Dee objects to reply" in did(home, "sign", "--party", "Sales", "--by", "Ada")
    did(home, "answer", "reply", "A deputy is named.", "--by", "Ada")
    assert [one.by for one in open_objections(record(home))] == ["Cem"]
    did(home, "answer", "reply", "Two of ten may be late.", "--by", "Bo", "--version", DAY)
    assert [(one.text, one.answer, one.answered_by) for one in record(home).objections] == [
        ("Too short.", "Two of ten may be late.", "Bo"),
        ("Not on: Mondays # ever", "A deputy is named.", "Ada"),
    ]


# What is refused

SIGN = ["sign", "--by", "Ada"]
REFUSED = [
    pytest.param([*SIGN, "--party", "Sale"], "no such party; found 'Sale'; fix: did you mean Sales?", id="a party"),
    pytest.param([*SIGN, "--party", "Sales"], "Ada has signed this text of version 1 on 2025-12-20", id="once more"),
    pytest.param([*SIGN, "--party", "Marketing", "2026-01-02"], "no version of the agreement takes effect on this day; "
                 "found '2026-01-02'; fix: did you mean 2026-01-01?", id="a version"),
    pytest.param([*SIGN, "--party", "Marketing", "--recorded-by", "Bo"], "evidence goes with who recorded it",
                 id="recorded, with no evidence"),
    pytest.param([*SIGN, "--party", "Marketing", "--evidence", "r.eml"], "evidence goes with who recorded it",
                 id="evidence that nobody recorded"),
    pytest.param([*SIGN, "--party", "Marketing", "--recorded-by", "Bo", "--evidence", "no.eml"],
                 "no.eml: the evidence cannot be read: No such file", id="evidence that is not there"),
    pytest.param(["sign", "--party", "Marketing", "--by", " "], "by: String should have at least 1", id="by nobody"),
    pytest.param(["object", "repli", "No.", "--by", "Cem"], "no such promise; found 'repli'; fix: did you mean reply?",
                 id="an objection to no promise"),
    pytest.param(["object", "reply", "", "--by", "Cem"], "text: String should have at least 1", id="no words"),
    pytest.param(["answer", "repli", "No.", "--by", "Cem"], "did you mean reply?", id="an answer about no promise"),
    pytest.param(["answer", "reply", "No.", "--by", "Cem"], "version 1 has no open objection to it; found 'reply'; "
                 "fix: none is open", id="an answer to nobody"),
]  # fmt: skip


@pytest.mark.parametrize(("arguments", "told"), REFUSED)
def test_a_command_is_refused_and_writes_nothing(home, arguments, told):
    did(home, "sign", "--party", "Sales", "--by", "Ada")
    before = tree(home)
    done = command(home, *arguments)
    assert (done.exit_code, done.stdout) == (2, "")
    assert told in done.stderr
    assert tree(home) == before


def test_a_day_as_spoken_is_refused(home):
    done = command(home, "sign", "--party", "Sales", "--by", "Ada", on="1.2.2026")
    assert (done.exit_code, "no such day" in done.stderr) == (2, True)


# What `check` says is still to be done


def test_nothing_is_to_be_done_once_all_have_signed(home, tmp_path):
    did(home, "sign", "--party", "Sales", "--by", "Ada")
    did(home, "sign", "--party", "Marketing", "--by", "Bo", "--evidence", reply(tmp_path), "--recorded-by", "Ada")
    did(home, "object", "reply", "Too short.", "--by", "Cem")
    did(home, "answer", "reply", "No.", "--by", "Ada")
    assert warnings(home) == []


def test_missing_signatures_are_told_with_the_command(home):
    assert warnings(home) == [
        f"parameters/agreement/{DAY}.yaml:5: parties: version 1 is not signed by Sales and Marketing; "
        f"fix: slareport sign {DAY} --party PARTY --by NAME"
    ]


def test_signatures_of_another_text_and_open_objections_are_told_with_their_line(home):
    did(home, "sign", "--party", "Sales", "--by", "Ada")
    did(home, "object", "reply", "Too short.", "--by", "Cem")
    path = home / f"parameters/agreement/{DAY}.yaml"
    path.write_text(path.read_text().replace("target: 90%", "target: 95%"))
    assert warnings(home)[1:] == [
        f"{RECORD}:4: signatures[0]: the file has changed since Ada signed it; found 'Sales'; "
        f"fix: slareport sign {DAY} --party 'Sales' --by NAME",
        f"{RECORD}:10: objections[0]: Cem objects to reply and has no answer; "
        f"fix: slareport answer reply --version {DAY} --by NAME TEXT",
    ]
    assert "not signed by Marketing;" in warnings(home)[0]


@pytest.mark.parametrize("change", [lambda path: path.unlink(), lambda path: path.write_text("I do not sign.")],
                         ids=["gone", "another"])  # fmt: skip
def test_evidence_that_is_not_as_it_was_recorded_is_told(home, tmp_path, change):
    did(home, "sign", "--party", "Sales", "--by", "Ada")
    did(home, "sign", "--party", "Marketing", "--by", "Bo", "--evidence", reply(tmp_path), "--recorded-by", "Ada")
    change(home / "parameters" / "signatures" / "evidence" / KEPT)
    (told,) = warnings(home)
    assert "signatures[1].evidence: this evidence is not there, or not as it was recorded" in told
