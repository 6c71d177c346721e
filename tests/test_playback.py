"""A promise played back over past periods: the same as replaying every lead by hand, period by period."""

import datetime as dt
import math
from dataclasses import replace
from decimal import Decimal
from zoneinfo import ZoneInfo

import holidays
import pandas as pd
import pytest

from slareport.agreement import Agreement
from slareport.agreement.models import Hours
from slareport.evaluation import evaluate
from slareport.playback import (
    REALISTIC,
    SLACK,
    STRETCH,
    UNKNOWN,
    UNREACHABLE,
    Playback,
    level_reached,
    play_back,
    promising,
    time_needed,
    verdict,
)
from slareport.results import KEPT, MISSED, NO_DATA, TOO_FEW
from slareport.statistics import Estimate
from slareport.worktime import parse_duration

pytestmark = pytest.mark.once

SHORT_DAYS = Hours(zone="Europe/Berlin", hours={"mon-fri": "8:00-12:00"}, holidays="DE-BE")


@pytest.fixture(scope="module")
def made(sample):
    """EMEA, under an agreement whose second version changed the office hours too."""
    old, new = sample.agreement.versions
    changed = new.model_copy(update={"calendars": {**new.calendars, "berlin": SHORT_DAYS}})
    agreement = Agreement((old, changed), sample.agreement.digests)
    return evaluate(replace(sample, agreement=agreement), "2026Q3", "2026-09-29T12:00", "emea")


def lead_response(made, within, target):
    promise = made.workspace.agreement.versions[-1].measure("lead-response")
    changes = {"knobs": {"within": parse_duration(within)}, "target": target, "min_n": 5}
    return promise.model_copy(update=changes)


def due_by_hand(start, minutes, windows):
    """The deadline of a lead, working day by working day; `windows` gives the hours of a date."""
    left, day = dt.timedelta(minutes=minutes), start.astimezone(ZoneInfo("Europe/Berlin")).date()
    while True:
        opened, closed = windows(day)
        if opened is not None and closed > start:
            begin = max(opened, start)
            if closed - begin >= left:
                return begin + left
            left -= closed - begin
        day += dt.timedelta(days=1)


def replayed(made, minutes, target):
    """Per period the leads in time and in all, in plain loops over the leads; what waits counts for neither."""
    zone, change = ZoneInfo("Europe/Berlin"), made.workspace.agreement.versions[1].effective_from
    free = holidays.country_holidays("DE", "BE", years=range(2023, 2028))

    def hours(first, last):
        def windows(day):
            if day.weekday() > 4 or day in free:
                return None, None
            return tuple(dt.datetime.combine(day, dt.time(hour), zone) for hour in (first, last))

        return windows

    found = {}
    leads = made.items["leads"]
    waivers = made.items.tables["waivers"]
    waived = set(waivers["lead_id"][waivers["promise"].eq("lead-response")])
    columns = (leads[name] for name in ("assigned_at", "first_touch_at", "withdrawn_at"))
    for lead, start, touch, withdrawn in zip(leads.index, *columns, strict=True):
        if pd.isna(start) or start > made.as_of or lead in waived:
            continue
        local = start.astimezone(zone)
        windows = hours(8, 12) if local.date() >= change else hours(9, 17)
        quarter = f"{local.year}Q{(local.month + 2) // 3}"
        met, judged = found.setdefault(quarter, [0, 0])
        due = due_by_hand(start, minutes, windows)
        answered = not pd.isna(touch) and touch <= made.as_of
        taken_back = withdrawn <= made.as_of and not (touch <= withdrawn or due <= withdrawn)
        if taken_back or (answered and touch < start - dt.timedelta(minutes=15)):
            continue
        if answered or due <= made.as_of:
            found[quarter] = [met + (answered and touch <= due), judged + 1]
    return {quarter: (met, judged, met >= target * judged - 1e-9) for quarter, (met, judged) in found.items()}


@pytest.mark.parametrize(
    ("within", "minutes", "target"),
    [
        pytest.param("2 business hours", 120, "0.9", id="two business hours, nine of ten"),
        pytest.param("90 business minutes", 90, "0.5", id="ninety business minutes, half of them"),
        pytest.param("16 business hours", 960, "0.95", id="two days under the old hours, four under the new"),
    ],
)
def test_the_playback_equals_a_replay_by_hand(made, within, minutes, target):
    played = play_back(made, lead_response(made, within, Decimal(target)))
    expected = replayed(made, minutes, float(target))
    assert len(played.rows) == 10
    for row in played.rows.itertuples():
        met, judged, kept = expected[row.period]
        assert (row.period, row.met, row.n) == (row.period, met, judged)
        assert row.result == (KEPT if kept else MISSED)
    assert played.judged == 10
    assert played.kept == sum(expected[period][2] for period in played.rows["period"])


