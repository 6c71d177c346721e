"""What `slareport map` proposes for files it has never seen, and how much of it a person has to correct."""

from __future__ import annotations

import os
from pathlib import Path

import pandas as pd
import pytest
from tiny import slareport

from slareport.documents import parse, read_document
from slareport.errors import DataError, UsageError
from slareport.layout import Cell, Mapping
from slareport.mapping import load_source, shipped_mappings
from slareport.proposal import preview, propose, save
from slareport.tables import TABLES

pytestmark = pytest.mark.once

HERE = Path(__file__).parent
SHARED = HERE.parents[1] / "shared" / "data"
BY_HAND = {path.stem: path for path in (HERE / "by_hand").glob("*.yaml")} | {
    "maven_crm": HERE / "workspaces" / "maven" / "parameters" / "maven.yaml"
}
# What a person has to change to make the proposal the mapping they would have written: lines to correct, add or remove.
EDITS = {"maven_crm": 4, "salesforce_devorg": 2, "fivetran_salesforce_seeds": 2, "fivetran_hubspot_seeds": 7}


def shared(name):
    folder = SHARED / name
    if not folder.is_dir():
        told = f"no tables in {folder}"
        if os.environ.get("CI") == "true":
            pytest.fail(told)
        pytest.skip(told)
    return folder


def loaded(proposal, folder):
    """The proposal's text as a mapping, read as a file is."""
    path = folder / "proposed.yaml"
    path.write_text(proposal.text)
    return parse(read_document(path, folder), Mapping)


def hand_written(name):
    """The mapping a person who knows the CRM would write: our own, or the shipped one with the names of these files."""
    if name in BY_HAND:
        return parse(read_document(BY_HAND[name], BY_HAND[name].parent), Mapping)
    shipped = shipped_mappings()[name.removesuffix("_seeds")]
    files = {path.stem.removeprefix("sf_").removesuffix("_data"): path for path in shared(name).glob("*.csv")}
    files |= {stem.removesuffix("s"): path for stem, path in files.items()}
    there = {stem: set(pd.read_csv(path, nrows=0).columns) for stem, path in files.items()}
    tables = {}
    for table, parts in shipped.tables.items():
        for part in parts:
            if part.source in files and (own := _of_these(part, set(TABLES[table].required), files, there)):
                tables.setdefault(table, []).append(own)
    return shipped.model_copy(update={"tables": tables})


def _of_these(part, required, files, there):
    """A shipped part without the optional columns that these files lack; None where it cannot do without one."""
    lookups = {a: u for a, u in part.lookups.items() if u.source in files}
    columns = {}
    for column, cell in part.columns.items():
        places = [part.split(native) for native in cell.native]
        found = [
            name
            for name, (a, native) in zip(cell.native, places, strict=True)
            if (a in lookups or not a) and native in there[lookups[a].source if a else part.source]
        ]
        if len(found) == len(places) or (found and cell.first_of):
            several = {"first_of": found} if len(found) > 1 else {"first_of": None, "column": "".join(found)}
            columns[column] = cell.model_copy(update={"optional": False} | (several if cell.first_of else {}))
    if "direction" in required:  # what these files do not tell is a constant by hand too
        columns.setdefault("direction", Cell(constant="outbound"))
    read = {part.split(native)[0] for cell in columns.values() for native in cell.native}
    read |= {part.split(native)[0] for native in part.where}
    read |= {part.split(lookups[a].by)[0] for a in read if a}
    renamed = {
        a: u.model_copy(update={"source": files[u.source].stem, "optional": False})
        for a, u in lookups.items()
        if a in read
    }
    names = {"source": files[part.source].stem, "lookups": renamed, "columns": columns, "optional": False}
    return part.model_copy(update=names) if required <= columns.keys() else None


def entries(mapping):
    """Everything a mapping says, line by line; `title` and a form or zone that no column uses say nothing."""
    said = {"timezone": mapping.timezone, "csv": mapping.csv}
    for table, parts in mapping.tables.items():
        for part in parts:
            place = (table, part.source)
            said |= {
                (*place, key): getattr(part, key) for key in ("where", "lookups", "distinct") if getattr(part, key)
            }
            said |= {(*place, name): cell.model_dump(exclude_defaults=True) for name, cell in part.columns.items()}
    return said


