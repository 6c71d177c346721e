"""What a reader sees of the findings: the sentence, the numbers behind it, plain words, and names that stay names."""

import re
from functools import partial
from types import SimpleNamespace

import pandas as pd
import pytest
from judging import judge
from planted import END, PERIODS, ZONE
from test_exhibits import HOSTILE, MACHINE_WORDS, read

from slareport import exhibits
from slareport.exhibits import team_findings
from slareport.findings import Finding, achievers, bottlenecks, capacity
from slareport.page import alive
from slareport.review import Annex, Review, Summary

pytestmark = pytest.mark.once

BRIEF = ("attention", "others", "bottlenecks", "achievers", "outlook", "looks")
FULL = ("bottlenecks", "achievers", "adherence", "outlook", "capacity", "causes", "looks")
TEAMS = ("emea", "americas", "apac", "strategic")
METHOD_WORDS = ("kaplan", "wilson", "newcombe", "poisson", "binomial", "bayes", "kitagawa", "welch", "log-rank")


@pytest.fixture(scope="module")
def made(sample):
    """The sections and charts of each team's annex, by method."""
    reviews = {team: Annex(team, "2026Q3", workspace=sample) for team in TEAMS}
    return {team: {name: getattr(review, name)() for name in FULL} for team, review in reviews.items()}


@pytest.fixture(scope="module")
def brief(sample):
    """The same of each team's packet."""
    reviews = {team: Review(team, "2026Q3", workspace=sample) for team in TEAMS}
    return {team: {name: getattr(review, name)() for name in BRIEF} for team, review in reviews.items()}


def section(shown):
    return shown if hasattr(shown, "html") else next(one for one in shown.shown if hasattr(one, "html"))


def sentences(shown):
    return re.findall(r"<p>(.*?)</p>", section(shown).html)


def tables(shown):
    """Cells by row, with the first cell as the key, of every table."""
    rows = re.findall(r"<tr>(.*?)</tr>", section(shown).html, re.DOTALL)
    cells = [re.findall(r"<t[hd].*?>(.*?)</t[hd]>", row) for row in rows]
    return {row[0]: row[1:] for row in cells}


@pytest.mark.parametrize("team", TEAMS)
def test_the_page_speaks_a_sales_managers_words(brief, team):
    for name, shown in brief[team].items():
        figures = getattr(shown, "figures", [])
        parts = [one for one in getattr(shown, "shown", [shown]) if hasattr(one, "html")]
        texts = [" ".join(read(part.html).words) for part in parts]
        texts += [f"{f.title} {f.caption} {f.description} {f.table.to_csv()}" for f in figures]
        for word in (*MACHINE_WORDS, *METHOD_WORDS):
            pattern = rf"\b{re.escape(word)}\b" if len(word) < 5 else re.escape(word)
            assert not re.search(pattern, " ".join(texts), re.IGNORECASE), f"{word} in {name}"


@pytest.mark.parametrize("team", TEAMS)
def test_every_section_begins_with_a_sentence_and_is_a_finished_fragment(made, team):
    for name, shown in made[team].items():
        assert section(shown).html.startswith("<p>"), name
        assert all(sentence.endswith(".") for sentence in sentences(shown)), name
        assert alive(section(shown).html) == [], name


def test_a_packet_has_the_sentences_and_charts_of_the_findings_and_no_tables_but_of_people_who_stand_out(brief, made):
    for team in TEAMS:
        for name in ("bottlenecks", "achievers", "outlook"):
            short, whole = brief[team][name], made[team][name]
            assert sentences(short)[0] == sentences(whole)[0]
            stands_out = name == "achievers" and "nobody won" not in sentences(whole)[0]
            assert bool(tables(short)) == stands_out, name
            assert tables(whole), name
            assert [f.title for f in getattr(short, "figures", [])] == [f.title for f in getattr(whole, "figures", [])]


