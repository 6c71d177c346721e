"""What the next period will bring: from what was known then only, with ranges that hold as often as they say."""

import numpy as np
import pandas as pd
import pytest
from planted import END, PERIODS, ZONE, history, known

from slareport.findings.outlook import chances, forecast, next_period, windows

pytestmark = pytest.mark.once

NEXT = PERIODS[-1].next()


def looked(rows, as_of=END):
    return next_period(known(rows, as_of), PERIODS, ZONE, "EUR")


def came(rows, period=NEXT):
    """Wins and their worth in a period, counted from the whole history by hand."""
    start, end = period.bounds(ZONE)
    won = rows[rows["status"].eq("won") & rows["entered_at"].ge(start) & rows["entered_at"].lt(end)]
    return len(won), won["amount"].sum()


def test_the_sentence_says_wins_worth_ranges_and_how_often_they_held():
    expected, record = looked(history(1))
    row, past = expected.frame.iloc[-1], expected.frame.iloc[:-1]
    held = (past["amount"].ge(past["amount_low"]) & past["amount"].le(past["amount_high"])).sum()
    assert expected.sentence == (
        f"Next quarter we expect {row['wins_mean']:.0f} wins ({row['wins_low']:.0f}\N{EN DASH}{row['wins_high']:.0f}) "
        f"worth €{row['amount_mean'] / 1e3:.0f}k (€{row['amount_low'] / 1e3:.0f}k to "
        f"€{row['amount_high'] / 1e3:.0f}k). Ranges made this way held in {held} of the last 7 quarters."
    )
    assert record.sentence.startswith("Over 7 past quarters such forecasts were ")


def test_what_came_is_counted_as_by_hand():
    rows = history(2)
    frame = looked(rows)[0].frame
    for period in PERIODS:
        assert tuple(frame.loc[period.name, ["wins", "amount"]]) == pytest.approx(came(rows, period))


def test_a_past_forecast_uses_only_what_was_known_then():
    rows = history(3)
    whole = looked(rows)[0].frame
    for number in (4, 8):
        at = PERIODS[number].bounds(ZONE)[0]
        then = next_period(known(rows, at), PERIODS[:number], ZONE, "EUR")[0].frame.iloc[-1]
        columns = [column for column in whole if "_" in column]
        assert whole.iloc[number][columns].tolist() == pytest.approx(then[columns].tolist())


def test_without_a_record_the_sentence_says_so():
    finding = next_period(known(history(4), PERIODS[6].bounds(ZONE)[0]), PERIODS[:6], ZONE, "EUR")
    assert finding[0].sentence.endswith("There is no record yet: 3 past quarters of the 4 it takes.")
    assert (finding[1].sentence, finding[1].clear) == ("No record yet.", False)


@pytest.mark.parametrize("n", [0, 10])
def test_of_few_deals_nothing_is_forecast(n):
    expected, record = looked(history(5, n=n))
    said = "No forecast: fewer than 30 deals stood open at the beginning of earlier quarters."
    assert (expected.sentence, expected.clear) == (said, False)
    assert record.sentence == "No record yet."


def test_a_late_stage_has_better_chances_than_an_early_one():
    *past, ahead = windows(known(history(6, n=1500)), [*PERIODS, NEXT], ZONE, "EUR")
    mean = chances(ahead.open_deals, past).groupby(ahead.open_deals["stage"]).mean()
    assert mean["Discovery"] < mean["Proposal"] < mean["Negotiation"]


def test_the_chances_are_those_of_the_deals_that_stood_alike():
    """Very many deals: the share of earlier ones in the same stage and age that were won, hardly drawn."""
    *past, ahead = windows(known(history(7, n=6000)), [*PERIODS, NEXT], ZONE, "EUR")
    learnt = pd.concat([window.open_deals for window in past])
    middle = learnt[learnt["stage"].eq("Negotiation")]["age"].median()
    alike = learnt[learnt["stage"].eq("Negotiation") & learnt["age"].gt(middle)]
    mine = ahead.open_deals["stage"].eq("Negotiation") & ahead.open_deals["age"].gt(middle)
    assert chances(ahead.open_deals, past)[mine].to_numpy() == pytest.approx(alike["won"].mean(), abs=0.01)


def test_the_distribution_is_that_of_drawing_lots():
    """A slow twin: every open deal drawn by its chance, the number of new ones from its posterior."""
    *past, ahead = windows(known(history(8)), [*PERIODS, NEXT], ZONE, "EUR")
    found, rng = chances(ahead.open_deals, past).to_numpy(), np.random.default_rng(1)
    new = pd.concat([window.new for window in past]).to_numpy()
    amounts = ahead.open_deals["amount"].to_numpy()
    totals, wins = [], []
    for _ in range(20_000):
        won = rng.random(found.size) < found
        more = rng.poisson(rng.gamma(new.size + 0.5, 1 / len(past)))
        wins.append(won.sum() + more)
        totals.append(amounts[won].sum() + rng.choice(new, more).sum())
    said = forecast(ahead, past)
    assert said["wins_mean"] == pytest.approx(np.mean(wins), rel=0.01)
    assert said["amount_mean"] == pytest.approx(np.mean(totals), rel=0.01)
    for name, drawn in (("wins", wins), ("amount", totals)):
        ends = np.quantile(drawn, [0.025, 0.975])
        assert [said[f"{name}_low"], said[f"{name}_high"]] == pytest.approx(ends, rel=0.03, abs=1)


@pytest.fixture(scope="module")
def compared():
    """Forecast and truth of the next quarter for 50 companies without surprises."""
    rows = []
    for seed in range(50):
        drawn = history(seed, n=700)
        *past, ahead = windows(known(drawn), [*PERIODS, NEXT], ZONE, "EUR")
        rows.append(forecast(ahead, past) | dict(zip(("wins", "amount"), came(drawn), strict=True)))
    return pd.DataFrame(rows)


@pytest.mark.parametrize("what", ["wins", "amount"])
def test_the_next_quarter_falls_outside_the_range_in_about_one_of_twenty(compared, what):
    """5%, give or take 4 points by chance among 50."""
    inside = compared[what].between(compared[f"{what}_low"], compared[f"{what}_high"])
    assert (~inside).mean() <= 0.05 + 0.04


@pytest.mark.parametrize("what", ["wins", "amount"])
def test_forecasts_are_neither_too_high_nor_too_low_in_all(compared, what):
    assert compared[f"{what}_mean"].sum() / compared[what].sum() == pytest.approx(1, abs=0.05)
