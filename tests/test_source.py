"""What is read from a CRM's files: every row used or listed with its place, no value guessed, and text left alone."""

import csv
import datetime as dt
import hashlib
import io
import re
import string
from zoneinfo import ZoneInfo

import duckdb
import pandas as pd
import pytest
from exports import BERLIN, DEALS, HEADER, LEADS, OLD_CALLS, a_source, export, listed, one_table, read, rows
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from slareport.errors import DataError
from slareport.ledger import localised
from slareport.source import Reader
from slareport.tables import EXCLUDED, NOT_USED, SET_ASIDE

pytestmark = OLD_CALLS

FIRST = "1,Ada,2026-03-01 10:00,A,,"


def leads(tmp_path, *lines, **settings):
    return read(one_table(tmp_path, "\n".join([HEADER, *lines]) + "\n", **settings))


def refused(source):
    with pytest.raises(DataError) as caught:
        read(source)
    return str(caught.value)


# Text stays text

TEXTS = [
    "NA",
    "None",
    "null",
    "nan",
    "00123",
    "1E5",
    "1e400",
    "TRUE",
    "2026-03-01",
    "-0",
    "=1+1",
    "Zürich",
    "a\nb",
    'a"b',
]


def test_ids_names_and_codes_stay_the_text_they_are(tmp_path):
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([name, name, "2026-03-01 10:00", name, "", ""] for name in TEXTS)
    found = rows(read(one_table(tmp_path, f"{HEADER}\n{text.getvalue()}")))
    assert [(row["lead_id"], row["name"], row["owner_id"]) for row in found] == [(name,) * 3 for name in TEXTS]


def test_an_empty_value_is_none_and_spaces_around_a_value_do_not_count(tmp_path):
    (found,) = rows(leads(tmp_path, '1, Ada ,2026-03-01 10:00,"  ",,'))
    assert (found["name"], found["owner_id"]) == ("Ada", None)


# Times

TIMES = [
    pytest.param("2026-03-01T10:00:00Z", "2026-03-01T10:00", None, id="Z is UTC"),
    pytest.param("2026-03-01T10:00:00.000+0000", "2026-03-01T10:00", None, id="as Salesforce writes UTC"),
    pytest.param("2026-03-01 10:00:00 -05:30", "2026-03-01T15:30", None, id="west of Greenwich is later in UTC"),
    pytest.param("2026-03-01T00:15+0530", "2026-02-28T18:45", None, id="an offset without colon, over midnight"),
    pytest.param("2026-03-01 10:00:00+02", "2026-03-01T08:00", None, id="an offset of whole hours"),
    pytest.param("2026-03-01 10:00", "2026-03-01T10:00", BERLIN, id="without offset it stays local, with its zone"),
    pytest.param("2026-03-01 10:00:00.123456789", "2026-03-01T10:00:00.123456", BERLIN, id="beyond microseconds: cut"),
]


NO_TIMES = [
    pytest.param("03/04/2026", "is no time in the declared format iso", id="an undeclared format is not guessed"),
    pytest.param("2026-02-30 10:00", "is no time in the declared format iso", id="a day that does not exist"),
    pytest.param("2026-03-01 24:00", "is no time in the declared format iso", id="an hour that does not exist"),
    pytest.param("2026-03-01", "is no time in the declared format iso", id="a day where a time is declared"),
    pytest.param("2026-03-01 10:00 CET", "is no time in the declared format iso", id="a zone by its abbreviation"),
    pytest.param("2026-03-01 10:00+99:00", "is no time in the declared format iso", id="an impossible offset"),
    pytest.param("45292", "is no time in the declared format iso", id="a spreadsheet's day number"),
    pytest.param("9999-12-31 00:00", "does not lie between 1901 and 2199", id="a placeholder for never"),
    pytest.param("", "has no value", id="nothing"),
]


@pytest.fixture(scope="module")
def times(tmp_path_factory):
    """All the times and no times above, each in a row of one file."""
    texts = [case.values[0] for case in [*TIMES, *NO_TIMES]]
    return leads(tmp_path_factory.mktemp("times"), *(f"{n},Ada,{text},A,," for n, text in enumerate(texts)))


@pytest.mark.parametrize(("text", "expected", "zone"), TIMES)
def test_a_time(times, text, expected, zone):
    number = [case.values[0] for case in TIMES].index(text)
    row = rows(times)[number]
    assert row["lead_id"] == str(number)
    assert (row["created_at"], row["created_at__zone"]) == (pd.Timestamp(expected), zone)


@pytest.mark.parametrize(("text", "reason"), NO_TIMES)
def test_a_row_in_another_format_is_set_aside_with_its_place(times, text, reason):
    number = [case.values[0] for case in NO_TIMES].index(text)
    line = times.rejects.iloc[number]
    assert (line["place"], line["id"]) == (f"Lead.csv row {2 + len(TIMES) + number}, Created", str(len(TIMES) + number))
    assert text == (line["value"] if text else "")
    assert (line["reason"], line["effect"]) == (reason, SET_ASIDE)


