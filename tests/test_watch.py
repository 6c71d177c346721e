"""Between reviews: the clocks that run at an instant, and the misses a period has left."""

import email
import json
import math
from email import policy

import pandas as pd
import pytest
from judging import at

from slareport.cli import app
from slareport.errors import UsageError
from slareport.evaluation import evaluate
from slareport.exhibits import watch as shown
from slareport.watch import AT_RISK, LATE, RUNNING, TODAY, Watch, watch
from slareport.weekly import write_weekly
from slareport.worktime import Calendar

pytestmark = pytest.mark.once

NOW = "2026-08-12T07:00:00Z"  # Wednesday, 9:00 in Berlin
OFFICE = Calendar("office", "Europe/Berlin", dict.fromkeys(range(5), ((540, 1020),)), "DE-BE")


@pytest.fixture(scope="module")
def found(sample):
    return watch(sample, at(NOW))


def emea(rows):
    return rows[rows["team"].eq("emea")]


def test_every_item_that_waits_is_there_once(sample, found):
    """Against the judgements of the running quarter as known now, row by row."""
    made = evaluate(sample, "2026Q3", NOW)
    now, begun = at(NOW), at("2026-06-30T22:00:00Z")
    expected = set()
    for name, rows in made.judged.items():
        if sample.agreement.versions[-1].measure(name) not in sample.agreement.versions[-1].promises:
            continue
        for item, row in rows.iterrows():
            waits = row["state"] == "pending" and not pd.isna(row["due_at"])
            open_still = row["state"] == "missed" and pd.isna(row["stopped_at"]) and begun <= row["at"] <= now
            if waits or open_still:
                expected.add((name, item))
    listed = list(zip(found.clocks["promise"], found.clocks["item"], strict=True))
    assert set(listed) == expected
    assert len(listed) == len(expected) > 40


def test_the_state_follows_from_the_deadline(sample, found):
    for row in found.clocks.itertuples():
        due, zone = row.due_at, sample.zone_of(row.team)
        if row.state == LATE:
            assert due <= at(NOW)
        else:
            assert due > at(NOW)
        if row.state == TODAY:
            assert due.tz_convert(zone).date() == at(NOW).tz_convert(zone).date()


def test_the_most_urgent_stand_first(found):
    order = [state for state in (LATE, TODAY, AT_RISK, RUNNING) if state in set(found.clocks["state"])]
    assert found.clocks["state"].drop_duplicates().tolist() == order
    assert {LATE, TODAY, AT_RISK, RUNNING} == set(order), "the sample has one of each at this hour"
    assert found.urgent


def test_the_time_left_is_in_the_hours_of_the_team(found):
    (row,) = emea(found.clocks)[emea(found.clocks)["name"].str.startswith("Marlowe Metals")].to_dict("records")
    left = OFFICE.elapsed(pd.Series([at(NOW)]), pd.Series([row["due_at"]]))
    assert row["left_minutes"] == left.iloc[0].total_seconds() / 60
    late = emea(found.clocks)[emea(found.clocks)["state"].eq(LATE)]
    assert late["left_minutes"].lt(0).all()


def test_misses_left_are_counted_to_the_end_of_the_period(sample, found):
    """Of 71 leads 16 are late; 149 came in the quarter before, of which 54% of the days are still to come."""
    (row,) = emea(found.budgets)[emea(found.budgets)["promise"].eq("lead-response")].to_dict("records")
    then = evaluate(sample, "2026Q3", NOW, "emea").again("2026Q2", NOW).scorecard().set_index("promise")
    past = then.loc["lead-response", "n"]
    begun, ends = at("2026-06-30T22:00Z"), at("2026-09-30T22:00Z")
    expected = round(past * ((ends - at(NOW)) / (ends - begun)))
    assert (row["judged"], row["missed"], row["running"], row["expected"]) == (71, 16, 0, expected)
    whole = 71 + expected
    assert row["allowed"] == whole - math.ceil(whole * 9 / 10)
    assert row["left"] == row["allowed"] - 16
    assert row["chance"] > 0.9


def test_one_team_of_which_nothing_is_kept(sample):
    mine = watch(sample, at("2026-08-13T07:00Z"), ["emea"])
    assert set(mine.clocks["team"]) == set(mine.budgets["team"]) == {"emea"}
    assert not any("20260813" in path.name for path in sample.outputs.rglob("*"))
    with pytest.raises(UsageError, match="did you mean emea"):
        watch(sample, at(NOW), ["emee"])


def test_words_for_a_calm_week_and_a_busy_one(found):
    calm = Watch(found.period, found.as_of, found.clocks.iloc[:0], found.budgets.iloc[:0])
    assert shown.bottom_line(calm) == "No clock is running."
    assert not calm.urgent
    assert "due today" in shown.bottom_line(found)
    out, near = shown.exhausted(found.of("emea"), {"emea": "EMEA"})
    assert out == "Out of reach until 30 September 2026: Feedback decided (EMEA)."
    assert near == "Probably missed by 30 September 2026: First reply to a lead (EMEA)."


def test_all_of_it_for_a_program(found):
    told = json.loads(shown.as_json(found))
    assert (told["period"], told["as_of"]) == ("2026Q3", "2026-08-12T07:00:00+00:00")
    assert len(told["clocks"]) == len(found.clocks)
    assert told["clocks"][0]["due_at"].endswith("Z")
    assert told["budgets"][0]["promise"] == "lead-response"


def test_a_mail_for_everyone_on_the_list(sample, found, tmp_path):
    paths = list(write_weekly(sample, found, tmp_path, at(NOW).to_pydatetime()))
    assert len(paths) == 5
    (path,) = (path for path in paths if "emea" in path.name)
    mail = email.message_from_bytes(path.read_bytes(), policy=policy.SMTP)
    assert mail["Subject"].startswith("EMEA, between reviews: Q3 2026: ")
    body = mail.get_body(("plain",)).get_content()
    assert "Probably missed by 30 September 2026: First reply to a lead (EMEA)." in body
    assert "Americas" not in body
    again = list(write_weekly(sample, found, tmp_path / "again", at(NOW).to_pydatetime()))
    assert [one.read_bytes() for one in again] == [one.read_bytes() for one in paths]


@pytest.mark.parametrize(
    ("options", "code", "begins"),
    [
        pytest.param([], 10, "13 late and still open", id="a table to read"),
        pytest.param(["--format", "csv"], 10, "team,promise,title,item", id="CSV"),
        pytest.param(["--format", "json"], 10, "{", id="JSON"),
        pytest.param(["--as-of", "2023-10-02T08:00"], 0, "18 running.", id="nothing urgent ends with 0"),
    ],
)
def test_the_command(sample, capsys, options, code, begins):
    at_noon = [] if "--as-of" in options else ["--as-of", NOW]
    with pytest.raises(SystemExit) as ended:
        app(["watch", "--team", "emea", "--workspace", str(sample.root), *at_noon, *options])
    assert ended.value.code == code
    assert capsys.readouterr().out.startswith(begins)
