"""A review of the sample company that was signed, and what follows: corrections, and the period after."""

from __future__ import annotations

import datetime as dt
import shutil

import companies
import nbformat
import pandas as pd
import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output

from slareport.minutes import Note, Waiver
from slareport.outputs import Place
from slareport.publishing import publish
from slareport.record import MIME
from slareport.review import Annex, ClientReview, Review, Summary
from slareport.saying import Changes, say
from slareport.signing import sign
from slareport.workspace import open_workspace

pytestmark = pytest.mark.once

BEFORE, LAST = "2026Q2", "2026Q3"
DAY = dt.date(2026, 10, 12)
TEAM = "strategic"  # the smallest
CLIENT = "Silverpine Pharma Co., Ltd."


@pytest.fixture
def company(sample, tmp_path):
    """The sample company before anything was said at its reviews."""
    root = companies.beside(sample, tmp_path)
    shutil.rmtree(root / "parameters" / "reviews")
    return open_workspace(root, root / "outputs")


def opened(company):
    return open_workspace(company.root, company.outputs)


def published(company, review):
    """The packet of a review as a batch would publish it, its page aside."""
    shown = new_output("execute_result", {MIME: review.close().data, "text/plain": ""}, execution_count=1)
    notebook = new_notebook(cells=[new_code_cell("review.close()", id="close", execution_count=1, outputs=[shown])])
    whose = review.evaluation.teams[0] if len(review.evaluation.teams) == 1 else "_all"
    place = Place(review.period.name, whose, review.notebook)
    digests = {"parameters": dict(review.evaluation.workspace.digests)}
    html = review.header().html + getattr(review, "since_last", review.trust)().html
    return publish(company.outputs, place, nbformat.from_dict(notebook), html, {"digests": digests})


def review_of(company, as_of="", period=LAST):
    return Review(TEAM, period, as_of, workspace=company)


def signed(company, period=LAST, team=TEAM, by="Ada"):
    sign(company, company.period(period), team, "", by, "", DAY)
    return opened(company)


def waiver(review, on):
    miss = review.missed[review.missed["promise"].eq("lead-response")].iloc[0]
    return Waiver(promise="lead-response", item=miss["item"], reason="The office was flooded", approved_by="Cy", on=on)


def test_neither_signing_a_review_nor_what_is_done_afterwards_changes_its_packet(company):
    path = company.root / f"parameters/reviews/2026Q3/{TEAM}.yaml"
    path.parent.mkdir(parents=True)
    path.write_text("actions:\n  - {action: Name a deputy, owner: Ada, due: 2026-10-31}\n")
    first = published(opened(company), review_of(opened(company)))
    signed(opened(company))
    path.write_text(path.read_text().replace("2026-10-31}", "2026-10-31, done_on: 2026-10-20}"))
    review = review_of(opened(company))
    assert published(opened(company), review) == first
    assert "Supersedes" not in review.header().html
    assert review.corrected().html == ""


def test_a_later_look_supersedes_what_was_signed_and_says_what_it_corrects(company):
    first = review_of(company)
    folder = published(company, first)
    again = signed(company)
    said = Changes({"waivers": [waiver(first, DAY)]})
    say(again, again.period(LAST), TEAM, said)
    later = review_of(opened(again), "2026-10-13")
    n = {
        one: int(card.rows.set_index("promise").loc["lead-response", "missed"])
        for one, card in (("then", first), ("now", later))
    }
    assert n["now"] == n["then"] - 1
    assert "Supersedes the packet signed by Ada on 12 October 2026." in later.header().html
    html = later.since_last().html
    assert "Corrected since it was signed by Ada on 12 October 2026" in html
    assert "Waived by Cy: The office was flooded" in html
    second = published(opened(again), later)
    assert (folder.parent / "current").resolve() == second
    assert folder.is_dir()
    other = Review(TEAM, LAST, "2026-10-13", edition="leadership", workspace=opened(again))
    assert other.superseded is None, "another edition supersedes nothing"


def test_signing_what_supersedes_keeps_what_it_says(company):
    published(company, review_of(company))
    again = signed(company)
    second = published(again, review_of(again, "2026-10-13"))
    both = signed(again, by="Bo")
    assert published(both, review_of(both, "2026-10-13")) == second
    assert "signed by Ada" in review_of(both, "2026-10-13").header().html


def test_other_words_alone_supersede_and_correct_no_number(company):
    published(company, review_of(company))
    again = signed(company)
    say(again, again.period(LAST), TEAM, Changes({"notes": [Note(by="Ada", on=DAY, text="A hard quarter.")]}))
    review = review_of(opened(again))
    assert "Supersedes the packet signed by Ada" in review.header().html
    assert "Nothing has been corrected since it was signed by Ada" in review.since_last().html


def test_the_numbers_are_compared_with_the_very_files_that_were_signed(company):
    first = review_of(company)
    published(company, first)
    again = signed(company)
    path = company.root / "parameters" / "agreement" / "2026-02-16.yaml"
    path.write_text(path.read_text().replace("target: 90%", "target: 80%", 1))
    review = review_of(opened(again))
    html = review.corrected().html
    assert "agreement/2026-02-16.yaml" in html
    assert f"reviews/2026Q3/{TEAM}.yaml" not in html


def test_the_period_after_has_what_was_signed_beside_what_is_known_now(company):
    before = review_of(company, "2026-07-02", period=BEFORE)
    published(company, before)
    folder = company.outputs / BEFORE / TEAM / "team_review"
    again = company
    # what was signed was known early: a provisional packet is not signed by the command
    digest = next(folder.glob("20*")).name[-8:]
    path = company.root / f"parameters/reviews/2026Q2/{TEAM}.yaml"
    path.parent.mkdir(parents=True)
    path.write_text(f"signed:\n  - {{by: Ada, on: 2026-07-03, packet: {digest}}}\n")
    again = opened(company)
    for review in (review_of(again), Annex(TEAM, LAST, workspace=again)):
        rows = review.rows.set_index("promise")
        then = before.rows.set_index("promise")["value"]
        pd.testing.assert_series_equal(
            rows["previous_published"], then.reindex(rows.index), check_names=False, check_exact=False, atol=1e-6
        )
    assert (rows["previous"] - rows["previous_published"]).abs().max() > 1e-6
    said = review_of(again).since_last().html
    assert "Q2 2026 was signed by Ada on 3 July 2026. Corrected since: " in said
    assert said.count("→") >= 1
    assert review_of(company).rows["previous_published"].isna().all()


def test_the_summary_says_so_too_and_a_client_is_told_nothing(company):
    published(company, Summary(LAST, workspace=company))
    again = signed(company, team="_all")
    say(again, again.period(LAST), "_all", Changes({"notes": [Note(by="Ada", on=DAY, text="A hard quarter.")]}))
    review = Summary(LAST, workspace=opened(again))
    assert "Supersedes the packet signed by Ada" in review.header().html
    assert "Nothing has been corrected" in review.trust().html
    assert "A hard quarter." in "".join(one.html for one in review.compared().shown if hasattr(one, "html"))
    client = ClientReview(CLIENT, LAST, workspace=opened(again))
    assert "Supersedes" not in client.header().html
    assert client.close().data["said"] == ""