def test_the_rows_around_one_that_is_set_aside_are_used(times):
    assert (len(rows(times)), len(times.rejects), times.count) == (len(TIMES), len(NO_TIMES), len(TIMES + NO_TIMES))


DECLARED = [
    pytest.param("%d/%m/%Y %H:%M", "03/04/2026 09:05", "2026-04-03T09:05", BERLIN, id="3 April where days come first"),
    pytest.param(
        "%m/%d/%Y %H:%M", "03/04/2026 09:05", "2026-03-04T09:05", BERLIN, id="4 March where months come first"
    ),
    pytest.param("%d.%m.%Y %I:%M %p", "31.12.2026 01:45 PM", "2026-12-31T13:45", BERLIN, id="a clock of twelve hours"),
    pytest.param("%Y-%m-%dT%H:%M:%S%z", "2026-03-01T10:00:00+0200", "2026-03-01T08:00", None, id="with an offset"),
]


@pytest.mark.parametrize(("form", "text", "expected", "zone"), DECLARED)
def test_a_declared_format(tmp_path, form, text, expected, zone):
    found = leads(tmp_path, f"1,Ada,{text},A,,", "2,Bo,2026-03-01 10:00,A,,", instants=f"'{form}'")
    (row,) = rows(found)
    assert (row["created_at"], row["created_at__zone"]) == (pd.Timestamp(expected), zone)
    assert listed(found.rejects, "place", "reason") == [
        ("Lead.csv row 3, Created", f"is no time in the declared format {form}")
    ]


def test_a_time_without_zone_is_refused_where_no_zone_is_declared(tmp_path):
    mapping = LEADS.replace("timezone: Europe/Berlin\n", "")
    told = refused(
        one_table(tmp_path, f"{HEADER}\n1,Ada,2026-03-01T10:00Z,A,,\n2,Bo,2026-03-01 10:00,A,,\n", mapping=mapping)
    )
    assert "Lead.csv row 3, Created" in told
    assert "'2026-03-01 10:00'" in told
    assert "declare `timezone:`" in told
    with_zones = one_table(tmp_path, f"{HEADER}\n1,Ada,2026-03-01T10:00Z,A,,\n", mapping=mapping)
    assert len(rows(read(with_zones))) == 1


def test_the_sources_zone_stands_over_the_layouts(tmp_path):
    """C12: a report from New York taken for UTC makes 20 minutes 260, or -220."""
    (found,) = rows(leads(tmp_path, "1,Ada,2026-07-01 12:00,A,,", timezone="America/New_York"))
    assert found["created_at__zone"] == "America/New_York"


CLOCK_CHANGES = [
    pytest.param(
        BERLIN, "2026-03-29 02:30", "2026-03-29T01:00Z", True, id="skipped in spring: the first after the gap"
    ),
    pytest.param(BERLIN, "2026-10-25 02:30", "2026-10-25T00:30Z", True, id="shown twice in autumn: the earlier"),
    pytest.param(BERLIN, "2026-10-25 03:00", "2026-10-25T02:00Z", False, id="after the repeated hour"),
    pytest.param("Europe/Dublin", "2026-10-25 01:30", "2026-10-25T00:30Z", True, id="where winter is the exception"),
    pytest.param("America/New_York", "2026-03-08 02:15", "2026-03-08T07:00Z", True, id="on another day in New York"),
    pytest.param("Australia/Lord_Howe", "2026-04-05 01:45", "2026-04-04T14:45Z", True, id="by half an hour"),
]


@pytest.mark.parametrize(("zone", "text", "expected", "unclear"), CLOCK_CHANGES)
def test_local_times_on_the_day_the_clocks_change(zone, text, expected, unclear):
    local = pd.Series([pd.Timestamp(text), pd.NaT]).astype("datetime64[us]")
    instants, flagged = localised(local, pd.Series([zone, zone]))
    assert instants[0] == pd.Timestamp(expected)
    assert pd.isna(instants[1])
    assert flagged.tolist() == [unclear, False]


# Numbers, flags and choices

NUMBERS = [
    pytest.param("1234.5", "1234.50", id="a number"),
    pytest.param("-0.005", "-0.01", id="cents are rounded half away from zero"),
    pytest.param("1e3", "1000.00", id="with an exponent"),
    pytest.param("NaN", None, id="NaN is no number"),
    pytest.param("inf", None, id="nor is infinity"),
    pytest.param("1e400", None, id="nor what is too large"),
    pytest.param("1234567890123456789012345", None, id="nor 25 digits"),
    pytest.param("n/a", None, id="nor words"),
    pytest.param("1,5", None, id="a decimal comma is not guessed"),
    pytest.param("1_000", None, id="nor an underscore"),
]


