"""Signing: exactly which packet was signed, what is refused, and what is told of a signature that leads nowhere."""

from __future__ import annotations

import datetime as dt

import pytest
from test_outputs import executed
from tiny import make_workspace, slareport

from slareport.errors import UsageError, VerificationError
from slareport.index import write_index
from slareport.outputs import Place
from slareport.publishing import publish
from slareport.signing import evidence, sign, signed, unfounded
from slareport.workspace import open_workspace

DAY = dt.date(2017, 7, 14)
PLACE = Place("2017Q2", "north", "team_review")
FILE = "parameters/reviews/2017Q2/north.yaml"


@pytest.fixture
def workspace(tmp_path):
    return make_workspace(tmp_path)


def packet(workspace, html="<p>", place=PLACE, **changes):
    return publish(workspace.outputs, place, executed(**changes), html, {})


def signing(workspace, by="Ada", team="north", notebook="", role="", on=DAY):
    """The workspace after someone has signed."""
    sign(workspace, workspace.period("2017Q2"), team, notebook, by, role, on)
    return open_workspace(workspace.root)


def digest(place, workspace):
    return place.current(workspace.outputs)["content_digest"]


# ── Sign ──


def test_the_digest_of_the_packet_in_force_goes_into_the_minutes_with_the_day_of_the_review(workspace):
    folder = packet(workspace)
    again = signing(workspace, role="Team leader")
    assert (workspace.root / FILE).read_text() == (
        "# What people say about North, 2017Q2.\nheld_on: 2017-07-14\nsigned:\n  - by: Ada\n    role: Team leader\n"
        f"    on: 2017-07-14\n    packet: {digest(PLACE, workspace)}\n"
    )
    (one,) = signed(again, again.period("2017Q2"), "north", "team_review")
    assert (one.folder, one.signature.by) == (folder, "Ada")
    assert one.table("scorecard.csv")["value"].tolist() == [0.5]


def test_signing_again_changes_nothing_and_others_sign_too(workspace):
    packet(workspace)
    first = (signing(workspace).root / FILE).read_text()
    again = signing(open_workspace(workspace.root), on=DAY + dt.timedelta(days=1))
    assert (workspace.root / FILE).read_text() == first
    more = signing(again, by="Bo", on=DAY + dt.timedelta(days=2))
    found = signed(more, more.period("2017Q2"), "north", "team_review")
    assert [one.signature.by for one in found] == ["Ada", "Bo"]
    assert more.reviews.of(more.period("2017Q2"), "north").held_on == DAY


def test_the_company_and_other_notebooks_are_signed_by_their_own_packets(workspace):
    packet(workspace, place=Place("2017Q2", "_all", "leadership_summary"))
    packet(workspace, place=Place("2017Q2", "north", "annex"))
    again = signing(signing(workspace, team="_all"), notebook="annex")
    period = again.period("2017Q2")
    assert [one.manifest["notebook"] for one in signed(again, period, "_all", "leadership_summary")] == [
        "leadership_summary"
    ]
    assert [one.manifest["notebook"] for one in signed(again, period, "north", "annex")] == ["annex"]
    assert signed(again, period, "north", "team_review") == []


def test_no_packet_is_refused_with_the_way_to_make_it(workspace):
    with pytest.raises(UsageError, match=r"no team_review packet of north .* run --period 2017Q2 --team north"):
        signing(workspace)


def test_a_provisional_packet_is_refused(workspace):
    packet(workspace, provisional=True)
    with pytest.raises(UsageError, match="a provisional packet is not signed"):
        signing(workspace)


def test_a_packet_that_was_changed_is_refused(workspace):
    (packet(workspace) / "packet.html").write_text("<p>better")
    with pytest.raises(VerificationError, match=r"a published file was changed"):
        signing(workspace)
    assert not (workspace.root / FILE).exists()


# ── Signed ──


def test_a_signed_packet_stays_when_another_supersedes_it(workspace):
    first = packet(workspace)
    before = {path.name: path.read_bytes() for path in first.iterdir()}
    again = signing(workspace)
    second = packet(again, "<p>corrected")
    assert {path.name: path.read_bytes() for path in first.iterdir()} == before
    assert (first.parent / "current").resolve() == second
    (one,) = signed(again, again.period("2017Q2"), "north", "team_review")
    assert one.folder == first


