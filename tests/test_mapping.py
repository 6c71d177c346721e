"""A CRM's layout as data, and the settings of a source: what they may say."""

import pytest
from exports import DEALS, LEADS, a_source, export

from slareport.errors import DataError, UsageError
from slareport.layout import parse_date_form, parse_instant_form
from slareport.mapping import SHIPPED, load_source, mapping_of
from slareport.tables import TABLES


def own(tmp_path, mapping, **settings):
    (tmp_path / "own.yaml").write_text(mapping)
    return a_source(tmp_path, layout="mapping: own", **settings)


@pytest.mark.parametrize("path", sorted(SHIPPED.glob("*.yaml")), ids=lambda path: path.stem)
def test_every_mapping_that_is_shipped_loads(tmp_path, path):
    source = a_source(tmp_path, layout=f"mapping: {path.stem}", instants="iso", dates="iso")
    assert set(source.tables) <= set(TABLES)
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


LOOKED_UP = "    lookups: {user: {in: User, key: Id, by: Owner}}\n    columns"
BAD += [
    pytest.param("    columns", LOOKED_UP.replace("by: Owner", "by: user.Id"), "user is not looked up yet",
                 id="a lookup by itself"),
    pytest.param("    columns", LOOKED_UP.replace("by: Owner", "by: Owner, newest: A, oldest: B"),
                 "give newest or oldest", id="newest and oldest"),
    pytest.param("    columns", LOOKED_UP.replace("key: Id, ", ""), "lookups.user.key: is missing", id="no key"),
    pytest.param("    columns", LOOKED_UP.replace("user:", "my.user:"), "an alias has no dot", id="a dotted alias"),
    pytest.param("name: Name", "name: {column: Name, percent: true}", "is for columns of type rate", id="percent"),
    pytest.param("Created, owner", "{column: Created, day: true}, owner", "columns of type date", id="day of a time"),
    pytest.param("tables:", "extra: {leads: {owner_id: X}}\ntables:", "own.yaml:5: extra.leads.owner_id: a column of",
                 id="an extra column by a canonical name"),
    pytest.param("tables:", "extra: {leads: {team: X}}\ntables:", "call it team_in_crm", id="or by one of ours"),
    pytest.param("tables:", "extra: {leads: {Sales Region: X}}\ntables:", "write it like", id="or with spaces"),
    pytest.param("tables:", "extra: {lead: {region: X}}\ntables:", "did you mean leads?", id="extra of no table"),
    pytest.param("tables:", "record_url: https://crm\ntables:", "the link names no record", id="a link without id"),
    pytest.param("tables:", "record_url: {lead: '{id}'}\ntables:", "did you mean leads?", id="a link of no table"),
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
    pytest.param({"aliases": "{lead.name: {a: b}}"}, "did you mean leads.name, ", id="an alias of no table"),
    pytest.param({"aliases": "{leads: {a: b}}"}, "no such canonical column", id="an alias of no column"),
    pytest.param({"dta": "x"}, "did you mean data?", id="a key misspelt"),
    pytest.param({"tables": "{leeds: []}"}, "source.yaml:3: tables.leeds: no such", id="a table of its own misspelt"),
    pytest.param({"tables": "{handoffs: {from: H, columns: {handoff_id: Id}}}"},
                 "source.yaml:3: tables.handoffs: handoffs needs kind", id="a table of its own without a column"),
    pytest.param({"extra": "{leads: {name: X}}"}, "source.yaml:3: extra.leads.name", id="an extra column in the way"),
    pytest.param({"extra": "{leads: {x: Y}}", "tables": "{leads: []}"}, "no such table is read",
                 id="an extra column of a table that is not kept"),
]  # fmt: skip


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
    assert source.native_files("Lead") == [source.data / "Lead.csv"]
    assert set(source.data_digests()) == {f"{name}.csv" for name in source.natives()}
    assert {"Event", "EmailMessage"} <= source.asked().keys() - set(source.natives()), "optional, and not there"
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


def test_a_company_s_own_table_stands_over_the_mapping_s_and_an_empty_one_says_there_is_none(tmp_path):
    handoffs = "{handoffs: {from: H, columns: {handoff_id: Id, kind: {constant: sales to product}}}, products: []}"
    source = a_source(tmp_path, tables=handoffs)
    assert "H" in source.natives()
    assert "Product2" not in source.asked()
    assert source.tables["users"] == source.mapping.tables["users"]


def test_the_sources_way_of_writing_csv_stands_over_the_layouts_key_by_key(tmp_path):
    layout = LEADS.replace("tables:", 'csv: {footer: true, delimiter: ";"}\ntables:')
    written = own(tmp_path, layout, csv="{encoding: cp1252, delimiter: '|'}").csv
    assert (written.delimiter, written.encoding, written.footer) == ("|", "cp1252", True)


def test_links_may_differ_from_table_to_table(tmp_path):
    source = own(tmp_path, LEADS, record_url='{leads: "https://crm/lead/{id}"}')
    assert source.record_url_of("leads") == "https://crm/lead/{id}"
    assert (source.record_url_of("opportunities"), source.record_url) == (None, None)
    assert own(tmp_path, LEADS, record_url="https://crm/{id}").record_url_of("leads") == "https://crm/{id}"


def test_a_mapping_may_be_plain_data():
    part = {"from": "Lead", "columns": {"lead_id": "Id", "created_at": "Created"}}
    data = {"title": "T", "instants": "iso", "tables": {"leads": part}}
    assert mapping_of(data).tables["leads"][0].source == "Lead"
    with pytest.raises(UsageError, match="has no declared instant format"):
        mapping_of({**data, "instants": None})
    with pytest.raises(UsageError, match="no such table is read"):
        mapping_of({**data, "extra": {"users": {"x": "Y"}}})


def test_a_source_that_is_not_there_is_told(tmp_path):
    with pytest.raises(UsageError, match=r"source\.yaml: no such file"):
        load_source(tmp_path / "source.yaml", tmp_path)