def test_what_needs_attention_is_what_was_missed_the_clearest_first_and_each_has_its_why(brief):
    *shown, last, why = brief["apac"]["attention"].shown
    assert [figure.key for figure in shown[::2]] == [
        "trend-marketing-delivery", "trend-proposal-turnaround", "trend-feedback-decided", "trend-lead-response",
    ]  # fmt: skip
    assert last.key == "small-negotiation-turnaround", "the fifth is small"
    for section in (*shown[1::2], why):
        words = " ".join(read(section.html).words)
        assert "No explanation yet from" in words or "Priya Raghunathan, 6 October 2026" in words
    assert "No explanation yet from Head of marketing." in shown[1].html
    assert "discount waits for approval" in shown[3].html


def test_the_promises_kept_are_shown_small_in_the_order_of_the_agreement(brief):
    titles = [figure.title.split(":")[0] for figure in brief["apac"]["others"].figures]
    assert titles == [
        "Speed to lead", "Sales' decision on leads", "Handoff to customer success", "Kick-off with the customer",
        "Feedback acknowledged", "Feedback loop closed",
    ]  # fmt: skip


@pytest.mark.parametrize("team", TEAMS)
def test_every_chart_tells_its_numbers_in_words_and_a_table(made, team):
    for shown in made[team].values():
        for figure in getattr(shown, "figures", []):
            spec = figure.spec()
            assert spec["description"].endswith(".")
            assert len(spec["usermeta"]["slareport"]["table"]["rows"]) == len(figure.table)


# --- what is planted in the sample company is found, and only that ---


def test_apacs_proposals_hold_deals_since_about_the_fourth_quarter_of_2025(made):
    first, *_ = sentences(made["apac"]["bottlenecks"])
    assert re.match(r"Since Q[34] 2025 .*deals stay longer in Proposal: half", first)
    assert tables(made["apac"]["bottlenecks"])["Proposal"][-1].startswith("Longer since Q")
    (figure,) = made["apac"]["bottlenecks"].figures
    assert figure.title.startswith("Half of the deals leave Proposal within ")


@pytest.mark.parametrize("team", ["emea", "americas", "strategic"])
def test_the_other_teams_have_no_bottleneck(made, team):
    assert "No stage holds deals clearly longer than before." in sentences(made[team]["bottlenecks"])
    assert made[team]["bottlenecks"].figures == []


def test_emeas_first_reply_fell_by_its_work_and_not_by_its_mix(made):
    said = next(s for s in sentences(made["emea"]["bottlenecks"]) if s.startswith("First reply to a lead fell"))
    rate, mix = re.search(r": (\S+) points .* segments did, (\S+) points", said).groups()
    assert float(rate.replace("\N{MINUS SIGN}", "-")) < -10
    assert abs(float(mix.replace("\N{MINUS SIGN}", "-"))) < 3


def test_the_one_seller_with_true_skill_is_praised_and_the_lucky_one_is_not(made):
    praised = {team: sentences(made[team]["achievers"])[0] for team in TEAMS}
    assert re.match(r"Roberta &#34;Bobbie&#34; Lang won \d+ of \d+ decided deals", praised.pop("americas"))
    assert all("nobody won more than luck explains" in said for said in praised.values())
    assert tables(made["strategic"]["achievers"])["Camille Roux"][-1] == "Could be luck"


def test_the_outlook_shows_every_period_with_what_came(made):
    rows = tables(made["emea"]["outlook"])
    assert rows["Q4 2026"][2] == "\N{EN DASH}"
    assert rows["Q3 2026"][-1] in ("inside", "outside")
    (figure,) = made["emea"]["outlook"].figures
    assert figure.table["Period"].tolist()[-1] == "Q4 2026"


def test_the_load_names_people_and_all(made):
    rows = tables(made["apac"]["capacity"])
    assert {"Kirra Douglas", "All"} <= set(rows)


# --- people are named in their team's review only ---


