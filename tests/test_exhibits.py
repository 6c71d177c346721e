"""What a reader sees: plain words, nothing of the machine, and names that stay names."""

import dataclasses
import datetime as dt
import re
from html.parser import HTMLParser

import pandas as pd
import pytest
from judging import REPLY, version

from slareport import exhibits, sections
from slareport import format as fmt
from slareport.minutes import Action, Decision, Dispute, Explanation, Note
from slareport.page import alive
from slareport.period import parse_period
from slareport.review import Annex, Summary
from slareport.worktime import parse_duration

pytestmark = pytest.mark.once

PERIOD = parse_period("2026Q3")
HOSTILE = [
    "<script>alert(1)</script>",
    "{{7*7}} {% raw %}",
    '" onmouseover="alert(1)',
    "' style='x",
    "a & b &lt; <b>c</b>",
    "\u202eright to left \u05e9\u05dc\u05d5\u05dd",
    "</td></table><img src=x onerror=alert(1)>",
]
MACHINE_WORDS = (
    "verdict", "contract", "clause", "breach", "restate", "error budget", "as_of", "as of", "quarantin",
    "control limit", "derailed", "amend", "portal", "packet", "pp", "nan", "nat", "<na>", "does not apply", "numerator",
    "opportunit", "no_case", "kpi",
)  # fmt: skip
TEAM_SECTIONS = ("header", "bottom_line", "headline", "scorecard", "misses", "trust", "definitions")
COMPANY_SECTIONS = ("header", "bottom_line", "headline", "promises", "outcomes", "scorecard", "trust", "definitions")


@pytest.fixture(scope="module")
def reviews(sample):
    teams = {team: Annex(team, "2026Q3", workspace=sample) for team in sample.teams}
    return {**teams, "all": Summary("2026Q3", workspace=sample)}


def shown(review):
    """Every section of a review by name."""
    names = COMPANY_SECTIONS if isinstance(review, Summary) else TEAM_SECTIONS
    return {name: getattr(review, name)() for name in names}


def figures(review):
    more = review.compared() if isinstance(review, Summary) else review.causes()
    return [*review.trends().figures, *more.figures]


class Text(HTMLParser):
    def __init__(self):
        super().__init__()
        self.words, self.tags = [], []

    def handle_data(self, data):
        self.words.append(data)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))


def read(html):
    parser = Text()
    parser.feed(html)
    parser.close()
    return parser


def row(**changes):
    return {
        "team": "emea", "period": "2026Q3", "promise": "reply", "title": "First reply", "kind": "promise", "unit": "%",
        "kpi": "lead_response", "definition": "lead_response.1", "version": "1", "target": 0.9, "value": 0.5, "n": 2,
        "numerator": 1, "denominator": 2, "met": 1, "missed": 1, "allowed": 0, "pending": 0, "excluded": 0,
        "invalid": 0, "low": 0.1, "high": 0.9, "result": "missed", "evidence": "could be chance", "previous": 0.75,
        "change": -0.25,
    } | changes  # fmt: skip


def miss(**changes):
    return {
        "team": "emea", "promise": "reply", "item": "L1", "name": "Ann", "account": "Acme", "amount": 1000.0,
        "currency": "EUR", "owner_at_deadline": "Ben", "due_at": pd.Timestamp("2026-07-07T13:10Z"),
        "late_minutes": 65.0, "cause": "answered late", "record_url": "https://crm.example/L1",
    } | changes  # fmt: skip


def frame(*rows):
    return pd.DataFrame(list(rows))


NOTHING = frame(row()).head(0)


@pytest.mark.parametrize("team", ["emea", "americas", "apac", "strategic", "all"])
def test_the_page_speaks_a_sales_managers_words(reviews, team):
    texts = {name: " ".join(read(section.html).words) for name, section in shown(reviews[team]).items()}
    for figure in figures(reviews[team]):
        texts[figure.key] = f"{figure.title} {figure.caption} {figure.description} {figure.table.to_csv()}"
    for name, text in texts.items():
        assert text.strip(), name
        for word in MACHINE_WORDS:
            found = re.search(rf"\b{re.escape(word)}\b" if len(word) < 5 else re.escape(word), text, re.IGNORECASE)
            assert not found, f"{word!r} in {name}: …{text[max(0, found.start() - 40) : found.end() + 40]}…"