@pytest.fixture(scope="module")
def amounts(tmp_path_factory):
    """All the numbers above, each in a row of one file."""
    texts = [case.values[0] for case in NUMBERS]
    lines = [f'{n},Deal,Open,"{text}",2026-03-01T10:00Z,' for n, text in enumerate(texts)]
    raw = "\n".join(["Id,Name,Status,Amount,Created,Closed", *lines, ""])
    return read(one_table(tmp_path_factory.mktemp("amounts"), raw, mapping=DEALS, name="Deal.csv"), "opportunities")


@pytest.mark.parametrize(("text", "expected"), NUMBERS)
def test_an_amount(amounts, text, expected):
    number = [case.values[0] for case in NUMBERS].index(text)
    amount = rows(amounts)[number]["amount"]
    assert (None if amount is None else str(amount)) == expected
    told = [(text, "is no number, or too large", NOT_USED)] if expected is None else []
    here = amounts.rejects[amounts.rejects["place"].eq(f"Deal.csv row {number + 2}, Amount")]
    assert listed(here, "value", "reason", "effect") == told


def test_a_choice_and_a_flag_take_only_what_is_declared(tmp_path):
    raw = "Id,Name,Status,Amount,Created,Closed\n1,a,Open,,,\n2,b,Hot,,,\n3,c,,,,\n4,d,Won,,,03/04/2026\n"
    found = read(one_table(tmp_path / "deals", raw, mapping=DEALS, name="Deal.csv"), "opportunities")
    assert [row["status"] for row in rows(found)] == ["open", "won"]
    assert listed(found.rejects, "place", "effect") == [
        ("Deal.csv row 3, Status", SET_ASIDE),
        ("Deal.csv row 4, Status", SET_ASIDE),
        ("Deal.csv row 5, Closed", NOT_USED),
    ]
    flags = leads(tmp_path, *(f"{n},a,2026-03-01 10:00,A,{flag}," for n, flag in enumerate(["", "True", "0", "maybe"])))
    assert [row["is_test"] for row in rows(flags)] == [False, True, False, False]
    assert listed(flags.rejects, "place", "value", "effect") == [("Lead.csv row 5, Test", "maybe", NOT_USED)]


def test_a_row_is_set_aside_once_however_much_of_it_is_wrong(tmp_path):
    found = leads(tmp_path, ",Ada,soon,A,maybe,", FIRST)
    assert sorted(found.rejects["effect"]) == sorted([SET_ASIDE, NOT_USED, NOT_USED])
    assert found.count == len(rows(found)) + found.rejects["effect"].eq(SET_ASIDE).sum()


# Files


def test_rows_too_short_too_long_or_badly_quoted_are_set_aside_with_their_row(tmp_path):
    lines = [
        "1,Ada,2026-03-01 10:00,A,,",
        "2,Bo",
        "",
        '3,"two\nlines",2026-03-01 10:00,A,,',
        "4,Cy,2026-03-01 10:00,A,,,,",
    ]
    found = leads(tmp_path, *lines, '5,"Di"x,2026-03-01 10:00,A,,', "6,Ed,soon,A,,", "7,Fe,2026-03-01 10:00,A,,")
    assert [(row["row"], row["lead_id"]) for row in rows(found)] == [(2, "1"), (5, "3"), (9, "7")]
    assert listed(found.rejects, "place", "value") == [
        ("Lead.csv row 8, Created", "soon"),
        ("Lead.csv row 3", "2,Bo"),
        ("Lead.csv row 6", "4,Cy,2026-03-01 10:00,A,,,,"),
        ("Lead.csv row 7", ""),
    ]
    assert found.count == 7


def test_many_torn_rows_are_no_burden(tmp_path):
    found = leads(tmp_path, *(f"{n},Ada,2026-03-01 10:00,A,,{',x' * (n % 2)}" for n in range(5000)))
    assert (len(rows(found)), len(found.rejects)) == (2500, 2500)


WRITTEN = [
    pytest.param("\ufeff{0}\n{1}\n".encode(), {}, id="a byte order mark"),
    pytest.param(b"{0}\r\n{1}\r\n", {}, id="line ends of Windows"),
    pytest.param(b"{0}\r{1}\r", {}, id="line ends of an old Mac"),
    pytest.param(b"{0}\r\n{1}\n", {}, id="line ends of both kinds"),
    pytest.param(b"{0}\n{1}", {}, id="no line end at the end"),
    pytest.param(b"{0}\n\n{1}\n\n", {}, id="blank lines"),
    pytest.param(b"{0},\n{1},\n", {}, id="a comma at the end of every row"),
    pytest.param(b"(row),row,file,{0}\nx,y,z,{1}\n", {}, id="columns that nobody asked for, by our own names"),
]


@pytest.mark.parametrize(("raw", "settings"), WRITTEN)
def test_a_file_may_be_written_with(tmp_path, raw, settings):
    raw = raw.replace(b"{0}", HEADER.encode()).replace(b"{1}", FIRST.encode())
    (found,) = rows(read(one_table(tmp_path, raw, **settings)))
    assert (found["lead_id"], found["name"], found["owner_id"]) == ("1", "Ada", "A")


