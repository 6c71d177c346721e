"""What is said about a scorecard: every sentence from the figures, in the words of the people who read it."""

import re

import pandas as pd
import pytest
from judging import deal, judge, lead, version

from slareport import findings
from slareport.evaluation import evaluate
from slareport.results import (
    BETTER,
    CHANCE,
    CLEARLY,
    KEPT,
    MISSED,
    NO_DATA,
    NO_PREVIOUS,
    NOT_MEASURABLE,
    SAME,
    SHORT,
    TOO_FEW,
    WORSE,
)

pytestmark = pytest.mark.once

PROMISE = {
    "kind": "promise", "kpi": "lead_response", "unit": "%", "period": "2026Q3", "target": 0.9, "n": 139,
    "numerator": 107, "denominator": 139, "met": 107, "missed": 32, "pending": 0, "value": 107 / 139,
    "previous": 0.958, "low": 0.69, "high": 0.83, "change": 107 / 139 - 0.958, "result": MISSED,
    "evidence": CLEARLY, "promise": "reply", "title": "First reply to a lead",
}  # fmt: skip
OUTCOME = PROMISE | {
    "kind": "outcome", "kpi": "win_rate", "target": float("nan"), "n": 130, "numerator": 56, "denominator": 130,
    "value": 56 / 130, "previous": 0.27, "result": BETTER, "evidence": "", "promise": "win-rate", "title": "Win rate",
}  # fmt: skip
CYCLE = OUTCOME | {
    "kpi": "sales_cycle_length", "unit": "days", "n": 55, "numerator": pd.NA, "denominator": pd.NA, "value": 69.87,
    "previous": 45.04, "low": 59.17, "high": 94.93, "change": 24.83, "result": WORSE, "title": "Sales cycle",
    "promise": "cycle",
}  # fmt: skip
CHANCE_MISS = PROMISE | {"title": "CSAT after kick-off", "promise": "csat", "evidence": CHANCE, "missed": 3, "n": 20}
KEPT_PROMISE = PROMISE | {"title": "Handoff", "promise": "handoff", "result": KEPT}
STILL = OUTCOME | {"result": SAME}


def card(*rows):
    return pd.DataFrame([row | {"title": row["title"]} for row in rows], columns=list(PROMISE))


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        pytest.param(
            [PROMISE],
            "0 of 1 promises kept. The problem: first reply to a lead.",
            id="one promise, clearly missed",
        ),
        pytest.param(
            [PROMISE, CHANCE_MISS, KEPT_PROMISE, STILL],
            "1 of 3 promises kept. The problem: first reply to a lead. "
            "Also missed, but that could be chance: CSAT after kick-off.",
            id="one clearly, one perhaps by chance; an abbreviation keeps its capitals",
        ),
        pytest.param(
            [CHANCE_MISS],
            "0 of 1 promises kept. Missed, but that could be chance: CSAT after kick-off.",
            id="missed, could be chance",
        ),
        pytest.param(
            [PROMISE, *[CHANCE_MISS] * 4],
            "0 of 5 promises kept. The problem: first reply to a lead. 4 others missed, but that could be chance.",
            id="many by chance: how many, not which",
        ),
        pytest.param(
            [PROMISE] * 5,
            "0 of 5 promises kept. The problem: first reply to a lead, first reply to a lead, first reply to a lead "
            "and 2 others.",
            id="many clearly: the first three and how many others",
        ),
        pytest.param(
            [KEPT_PROMISE, OUTCOME, CYCLE], "1 of 1 promises kept. Better: win rate. Worse: sales cycle.",
            id="kept, and results that moved",
        ),
        pytest.param([KEPT_PROMISE, STILL], "1 of 1 promises kept. No result has really changed.", id="all quiet"),
        pytest.param([KEPT_PROMISE, OUTCOME | {"result": NO_DATA}], "1 of 1 promises kept.", id="nothing to compare"),
        pytest.param(
            [PROMISE | {"result": NO_DATA}],
            "No promise could be judged: nothing was due, or too little to tell.",
            id="no data: neither kept nor missed",
        ),
        pytest.param(
            [STILL], "No promises are agreed for this period. No result has really changed.", id="no promises"
        ),
        pytest.param([], "No promises are agreed for this period.", id="nothing agreed at all"),
    ],
)  # fmt: skip
def test_the_bottom_line(rows, said):
    assert findings.bottom_line(card(*rows)) == said