@pytest.mark.parametrize("team", ["emea", "all"])
def test_sections_are_fragments_without_anything_alive(reviews, team):
    for section in shown(reviews[team]).values():
        assert alive(section.html) == []
        assert section.text


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_is_text_in_every_section(reviews, name):
    rows, misses = frame(row(title=name)), frame(miss(name=name, account=name, owner_at_deadline=name, cause=name))
    rejects = frame({"table": "leads", "reason": name, "effect": name})
    accounting = frame({"table": "leads", "read": 1, "used": 1, "excluded": 0, "set_aside": 0})
    judged = frame({"title": name, "items": 1, "judged": 1, "pending": 0, "excluded": 0, "invalid": 0, "no_case": 0})
    said = {"promise": "reply", "by": name, "on": "2026-10-05"}
    taken = Decision(question=name, options=[{"text": name}] * 2, decider=name, due="2026-10-16",
                     taken={"choice": name, "by": name, "on": "2026-10-06"})  # fmt: skip
    made = {
        "scorecard": exhibits.scorecard({"reply": rows}, {}),
        "matrix": exhibits.matrix("Teams", {name: rows}, "promise", {name: "https://reviews.example"}),
        "misses": exhibits.misses(misses, {"reply": name}, "Europe/Berlin"),
        "trust": exhibits.trust(
            accounting,
            judged,
            {name: 3},
            rows.assign(lost=1),
            rejects,
            {name: 1},
            pd.DataFrame({"title": [name], "reason": [name]}),
            [name],
        ),
        "bottom line": sections.section(
            "bottom_line", name, lede=name, points=[name], asked=[sections.Asked(name, name, [name])], more=name
        ),
        "why": exhibits.explained(
            misses,
            [Explanation(text=name, **said)],
            name,
            [Note(text=name, **said)],
            [Dispute(item=name, text=name, answer=name, answered_by=name, answered_on="2026-10-05", **said)],
        ),
        "actions": exhibits.carried([Action(action=name, owner=name, due="2026-08-31")], dt.date(2026, 10, 7), [taken]),
        "header": sections.section(
            "header",
            name,
            company=name,
            heading=name,
            about=name,
            provisional=True,
            settles=name,
            unsigned=[name],
            supersedes=name,
        ),
        "headline": exhibits.headline(frame(row()), NOTHING, frame(miss(currency=name))),
        "definitions": sections.section("definitions", name, entries=[sections.Entry(name, [name])]),
        "a result": sections.Section(sections.result("kept", name), name),
    }
    clean = {tag for section in shown(reviews["emea"]).values() for tag, _ in read(section.html).tags}
    clean |= {"strong", "a", "blockquote"}
    for where, section in made.items():
        page = read(section.html)
        assert alive(section.html) == [], where
        assert {tag for tag, _ in page.tags} <= clean, where
        assert not any(key.startswith("on") for _, attrs in page.tags for key in attrs), where
        styles = {attrs["style"] for _, attrs in page.tags if "style" in attrs}
        assert all(re.fullmatch(r"--share:[\d.]+", style) for style in styles), where
        assert " ".join(name.split()) in " ".join(" ".join(page.words).split()), where


def test_an_item_with_several_misses_is_one_row():
    rows = frame(miss(), miss(promise="accepted", late_minutes=10.0), miss(item="L2", name="Zoe", late_minutes=5.0))
    words = read(exhibits.misses(rows, {"reply": "Reply", "accepted": "Acceptance"}, "Europe/Berlin").html).words
    assert "2 items with 3 misses, the longest overdue first" in words
    assert [word for word in words if word.startswith("Reply")] == ["Reply, and 1 other promise", "Reply"]


def test_a_record_is_only_linked_where_a_link_is_known():
    section = exhibits.misses(frame(miss(), miss(item="L2", record_url=None)), {"reply": "Reply"}, "Europe/Berlin")
    links = [attrs["href"] for tag, attrs in read(section.html).tags if tag == "a"]
    assert links == ["https://crm.example/L1"]