def test_signing_does_not_make_another_packet_of_the_same_content(workspace):
    assert packet(workspace) == packet(signing(workspace))


def test_a_changed_table_of_a_signed_packet_is_not_read(workspace):
    folder = packet(workspace)
    again = signing(workspace)
    (folder / "scorecard.csv").write_text("promise,value\nlead-response,1\n")
    (one,) = signed(again, again.period("2017Q2"), "north", "team_review")
    with pytest.raises(VerificationError, match="a file of a signed packet was changed"):
        one.table("scorecard.csv")


def test_what_later_reviews_read_of_signed_packets_is_named_by_its_place(workspace):
    folder = packet(workspace)
    again = signing(workspace)
    place = folder.relative_to(again.outputs).as_posix()
    for period in ("2017Q2", "2017Q3"):
        found = evidence(again, again.period(period), "north")
        assert set(found) == {f"{place}/{name}" for name in ("manifest.json", "scorecard.csv", "misses.csv")}
    assert evidence(again, again.period("2017Q4"), "north") == {}


def test_a_signature_that_leads_to_no_packet_is_told_with_its_line(workspace):
    packet(workspace)
    path = workspace.root / FILE
    path.parent.mkdir(parents=True)
    path.write_text("signed:\n  - by: Ada\n    on: 2017-07-14\n    packet: 1a2b3c4d\n")
    again = open_workspace(workspace.root)
    (problem,) = unfounded(again)
    assert str(problem) == (
        f"{FILE}:4: signed[0].packet: no team_review packet of 2017Q2 has this digest; found '1a2b3c4d'; "
        "fix: restore the packet from a backup, or sign the one in force: slareport review sign"
    )
    path.write_text(f"signed:\n  - by: Ada\n    on: 2017-07-14\n    packet: {digest(PLACE, again)[:8]}\n")
    assert list(unfounded(open_workspace(workspace.root))) == []


# ── The index, and the commands ──


def page(workspace):
    return write_index(workspace).read_text("utf-8")


def test_the_index_says_what_is_signed_and_by_whom(workspace):
    packet(workspace)
    text = page(signing(signing(workspace), by="Bo"))
    assert '<span class="note">Signed</span><span class="note">by Ada, 14 July 2017</span>' in text
    assert "by Bo, 14 July 2017" in text
    assert "1 of 3 reviewed, 1 signed, 2 not there." in text
    assert "Nothing waits to be reviewed." in text


def test_the_index_says_where_a_packet_supersedes_a_signed_one(workspace):
    packet(workspace)
    again = signing(workspace)
    packet(again, "<p>corrected")
    text = page(again)
    assert '<span class="note">Reviewed</span><span class="note">held 14 July 2017</span>' in text
    assert "supersedes the packet signed by Ada on 14 July 2017" in text
    later = page(signing(again, by="Bo"))
    assert "by Bo, 14 July 2017" in later
    assert "supersedes the packet signed by Ada on 14 July 2017" in later


def test_the_commands_sign_and_verify(workspace):
    packet(workspace)
    at = ("--workspace", workspace.root, "--period", "2017Q2")
    done = slareport("review", "sign", "--team", "north", "--by", "Ada", *at, SOURCE_DATE_EPOCH="1500000000")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"signed by Ada: north, 2017Q2; see {FILE}\n"
    assert "on: 2017-07-13\n" in (workspace.root / FILE).read_text(), "in New York, where this company reports"
    assert slareport("verify", "--workspace", workspace.root).returncode == 0
    path = workspace.root / FILE
    path.write_text(path.read_text().replace(digest(PLACE, workspace), "1a2b3c4d"))
    found = slareport("verify", "--workspace", workspace.root)
    assert (found.returncode, "has this digest" in found.stderr) == (5, True)
    wrong = slareport("review", "sign", "--by", "Ada", "--on", "14.7.", *at)
    assert (wrong.returncode, wrong.stderr) == (
        2, "error --on: no such day; found '14.7.'; fix: write it like 2026-05-01\n"
    )  # fmt: skip
    assert slareport("review", "sign", "--team", "nort", "--by", "Ada", *at).returncode == 2
