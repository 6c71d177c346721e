"""CRM tables in Spark, run for real on this machine: the same reviews as from files."""

import os
import shutil

import pandas as pd
import pytest
from exports import BERLIN, LEADS, OLD_CALLS, rows
from loaded import differences, digest_of, into_parquet
from test_postgres import moved, source_at

from slareport.errors import DataError
from slareport.evaluation import evaluate
from slareport.source import Reader

pytestmark = [
    *OLD_CALLS,
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore:The copy keyword is deprecated"),  # PySpark 4.0 passes it to pandas 3
    pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning"),  # its way to the Java process stays open
]
SMALL = "spark.master=local[2]&spark.ui.enabled=false&spark.sql.shuffle.partitions=1&spark.sql.adaptive.enabled=false"


@pytest.fixture(scope="module", autouse=True)
def spark():
    """Needs PySpark and Java; without them a test is skipped, and fails where tests must be complete (CI=true)."""
    try:
        import pyspark.sql
    except ImportError:
        pyspark = None
    if pyspark and shutil.which("java"):
        yield pyspark.sql.SparkSession
        return
    told = "no PySpark or no Java here; `make slow` installs PySpark, apt-get install default-jre-headless Java"
    if os.environ.get("CI") == "true":
        pytest.fail(told)
    pytest.skip(told)


def test_the_sample_company_has_the_same_scorecards_from_spark(sample, tmp_path):
    into_parquet(sample.source.data, tmp_path / "tables", typed=True)
    there = moved(sample, tmp_path, f"pyspark://{tmp_path}/tables?{SMALL}")
    here, found = (evaluate(each, "2026Q3", team="emea") for each in (sample, there))
    assert differences(here.extract, found.extract) == []
    assert digest_of(found.scorecard("emea")) == digest_of(here.scorecard("emea"))


def test_tables_of_a_catalog_are_read_by_their_database_in_the_session_there_is(spark, tmp_path):
    session = spark.builder.master("local[2]").config("spark.ui.enabled", "false").getOrCreate()
    try:
        session.sql("create database crm")
        columns = "'1' as Id, 'Ada' as Name, timestamp '2026-03-01 10:00:00Z' as Created, 'A' as Owner, true as Test"
        query = f"select {columns}, cast(null as timestamp_ntz) as Modified"
        session.sql(f"create table crm.Lead using parquet location '{tmp_path}/crm' as {query}")
        with Reader(source_at(tmp_path, f"pyspark:///?database=crm&{SMALL}"), BERLIN) as reader:
            ((row),) = rows(reader.read("leads"))
        assert (row["created_at"], row["created_at__zone"]) == (pd.Timestamp("2026-03-01T10:00"), None)
        assert (row["lead_id"], row["is_test"], row["row"][:2]) == ("1", True, "1/")
        assert [view.name for view in session.catalog.listTables() if view.name.startswith("ibis_")] == []
        assert session.sql("select 1").collect(), "a session that was there is not ended"
    finally:
        session.sql("drop database if exists crm cascade")
        session.stop()


def test_a_folder_without_the_tables_is_refused(tmp_path):
    source = source_at(tmp_path, f"pyspark://{tmp_path}?{SMALL}", LEADS)
    with Reader(source, BERLIN) as reader, pytest.raises(DataError, match="the table Lead is missing"):
        reader.check()