def test_the_misses_shown_are_the_longest_overdue_and_the_total_is_said():
    rows = frame(*(miss(item=f"L{n}", name=f"Name {n}", late_minutes=float(n)) for n in range(12)))
    words = " ".join(read(exhibits.misses(rows, {"reply": "Reply"}, "Europe/Berlin").html).words)
    assert "10 of 12 misses, the longest overdue first" in words
    assert [f"Name {n}" in words for n in (0, 2, 11)] == [False, True, True]
    assert words.index("Name 11") < words.index("Name 2")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        pytest.param({}, "1 h 5 min", id="late by working time"),
        pytest.param({"late_minutes": 0.0}, "after hours", id="late, with no working time since it was due"),
        pytest.param({"name": None}, "L1", id="without a name, its id"),
        pytest.param({"account": None}, "", id="without an account, nothing"),
        pytest.param({}, "Tue 7 Jul 2026 15:10", id="due at the team's local time"),
    ],
)
def test_a_miss_in_words(change, said):
    section = exhibits.misses(frame(miss(**change)), {"reply": "Reply"}, "Europe/Berlin")
    words = read(section.html).words
    assert said in words if said else "Acme" not in words
    assert "1 miss" in words


def test_without_misses_or_promises_nothing_is_shown():
    assert exhibits.misses(frame(miss()).head(0), {}, "UTC").html == ""
    assert exhibits.headline(frame(row(kind="outcome")), NOTHING, frame(miss()).head(0)).html == ""
    assert exhibits.matrix("x", {"EMEA": frame(row())}, "outcome", {}).html == ""
    assert exhibits.carried([], dt.date(2026, 10, 7)).html == ""


def test_the_headline_counts_promises_items_misses_and_worth():
    rows = frame(row(), row(promise="b", met=8, n=8, missed=0, result="kept", pending=2), row(kind="outcome"))
    misses = frame(miss(), miss(item="L2", amount=None), miss(item="L3", currency="USD", amount=2500.0))
    words = read(exhibits.headline(rows, NOTHING, misses).html).words
    for said in ("1 of 2", "90%", "9 of 10", "3", "2 more still waiting", "€1.0k and $2.5k",
                 "worth of the 2 deals that late leads became"):  # fmt: skip
        assert said in words


def test_the_headline_has_the_period_before_beside_it():
    before = frame(row(period="2026Q2", met=3, n=4, missed=1))
    words = read(exhibits.headline(frame(row(met=1, n=2)), before, frame(miss())).html).words
    for said in ("last quarter 0 of 1", "1 of 2; last quarter 75%", "last quarter 1"):
        assert said in words


def test_a_headline_without_judged_promises_says_so():
    rows = frame(row(result="no data", n=0, met=0, missed=0, value=float("nan")))
    words = read(exhibits.headline(rows, NOTHING, frame(miss()).head(0)).html).words
    assert words.count("no data") == 2
    assert not any(re.match(r"(0|100)%", word) for word in words)


def test_no_data_is_never_a_percentage():
    empty = {"n": 0, "value": float("nan"), "low": float("nan"), "high": float("nan"), "previous": float("nan"),
             "change": float("nan"), "result": "no data", "evidence": "", "numerator": 0, "denominator": 0}  # fmt: skip
    outcome = row(kind="outcome", promise="o", title="Win rate", target=float("nan"), **empty)
    words = read(exhibits.scorecard({"reply": frame(row(**empty)), "o": frame(outcome)}, {}).html).words
    assert words.count("no data") == 2
    assert [word for word in words if "%" in word] == ["90%"], "only what is promised"


@pytest.mark.parametrize("team", ["emea", "all"])
def test_the_scorecard_shows_the_figures(reviews, team):
    words = read(reviews[team].scorecard().html).words
    for each in reviews[team].rows.itertuples():
        assert each.title in words
        late = f"{each.missed:,} of {each.n:,}" if each.kind == "promise" and each.n else fmt.DASH
        counted = f"{each.numerator or 0:,.0f} of {each.denominator or 0:,.0f}"
        if isinstance(each.currency, str):
            counted = " of ".join(fmt.money(sum_, each.currency) for sum_ in (each.numerator, each.denominator))
        shown = {late} if each.kind == "promise" else {counted, f"{each.n} deals", f"{each.n} answers"}
        assert shown & set(words), each.promise