def edits(proposed, by_hand):
    """Lines to correct or add, and lines to remove; a part that is not wanted at all is removed at once."""
    one, other = entries(proposed), entries(by_hand)
    wanted = {key[:2] for key in other if isinstance(key, tuple)}
    differ = [key for key in one.keys() | other.keys() if one.get(key) != other.get(key)]
    return sorted({key if isinstance(key, str) or key[:2] in wanted else key[:2] for key in differ}, key=str)


# ── Tables nobody here wrote ──


@pytest.mark.parametrize("name", EDITS)
def test_the_edits_a_person_has_to_make_are_no_more_than_these(name, tmp_path):
    needed = edits(loaded(propose([shared(name)]), tmp_path), hand_written(name))
    assert len(needed) == EDITS[name], "\n".join(map(str, needed))


@pytest.mark.parametrize("name", EDITS)
def test_every_file_alone_gives_a_mapping_that_loads(name, tmp_path):
    for path in sorted(shared(name).glob("*.csv")):
        assert loaded(propose([path]), tmp_path).title == f"Proposed for {path.stem}"


@pytest.mark.parametrize("name", EDITS)
def test_what_is_shown_is_what_the_reader_reads(name):
    shown = preview(propose([shared(name)]))
    assert {"opportunities", "users"} & shown.keys()
    assert max(len(rows.columns) for rows in shown.values()) == 5
    assert all(len(rows.columns) <= 5 for rows in shown.values())


@pytest.mark.parametrize("name", EDITS)
def test_what_is_settled_is_what_is_written(name, tmp_path):
    proposal = propose([shared(name)])
    assert entries(loaded(proposal, tmp_path)) | {"timezone": None} == entries(proposal.settled()) | {"timezone": None}


# ── What reports do ──

REPORT = """\
Opportunity Owner,Account Name,Opportunity Name,Opportunity ID,Stage,Amount,Probability (%),Close Date,Created Date
Ada Lovelace,Acme,Acme: 20 seats,006A1,Closed Won,4800,100,{a},{b}
Ben Ray,Bcme,Bcme pilot,006A2,Negotiation,0,60,{c},{d}
Ada Lovelace,Ccme,Ccme renewal,006A3,Closed Lost,950,0,{c},{b}
"""
DAY_FIRST = {"a": "31/03/2026", "b": "02/01/2026", "c": "05/04/2026", "d": "03/02/2026"}
MONTH_FIRST = {"a": "03/31/2026", "b": "01/02/2026", "c": "04/05/2026", "d": "02/03/2026"}
UNCLEAR = {"a": "03/04/2026", "b": "02/01/2026", "c": "05/04/2026", "d": "03/02/2026"}
FOOTER = "\nGrand Totals (3 records)\nConfidential Information - Do Not Distribute\nGenerated by: Ada Lovelace\n"


def export(folder, text, name="report1709", encoding="utf-8"):
    path = folder / f"{name}.csv"
    path.write_bytes(text.encode(encoding))
    return path


def opportunities(proposal, folder):
    return {name: cell.model_dump(exclude_defaults=True) for name, cell in
            loaded(proposal, folder).tables["opportunities"][0].columns.items()}  # fmt: skip


@pytest.fixture
def exports(tmp_path):
    folder = tmp_path / "exports"
    folder.mkdir()
    return folder


def test_labels_are_known_whatever_the_file_is_called(exports, tmp_path):
    assert opportunities(propose([export(exports, REPORT.format(**DAY_FIRST))]), tmp_path) == {
        "opportunity_id": {"column": "Opportunity ID"},
        "name": {"column": "Opportunity Name"},
        "account": {"column": "Account Name"},
        "owner_id": {"column": "Opportunity Owner"},
        "created_at": {"column": "Created Date", "date": True},
        "status": {"column": "Stage", "values": {"Closed Won": "won", "Closed Lost": "lost", "Negotiation": "open"}},
        "stage": {"column": "Stage"},
        "amount": {"column": "Amount"},
        "probability": {"column": "Probability (%)", "percent": True},
        "expected_close_on": {"column": "Close Date"},
        "closed_at": {"column": "Close Date", "date": True},
    }


def test_owners_that_are_only_named_become_the_users(exports, tmp_path):
    (users,) = loaded(propose([export(exports, REPORT.format(**DAY_FIRST))]), tmp_path).tables["users"]
    assert users.distinct
    assert {name: cell.column for name, cell in users.columns.items()} == {
        "user_id": "Opportunity Owner",
        "name": "Opportunity Owner",
        "kind": None,
    }


