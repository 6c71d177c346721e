"""The next version of the agreement: only what is to change changes, and two versions are told apart in words."""

import datetime as dt
import difflib
import subprocess
from dataclasses import replace

import companies
import pytest

from slareport.amending import Amendment, amend, parse_amendment, proposals
from slareport.cli import app
from slareport.differing import Difference, differences, under_each
from slareport.errors import UsageError
from slareport.evaluation import evaluate
from slareport.workspace import open_workspace

pytestmark = pytest.mark.once

NEW_YEAR = dt.date(2027, 1, 1)
WITHIN = Amendment("lead-response", "within", "3 business hours", "Two were a stretch.")
TARGET = Amendment("kick-off", "target", "90%", "It is slack.")


@pytest.fixture
def home(sample, tmp_path):
    """The sample company, to change."""
    root = companies.beside(sample, tmp_path)
    return open_workspace(root, root / "outputs")


def text_of(home, day):
    return (home.root / "parameters" / "agreement" / f"{day}.yaml").read_text("utf-8")


def changed_lines(home):
    """The lines that a draft for the new year takes away, and those that it adds."""
    found = list(difflib.ndiff(text_of(home, "2026-02-16").splitlines(), text_of(home, NEW_YEAR).splitlines()))
    return [[line[2:].strip() for line in found if line.startswith(sign)] for sign in ("- ", "+ ")]


def test_a_draft_changes_the_promises_and_nothing_else(home):
    amend(home, [WITHIN, TARGET], NEW_YEAR, "Ingrid Halden")
    gone, come = changed_lines(home)
    assert gone == [
        'version: "2"',
        "effective_from: 2026-02-16",
        "promise: We reply to every lead within 2 business hours of its assignment.",
        "knobs: {within: 2 business hours}",
        "target: 85%",
        f"reason: {home.agreement.versions[-1].change.reason}",
        "approved_by: Chief sales officer",
    ]
    assert come == [
        'version: "3"',
        "effective_from: 2027-01-01",
        "promise: We reply to every lead within 3 business hours of its assignment.",
        "knobs: {within: 3 business hours}",
        "target: 90%",
        "reason: Two were a stretch. It is slack.",
        "approved_by: Ingrid Halden",
    ]


def test_git_shows_the_changed_promise_alone(home):
    amend(home, [WITHIN], NEW_YEAR, "Ingrid Halden")
    files = [str(home.root / "parameters" / "agreement" / f"{day}.yaml") for day in ("2026-02-16", NEW_YEAR)]
    shown = subprocess.run(["git", "diff", "--no-index", "-U0", *files], capture_output=True, text=True, check=False)
    changed = [line for line in shown.stdout.splitlines() if line[:1] in "+-" and line[:3] not in ("+++", "---")]
    assert len(changed) == 12, shown.stdout
    assert sum("lead" in line or "business hours" in line for line in changed) == 4


def test_comments_order_and_quoting_stay(home):
    path = home.root / "parameters" / "agreement" / "2026-02-16.yaml"
    odd = path.read_text().replace("    min_n: 5\n", "    min_n: '5'  # agreed with Marketing\n", 1)
    path.write_text(odd + "\n# The end.\n")
    made = open_workspace(home.root, home.outputs)
    amend(made, [Amendment("lead-response", "min_n", "7", "Fewer say nothing.")], NEW_YEAR, "Ada")
    draft = text_of(home, NEW_YEAR)
    assert "    min_n: '7'  # agreed with Marketing\n" in draft
    assert draft.endswith("\n# The end.\n")


def test_lines_of_windows_stay(home):
    path = home.root / "parameters" / "agreement" / "2026-02-16.yaml"
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    draft = amend(open_workspace(home.root, home.outputs), [WITHIN], NEW_YEAR, "Ada").read_bytes()
    assert draft.count(b"\n") == draft.count(b"\r\n") > 100


def test_a_draft_is_a_version_that_nobody_has_signed(home):
    amend(home, [WITHIN], NEW_YEAR, "Ada")
    made = open_workspace(home.root, home.outputs)
    last = made.agreement.versions[-1]
    assert (last.version, last.effective_from) == ("3", NEW_YEAR)
    assert made.signatures.state(made.agreement, last).missing == ["Sales", "Marketing", "Customer success", "Product"]