def test_what_a_change_splits_is_shown_under_each_version():
    versions = [version("2026-01-01", within="4 business hours", version="1"),
                version("2026-02-16", target="0.95", version="2")]  # fmt: skip
    split = exhibits.split(frame(row(version="1"), row(version="2", target=0.95, result="kept")), versions)
    words = read(exhibits.scorecard({"reply": frame(row())}, {}, [split]).html).words
    start = words.index("Under each version of the agreement")
    told = " ".join(words[start:])
    assert "1, from 1 January 2026 90% within 4 business hours" in told
    assert "2, from 16 February 2026 95% within 60 business minutes" in told
    held = {**REPLY, "knobs": {"within": parse_duration("2 hours")}, "target": "0.9", "pause": ["leave"]}
    paused = exhibits.split(frame(row(version="3")), [version("2026-03-01", version="3", promises=[held])])
    assert paused.rows[0][2] == "90% within 2 hours, paused for leave"
    outcome = exhibits.split(
        frame(row(promise="closure", kind="outcome", kpi="deal_closure_rate", version="1")), versions
    )
    assert outcome.rows[0][2] == "horizon days 30"


def test_the_worth_behind_the_misses_is_of_late_leads_alone():
    rows = frame(row(promise="reply"), row(promise="handoff", kpi="turnaround"))
    missed = frame(miss(promise="reply"), miss(promise="handoff", item="D1", amount=9000.0))
    assert "€1.0k" in read(exhibits.headline(rows, NOTHING, missed).html).words


def test_what_waits_past_its_warning_time_is_said_below_the_scorecard():
    waiting = {
        "reply": frame(row(promise="reply", pending=5)),
        "other": frame(row(promise="other", title="Other", pending=1)),
    }
    words = read(exhibits.scorecard(waiting, {"reply": 3, "other": 0}).html).words
    assert [word for word in words if "waiting" in word] == [
        "First reply: 5 still waiting, 3 of them past the warning time.",
        "Other: 1 still waiting.",
    ]


def test_the_summary_shows_every_team_and_what_has_none_only_if_there_is_any(reviews):
    summary = reviews["all"]
    teams = [team.name for team in summary.evaluation.workspace.teams.values()]
    unassigned = summary.evaluation.scorecard("unassigned")
    assert unassigned[["n", "pending"]].any(axis=None), "leads without an owner"
    assert [*teams, "Unassigned", "All teams"] == list(summary.by_team)
    words = read(summary.promises().html).words
    assert set(teams) <= set(words)


def test_the_summary_puts_the_company_s_decisions_first_and_names_the_team_of_the_others(reviews):
    words = read(reviews["all"].bottom_line().html).words
    asked = [word.strip() for word in words if word.strip().endswith("?")]
    assert asked == [
        "Product decides on feedback late in every team. What changes?",
        "EMEA: Who answers when the seller on duty is away?",
        "APAC: Who approves discounts in Asia?",
    ]
    assert any("3 decisions are needed, the first by 16 October 2026." in word for word in words)


@pytest.mark.parametrize("team", ["emea", "all"])
def test_the_newest_of_each_history_is_the_scorecard(reviews, team):
    pd.testing.assert_frame_equal(reviews[team].rows, reviews[team].evaluation.scorecard())


def test_a_review_that_asks_for_nothing_says_so(reviews):
    assert "No decision is asked for." in read(reviews["strategic"].bottom_line().html).words


def test_teams_and_what_is_unassigned_add_up_to_the_company(reviews):
    by_team = reviews["all"].by_team
    whole = by_team["All teams"].set_index("promise")
    parts = [rows.set_index("promise") for name, rows in by_team.items() if name != "All teams"]
    for name in whole.index[whole["kind"].eq("promise")]:
        for count in ("n", "met", "missed", "pending"):
            assert sum(int(part.loc[name, count]) for part in parts) == whole.loc[name, count], (name, count)


