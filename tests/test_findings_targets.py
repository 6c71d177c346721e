"""What past periods say of the promises, in sentences."""

import math

import pandas as pd
import pytest

from slareport import format as fmt
from slareport.agreement import Promise
from slareport.findings import targets
from slareport.playback import Playback
from slareport.results import KEPT, MISSED
from slareport.review import TargetSetting
from slareport.statistics import Estimate
from slareport.worktime import parse_duration

pytestmark = pytest.mark.once


def played(title, kept, missed, *, level=0.8, minutes=math.nan, within="2 business hours"):
    promise = Promise(
        id="p", title=title, kpi="lead_response", knobs={"within": parse_duration(within)}, owner="A",
        promise="We reply.", target="0.9",
    )  # fmt: skip
    rows = pd.DataFrame({"result": [KEPT] * kept + [MISSED] * missed, "period": "2026Q3"})
    return Playback(promise, rows, level, Estimate(minutes, math.nan, math.nan))


NEVER, HALF, ALWAYS = played("Never", 0, 10), played("Half", 5, 5), played("Always", 10, 0)


def test_what_asks_too_much_stands_first():
    assert [one.promise.title for one in targets.by_weight([ALWAYS, HALF, NEVER])] == ["Never", "Half", "Always"]


def test_all_promises_in_one_sentence():
    said = targets.in_all([ALWAYS, HALF, NEVER, ALWAYS])
    assert said == "Of 4 promises, 1 is unreachable, 1 is realistic and 2 are slack, going by past periods."


@pytest.mark.parametrize(
    ("one", "sentence"),
    [
        pytest.param(
            played("Replies", 0, 10, level=0.68, minutes=7380),
            "Replies: kept in 0 of 10 quarters. 80% of quarters reached 68%, promised are 90%; 90% took up to 123 h, "
            "promised are 2 business hours.",
            id="with the time needed",
        ),
        pytest.param(
            played("Replies", 2, 8),
            "Replies: kept in 2 of 10 quarters. 80% of quarters reached 80%, promised are 90%.",
            id="without, where too few were ever done",
        ),
    ],
)
def test_a_promise_that_asks_too_much(one, sentence):
    assert targets.too_much(one) == sentence


def test_promises_that_ask_nothing():
    assert targets.too_little([ALWAYS, HALF]) == "Always: kept every time. There is room to promise more."
    assert targets.too_little([HALF]) == ""


@pytest.mark.parametrize(
    ("minutes", "words"),
    [
        pytest.param((125,), "2.1 h", id="below ten hours with a decimal"),
        pytest.param((7380,), "123 h", id="above without"),
        pytest.param((125, 110, 140), f"2.1 h (1.8{fmt.DASH}2.3)", id="with its range"),
    ],
)
def test_times_needed(minutes, words):
    assert targets.time(*minutes) == words


def test_the_sample_promises_too_much_where_it_was_planted(sample):
    review = TargetSetting("2026Q3", workspace=sample)
    assert review.lede.startswith("Of 12 promises, 1 is unreachable")
    assert review.points[0].startswith("Feedback decided: kept in 0 of 10 quarters.")
    verdicts = {one.promise.id: one.verdict for one in review.played["Americas"]}
    assert verdicts["lead-response"] == "slack"
    assert review.services().html == ""