def test_what_past_periods_call_for(sample):
    """Product decides on 85% of feedback within 80 hours in no quarter: the time that 85% took is proposed."""
    (proposal,) = proposals(evaluate(sample, "2026Q3"), sample.agreement.versions[-1])
    assert (proposal.promise, proposal.field) == ("feedback-decided", "within")
    number, *unit = proposal.value.split()
    assert unit == ["business", "hours"]
    assert 80 < int(number) < 223, "no more than what 90% took"
    assert proposal.reason.startswith("Feedback decided: kept in 0 of 10 quarters.")


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        pytest.param("lead-respons.within=3 hours", "did you mean lead-response", id="a promise there is not"),
        pytest.param("win-rate.target=50%", "no such promise", id="a result, which is not promised"),
        pytest.param("lead-response.witin=3 hours", "did you mean within", id="a field there is not"),
        pytest.param("lead-response.within=", "no value", id="no value"),
    ],
)
def test_a_change_that_cannot_be(sample, typed, told):
    with pytest.raises(UsageError, match=told):
        parse_amendment(typed, sample.agreement.versions[-1], "why")


@pytest.mark.parametrize(
    ("changes", "day", "told"),
    [
        pytest.param([], NEW_YEAR, "nothing would change", id="no change"),
        pytest.param(
            [WITHIN], dt.date(2026, 2, 16), "choose a day after 2026-02-16", id="a day before the last version"
        ),
        pytest.param([replace(WITHIN, value="3 busy hours")], NEW_YEAR, "not a duration", id="a time there is not"),
        pytest.param([replace(TARGET, value="190%")], NEW_YEAR, "a share lies", id="a target above all"),
    ],
)
def test_a_draft_that_cannot_be_leaves_no_file(home, changes, day, told):
    with pytest.raises(UsageError, match=told):
        amend(home, changes, day, "Ada")
    assert sorted(path.stem for path in (home.root / "parameters" / "agreement").iterdir()) == [
        "2023-10-01",
        "2026-02-16",
    ]


def test_a_version_whose_name_is_no_number_needs_one(home):
    path = home.root / "parameters" / "agreement" / "2026-02-16.yaml"
    path.write_text(path.read_text().replace('version: "2"', "version: spring"))
    made = open_workspace(home.root, home.outputs)
    with pytest.raises(UsageError, match="--version"):
        amend(made, [WITHIN], NEW_YEAR, "Ada")
    assert amend(made, [WITHIN], NEW_YEAR, "Ada", "summer").is_file()


def test_two_versions_differ_where_they_say_otherwise(sample):
    old, new = sample.agreement.versions
    found = differences(old, new)
    assert Difference("promises, First reply to a lead, knobs, within", "4 business hours", "2 business hours") in found
    assert Difference("portal url", "nothing", "https://reviews.halden.example/sla") in found
    assert {one.where.split(",")[0] for one in found} == {
        "version",
        "effective from",
        "promises",
        "portal url",
        "change",
    }
    assert differences(old, old) == []


def test_a_promise_that_is_new_or_gone_is_told_line_by_line(sample):
    version = sample.agreement.versions[-1]
    fewer = version.model_copy(update={"promises": version.promises[1:]})
    gone = differences(version, fewer)
    assert Difference("promises, First reply to a lead, target", "90%", "nothing") in gone
    assert all(one.after == "nothing" for one in gone)
    assert [replace(one, before=one.after, after=one.before) for one in differences(fewer, version)] == gone


def test_a_year_under_each_version(sample):
    made = evaluate(sample, "2026Q3", "", "emea")
    (lead,) = under_each(made, *sample.agreement.versions, "emea")
    assert (lead.before.promise.knobs["within"].words, lead.after.promise.knobs["within"].words) == (
        "4 business hours",
        "2 business hours",
    )
    assert lead.before.kept > lead.after.kept
    assert len(lead.before.rows) == len(lead.after.rows) == 4


def test_the_commands_draft_and_compare(home, capsys):
    where = ["--workspace", str(home.root), "--outputs", str(home.outputs)]
    change = ["--set", "lead-response.within=3 business hours", "--reason", "Two were a stretch."]
    assert ended(["amend", "--from", "2027-01-01", *change, *where]) == 0
    assert "2027-01-01.yaml" in capsys.readouterr().out
    assert ended(["diff", "--period", "2026Q3", *where]) == 0
    told = capsys.readouterr().out
    assert "promises, First reply to a lead, knobs, within\t2 business hours\t3 business hours" in told
    assert "The last year under each" in told
    assert ended(["amend", "--from", "2028-01-01", "--set", "lead-response.within=3 hours", *where]) == 2
    assert "a change needs a reason" in capsys.readouterr().err


def ended(arguments):
    with pytest.raises(SystemExit) as caught:
        app(arguments)
    return caught.value.code