def test_owners_that_are_ids_are_no_names(exports, tmp_path):
    text = REPORT.format(**DAY_FIRST).replace("Ada Lovelace", "005A1").replace("Ben Ray", "005A2")
    assert "users" not in loaded(propose([export(exports, text)]), tmp_path).tables


@pytest.mark.parametrize(
    ("dates", "form"),
    [
        pytest.param(DAY_FIRST, "%d/%m/%Y", id="a 31st in the first place: the day is first"),
        pytest.param(MONTH_FIRST, "%m/%d/%Y", id="a 31st in the second place: the month is first"),
    ],
)
def test_the_data_decides_what_it_can(dates, form, exports, tmp_path):
    proposal = propose([export(exports, REPORT.format(**dates))])
    assert loaded(proposal, tmp_path).dates == form
    assert not any("first" in decision for decision in proposal.decisions)


def test_what_the_data_does_not_decide_is_asked_and_cannot_be_read_before_it_is_answered(exports, tmp_path):
    proposal = propose([export(exports, REPORT.format(**UNCLEAR))])
    assert "%d/%m/%Y (day first) or %m/%d/%Y (month first); no date in the data tells" in proposal.decisions
    assert loaded(proposal, tmp_path).dates is None
    (tmp_path / "source.yaml").write_text(f"mapping: proposed\ndata: {exports}\n")
    with pytest.raises(UsageError, match="has no declared"):
        load_source(tmp_path / "source.yaml", tmp_path)
    answered = proposal.text.replace('# dates: "%d/%m/%Y"', 'dates: "%m/%d/%Y"')
    (tmp_path / "proposed.yaml").write_text(answered)
    assert load_source(tmp_path / "source.yaml", tmp_path).mapping.dates == "%m/%d/%Y"


def test_times_without_a_zone_ask_for_it(exports):
    text = REPORT.format(**DAY_FIRST).replace("/2026\n", "/2026 09:30\n")
    proposal = propose([export(exports, text)])
    assert any(decision.startswith("the zone of whoever made the export") for decision in proposal.decisions)
    assert "\n# timezone: UTC\n" in proposal.text
    assert 'instants: "%d/%m/%Y %H:%M"' in proposal.text


def test_times_with_their_offset_ask_for_nothing(exports):
    dates = {"a": "2026-03-31T10:00:00Z", "b": "2026-01-02T10:00:00Z", "c": "2026-04-05T10:00:00+02:00"}
    assert "timezone" not in propose([export(exports, REPORT.format(**dates, d=dates["b"]))]).text


def test_a_footer_is_declared_and_not_read_as_a_deal(exports):
    proposal = propose([export(exports, REPORT.format(**DAY_FIRST) + FOOTER)])
    assert "csv: {footer: true}" in proposal.text
    assert list(preview(proposal)["opportunities"].loc["opportunity_id"]) == ["006A1", "006A2", "006A3"]


@pytest.mark.parametrize(
    ("delimiter", "encoding", "declared"),
    [
        pytest.param(";", "utf-8", 'csv: {delimiter: ";"}', id="semicolons"),
        pytest.param("\t", "utf-8", r'csv: {delimiter: "\t"}', id="tabs"),
        pytest.param(";", "utf-16", 'csv: {delimiter: ";", encoding: utf-16}', id="UTF-16, as Excel saves text"),
        pytest.param(",", "utf-8-sig", None, id="a byte order mark"),
        pytest.param(";", "cp1252", 'csv: {delimiter: ";", encoding: cp1252}', id="Windows, in the West"),
    ],
)
def test_how_a_file_is_written_is_declared(delimiter, encoding, declared, exports, tmp_path):
    text = REPORT.format(**DAY_FIRST).replace("Ben Ray", "Jörg Weiß").replace(",", delimiter)
    proposal = propose([export(exports, text, encoding=encoding)])
    assert (declared or "csv:") in proposal.text or declared is None
    assert ("csv:" in proposal.text) == (declared is not None)
    assert loaded(proposal, tmp_path)
    assert "Jörg Weiß" in preview(proposal)["opportunities"].loc["owner_id"].tolist()
    assert any("encoding" in decision for decision in proposal.decisions) == (encoding == "cp1252")


def test_files_written_in_two_ways_are_refused(exports):
    text = REPORT.format(**DAY_FIRST).replace("Ben Ray", "Jörg Weiß")
    export(exports, text, "one")
    export(exports, text.replace(",", ";"), "two")
    with pytest.raises(DataError, match="not written alike"):
        propose([exports])