@pytest.mark.parametrize(
    ("row", "said"),
    [
        pytest.param(
            PROMISE,
            "First reply to a lead: 107 of 139 on time (77%), promised 90%. Missed, clearly; last quarter 96%.",
            id="a promise",
        ),
        pytest.param(
            PROMISE | {"period": "2026-09"},
            "First reply to a lead: 107 of 139 on time (77%), promised 90%. Missed, clearly; last month 96%.",
            id="of a month",
        ),
        pytest.param(
            PROMISE | {"previous": float("nan"), "value": 0.8996, "numerator": 8996, "denominator": 10000},
            "First reply to a lead: 8,996 of 10,000 on time (89.96%), promised 90%. Missed, clearly.",
            id="89.96% is not shown as the 90% that it missed; nothing to compare with is not said",
        ),
        pytest.param(
            PROMISE | {"target": 2.6 / 3, "value": 0.8662},
            "First reply to a lead: 107 of 139 on time (86.6%), promised 86.67%. Missed, clearly; last quarter 96%.",
            id="two versions: the promise is shown with its decimals",
        ),
        pytest.param(OUTCOME, "Win rate: 56 of 130 (43%), last quarter 27%. Better.", id="a share"),
        pytest.param(CYCLE, "Sales cycle: 69.9 days (55 deals), last quarter 45.0 days. Worse.", id="a median"),
        pytest.param(
            CYCLE | {"period": "FY27Q1", "n": 1, "previous": float("nan")},
            "Sales cycle: 69.9 days (1 deal). Worse.",
            id="a median of one deal",
        ),
    ],
)
def test_a_sentence(row, said):
    row = card(row).iloc[0]
    write = findings.promise_sentence if row["kind"] == "promise" else findings.outcome_sentence
    assert write(row) == said


@pytest.mark.parametrize(
    ("unit", "low", "high", "said"),
    [
        pytest.param("%", 0.23, 0.49, "(23\N{EN DASH}49%)", id="a share"),
        pytest.param("days", 30.0, 51.0, "(30.0\N{EN DASH}51.0 days)", id="days"),
        pytest.param("points", -60.5, 20.0, "(\N{MINUS SIGN}60.5 to 20.0 points)", id="a score of -100 to 100"),
        pytest.param("minutes", 90.0, 200.0, "(1 h 30 min to 3 h 20 min)", id="minutes"),
        pytest.param("times", float("nan"), float("nan"), "", id="none"),
    ],
)
def test_a_range_in_words(unit, low, high, said):
    assert findings.interval_in_words(pd.Series({"unit": unit, "low": low, "high": high})) == said


def test_a_bottom_line_says_what_the_crm_cannot_tell():
    unknown = PROMISE | {"result": NOT_MEASURABLE, "evidence": "steps", "n": 0, "missed": 0}
    assert findings.bottom_line(card(unknown)) == "No promise can be measured with what the CRM holds."
    some = findings.bottom_line(card(KEPT_PROMISE, unknown))
    assert some.startswith("1 of 1 promises kept. 1 promise cannot be measured with what the CRM holds.")


@pytest.mark.parametrize(
    ("period", "word"),
    [("2026Q3", "quarter"), ("2026-09", "month"), ("2026H1", "half-year"), ("2026", "year"), ("FY27Q1", "quarter")],
)
def test_what_kind_of_period(period, word):
    assert findings.period_word(period) == word