def test_a_declared_delimiter_and_encoding(tmp_path):
    raw = f"{HEADER}\n1,Müller €,2026-03-01 10:00,A,,\n".replace(",", ";")
    for encoding in ("cp1252", "utf-16", "utf-8"):
        written = f'{{delimiter: ";", encoding: {encoding}}}'
        (found,) = rows(read(one_table(tmp_path / encoding, raw.encode(encoding), csv=written)))
        assert found["name"] == "Müller €"


def test_a_header_alone_is_an_empty_table(tmp_path):
    found = leads(tmp_path)
    assert (rows(found), found.count, len(found.rejects)) == ([], 0, 0)


REFUSED = [
    pytest.param(b"", "Lead.csv: the file has no header", id="an empty file"),
    pytest.param(b"\n\n", "Lead.csv: the file has no header", id="blank lines only"),
    pytest.param(HEADER.replace(",", ";").encode(), "looks like ';'", id="another delimiter"),
    pytest.param(HEADER.replace("Owner", "Name").encode(), "Lead.csv:1: a column stands twice", id="a header twice"),
    pytest.param(HEADER.replace("Owner", "ID").encode(), "found 'ID'", id="twice but for capitals"),
    pytest.param(HEADER.replace("Owner", "Ownr").encode(), "did you mean Ownr?", id="a missing column"),
    pytest.param(f"{HEADER}\n1,M\xfcller,2026-03-01 10:00,A,,\n".encode("latin-1"), "Lead.csv:2: not", id="latin-1"),
    pytest.param(f"{HEADER}\n".encode("utf-16"), "Lead.csv:1: not utf-8", id="UTF-16"),
    pytest.param(f'{HEADER}\n{FIRST}\n2,"Bo,2026\n{FIRST}\n{FIRST}\n'.encode(), "row 3: a quote", id="an open quote"),
]  # fmt: skip


@pytest.mark.parametrize(("raw", "told"), REFUSED)
def test_a_file_is_refused_for(tmp_path, raw, told):
    assert told in refused(one_table(tmp_path, raw))


def test_every_missing_file_and_column_is_told_at_once(tmp_path):
    source = export(tmp_path)
    (source.data / "Task.csv").rename(source.data / "Tasks.csv")
    (source.data / "Lead.csv").write_text("Id,Company,LeadSource\n")
    with pytest.raises(DataError) as caught:
        Reader(source, BERLIN).check()
    told = str(caught.value)
    assert "the table Task is missing" in told
    assert "did you mean Tasks?" in told
    assert len(re.findall("Lead.csv: Lead has no column", told)) == 9
    assert "Test__c" not in told, "an optional column may be missing"


def test_a_table_that_is_there_twice_is_refused(tmp_path):
    source = one_table(tmp_path, HEADER)
    pd.DataFrame({"Id": ["1"]}).to_parquet(source.data / "Lead.parquet")
    assert "remove Lead.parquet" in refused(source)


def test_data_that_is_not_there_or_no_database_is_refused(tmp_path):
    source = one_table(tmp_path, HEADER)
    assert "is not there" in refused(source.model_copy(update={"data": tmp_path / "nowhere"}))
    (tmp_path / "crm.duckdb").write_bytes(b"no database at all" * 100)
    assert "crm.duckdb: cannot be read" in refused(source.model_copy(update={"data": tmp_path / "crm.duckdb"}))


@pytest.mark.parametrize(
    "damage", [lambda raw: raw[:-20], lambda raw: raw[:0], lambda raw: raw[:40] + bytes(200) + raw[240:]]
)
def test_a_damaged_parquet_file_is_refused(tmp_path, damage):
    source = one_table(tmp_path, b"", name="Lead.parquet")
    path = source.data / "Lead.parquet"
    frame = pd.DataFrame({name: [str(n) for n in range(50)] for name in HEADER.split(",")})
    frame.to_parquet(path)
    path.write_bytes(damage(path.read_bytes()))
    assert "Lead.parquet: cannot be read" in refused(source)


# The same rows whatever they are kept in

TYPED = {
    "Id": ["1", "00123", "3", "4"],
    "Name": ["Ada", "NA", None, "Zürich"],
    "Created": pd.to_datetime(
        ["2026-03-01 10:00", "2026-03-01 10:00:00.5", "2026-10-25 00:30", "2026-01-01"], format="ISO8601"
    ),
    "Owner": ["A", None, "None", "1E5"],
    "Test": [True, False, None, False],
    "Modified": pd.to_datetime(["2026-03-02 11:00", None, "2026-03-02 12:00", None], format="%Y-%m-%d %H:%M"),
}


