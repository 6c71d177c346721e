"""The agreement as data: what a file may say, and which version is in force when."""

import datetime as dt

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import slareport.kpis  # noqa: F401  registers the KPIs
from slareport.agreement import load_agreement
from slareport.errors import UsageError
from slareport.period import Period, parse_period

VERSION = """\
title: Agreement
version: {version}
effective_from: {day}
timezone: Europe/Berlin
parties: [{{name: Sales, signatory: Ada}}, {{name: Marketing, signatory: Bo}}]
calendars:
  berlin: {{zone: Europe/Berlin, hours: {{mon-fri: "9:00-17:00"}}, holidays: DE-BE}}
promises:
  - {{id: reply, title: Reply, promise: In time., kpi: lead_response, target: 90%, owner: Ada,
     knobs: {{within: 4 business hours}}}}
outcomes:
  - {{id: closure, title: Won, kpi: deal_closure_rate, knobs: {{horizon_days: 90}}, owner: Ada}}
review: {{calendar: berlin, settle_business_days: 5, owners: [Ada]}}
"""


def written(tmp_path, *days, more=""):
    """A folder with one version per day; `more` is a line of the last."""
    folder = tmp_path / "agreement"
    folder.mkdir(exist_ok=True)
    for number, day in enumerate(days, 1):
        text = VERSION.format(version=number, day=day)
        (folder / f"{day}.yaml").write_text(text + (more + "\n" if number == len(days) else ""))
    return folder


def load(tmp_path, *days, more=""):
    return load_agreement(written(tmp_path, *days, more=more), tmp_path)


def problems(folder):
    with pytest.raises(UsageError) as caught:
        load_agreement(folder, folder.parent)
    return [str(problem) for problem in caught.value.problems]


def instants(*texts):
    return pd.Series([pd.Timestamp(text) for text in texts], dtype="datetime64[us, UTC]")


# What a file may say

TARGETS = [
    pytest.param("95%", "0.95", id="per cent"),
    pytest.param("0.95", "0.95", id="a share"),
    pytest.param("99.5%", "0.995", id="a part of a per cent"),
    pytest.param("100%", "1", id="all of them"),
]


@pytest.mark.parametrize(("text", "share"), TARGETS)
def test_a_target(tmp_path, text, share):
    folder = written(tmp_path, "2026-01-01")
    path = folder / "2026-01-01.yaml"
    path.write_text(path.read_text().replace("target: 90%", f"target: {text}"))
    assert str(load_agreement(folder, tmp_path).versions[0].promises[0].target) == share


@pytest.mark.parametrize("text", ["https://r.example/sla", "https://r.example/sla/"], ids=["as it is", "with a slash"])
def test_where_reviews_are_found(tmp_path, text):
    assert load(tmp_path, "2026-01-01", more=f"portal_url: {text}").versions[0].portal_url == "https://r.example/sla"


@pytest.mark.parametrize("text", ["reviews.example", "javascript:f()", "file:///srv", "'https://r.example/?q=<b>'"])
def test_no_address_of_the_web_is_refused(tmp_path, text):
    folder = written(tmp_path, "2026-01-01", more=f"portal_url: {text}")
    assert "portal_url: not an address" in problems(folder)[0]