@pytest.mark.parametrize(
    ("causes", "said"),
    [
        pytest.param({}, "", id="no misses, no sentence"),
        pytest.param({"answered late": 1}, "The one miss was answered late.", id="one"),
        pytest.param({"only automatic mail": 2}, "Both misses got only automatic mail.", id="two alike"),
        pytest.param({"owner on leave": 2}, "Both misses came due on their owner's leave.", id="away"),
        pytest.param({"no reply at all": 5}, "All 5 misses got no reply at all.", id="all alike"),
        pytest.param(
            {"answered late": 26, "no reply at all": 1, "only automatic mail": 3},
            "Of the 30 misses, 26 were answered late, 3 got only automatic mail and 1 got no reply at all.",
            id="several, the most frequent first",
        ),
        pytest.param({"blocked": 2, "answered late": 1}, "Of the 3 misses, 2 were blocked and 1 was answered late.",
                     id="a cause of one's own"),
    ],
)  # fmt: skip
def test_why(causes, said):
    listed = [cause for cause, n in causes.items() for _ in range(n)]
    assert findings.cause_sentence(pd.DataFrame({"cause": listed}, dtype=object)) == said


def test_points_are_few_and_the_heaviest_come_first():
    misses = pd.DataFrame({"promise": ["reply"] * 2 + ["csat"], "cause": "answered late"})
    rows = card(KEPT_PROMISE, CHANCE_MISS, PROMISE, STILL, CYCLE, OUTCOME | {"result": SHORT, "title": "Closure"})
    said = findings.points(rows, misses)
    assert [sentence.split(":")[0] for sentence in said] == [
        "First reply to a lead",
        "Sales cycle",
        "CSAT after kick-off",
        "Handoff",
        "No real change",
    ]
    assert said[0].endswith("Both misses were answered late."), "why, where the miss is clear"
    assert "answered late" not in said[2], "one that could be chance needs no cause"


def test_several_promises_of_one_result_are_one_point():
    nothing = pd.DataFrame({"promise": []})
    clear, reply = KEPT_PROMISE | {"title": "Kick-off", "met": 20, "n": 20}, KEPT_PROMISE | {"evidence": CHANCE}
    assert findings.points(card(reply, clear), nothing) == [
        "Kept: kick-off (20 of 20 on time) and handoff (107 of 139 on time)."
    ], "what is clear comes first"
    many = findings.points(card(*[CHANCE_MISS] * 5), nothing)
    assert [point.split(": ")[0] for point in many] == ["Missed, but that could be chance"]
    assert many[0].endswith(" and 2 others.")


def test_what_cannot_be_judged_is_said():
    short = OUTCOME | {"result": SHORT, "title": "Closure"}
    few = PROMISE | {"result": TOO_FEW, "evidence": CHANCE, "previous": float("nan")}
    assert findings.points(card(few, short, OUTCOME | {"result": NO_PREVIOUS}), pd.DataFrame({"promise": []})) == [
        "First reply to a lead: 107 of 139 on time (77%), promised 90%. Too few to tell.",
        "Not judged, because the records begin too late for this period: closure.",
    ]


# --- every number in a sentence is one of the figures ---


def numbers(text):
    return re.findall(r"\d[\d,]*(?:\.\d+)?%?", re.sub(r"\bQ\d 20\d\d\b", "", text))


def figures(rows, misses):
    """Each number that could rightly be said, worked out here from the frames."""
    judged = rows["result"].isin([KEPT, MISSED]).sum()
    told = {str(len(misses)), str(judged), str(rows["result"].eq(KEPT).sum()), "90"}
    told |= {str(n) for n in misses.groupby("promise")["cause"].value_counts()}
    for row in rows.itertuples():
        told |= {str(part) for part in (row.n, row.numerator, row.denominator, row.missed)}
        told |= {f"{value:.1f}" for value in (row.value, row.previous)}
        for value in (row.value, row.previous, row.target):
            told |= {f"{100 * value:.{digits}f}%" for digits in (0, 1) if value == value}
    groups = rows.groupby(["kind", "result", rows["evidence"].where(rows["result"].eq(MISSED), "")])
    told |= {str(len(group) - left) for _, group in groups for left in (0, 3)}  # "and 4 others"
    told |= set(re.findall(r"\d+", " ".join(rows["title"])))
    return told