def test_csv_parquet_and_duckdb_give_the_same_rows(tmp_path):
    frame = pd.DataFrame(TYPED)
    frame["Test"] = frame["Test"].astype(object)
    sources = {kind: one_table(tmp_path / kind, b"", name=f"Lead.{kind}") for kind in ("csv", "parquet", "duckdb")}
    frame.to_csv(sources["csv"].data / "Lead.csv", index=False, date_format="%Y-%m-%d %H:%M:%S.%f")
    frame.to_parquet(sources["parquet"].data / "Lead.parquet")
    database = sources["duckdb"].data / "crm.duckdb"
    with duckdb.connect(database) as connection:
        connection.register("frame", frame)
        connection.execute('create table "Lead" as select * from frame')
    sources["duckdb"] = sources["duckdb"].model_copy(update={"data": database})
    found = {kind: read(source) for kind, source in sources.items()}
    assert all(read.rejects.empty and read.count == 4 for read in found.values())
    plain = {kind: [{**row, "file": "", "row": 0} for row in rows(read)] for kind, read in found.items()}
    assert plain["csv"] == plain["parquet"] == plain["duckdb"]
    assert plain["csv"][1]["lead_id"] == "00123"


def test_times_with_a_zone_of_their_own_are_read_as_instants_whatever_the_host(tmp_path, monkeypatch):
    monkeypatch.setenv("TZ", "Asia/Kolkata")
    source = one_table(tmp_path, b"", name="Lead.parquet")
    frame = pd.DataFrame(TYPED).assign(Created=TYPED["Created"].tz_localize(BERLIN))
    frame.to_parquet(source.data / "Lead.parquet")
    first = rows(read(source))[0]
    assert (first["created_at"], first["created_at__zone"]) == (pd.Timestamp("2026-03-01 09:00"), None)


def test_a_date_kept_as_a_time_at_midnight_is_that_date(tmp_path):
    source = one_table(tmp_path, b"", mapping=DEALS, name="Deal.parquet", dates="'%d/%m/%Y'")
    closed = pd.to_datetime(["2026-03-01 00:00", "2026-03-01 10:00"], format="%Y-%m-%d %H:%M")
    deals = {"Id": ["1", "2"], "Name": "d", "Status": "Won", "Amount": 1.5, "Created": None, "Closed": closed}
    pd.DataFrame(deals).to_parquet(source.data / "Deal.parquet")
    found = read(source, "opportunities")
    first, second = rows(found)
    assert (first["closed_at"], first["closed_at__date"], first["closed_at__zone"]) == (
        pd.Timestamp("2026-03-01"),
        True,
        BERLIN,
    )
    assert second["closed_at"] is None, "a time where a date is declared is not cut off"
    assert found.rejects["place"].tolist() == ["Deal.parquet row 2, Closed"]


# Mapping a value


def test_aliases_are_applied_and_counted(tmp_path):
    source = one_table(tmp_path, f"{HEADER}\n1,GTXPro,2026-03-01 10:00,A,,\n2,GTX Pro,2026-03-01 10:00,A,,\n",
                       aliases="{leads.name: {GTXPro: GTX Pro}}")  # fmt: skip
    found = read(source)
    assert [row["name"] for row in rows(found)] == ["GTX Pro", "GTX Pro"]
    assert found.aliased == {"GTXPro read as GTX Pro": 1}


def test_an_alias_makes_an_unknown_choice_a_known_one(tmp_path):
    raw = "Id,Name,Status,Amount,Created,Closed\n1,a,Gone,,,\n"
    source = one_table(tmp_path, raw, mapping=DEALS, name="Deal.csv", aliases="{opportunities.status: {Gone: lost}}")
    assert [row["status"] for row in rows(read(source, "opportunities"))] == ["lost"]


def test_only_rows_that_hold_the_values_of_where_are_read(tmp_path):
    mapping = LEADS.replace("    from: Lead\n", '    from: Lead\n    where: {Owner: "", Test: "false"}\n')
    lines = ["1,Ada,2026-03-01 10:00,,FALSE,", "2,Bo,2026-03-01 10:00,A,false,", "3,Cy,soon,,true,"]
    found = read(one_table(tmp_path, "\n".join([HEADER, *lines]), mapping=mapping))
    assert ([row["lead_id"] for row in rows(found)], found.count, len(found.rejects)) == (["1"], 1, 0)


# Rates, days and persons

RATES = [
    pytest.param("0.25", False, 0.25, id="a rate"),
    pytest.param("1", False, 1.0, id="one is all"),
    pytest.param("25", True, 0.25, id="percent"),
    pytest.param("25", False, None, id="25 is no rate unless it is said to be percent"),
    pytest.param("1000", True, None, id="nor are 1000 percent"),
    pytest.param("-1", True, None, id="nor is less than nothing"),
    pytest.param("likely", False, None, id="nor a word"),
]


def one_deal(tmp_path, column, cell, text):
    mapping = DEALS.replace("      amount: Amount\n", f"      {column}: {cell}\n")
    raw = f"Id,Name,Status,Amount,Created,Closed\n1,a,Open,{text},,\n"
    found = read(one_table(tmp_path, raw, mapping=mapping, name="Deal.csv"), "opportunities")
    return rows(found)[0][column], listed(found.rejects, "value", "reason")