CHANGED = [
    pytest.param("target: 90%", "target: 95", "up to 100%; found '95'; fix: write 95% or 0.95", id="95 without %"),
    pytest.param("target: 90%", "target: 0%", "a share lies above 0%", id="a target of nothing"),
    pytest.param("target: 90%", "target: 101%", "a share lies above 0% and up to 100%", id="more than all"),
    pytest.param("target: 90%", "target: '0,95'", "not a share", id="a decimal comma"),
    pytest.param("target: 90%", "target: NaN%", "not a share", id="NaN"),
    pytest.param("target: 90%", "target: .inf", "not a share", id="infinity"),
    pytest.param("target: 90%", "target: -5%", "not a share", id="less than nothing"),
    pytest.param("target: 90%", "tagret: 90%", "did you mean target?", id="a key misspelt"),
    pytest.param("kpi: lead_response", "kpi: lead_responce", "did you mean lead_response?", id="an unknown KPI"),
    pytest.param("kpi: lead_response", "kpi: win_rate", "no such KPI for a promise", id="an outcome as a promise"),
    pytest.param("within:", "withing:", "unknown knob; fix: did you mean within?", id="an unknown knob"),
    pytest.param("{within: 4 business hours}", "{}", "needs the knob within", id="a knob left out"),
    pytest.param("within: 4 business hours", "within: 4 hrs", "not a duration", id="a knob of another form"),
    pytest.param("within: 4 business hours", "within:", "knobs.within", id="a knob without a value"),
    pytest.param("horizon_days: 90", "horizon_days: soon", "valid integer", id="a number that is none"),
    pytest.param("review: {calendar: berlin", "review: {calendar: berln", "mean berlin?", id="no such calendar"),
    pytest.param('"9:00-17:00"', '"9:00-17:00, 16:00-18:00"', "overlapping hours", id="windows that overlap"),
    pytest.param('"9:00-17:00"', '"17:00-9:00"', "hours end after they start", id="hours over midnight"),
    pytest.param('"9:00-17:00"', '"9-5"', "not a time of day", id="hours without minutes"),
    pytest.param('"9:00-17:00"}', '"9:00-17:00", fri: "9:00-12:00"}', "fri has hours twice", id="a day twice"),
    pytest.param('{mon-fri: "9:00-17:00"}', "{}", "calendars.berlin.hours", id="no open hours at all"),
    pytest.param("mon-fri", "monday", "not a day or a range of days", id="a day in full"),
    pytest.param("holidays: DE-BE", "holidays: DE-XX", "no public holidays known", id="an unknown region"),
    pytest.param("holidays: DE-BE", "closed_on: [2026-02-30]", "no such day", id="a holiday that does not exist"),
    pytest.param("zone: Europe/Berlin", "zone: CET", "did you mean Europe/Berlin?", id="a calendar by abbreviation"),
    pytest.param("timezone: Europe/Berlin", "timezone: EST", "did you mean America/New_York?", id="a fixed offset"),
    pytest.param("timezone: Europe/Berlin", "timezone: Etc/GMT+2", "no such time zone", id="an offset with a slash"),
    pytest.param("timezone: Europe/Berlin", "timezone: Europe/Berln", "did you mean Europe/Berlin?", id="a typo"),
    pytest.param("effective_from: 2026-01-01", "effective_from: 2026-01-02", "rename the file to 2026-01-02.yaml",
                 id="a file named by another day"),
    pytest.param("effective_from: 2026-01-01", "effective_from: 2026-01-01\nends_on: 2025-12-31",
                 "ends before it takes effect", id="an end before the beginning"),
    pytest.param("outcomes:", "  - {id: reply, title: R, promise: P., kpi: lead_response, knobs: {within: 4 hours}, "
                 "target: 9%, owner: A}\noutcomes:", "2 entries with the same id", id="an id twice"),
    pytest.param("parties: [", "parties: [] #", "parties", id="no parties"),
]  # fmt: skip


@pytest.mark.parametrize(("before", "after", "told"), CHANGED)
def test_a_version_is_refused_for(tmp_path, before, after, told):
    folder = written(tmp_path, "2026-01-01")
    path = folder / "2026-01-01.yaml"
    assert before in path.read_text()
    path.write_text(path.read_text().replace(before, after, 1))
    found = problems(folder)
    assert any(told in problem for problem in found), found
    assert all(problem.startswith("agreement/2026-01-01.yaml:") for problem in found)


def test_a_problem_names_its_line(tmp_path):
    folder = written(tmp_path, "2026-01-01")
    path = folder / "2026-01-01.yaml"
    path.write_text(path.read_text().replace("kpi: lead_response", "kpi: lead"))
    (told,) = problems(folder)
    assert told.startswith("agreement/2026-01-01.yaml:9: promises[0].kpi: no such KPI for a promise; found 'lead'")


