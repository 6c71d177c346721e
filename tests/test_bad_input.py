"""Bad input: any bytes end in rows that add up or in a message that names the file, never in a traceback."""

import random

import pytest
from exports import BERLIN, HEADER, OLD_CALLS, export, one_table, read
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from test_agreement import written
from test_teams import GOOD
from typer.testing import CliRunner

from slareport.cli import app
from slareport.errors import SlareportError
from slareport.mapping import load_source
from slareport.source import Reader
from slareport.tables import SET_ASIDE

pytestmark = OLD_CALLS


@pytest.fixture
def home(tmp_path):
    """A workspace with everything in order."""
    parameters = tmp_path / "parameters"
    parameters.mkdir()
    written(parameters, "2026-01-01")
    (parameters / "teams.yaml").write_text(GOOD)
    source = export(tmp_path)
    (parameters / "source.yaml").write_text("mapping: salesforce\ndata: data\n")
    assert source.data == tmp_path / "data"
    return tmp_path


def broken(path, before, after):
    text = path.read_text()
    assert before in text
    path.write_text(text.replace(before, after, 1))


AGREEMENT, TEAMS, SOURCE = (f"parameters/{name}.yaml" for name in ("agreement/2026-01-01", "teams", "source"))
BROKEN = [
    pytest.param(AGREEMENT, "target: 90%", "target: 95", 2, f"{AGREEMENT}:", id="a target without %"),
    pytest.param(AGREEMENT, "title", "!!python/name:os.system title", 2, "tags are not supported", id="code in YAML"),
    pytest.param(TEAMS, "calendar: berlin", "calendar: paris", 2, f"{TEAMS}:2", id="a calendar that is not there"),
    pytest.param(SOURCE, "data: data", "data: nowhere", 4, "the folder (or DuckDB file)", id="no CRM tables"),
    pytest.param("data/Lead.csv", "CreatedDate", "Created", 4, "Lead.csv: Lead has no column", id="a missing column"),
    pytest.param("data/Lead.csv", ",", ";", 4, "Lead.csv", id="another delimiter"),
]


@pytest.mark.parametrize(("file", "before", "after", "code", "told"), BROKEN)
def test_the_command_ends_with_its_code_and_names_the_file(home, file, before, after, code, told):
    broken(home / file, before, after)
    ran = CliRunner().invoke(app, ["check", "--workspace", str(home)])
    assert ran.exit_code == code
    assert told in ran.output.replace("\n", " ")
    assert "Traceback" not in ran.output


def test_a_workspace_in_order_passes(home):
    ran = CliRunner().invoke(app, ["check", "--workspace", str(home)])
    assert (ran.exit_code, ran.output.splitlines()[-1]) == (0, "everything is in order")


def taken(source):
    """Whether a source is read; if so its rows add up."""
    try:
        found = read(source)
    except SlareportError as error:
        return all("Lead.csv" in str(problem) for problem in error.problems)
    aside = found.rejects["effect"].eq(SET_ASIDE).sum()
    return found.count == int(found.rows.count().execute()) + aside


PIECES = st.sampled_from(
    [*'",;\n\r\t \x00=', "1", "Ada", "2026-03-01 10:00", "\ufeff", "\u2028", "é", ",,,,,", '""', "NaN"]
)


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.one_of(st.lists(PIECES, max_size=30).map("".join).map(str.encode), st.binary(max_size=40)))
def test_any_bytes_after_a_header_are_rows_that_add_up_or_a_message(tmp_path, raw):
    assert taken(one_table(tmp_path, HEADER.encode() + b"\n" + raw))


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=60))
def test_any_bytes_at_all_are_a_table_or_a_message(tmp_path, raw):
    assert taken(one_table(tmp_path, raw))


def test_one_byte_of_an_export_changed_is_read_or_told(tmp_path):
    source = one_table(tmp_path, HEADER + "\n" + '1,"Ada, and Bo",2026-03-01 10:00,A,,\n' * 3)
    whole, draw = (source.data / "Lead.csv").read_bytes(), random.Random(7)  # noqa: S311  not a secret
    for _ in range(8):
        place, byte = draw.randrange(len(whole)), draw.randrange(256)
        (source.data / "Lead.csv").write_bytes(whole[:place] + bytes([byte]) + whole[place + 1 :])
        assert taken(source)


def test_columns_that_no_mapping_reads_are_no_matter(home):
    source = load_source(home / "parameters" / "source.yaml", home)
    path = source.data / "Lead.csv"
    header, *rest = path.read_text().splitlines()
    path.write_text("\n".join([header + ",<script>alert(1)</script>,=cmd|calc", *rest]) + "\n")
    Reader(source, BERLIN).check()