@pytest.mark.parametrize(("text", "percent", "expected"), RATES)
def test_a_rate_lies_between_0_and_1(tmp_path, text, percent, expected):
    rate, told = one_deal(tmp_path, "probability", f"{{column: Amount, percent: {str(percent).lower()}}}", text)
    assert rate == expected
    assert told == ([] if expected is not None else [(text, "is no rate between 0 and 1")])


DAYS = [
    pytest.param("2026-03-01", "", "2026-03-01", id="a date"),
    pytest.param("2026-03-01 00:00:00", "", "2026-03-01", id="at midnight, as databases write one"),
    pytest.param("2026-03-01 10:00", "", None, id="a time is not cut off"),
    pytest.param("2026-03-01T23:30:00Z", "day: true", "2026-03-01", id="unless only its day is asked for"),
    pytest.param("03/01/2026", "format: '%m/%d/%Y'", "2026-03-01", id="in its own format"),
]


@pytest.mark.parametrize(("text", "how", "expected"), DAYS)
def test_a_day(tmp_path, text, how, expected):
    day, told = one_deal(tmp_path, "expected_close_on", f"{{column: Amount, {how}}}", text)
    assert day == (pd.Timestamp(expected) if expected else None)
    assert len(told) == (expected is None)


PERSONS = [
    pytest.param(" Ada@Example.com ", "ada@example.com", id="an address in capitals is the same address"),
    pytest.param("+49 (30) 123-45", "493012345", id="a number is its digits"),
]


@pytest.mark.parametrize(("one", "same"), PERSONS)
def test_a_person_is_a_digest_that_tells_people_apart(tmp_path, one, same):
    mapping = LEADS.replace("name: Name", "person: Name")
    raw = "".join(f"{n},{text},2026-03-01 10:00,A,,\n" for n, text in enumerate([one, same, "bo@example.com", ""]))
    first, second, third, fourth = rows(read(one_table(tmp_path, f"{HEADER}\n{raw}", mapping=mapping)))
    assert first["person"] == second["person"] == hashlib.sha256(same.encode()).hexdigest()
    assert third["person"] not in (None, first["person"])
    assert fourth["person"] is None


@pytest.mark.parametrize("text", ["n/a", "Ada Lovelace", "-", "0000"])
def test_what_is_neither_address_nor_number_tells_nobody_apart_and_is_not_repeated(tmp_path, text):
    mapping = LEADS.replace("name: Name", "person: Name")
    found = read(one_table(tmp_path, f"{HEADER}\n1,{text},2026-03-01 10:00,A,,\n", mapping=mapping))
    assert rows(found)[0]["person"] is None
    assert listed(found.rejects, "value", "effect") == [("", NOT_USED)]


# Lookups, globs, footers and more


def looked_up(tmp_path, *, users, lines, lookup="{in: User, key: Id, by: Owner}", name="user.Name", **settings):
    mapping = LEADS.replace("    columns", f"    lookups: {{user: {lookup}}}\n    columns").replace("name: Name", name)
    source = one_table(tmp_path, "\n".join([HEADER, *lines]), mapping=mapping, **settings)
    if users is not None:
        (source.data / "User.csv").write_text(users)
    return source


TWO = [FIRST, "2,Bo,2026-03-01 10:00,Z,,"]
CHOSEN = [
    pytest.param("{in: User, key: Id, by: Owner}", "Ann", id="the last row"),
    pytest.param("{in: User, key: Id, by: Owner, newest: At}", "Annabel", id="the newest"),
    pytest.param("{in: User, key: Id, by: Owner, oldest: At}", "Anna", id="the oldest"),
    pytest.param("{in: User, key: Id, by: Owner, newest: Size}", "Anna", id="the largest number"),
]
USERS = "Id,Name,At,Size\nA,Anna,2026-01-01,10\nA,Annabel,2026-02-01,9\nA,Ann,2026-01-15,8\nB,Bo,,\n,Nobody,,\n"


@pytest.mark.parametrize(("lookup", "expected"), CHOSEN)
def test_of_rows_with_the_same_key_one_is_looked_up_and_the_others_are_listed(tmp_path, lookup, expected):
    found = read(looked_up(tmp_path, users=USERS, lines=TWO, lookup=lookup, name="name: user.Name"))
    assert [row["name"] for row in rows(found)] == [expected, None]
    assert (found.count, found.excluded) == (4, 2)
    assert listed(found.rejects, "table", "id", "effect") == [("leads", "A", EXCLUDED)] * 2
    assert all(place.startswith("User.csv row ") for place in found.rejects["place"])


def test_a_lookup_may_go_on_from_another_and_stand_in_where(tmp_path):
    mapping = LEADS.replace(
        "    columns",
        """\
    lookups:
      user: {in: User, key: Id, by: Owner}
      team: {in: Team, key: Id, by: user.Team}
    where: {team.Name: [North, "East"]}
    columns""",
    ).replace("name: Name", "name: {join: [team.Name, Name]}")
    lines = [FIRST, "2,Bo,2026-03-01 10:00,B,,", "3,Cy,2026-03-01 10:00,C,,"]
    source = one_table(tmp_path, "\n".join([HEADER, *lines]), mapping=mapping)
    (source.data / "User.csv").write_text("Id,Team\nA,1\nB,2\n")
    (source.data / "Team.csv").write_text("Id,Name\n1,north\n2,South\n")
    assert [row["name"] for row in rows(read(source))] == ["north Ada"]