def test_the_problems_of_all_versions_are_told_at_once(tmp_path):
    folder = written(tmp_path, "2026-01-01", "2026-02-01", more="tagret: 1")
    (folder / "2026-01-01.yaml").write_text("title: [\n")
    (folder / "2026-03-01.yml").touch()
    found = problems(folder)
    assert [problem.split(":")[0] for problem in found] == [
        f"agreement/2026-{month}" for month in ("03-01.yml", "01-01.yaml", "02-01.yaml")
    ]


ACROSS = [
    pytest.param(
        "effective_from: 2026-02-01",
        "effective_from: 2026-01-01",
        "2026-02-01.yaml:3: effective_from: takes effect on the same day as agreement/2026-01-01.yaml; found "
        "'2026-01-01'; fix: change one of them",
        id="one day",
    ),
    pytest.param("version: 2", "version: 1", "has the same name as agreement/2026-01-01.yaml", id="one name"),
    pytest.param("timezone: Europe/Berlin", "timezone: Asia/Tokyo", "another zone than in", id="two reporting zones"),
]


@pytest.mark.parametrize(("before", "after", "told"), ACROSS)
def test_two_versions_may_not_share(tmp_path, before, after, told):
    folder = written(tmp_path, "2026-01-01", "2026-02-01")
    path = folder / "2026-02-01.yaml"
    path.write_text(path.read_text().replace(before, after, 1))
    assert any(told in problem for problem in problems(folder))


def test_a_measure_is_a_promise_or_an_outcome_in_all_versions(tmp_path):
    folder = written(tmp_path, "2026-01-01", "2026-02-01")
    path = folder / "2026-02-01.yaml"
    path.write_text(path.read_text().replace("id: reply", "id: closure").replace("- {id: closure, title: Won",
                                                                                 "- {id: won, title: Won"))  # fmt: skip
    (told,) = problems(folder)
    assert "a promise in one version and an outcome in another; found 'closure'" in told


def test_an_agreement_that_promises_and_watches_nothing_is_refused(tmp_path):
    folder = written(tmp_path, "2026-01-01")
    path = folder / "2026-01-01.yaml"
    before, _, rest = path.read_text().partition("promises:")
    path.write_text(before + "review:" + rest.partition("review:")[2])
    (told,) = problems(folder)
    assert "nothing is promised or watched" in told


def test_no_version_at_all_is_told(tmp_path):
    (tmp_path / "agreement").mkdir()
    assert problems(tmp_path / "agreement")[0].startswith("agreement: no version of the agreement")


# Which version is in force


def test_a_version_is_in_force_from_local_midnight_until_the_next(tmp_path):
    agreement = load(tmp_path, "2026-01-01", "2026-02-16")
    asked = instants(
        "2025-12-31T22:59:59Z", "2025-12-31T23:00Z", "2026-02-15T22:59:59.999999Z", "2026-02-15T23:00Z", None
    )
    assert agreement.version_of(asked).tolist() == [-1, 0, 0, 1, -1]


GAPS = [
    pytest.param("2026-01-31", "2026-02-01 to 2026-02-28", id="a month"),
    pytest.param("2026-02-27", "2026-02-28 to 2026-02-28", id="a day"),
]


@pytest.mark.parametrize(("ends_on", "days"), GAPS)
def test_days_between_two_versions_without_one_are_refused(tmp_path, ends_on, days):
    folder = written(tmp_path, "2026-01-01", more=f"ends_on: {ends_on}")
    (folder / "2026-03-01.yaml").write_text(VERSION.format(version=2, day="2026-03-01"))
    (told,) = problems(folder)
    assert told == (
        f"agreement/2026-01-01.yaml:14: ends_on: a gap before version 2, no version is in force: {days}; "
        f"found '{ends_on}'; fix: write 2026-02-28, or leave it out: a version ends when the next takes effect"
    )


