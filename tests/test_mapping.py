"""A CRM's layout as data, and the settings of a source: what they may say."""

import pytest
from exports import DEALS, LEADS, a_source, export

from slareport.errors import DataError, UsageError
from slareport.mapping import SHIPPED, load_source, parse_date_form, parse_instant_form
from slareport.tables import TABLES


def own(tmp_path, mapping, **settings):
    (tmp_path / "own.yaml").write_text(mapping)
    return a_source(tmp_path, layout="mapping: own", **settings)


@pytest.mark.parametrize("path", sorted(SHIPPED.glob("*.yaml")), ids=lambda path: path.stem)
def test_every_mapping_that_is_shipped_loads(tmp_path, path):
    source = a_source(tmp_path, layout=f"mapping: {path.stem}")
    assert set(source.mapping.tables) <= set(TABLES)
    assert all(":" not in name for name in source.digests)


def test_a_workspaces_own_mapping_stands_before_one_of_the_same_name(tmp_path):
    (tmp_path / "salesforce.yaml").write_text(LEADS)
    assert a_source(tmp_path).mapping.title == "One table"


BAD = [
    pytest.param("lead_id: Id", "lead_idd: Id", "did you mean lead_id?", id="an unknown column"),
    pytest.param("lead_id: Id,", "", "leads needs lead_id", id="a required column left out"),
    pytest.param("  leads:", "  leeds:", "did you mean leads?", id="an unknown table"),
    pytest.param("instants: iso\n", "", "Lead.Created has no declared instant format", id="no format of times"),
    pytest.param("instants: iso", "instants: DD/MM/YYYY", "no format of times; found 'DD/", id="not strptime"),
    pytest.param("instants: iso", "instants: '%d/%m/%Y'", "no format of times", id="times without hours"),
    pytest.param("instants: iso", "instants: '%H:%M %d'", "no format of times", id="times without a year"),
    pytest.param("dates: iso", "dates: '%d/%m'", "no format of dates", id="dates without a year"),
    pytest.param("created_at: Created", "created_at: {column: Created, format: '%Y-%m-%d'}",
                 "own.yaml:8: tables.leads.columns.created_at.format: no format of times", id="a column's own format"),
    pytest.param("timezone: Europe/Berlin", "timezone: CET", "did you mean Europe/Berlin?", id="an abbreviated zone"),
    pytest.param("timezone: Europe/Berlin", "timezone: Etc/GMT+2", "no such time zone", id="an offset as a zone"),
    pytest.param("owner_id: Owner", "owner_id: {column: Owner, constant: A}", "give exactly one of", id="two origins"),
    pytest.param("owner_id: Owner", "owner_id: {values: {a: b}}", "give exactly one of", id="no origin"),
    pytest.param("owner_id: Owner", "owner_id: {colum: Owner}", "unknown key", id="a key misspelt"),
]  # fmt: skip


@pytest.mark.parametrize(("before", "after", "told"), BAD)
def test_a_mapping_is_refused_for(tmp_path, before, after, told):
    assert before in LEADS
    with pytest.raises(UsageError) as caught:
        own(tmp_path, LEADS.replace(before, after, 1))
    assert told in str(caught.value)


SETTINGS = [
    pytest.param({"timezone": "EST"}, "source.yaml:3: timezone: no such time zone", id="an abbreviated zone"),
    pytest.param({"dates": "'%m/%d'"}, "no format of dates", id="dates without a year"),
    pytest.param({"csv": "{encoding: utf-88}"}, "no such encoding", id="an unknown encoding"),
    pytest.param({"csv": "{delimiter: tab}"}, "csv.delimiter", id="a delimiter of three characters"),
    pytest.param({"aliases": "{lead.name: {a: b}}"}, "did you mean leads.name?", id="an alias of no table"),
    pytest.param({"aliases": "{leads: {a: b}}"}, "no such canonical column", id="an alias of no column"),
    pytest.param({"dta": "x"}, "did you mean data?", id="a key misspelt"),
]


@pytest.mark.parametrize(("settings", "told"), SETTINGS)
def test_a_source_is_refused_for(tmp_path, settings, told):
    with pytest.raises(UsageError) as caught:
        own(tmp_path, LEADS, **settings)
    assert told in str(caught.value)


def test_an_unknown_mapping_names_those_there_are(tmp_path):
    with pytest.raises(
        UsageError, match=r"found 'salesfroce'; fix: did you mean salesforce\?.* or write salesfroce.yaml"
    ):
        a_source(tmp_path, layout="mapping: salesfroce")


FORMS = ["iso", "%d/%m/%Y %H:%M", "%d.%m.%y %H:%M:%S", "%m/%d/%Y %I:%M %p", "%Y-%m-%dT%H:%M:%S%z", "%-d/%-m/%Y %H:%M"]


@pytest.mark.parametrize("form", FORMS)
def test_a_format_that_tells_the_whole_time_is_taken(form):
    assert parse_instant_form(form) == form
    assert parse_date_form("%d %B %Y") == "%d %B %Y"


def test_what_a_table_is_read_from_is_one_file(tmp_path):
    source = export(tmp_path)
    assert source.native_file("Lead") == source.data / "Lead.csv"
    assert set(source.data_digests()) == {f"{name}.csv" for name in source.natives()}
    (source.data / "Lead.csv").unlink()
    (source.data / "Task.csv").unlink()
    with pytest.raises(DataError) as caught:
        source.data_digests()
    assert [str(p).split(";")[0] for p in caught.value.problems] == [
        "data: the table Lead is missing", "data: the table Task is missing"
    ]  # fmt: skip


def test_the_settings_stand_over_the_layout_and_a_cell_over_both(tmp_path):
    source = own(tmp_path, DEALS, dates="'%d/%m/%Y'", timezone="Asia/Tokyo", record_url="https://crm/{id}")
    (part,) = source.mapping.tables["opportunities"]
    closed = part.columns["closed_at"]
    assert (source.form(closed, dated=True), source.form(closed, dated=False)) == ("%d/%m/%Y", "iso")
    assert source.zone(closed) == "Asia/Tokyo"
    assert source.zone(closed.model_copy(update={"timezone": "UTC"})) == "UTC"
    assert source.record_url == "https://crm/{id}"


def test_a_source_that_is_not_there_is_told(tmp_path):
    with pytest.raises(UsageError, match=r"source\.yaml: no such file"):
        load_source(tmp_path / "source.yaml", tmp_path)