def test_a_key_may_hold_several_keys(tmp_path):
    users = "Ids,Name\nA;Z; Y,Anna\n"
    lookup = '{in: User, key: Ids, split: ";", by: Owner}'
    assert [row["name"] for row in rows(read(looked_up(tmp_path, users=users, lines=TWO, lookup=lookup,
                                                       name="name: user.Name")))] == ["Anna", "Anna"]  # fmt: skip


def test_an_optional_lookup_that_is_not_there_leaves_its_columns_empty(tmp_path):
    optional = "{in: User, key: Id, by: Owner, optional: true}"
    name = "name: {first_of: [user.Name, Name], optional: true}"
    found = read(looked_up(tmp_path, users=None, lines=TWO, lookup=optional, name=name))
    assert [row["name"] for row in rows(found)] == ["Ada", "Bo"]
    assert Reader(looked_up(tmp_path, users=None, lines=TWO, lookup=optional, name=name), BERLIN).absent() == ["User"]
    assert "the table User is missing" in refused(looked_up(tmp_path, users=None, lines=TWO, name="name: user.Name"))
    assert "did you mean Name?" in refused(looked_up(tmp_path, users=USERS, lines=TWO, name="name: user.Nme"))


def test_all_files_that_a_glob_names_are_read_in_order_with_their_names(tmp_path):
    mapping = LEADS.replace("from: Lead", 'from: "Lead report*"')
    source = one_table(tmp_path, f"{HEADER}\n{FIRST}\n", mapping=mapping, name="Lead report 2.csv")
    reordered = "Owner,Id,Name,Created,Test,Modified\nA,0,Bo,2026-03-01 10:00,,\n"
    (source.data / "Lead report 1.csv").write_text(reordered)
    found = sorted((row["file"], row["row"], row["lead_id"]) for row in rows(read(source)))
    assert found == [("Lead report 1.csv", 2, "0"), ("Lead report 2.csv", 2, "1")]
    assert set(source.data_digests()) == {"Lead report 1.csv", "Lead report 2.csv"}
    (source.data / "Lead report 1.csv").write_text("Id,Name\n")
    assert "Lead report 1.csv: Lead report* has no column Owner" in refused(source)
    for path in source.data.iterdir():
        path.rename(path.with_name(path.name.replace("report", "list")))
    assert "there are: Lead list 1, Lead list 2" in refused(source)


FEET = "\n\nGrand Totals (1 records)\n\nGenerated By: Ada,,,,,\n"


def test_a_declared_footer_is_counted_as_excluded_and_an_undeclared_one_is_torn(tmp_path):
    raw = f"{HEADER}\n{FIRST}\n{FEET}"
    found = read(one_table(tmp_path, raw, csv="{footer: true}"))
    assert (len(rows(found)), found.count, found.excluded) == (1, 3, 2)
    assert listed(found.rejects, "place", "value", "reason", "effect") == [
        ("Lead.csv row 5", "Grand Totals (1 records)", "a line of the report's footer", EXCLUDED),
        ("Lead.csv row 7", "Generated By: Ada", "a line of the report's footer", EXCLUDED),
    ]
    undeclared = read(one_table(tmp_path, raw))
    assert (undeclared.excluded, undeclared.rejects["effect"].eq(SET_ASIDE).sum()) == (0, 2)


def test_rows_below_a_blank_line_are_no_footer_if_a_whole_row_follows(tmp_path):
    found = read(one_table(tmp_path, f"{HEADER}\n\n5\n{FIRST}\n6\n", csv="{footer: true}"))
    assert (len(rows(found)), found.excluded, found.rejects["effect"].tolist()) == (1, 0, [SET_ASIDE] * 2)


def test_each_distinct_row_is_one(tmp_path):
    users = (
        "  users:\n    - {from: Lead, distinct: true, columns: {user_id: Owner, kind: {constant: human}, role: Test}}\n"
    )
    lines = [FIRST, FIRST, "2,Bo,2026-03-01 10:00,A,Lead,", "3,Cy,2026-03-01 10:00,,,"]
    source = one_table(tmp_path, "\n".join([HEADER, *lines]), mapping=LEADS + users)
    found = read(source, "users")
    assert [(row["row"], row["user_id"], row["role"]) for row in rows(found)] == [(2, "A", None), (4, "A", "Lead")]
    assert (found.count, len(found.rejects)) == (2, 0)