@pytest.mark.parametrize("ends_on", ["2026-02-28", "2026-06-30"], ids=["the day before", "after the next took over"])
def test_a_version_that_the_next_one_follows_has_no_gap(tmp_path, ends_on):
    folder = written(tmp_path, "2026-01-01", more=f"ends_on: {ends_on}")
    (folder / "2026-03-01.yaml").write_text(VERSION.format(version=2, day="2026-03-01"))
    agreement = load_agreement(folder, tmp_path)
    asked = instants("2026-02-28T22:59Z", "2026-02-28T23:00Z", "2026-07-15T00:00Z")
    assert agreement.version_of(asked).tolist() == [0, 1, 1]


def test_nothing_is_in_force_after_the_last_version_ends(tmp_path):
    agreement = load(tmp_path, "2026-01-01", more="ends_on: 2026-01-31")
    assert agreement.version_of(instants("2026-01-31T22:59Z", "2026-01-31T23:00Z")).tolist() == [0, -1]
    with pytest.raises(UsageError, match=r"some days of 2026Q1: 2026-02-01 to 2026-03-31; fix: add a version"):
        agreement.in_force(parse_period("2026Q1"))
    assert len(agreement.in_force(parse_period("2026-01"))) == 1


KNOWN = [
    pytest.param("2026-02-15T22:59:59.999999Z", ["1"], id="before the second takes effect"),
    pytest.param("2026-02-15T23:00Z", ["1", "2"], id="the moment it does"),
    pytest.param("2027-01-01T00:00Z", ["1", "2", "3"], id="after the last has"),
]


@pytest.mark.parametrize(("at", "names"), KNOWN)
def test_at_an_instant_no_later_version_is_known(tmp_path, at, names):
    agreement = load(tmp_path, "2026-01-01", "2026-02-16", "2026-04-01").known(pd.Timestamp(at))
    assert [version.version for version in agreement.versions] == names
    assert [agreement.file_of(version) for version in agreement.versions] == list(agreement.digests)
    assert len(agreement.digests) == len(names)


def test_an_end_still_to_come_is_not_known_either(tmp_path):
    folder = written(tmp_path, "2026-01-01", more="ends_on: 2026-02-28")
    (folder / "2026-03-01.yaml").write_text(VERSION.format(version=2, day="2026-03-01"))
    agreement, quarter = load_agreement(folder, tmp_path), parse_period("2026Q1")
    assert [v.version for v in agreement.known(pd.Timestamp("2026-02-28T22:59Z")).in_force(quarter)] == ["1"]
    assert [v.version for v in agreement.known(pd.Timestamp("2026-02-28T23:00Z")).in_force(quarter)] == ["1", "2"]


def test_a_period_before_the_first_version_is_refused_with_its_days(tmp_path):
    agreement = load(tmp_path, "2026-02-01")
    with pytest.raises(UsageError, match="2026Q1: 2026-01-01 to 2026-01-31"):
        agreement.in_force(parse_period("2026Q1"))


def test_a_draft_can_be_held_against_a_time_before_any_agreement(tmp_path):
    agreement, quarter = load(tmp_path, "2026-02-01", "2026-05-01"), parse_period("2025Q4")
    reaching = agreement.reaching(quarter.start)
    assert [version.version for version in reaching.in_force(quarter)] == ["1"]
    assert reaching.version_of(instants("2025-12-31T22:00Z", "2026-05-02", "2025-09-30")).tolist() == [0, 1, -1]
    assert reaching.as_of(quarter) == pd.Timestamp("2026-01-08T23:00Z")
    assert reaching.known(reaching.as_of(quarter)).in_force(quarter) == [agreement.versions[0]]
    assert reaching.file_of(reaching.versions[0]) == agreement.file_of(agreement.versions[0])


def test_an_agreement_that_was_in_force_already_reaches_as_far_as_it_does(tmp_path):
    agreement = load(tmp_path, "2026-02-01")
    assert agreement.reaching(dt.date(2026, 2, 1)) == agreement.reaching(dt.date(2027, 1, 1)) == agreement


def test_a_period_over_an_amendment_has_two_versions(tmp_path):
    agreement = load(tmp_path, "2026-01-01", "2026-02-16", "2026-04-01")
    assert [version.version for version in agreement.in_force(parse_period("2026Q1"))] == ["1", "2"]
    assert [version.version for version in agreement.in_force(parse_period("2026Q2"))] == ["3"]