def test_monthly_files_that_overlap_are_one_table(exports):
    for month in ("2026-01", "2026-02", "2026-03"):
        export(exports, REPORT.format(**DAY_FIRST), f"deals {month}")
    proposal = propose([exports])
    assert {part.source for part in proposal.parts} == {"deals *"}
    assert 'from: "deals *"' in proposal.text
    assert "006A1" in preview(proposal)["opportunities"].loc["opportunity_id"].tolist()


def test_a_report_without_ids_takes_the_name_and_asks_for_the_id(exports, tmp_path):
    text = REPORT.format(**DAY_FIRST).replace("Opportunity ID", "Fiscal Period")
    proposal = propose([export(exports, text)])
    assert opportunities(proposal, tmp_path)["opportunity_id"] == {"column": "Opportunity Name"}
    assert any("export the id" in decision for decision in proposal.decisions)


def test_hashed_stages_are_for_a_person_to_tell(exports):
    text = REPORT.format(**DAY_FIRST)
    for word in ("Closed Won", "Closed Lost", "Negotiation"):
        text = text.replace(word, (word.encode().hex() * 3)[:32])
    assert (
        "Stage is hashed: say which values are open, won, lost, no decision"
        in propose([export(exports, text)]).decisions
    )


def test_amounts_the_reader_would_refuse_are_said(exports):
    proposal = propose([export(exports, REPORT.format(**DAY_FIRST).replace(",4800,", ',"4.800,00 €",'))])
    assert any("only plain numbers" in decision for decision in proposal.decisions) or "amount" not in proposal.text


def test_yes_and_no_columns_tell_the_status(exports, tmp_path):
    text = "Opportunity ID,Opportunity Name,Won,Closed,Amount,Stage\n1,a,1,1,5,x\n2,b,0,1,6,y\n3,c,0,0,7,z\n"
    assert opportunities(propose([export(exports, text)]), tmp_path)["status"] == {
        "cases": [{"when": {"Won": ["1"]}, "then": "won"}, {"when": {"Closed": ["1"]}, "then": "lost"}],
        "otherwise": "open",
    }


def test_a_column_whose_values_are_something_else_is_not_proposed(exports, tmp_path):
    text = REPORT.format(**DAY_FIRST).replace("4800", "many").replace("950", "few")
    assert "amount" not in opportunities(propose([export(exports, text)]), tmp_path)


def test_a_file_of_something_else_is_left_out_and_said(exports, tmp_path):
    proposal = propose([export(exports, "Table,Field,Description\naccounts,sector,Industry\n")])
    assert loaded(proposal, tmp_path).tables == {}
    assert "left out" in proposal.text


# ── Writing it, and the command ──


def test_nothing_is_overwritten(exports, tmp_path):
    proposal = propose([export(exports, REPORT.format(**DAY_FIRST))])
    save(proposal, tmp_path / "mine.yaml")
    assert (tmp_path / "mine.yaml").read_text() == proposal.text
    with pytest.raises(UsageError, match="there is a file already"):
        save(proposal, tmp_path / "mine.yaml")


@pytest.mark.parametrize(
    ("name", "text", "code", "told"),
    [
        pytest.param("none", None, 2, "no such file or folder", id="a file that is not there"),
        pytest.param("empty", "", 4, "the file has no header", id="an empty file"),
        pytest.param("titled", "Deals of March\n" + REPORT, 4, "the first line is not the header", id="a title on top"),
    ],
)
def test_what_cannot_be_proposed_ends_with_a_code_and_a_cure(name, text, code, told, exports):
    if text is not None:
        export(exports, text, name)
    done = slareport("map", exports / f"{name}.csv")
    assert done.returncode == code
    assert told in done.stderr
    assert "fix: " in done.stderr


def test_the_command_shows_the_mapping_the_rows_and_what_is_measurable(exports, tmp_path):
    path = export(exports, REPORT.format(**DAY_FIRST) + FOOTER)
    done = slareport("map", path, "--output", tmp_path / "mine.yaml")
    assert (done.returncode, done.stderr) == (0, "")
    assert (tmp_path / "mine.yaml").read_text() in done.stdout
    assert "opportunities" in done.stdout
    assert "2026-03-31" in done.stdout
    (measurable,) = [line for line in done.stdout.splitlines() if line.startswith("Measurable now: ")]
    assert "win rate" in measurable
    assert "First reply to a lead needs leads" in done.stdout
    again = slareport("map", path, "--output", tmp_path / "mine.yaml")
    assert again.returncode == 2
    assert "there is a file already" in again.stderr