def test_extra_columns_come_along_as_text_and_must_be_there(tmp_path):
    source = one_table(tmp_path, f"{HEADER},Region__c\n{FIRST},007\n", extra="{leads: {region: Region__c}}")
    found = read(source)
    assert [row["region"] for row in rows(found)] == ["007"]
    assert found.table.columns["region"].type == "text"
    missing = one_table(tmp_path, f"{HEADER}\n{FIRST}\n", extra="{leads: {region: Region__c}}")
    assert "extra.leads.region: no table of leads has a column Region__c" in refused(missing)


def test_an_optional_part_is_left_out_where_its_table_is_not_there(tmp_path):
    optional = LEADS + "  users: {from: User, optional: true, columns: {user_id: Id, kind: {constant: human}}}\n"
    source = one_table(tmp_path, f"{HEADER}\n{FIRST}\n", mapping=optional)
    assert rows(read(source, "users")) == []
    (source.data / "User.csv").write_text("Id\nA\n")
    assert [row["user_id"] for row in rows(read(source, "users"))] == ["A"]
    (source.data / "User.csv").write_text("Ident\nA\n")
    assert "User has no column Id" in refused(source)


# The twin: the same file read row by row with the standard library


def twin(raw: bytes):
    """The rows of a LEADS file as (row, id, name, time, zone, flag), and the rows set aside by number."""
    used, aside = [], []
    for number, row in enumerate(csv.reader(io.StringIO(raw.decode("utf-8-sig"), newline="")), 1):
        if number == 1 or not row:
            continue
        if len(row) == 7 and not row[-1]:
            row.pop()
        if len(row) != 6:
            aside.append(number)
            continue
        values = [value.strip(string.whitespace) or None for value in row]
        time = twin_time(values[2])
        if values[0] is None or time is None:
            aside.append(number)
            continue
        used.append((number, values[0], values[1], *time, (values[4] or "").lower() in ("true", "1", "yes", "t")))
    return used, aside


def twin_time(text):
    if text is None or not re.fullmatch(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)? ?(Z|[+-]\d\d(:?\d\d)?)?", text):
        return None
    try:
        time = dt.datetime.fromisoformat(text.replace(" ", "T", 1).replace(" ", ""))
    except ValueError:
        return None
    if time.tzinfo:
        return time.astimezone(dt.UTC).replace(tzinfo=None), None
    return time, BERLIN


TIME_TEXTS = st.one_of(
    st.datetimes(dt.datetime(1990, 1, 1), dt.datetime(2050, 1, 1)).map(lambda t: t.isoformat(" ")),  # noqa: DTZ001
    st.datetimes(dt.datetime(1990, 1, 1), dt.datetime(2050, 1, 1), timezones=st.sampled_from(  # noqa: DTZ001
        [ZoneInfo("Asia/Kathmandu"), ZoneInfo("America/St_Johns"), dt.UTC])).map(lambda t: t.isoformat()),
    st.sampled_from(["", "soon", "2026-02-30 10:00", "2026-03-29T02:30Z", "2026-03-01", "01/02/2026 10:00"]),
)  # fmt: skip
WORDS = st.text(st.sampled_from('ab ,"\n;é0\t=-'), max_size=6)
FILES = st.lists(
    st.tuples(WORDS, WORDS, TIME_TEXTS, WORDS, st.sampled_from(["", "true", "0", "?"]), st.just("")), max_size=8
)
TORN = st.sampled_from(["", "x", "1,2", "a,b,c,d,e,f,g", ",,,,,,,"])


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(FILES, st.lists(TORN, max_size=2), st.sampled_from(["\n", "\r\n"]))
def test_a_reader_of_the_standard_library_finds_the_same(tmp_path, table, torn, line_end):
    text = io.StringIO()
    csv.writer(text, lineterminator=line_end).writerows([HEADER.split(","), *table])
    raw = (text.getvalue() + line_end.join([*torn, ""])).encode()
    used, aside = twin(raw)
    found = read(one_table(tmp_path, raw))
    columns = ("row", "lead_id", "name", "created_at", "created_at__zone", "is_test")
    assert [tuple(row[column] for column in columns) for row in rows(found)] == used
    set_aside = found.rejects.loc[found.rejects["effect"].eq(SET_ASIDE), "place"]
    assert sorted(int(re.search(r"row (\d+)", place)[1]) for place in set_aside) == aside
    assert found.count == len(used) + len(aside)


def test_a_large_file_keeps_the_order_and_number_of_its_rows(tmp_path):
    raw = HEADER + "\n" + "".join(f"{n},name of lead {n},2026-03-01 10:00,A,,\n" for n in range(2, 300_002))
    found = read(one_table(tmp_path, raw)).rows
    assert found.filter(found["lead_id"] != found["row"].cast("string")).count().execute() == 0
    assert found.count().execute() == 300_000


def test_a_mapping_that_reads_no_such_table_is_empty(tmp_path):
    found = Reader(a_source(tmp_path), BERLIN).read
    with pytest.raises(DataError, match="the table Lead is missing"):
        found("leads")
    own = one_table(tmp_path / "own", HEADER)
    assert rows(Reader(own, BERLIN).read("opportunities")) == []
