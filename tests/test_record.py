"""How figures leave the kernel: the same figures, the same bytes, and nothing of the machine in them."""

import datetime as dt
import json
import re
from dataclasses import replace

import pandas as pd
import pytest

from slareport import record
from slareport.kpi import KPIS
from slareport.review import Review, Summary
from slareport.scorecard import MISS_COLUMNS, Row

pytestmark = pytest.mark.once


@pytest.fixture(scope="module")
def closed(sample):
    return {
        "emea": Review("emea", "2026Q3", workspace=sample).close(),
        "_all": Summary("2026Q3", workspace=sample).close(),
        "early": Review("strategic", "2026Q3", "2026-09-01", workspace=sample).close(),
    }


def written(made):
    return json.dumps(made.data, allow_nan=False, ensure_ascii=False)


def test_the_same_figures_give_the_same_bytes(sample, closed):
    assert written(Review("emea", "2026Q3", workspace=sample).close()) == written(closed["emea"])


@pytest.mark.parametrize("name", ["emea", "_all", "early"])
def test_it_is_plain_json(closed, name):
    assert json.loads(written(closed[name])) == closed[name].data


@pytest.mark.parametrize("name", ["emea", "_all", "early"])
def test_it_holds_no_path_and_nothing_that_is_not_a_number(sample, closed, name):
    text = written(closed[name])
    for part in (str(sample.root), str(sample.outputs), "/tmp/", "/home/", "\\\\"):  # noqa: S108
        assert part not in text
    assert not re.search(r"\b(NaN|NaT|Infinity|<NA>)\b", text)


@pytest.mark.parametrize("name", ["emea", "_all", "early"])
def test_no_number_has_more_than_six_decimals(closed, name):
    decimals = re.findall(r"(?<=[\s\[])-?\d+\.(\d+)(?=[,}\]])", written(closed[name]))
    assert decimals
    assert max(map(len, decimals)) <= record.DIGITS


def test_the_tables_have_the_columns_that_are_published(closed):
    data = closed["_all"].data
    assert list(data["scorecard"][0]) == list(Row.__dataclass_fields__)
    assert list(data["misses"][0]) == MISS_COLUMNS
    assert list(data["rejects"][0]) == record.REJECT_COLUMNS


def test_a_team_s_run_keeps_its_forecast_and_says_which_are_rebuilt(closed):
    *earlier, coming = closed["emea"].data["forecasts"]
    assert list(coming) == record.FORECAST_COLUMNS
    assert (coming["period"], coming["source"], coming["wins"]) == ("2026Q4", "made now", None)
    assert {row["source"] for row in earlier} == {"rebuilt from the stage history"}
    assert earlier[-1]["period"] == "2026Q3"
    assert earlier[-1]["wins"] is not None
    assert closed["_all"].data["forecasts"] == []


def test_counts_are_whole_numbers(closed):
    for row in closed["emea"].data["scorecard"]:
        sums = () if KPIS[row["kpi"]].money else ("numerator", "denominator")
        for name in ("n", "met", "missed", "pending", "excluded", "invalid", *sums):
            assert row[name] is None or type(row[name]) is int, name


def test_it_says_whose_figures_these_are(closed):
    facts = {name: made.data for name, made in closed.items()}
    assert [data["team"] for data in facts.values()] == ["emea", "_all", "strategic"]
    assert [data["provisional"] for data in facts.values()] == [False, False, True]
    assert {data["period"] for data in facts.values()} == {"2026Q3"}
    assert facts["emea"]["title"] == "EMEA, Q3 2026: SLA review"
    assert facts["emea"]["as_of"] == "2026-10-07T22:00:00+00:00"
    assert facts["emea"]["agreement_digest"] == facts["_all"]["agreement_digest"]
    assert [data["edition"] for data in facts.values()] == ["team", "leadership", "team"]
    assert facts["emea"]["foot"].endswith(f"data {facts['emea']['data_digest'][:8]} · packet {facts['emea']['id']}")
    assert facts["emea"]["next"] == "Next review: Q4 2026, from 9 January 2027."
    assert facts["emea"]["bottom_line"]["lede"].endswith("by 16 October 2026.")


@pytest.mark.parametrize("name", ["emea", "_all", "early"])
def test_a_version_that_takes_effect_later_changes_nothing(sample, closed, name):
    """A draft of the next version is no part of a packet made from what was known before it."""
    last = sample.agreement.versions[-1]
    said = {"version": "3", "title": "Draft", "people": {"team": "roles", "leadership": "roles"}, "stages": []}
    draft = last.model_copy(update={**said, "effective_from": dt.date(2026, 11, 1), "promises": last.promises[:1]})
    digests = {**sample.agreement.digests, "parameters/agreement/2026-11-01.yaml": "d" * 64}
    agreement = replace(sample.agreement, versions=(*sample.agreement.versions, draft), digests=digests)
    space = replace(sample, agreement=agreement)
    made = {
        "emea": lambda: Review("emea", "2026Q3", workspace=space),
        "_all": lambda: Summary("2026Q3", workspace=space),
        "early": lambda: Review("strategic", "2026Q3", "2026-09-01", workspace=space),
    }
    assert written(made[name]().close()) == written(closed[name])


def test_missing_values_are_null_and_instants_are_iso():
    frame = pd.DataFrame(
        {
            "at": pd.to_datetime(["2026-03-09T08:00Z", None]),
            "rate": [2 / 3, None],
            "zero": [-1e-9, 1e9],
            "n": pd.array([1, None], dtype="Int64"),
            "word": ["a", None],
        }
    )
    assert record._rows(frame) == [
        {"at": "2026-03-09T08:00:00+00:00", "rate": 0.666667, "zero": 0.0, "n": 1, "word": "a"},
        {"at": None, "rate": None, "zero": 1e9, "n": None, "word": None},
    ]
    assert str(record._rows(frame)[0]["zero"]) == "0.0", "never -0.0"


def test_in_a_notebook_it_is_one_line(closed):
    bundle = closed["emea"]._repr_mimebundle_()
    assert set(bundle) == {record.MIME, "text/plain"}
    data = closed["emea"].data
    counts = [f"{len(data[name])} {name}" for name in ("scorecard", "misses", "rejects")]
    assert bundle["text/plain"] == f"Review closed: {', '.join(counts)}."