def test_the_summary_has_no_findings_about_people(sample):
    assert not {"achievers", "capacity", "adherence", "bottlenecks", "outlook"} & set(dir(Summary))
    summary = Summary("2026Q3", workspace=sample)
    words = " ".join(read(summary.looks().html).words)
    assert "promises were judged" in words
    users = summary.evaluation.items.tables["users"]
    assert not any(name in words for name in users["name"][users["kind"].eq("human")])


# --- by hand ---


def people(name, others=("Bo", "Cy", "Di")):
    counts = {name: (24, 41), **{other: (8 + n, 40) for n, other in enumerate(others)}, "Ed": (3, 4)}
    rows = [(owner, n < kept) for owner, (kept, of) in counts.items() for n in range(of)]
    return pd.DataFrame(rows, columns=["owner", "kept"]).assign(segment="all")


def test_ties_share_a_place_and_few_have_none():
    found = achievers.winners(people("Ann"), "in the last year")
    rows = tables(exhibits.achievers(found, achievers.keepers(people("Ann").head(0), "in the last year")))
    assert rows["Ann"][-2:] == ["1", "More than luck"]
    assert [rows[who][-2:] for who in ("Bo", "Cy", "Di")] == [["2 (shared)", "Could be luck"]] * 3
    assert rows["Ed"][-2:] == ["\N{EN DASH}", "Too few to tell"]


def test_clear_findings_are_said_first():
    unclear, clear = (Finding("x", "X", said, pd.DataFrame(), "", said == "B.") for said in ("A.", "B."))
    assert sentences(exhibits.capacity(unclear, clear)) == ["B.", "A."]


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_is_text_in_every_section(name):
    frame = pd.DataFrame({"owner": [name], "chance": [0.5]})
    counts = pd.DataFrame([[1, 2, 3, 4]], index=[name])
    line = pd.DataFrame({"product": [name], "quantity": [1.0], "chance": [0.5]})
    stages = bottlenecks.bottleneck(spells(name), PERIODS, ZONE)
    shown = {
        "achievers": exhibits.achievers(*[achievers.winners(people(name), "")] * 2),
        "capacity": exhibits.capacity(capacity.load(counts, frame), capacity.products(line)),
        "bottlenecks": exhibits.bottlenecks(stages, stages),
    }
    for where, made_here in shown.items():
        page = read(made_here.html)
        assert alive(made_here.html) == [], where
        assert not any(key.startswith("on") or key == "style" for _, attrs in page.tags for key in attrs), where
        assert " ".join(name.split()).lower() in " ".join(" ".join(page.words).split()).lower(), where


def spells(place):
    """Forty stays in one place, half of them long ago."""
    at = [PERIODS[number].bounds(ZONE)[0] for number in (2, 8) for _ in range(20)]
    return pd.DataFrame(
        {"opportunity_id": [f"d{n}" for n in range(40)], "place": place, "entered_at": at, "days": range(1, 41),
         "ended": True, "segment": "all", "amount": 1.0, "currency": "EUR"}
    )  # fmt: skip


@pytest.mark.parametrize("question", ["bottlenecks", "achievers", "adherence", "outlook", "capacity"])
def test_of_a_company_without_data_every_question_says_so(question):
    empty = judge()
    rows = empty.card("2026Q3")
    evaluation = SimpleNamespace(items=empty.items, judged=empty.frames, period=PERIODS[-1], zone=ZONE, as_of=END)
    asked = {
        "bottlenecks": partial(team_findings.bottlenecks, evaluation, rows, "North", full=True),
        "achievers": partial(team_findings.achievers, evaluation, rows, full=True),
        "adherence": partial(team_findings.adherence, evaluation, rows),
        "outlook": partial(team_findings.outlook, evaluation, "North", "EUR", full=True),
        "capacity": partial(team_findings.capacity, evaluation, "EUR"),
    }
    shown = asked[question]()
    words = " ".join(read(section(shown).html).words)
    assert re.search(r"[Tt]oo few|No forecast|No product", words)
    assert getattr(shown, "figures", []) == []
    assert "nan" not in words.lower()