@pytest.mark.parametrize("team", ["emea", "americas", "apac", "strategic", None])
def test_every_number_that_is_said_is_one_of_the_figures(sample, team):
    evaluation = evaluate(sample, "2026Q3", team=team)
    rows, misses = evaluation.scorecard(), evaluation.misses()
    said = " ".join([findings.bottom_line(rows), *findings.points(rows, misses)])
    assert len(numbers(said)) > 4
    assert set(numbers(said)) <= figures(rows, misses)


def test_a_bottom_line_from_leads_and_deals():
    """The whole way by hand: 2 of 3 in time against 90%, one deal won of two."""
    made = [
        lead("a", [("A", "2026-03-09 09:00")], [("A", "2026-03-09 09:30")]),
        lead("b", [("A", "2026-03-09 09:00")], [("A", "2026-03-09 09:30")]),
        lead("c", [("A", "2026-03-09 09:00")], [("robot", "2026-03-09 09:30")]),
    ]
    sold = [deal("w", "2026-01-05", "won", "2026-02-05"), deal("l", "2026-01-05", "lost", "2026-02-05")]
    rows = judge(made, sold, versions=[version()]).card()
    assert findings.bottom_line(rows) == ("0 of 1 promises kept. Missed, but that could be chance: first reply.")


ACROSS = [
    pytest.param([{"EMEA": PROMISE, "APAC": KEPT_PROMISE}], ["EMEA alone missed first reply clearly."], id="one's"),
    pytest.param([{"APAC": CHANCE_MISS, "EMEA": KEPT_PROMISE}],
                 ["APAC alone missed CSAT after kick-off perhaps by chance."], id="perhaps no one's"),
    pytest.param([{"EMEA": PROMISE, "APAC": PROMISE | {"evidence": CHANCE}, "Americas": PROMISE}],
                 ["First reply: missed by every team, EMEA and Americas clearly, APAC perhaps by chance."],
                 id="everyone's"),
    pytest.param([{"EMEA": PROMISE, "APAC": PROMISE, "Americas": KEPT_PROMISE}],
                 ["First reply: missed by 2 of 3 teams, EMEA and APAC clearly."], id="several teams'"),
    pytest.param([{"EMEA": PROMISE, "APAC": KEPT_PROMISE}, {"EMEA": CHANCE_MISS, "APAC": KEPT_PROMISE}],
                 ["EMEA alone missed first reply clearly, CSAT after kick-off perhaps by chance."],
                 id="two of one team's"),
    pytest.param([{"EMEA": PROMISE, "APAC": KEPT_PROMISE}, {"EMEA": CHANCE_MISS, "APAC": CHANCE_MISS}],
                 ["CSAT after kick-off: missed by every team, EMEA and APAC perhaps by chance.",
                  "EMEA alone missed first reply clearly."], id="what is everyone's comes first"),
    pytest.param([{"APAC": KEPT_PROMISE}], [], id="kept by all"),
    pytest.param([], [], id="nothing due"),
]  # fmt: skip


@pytest.mark.parametrize(("promises", "said"), ACROSS)
def test_what_is_everyones_and_what_is_one_teams(promises, said):
    frames = []
    for number, by_team in enumerate(promises):
        rows = [row | {"team": team, "promise": f"p{number}"} for team, row in by_team.items()]
        frames.append(pd.DataFrame(rows).replace({"First reply to a lead": "First reply"}))
    assert findings.across_teams(frames) == said