def test_the_summary_s_teams_lead_to_their_own_reviews(reviews):
    tags = read(reviews["all"].promises().html).tags
    links = [attrs["href"] for tag, attrs in tags if tag == "a"]
    assert links == [f"https://reviews.halden.example/sla/index.html#team-{team}" for team in
                     ("emea", "americas", "apac", "strategic")]  # fmt: skip


def test_what_never_started_is_named_below_the_accounts(reviews):
    (name, n), *_ = reviews["all"].evaluation.unstarted().items()
    title = reviews["all"].rows.set_index("promise").loc[name, "title"]
    assert f"{title} leaves out {n} whose clock never started." in read(reviews["all"].trust().html).words


@pytest.mark.parametrize(
    ("changes", "lost", "said"),
    [
        pytest.param({"numerator": 89, "denominator": 100, "n": 100, "value": 0.89}, 2,
                     "First reply: 2 rows could not be used because of their data; with them the share would be "
                     "87% to 89%.", id="some, which could change the share"),
        pytest.param({"numerator": 960, "denominator": 1000, "n": 1000, "value": 0.96}, 1,
                     "Rows that could not be used would change no share of First reply.", id="too few to change it"),
        pytest.param({"kpi": "sales_cycle_length", "value": 50.0}, 1,
                     "First reply: 1 row could not be used because of its data.", id="no share: unknown"),
    ],
)  # fmt: skip
def test_what_unusable_rows_could_change_is_said(reviews, changes, lost, said):
    accounts = reviews["emea"].evaluation
    rows = frame(row(**changes)).assign(lost=lost)
    nothing = accounts.judged_items().head(0)
    shown = exhibits.trust(
        accounts.accounting(), nothing, {}, rows, accounts.rejects().head(0), {}, accounts.waived().head(0)
    )
    assert said in read(shown.html).words


def test_waivers_are_counted_and_named_with_who_gave_them(reviews):
    made, nothing = reviews["all"].evaluation, pd.DataFrame(columns=["items", "judged", "no_case", "title"])
    waived = pd.DataFrame({"title": "First reply", "reason": ["waived by Bo: flood"] * 2 + ["waived by Cy: flood"]})
    rows = reviews["all"].rows.head(0).assign(lost=0)
    shown = exhibits.trust(
        made.accounting().head(0), nothing, {}, rows, made.rejects().head(0), {}, waived, ["Idle.", ""]
    )
    words = read(shown.html).words
    start = words.index("Waived by Bo: flood")
    assert [word for word in words[start - 1 : start + 8] if word.strip()] == [
        "First reply", "Waived by Bo: flood", "2", "First reply", "Waived by Cy: flood", "1"
    ]  # fmt: skip
    assert "Idle." in words


def test_the_waivers_of_the_crm_are_named(reviews):
    made = reviews["all"].evaluation
    waived = made.waived()
    assert waived["reason"].str.startswith("waived by ").all()
    assert len(waived)
    assert len(waived) <= made.judged_items()["excluded"].sum()
    reason = waived["reason"].iloc[0]
    assert reason[:1].upper() + reason[1:] in read(reviews["all"].trust().html).words


def test_a_trend_says_when_it_is_measured_differently(reviews):
    captions = {figure.key: figure.caption for figure in reviews["emea"].trends().figures}
    assert captions.pop("trend-lead-response").count("measured differently since Q1 2026")
    assert not any("differently" in caption for caption in captions.values())


def test_a_trend_tells_its_table_in_words(reviews):
    for figure in reviews["emea"].trends().figures:
        for period, value in zip(figure.table["Period"], figure.table["#Value"], strict=True):
            assert f"{period} {value}" in figure.description
        assert figure.title.split(": ")[1].startswith(figure.table["#Value"].iloc[-1])


def test_sections_are_finished_values():
    section = exhibits.scorecard({"reply": frame(row())}, {})
    assert dataclasses.asdict(section) == {"html": section.html, "text": "scorecard"}
    assert section._repr_mimebundle_() == {"text/html": section.html, "text/plain": "scorecard"}
    assert sections.nothing("no misses")._repr_mimebundle_() == {"text/plain": "no misses"}