def test_the_verdict_of_a_proposal_follows_from_its_hours(made):
    verdicts = [
        play_back(made, lead_response(made, within, Decimal("0.9"))).verdict
        for within in ("1 business minute", "3 business hours", "80 business hours")
    ]
    assert verdicts[0] == UNREACHABLE
    assert verdicts[-1] == SLACK


def test_what_was_before_the_first_version_is_judged_by_its_calendars(sample):
    old, new = sample.agreement.versions
    later = old.model_copy(update={"effective_from": dt.date(2025, 10, 1)})
    young = replace(sample, agreement=Agreement((later, new), sample.agreement.digests))
    promise = new.measure("lead-response")
    rows = [
        play_back(evaluate(workspace, "2026Q3", "", "emea"), promise).rows[["period", "met", "n"]]
        for workspace in (sample, young)
    ]
    pd.testing.assert_frame_equal(rows[0], rows[1])


def test_an_agreement_that_promises_nothing_else_keeps_its_versions_and_calendars(sample):
    promise = sample.agreement.versions[-1].measure("lead-response")
    alone = promising(sample.agreement, promise, pd.Timestamp("2026-01-01T00:00Z"))
    assert [v.effective_from for v in alone.versions] == [v.effective_from for v in sample.agreement.versions]
    assert all(v.measures == [promise] for v in alone.versions)
    assert [v.calendars for v in alone.versions] == [v.calendars for v in sample.agreement.versions]


@pytest.mark.parametrize(
    ("kept", "judged", "expected", "thin"),
    [
        pytest.param(0, 6, UNREACHABLE, False, id="never in six periods is unreachable"),
        pytest.param(0, 5, STRETCH, True, id="never in five is too little to call it so"),
        pytest.param(3, 8, STRETCH, True, id="three of eight is a stretch, and might be even"),
        pytest.param(4, 8, REALISTIC, True, id="half of them is realistic, and might be less"),
        pytest.param(9, 10, REALISTIC, False, id="nine of ten is realistic"),
        pytest.param(10, 10, SLACK, False, id="always is slack"),
        pytest.param(0, 0, UNKNOWN, False, id="no period says nothing"),
    ],
)
def test_verdicts(kept, judged, expected, thin):
    results = [KEPT] * kept + [MISSED] * (judged - kept) + [TOO_FEW, NO_DATA]
    played = Playback(None, pd.DataFrame({"result": results}), math.nan, Estimate(math.nan, math.nan, math.nan))
    assert (played.verdict, played.thin, verdict(kept, judged)) == (expected, thin, expected)


def test_three_of_eight_periods_has_wilsons_interval():
    played = Playback(None, pd.DataFrame({"result": [KEPT] * 3 + [MISSED] * 5}), math.nan, Estimate(0, 0, 0))
    assert played.share == (0.375, pytest.approx(0.137, abs=5e-4), pytest.approx(0.694, abs=5e-4))


@pytest.mark.parametrize(
    ("shares", "level"),
    [
        pytest.param([0.5, 0.6, 0.7, 0.8, 0.9], 0.6, id="four of five reached 60%"),
        pytest.param([0.9] * 3, 0.9, id="all alike"),
        pytest.param([0.2, 0.8], 0.2, id="of two, both must have reached it"),
        pytest.param([0.42], 0.42, id="one period is all there is"),
    ],
)
def test_the_level_that_most_periods_reached(shares, level):
    assert level_reached(shares) == level
    assert sum(share >= level for share in shares) >= 0.8 * len(shares)


def test_without_a_period_there_is_no_level():
    assert math.isnan(level_reached([]))


def test_the_time_that_nine_of_ten_needed_takes_in_what_is_still_open():
    minutes = [float(n) for n in range(1, 11)]
    done = pd.Timestamp("2026-07-01T09:00Z")
    items = pd.DataFrame({"state": "met", "elapsed_minutes": minutes, "stopped_at": done})
    assert time_needed(items).value == 9
    waiting = items.assign(state=["met"] * 5 + ["pending"] * 5, stopped_at=[done] * 5 + [pd.NaT] * 5)
    assert math.isnan(time_needed(waiting).value)
    assert time_needed(items.assign(state=["met"] * 9 + ["excluded"])).value == 9
