"""Databases that a URL leads to: any that Ibis connects to is read by what all engines share."""

import duckdb
import pandas as pd
import pytest
from exports import AS_OF, BERLIN, OLD_CALLS, TEAMS, export
from loaded import differences

from slareport.errors import MachineError, UsageError
from slareport.extract import extract
from slareport.mapping import load_source
from slareport.source import Reader

pytestmark = OLD_CALLS
LEADS = [
    {"Id": "1", "LastModifiedDate": "2026-06-16T07:00:00Z"},
    {"Id": "1"},
    {"Id": "2", "OwnerId": "S"},
    {"Id": "3"},
    {"Id": "4", "MasterRecordId": "3"},
    {"Id": "5", "CreatedDate": "soon"},
    {"Id": "6", "Email": "ada@example.com"},
]
CALLS = [{"Id": "T", "WhoId": "4", "CompletedDateTime": "2026-06-15T07:10:00+02:00"}]
DEALS = [{"Id": "D", "Amount": "12.345", "CloseDate": "2026-06-20", "Probability": "40"}, {"Id": "E", "Amount": "1e40"}]


def source_at(root, address):
    (root / "source.yaml").write_text(f'mapping: salesforce\ndata: "{address}"\n')
    return load_source(root / "source.yaml", root)


def test_a_connection_of_ibis_gives_the_same_extract(tmp_path):
    files = export(tmp_path, Lead=LEADS, Task=CALLS, Opportunity=DEALS)
    here = extract(files, TEAMS, BERLIN, pd.Timestamp(AS_OF), tmp_path / "here")
    with duckdb.connect(tmp_path / "crm.db") as connection:
        for path in files.data.glob("*.csv"):
            read = f"select * from read_csv('{path}', all_varchar = true, header = true)"
            connection.execute(f'create table "{path.stem}" as {read}')
    source = source_at(tmp_path, f"duckdb://{tmp_path}/crm.db")
    assert differences(here, extract(source, TEAMS, BERLIN, pd.Timestamp(AS_OF), tmp_path / "there")) == []


def test_a_database_that_needs_more_than_is_installed_is_told_with_what(tmp_path):
    with pytest.raises(MachineError, match=r"pip install 'ibis-framework\[trino\]'"):
        Reader(source_at(tmp_path, "trino://ada@db/crm"), BERLIN)


def test_the_sample_is_not_written_to_a_database(tmp_path):
    (tmp_path / "source.yaml").write_text('mapping: salesforce\ndata: "postgres://db/crm"\nsample: {size: 1}\n')
    with pytest.raises(UsageError, match=r"source\.yaml:3: sample: the sample is written to a folder"):
        load_source(tmp_path / "source.yaml", tmp_path)