def test_a_zone_whose_clocks_skip_midnight(tmp_path):
    folder = written(tmp_path, "2026-04-24")
    path = folder / "2026-04-24.yaml"
    path.write_text(path.read_text().replace("timezone: Europe/Berlin", "timezone: Africa/Cairo"))
    agreement = load_agreement(folder, tmp_path)
    assert agreement.effective_at() == [pd.Timestamp("2026-04-23T22:00Z")]


DAYS = st.dates(dt.date(2024, 1, 1), dt.date(2027, 12, 31))
MOMENTS = st.lists(
    st.datetimes(dt.datetime(2023, 1, 1), dt.datetime(2029, 1, 1), timezones=st.just(dt.UTC)),  # noqa: DTZ001
    min_size=1,
    max_size=8,
)


@settings(max_examples=25, deadline=None)
@given(st.sets(DAYS, min_size=1, max_size=4), DAYS, MOMENTS)
def test_a_later_version_never_changes_what_governed_before_it(tmp_path_factory, days, later, moments):
    tmp_path = tmp_path_factory.mktemp("versions")
    days = sorted(days)
    later = max(later, days[-1] + dt.timedelta(days=1))
    before, after = load(tmp_path, *days), load(tmp_path, *days, later)
    asked = instants(*moments)
    old, new = before.version_of(asked), after.version_of(asked)
    still = asked < after.effective_at()[-1]
    assert old[still].tolist() == new[still].tolist()
    assert new[~still].eq(len(days)).all()


# When the data of a period has settled

SETTLED = [
    pytest.param("2026Q3", "2026-10-07T22:00Z", id="1 October is a Thursday: five days end on Wednesday night"),
    pytest.param("2026Q1", "2026-04-09T22:00Z", id="Good Friday and Easter Monday do not count"),
    pytest.param("2026-09", "2026-10-07T22:00Z", id="a month settles as its quarter does"),
    pytest.param("2026Q4", "2027-01-08T23:00Z", id="New Year's Day does not count; winter time"),
]


@pytest.mark.parametrize(("name", "instant"), SETTLED)
def test_the_data_of_a_period_settles_for_five_business_days(tmp_path, name, instant):
    assert load(tmp_path, "2026-01-01").as_of(parse_period(name)) == pd.Timestamp(instant)


def test_a_period_settles_by_the_version_in_force_at_its_end(tmp_path):
    folder = written(tmp_path, "2026-01-01", "2026-07-01")
    path = folder / "2026-07-01.yaml"
    path.write_text(path.read_text().replace("settle_business_days: 5", "settle_business_days: 0"))
    agreement = load_agreement(folder, tmp_path)
    assert agreement.as_of(parse_period("2026Q2")) == pd.Timestamp("2026-07-07T22:00Z")
    assert agreement.as_of(parse_period("2026Q3")) == pd.Timestamp("2026-09-30T22:00Z")


def test_every_file_is_in_the_digests_and_the_knobs_are_typed(tmp_path):
    agreement = load(tmp_path, "2026-01-01", "2026-02-01")
    assert list(agreement.digests) == ["agreement/2026-01-01.yaml", "agreement/2026-02-01.yaml"]
    assert len(set(agreement.digests.values())) == 2
    (version, _) = agreement.versions
    assert version.promises[0].knobs["within"].amount == pd.Timedelta(hours=4)
    assert version.outcomes[0].knobs == {"horizon_days": 90}
    assert version.measure("closure").title == "Won"
    assert version.measure("nothing") is None


def test_a_quarter_of_a_fiscal_year_asks_for_its_own_days(tmp_path):
    agreement = load(tmp_path, "2026-01-01", more="fiscal_year_starts_in_month: 2")
    assert agreement.fiscal_start == 2
    assert agreement.in_force(Period("FY27Q1", dt.date(2026, 2, 1), dt.date(2026, 5, 1)))
