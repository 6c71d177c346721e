"""CRM tables in PostgreSQL: the same reviews as from files, reduced in the server, seen as of one instant."""

import re
import shutil

import pandas as pd
import psycopg
import pytest
from exports import AS_OF, BERLIN, DEALS, LEADS, OLD_CALLS, TEAMS, export, extracted, left_of, rows
from loaded import differences, digest_of, into_postgres
from servers import postgres

from slareport.errors import DataError, UsageError
from slareport.evaluation import evaluate
from slareport.extract import extract
from slareport.mapping import load_source
from slareport.source import Reader
from slareport.tables import NOT_USED, SET_ASIDE
from slareport.workspace import open_workspace

pytestmark = [*OLD_CALLS, pytest.mark.once]


@pytest.fixture(scope="module")
def server():
    with postgres() as folder:
        with session(folder) as first:
            first.execute("create extension pg_stat_statements")
        yield folder


def session(server, **options):
    return psycopg.connect(host=str(server), user="postgres", dbname="postgres", autocommit=True, **options)


@pytest.fixture
def database(server):
    """A session on a fresh schema `crm`."""
    with session(server) as opened:
        opened.execute("drop schema if exists crm cascade; create schema crm; set search_path = crm")
        yield opened


def url(server, user="postgres", schema="crm", **more):
    options = "".join(f"&{name}={value}" for name, value in more.items())
    return f"postgres://{user}@/postgres?host={server}&schema={schema}{options}"


def source_at(root, address, mapping=LEADS, **settings):
    root.mkdir(parents=True, exist_ok=True)
    (root / "own.yaml").write_text(mapping)
    lines = ["mapping: own", f'data: "{address}"', *(f"{name}: {value}" for name, value in settings.items())]
    (root / "source.yaml").write_text("\n".join(lines) + "\n")
    return load_source(root / "source.yaml", root)


def read(source, table="leads"):
    """The usable rows of a table and what was rejected, in the order of their names."""
    with Reader(source, BERLIN) as reader:
        reader.check()
        found = reader.read(table)
        return rows(found), found.rejects


def refused(source):
    with pytest.raises(DataError) as caught:
        read(source)
    return str(caught.value)


LEAD = "create table {0} (id text, name text, created text, owner text, test text, modified text)"


# The sample company


def moved(sample, root, address):
    """The sample company's workspace, its tables at another address."""
    shutil.copytree(sample.root / "parameters", root / "parameters")
    path = root / "parameters" / "source.yaml"
    text = re.sub("(?m)^data: .*", f'data: "{address}"', path.read_text())
    path.write_text(re.sub("(?m)^sample: .*\n", "", text))
    return open_workspace(root, root / "outputs")


@pytest.mark.parametrize("typed", [pytest.param(False, id="as text"), pytest.param(True, id="as their types")])
def test_the_sample_company_has_the_same_scorecards_from_a_server(sample, server, tmp_path, typed):
    with session(server) as opened:
        kinds = into_postgres(opened, f"typed_{typed}", sample.source.data, typed=typed)
    assert set(kinds.values()) == ({"text", "date", "timestamptz", "boolean", "numeric"} if typed else {"text"})
    there = moved(sample, tmp_path, url(server, schema=f"typed_{typed}"))
    here, found = (evaluate(each, "2026Q3", team="emea") for each in (sample, there))
    assert differences(here.extract, found.extract) == []
    assert digest_of(found.scorecard("emea")) == digest_of(here.scorecard("emea"))
    assert found.extract.digest != here.extract.digest


# What the server does, and what leaves it

OLD = "2020-01-01T00:00:00Z"
MANY = 20_000


def salesforce(server, root):
    """Salesforce's tables in schema `crm`, its exports read as text; and the source that reads them there."""
    files = export(root, Lead=[{"Id": "1"}, {"Id": "2", "CreatedDate": OLD}], Task=[{"Id": "T", "WhoId": "1"}])
    with session(server) as opened:
        opened.execute("drop schema if exists crm cascade")
        into_postgres(opened, "crm", files.data, typed=False)
    (root / "source.yaml").write_text(f'mapping: salesforce\ndata: "{url(server)}"\n')
    return load_source(root / "source.yaml", root)


def test_activities_are_thinned_before_they_leave_the_server(server, tmp_path):
    """Of 20,000 calls about a lead of long ago none crosses the wire; that each came twice is told one by one."""
    source = salesforce(server, tmp_path)
    with session(server) as opened:
        copies = f"generate_series(1, {MANY}) n, generate_series(1, 2)"
        columns = '("Id", "WhoId", "CreatedDate", "CompletedDateTime", "IsClosed", "TaskSubtype", "OwnerId")'
        call = f"'{OLD}', '{OLD}', 'true', 'Call', 'A'"
        opened.execute(f"""insert into crm."Task" {columns} select n::text, '2', {call} from {copies}""")
        opened.execute("select pg_stat_statements_reset()")
        with Reader(source, BERLIN) as reader:
            found = left_of(reader)
        sent = opened.execute(
            "select coalesce(sum(rows), 0) from pg_stat_statements where query ilike 'select%' or query ilike 'with%'"
        ).fetchall()
    counts = found.accounting.set_index("table").loc["activities"]
    assert counts[["read", "excluded", "outside"]].tolist() == [2 * MANY + 1, MANY, MANY]
    excluded = int(found.rejects["table"].eq("activities").sum())
    assert excluded == MANY, "those that came again are told one by one"
    assert 0 < int(sent[0][0]) - excluded < 2000


def test_nothing_is_written_and_nothing_is_left(server, tmp_path):
    source = salesforce(server, tmp_path)
    there = "select relname from pg_class where relkind in ('r', 'v') order by 1"
    with session(server) as opened:
        before = opened.execute(there).fetchall()
        start = len((server / "log").read_text())
        extracted(tmp_path, source)
        sent = re.findall(r"LOG:  (?:statement|execute \S+): (\S+ \S+)", (server / "log").read_text()[start:])
        assert opened.execute(there).fetchall() == before
        others = (
            "select count(*) from pg_stat_activity where pid <> pg_backend_pid() and backend_type = 'client backend'"
        )
        assert opened.execute(others).fetchall() == [(0,)]
    verbs = {statement if statement.startswith("CREATE") else statement.split()[0] for statement in sent}
    reading = {"BEGIN", "SELECT", "SET", "SAVEPOINT", "RELEASE", "DECLARE", "FETCH", "CLOSE"}
    assert verbs <= reading | {"CREATE TEMPORARY", "ANALYZE", "INSERT"}
    assert {"BEGIN", "CREATE TEMPORARY"} <= verbs


def test_all_tables_are_seen_as_of_one_instant(server, database, tmp_path):
    database.execute(
        LEAD.format("lead")
        + "; create table deal (id text, name text, status text, amount text, created text, closed text)"
    )
    mapping = LEADS + DEALS.split("tables:\n")[1]
    with Reader(source_at(tmp_path, url(server), mapping), BERLIN) as reader:
        assert rows(reader.read("leads")) == []
        database.execute("insert into deal values ('1', 'late', 'Open', '', '', '')")
        assert rows(reader.read("opportunities")) == []
    with Reader(source_at(tmp_path, url(server), mapping), BERLIN) as reader:
        assert len(rows(reader.read("opportunities"))) == 1


# An extract is named by what is found


def test_an_extract_is_used_until_it_is_asked_for_again_and_is_the_same_where_the_same_is_found(server, tmp_path):
    source = salesforce(server, tmp_path)

    def made(again):
        return extract(source, TEAMS, BERLIN, pd.Timestamp(AS_OF), tmp_path / "extracts", again=again)

    first = made(again=False)
    assert made(again=True).folder == first.folder
    with session(server) as opened:
        opened.execute("""update crm."Lead" set "Company" = 'Another' where "Id" = '1'""")
    assert made(again=False).folder == first.folder
    second = made(again=True)
    assert second.folder != first.folder
    assert second.digest != first.digest
    assert second.read(["north"])["leads"]["account"].tolist() == ["Another"]
    assert made(again=False).folder == second.folder
    assert first.read(["north"])["leads"]["account"].isna().all()


# Values as databases hold them

LOCAL = "2026-03-01 10:00"
VALUES = [
    pytest.param("timestamptz", f"{LOCAL}+02", "2026-03-01T08:00", None, id="a time with a zone is in UTC"),
    pytest.param("timestamp", LOCAL, "2026-03-01T10:00", BERLIN, id="one without is local, in the declared zone"),
    pytest.param("timestamp", f"{LOCAL}:00.123456", "2026-03-01T10:00:00.123456", BERLIN, id="to the microsecond"),
    pytest.param("text", f"{LOCAL}:00.1234567", "2026-03-01T10:00:00.123456", BERLIN, id="as text: cut beyond it"),
    pytest.param("text", "2026-03-01T00:15+0530", "2026-02-28T18:45", None, id="as text with an offset"),
    pytest.param("varchar(40)", " 2026-03-01T10:00:00Z ", "2026-03-01T10:00", None, id="in a varchar, with spaces"),
    pytest.param("char(40)", "2026-03-01T10:00:00Z", "2026-03-01T10:00", None, id="padded by a char column"),
]


@pytest.mark.parametrize(("kind", "value", "expected", "zone"), VALUES)
def test_a_time(server, database, tmp_path, kind, value, expected, zone):
    database.execute(LEAD.format("lead").replace("created text", f"created {kind}"))
    database.execute("insert into lead values ('1', 'Ada', %s)", (value,))
    ((row,), rejects) = read(source_at(tmp_path, url(server)))
    assert (row["created_at"], row["created_at__zone"]) == (pd.Timestamp(expected), zone)
    assert rejects.empty


NO_TIMES = [
    pytest.param("timestamptz", "infinity", "does not lie between", id="never"),
    pytest.param("timestamp", "-infinity", "does not lie between", id="always"),
    pytest.param("timestamp", "0044-03-15 BC", "does not lie between", id="the Ides of March"),
    pytest.param("date", "2026-03-01", "is no time in", id="a day where a time is meant"),
    pytest.param("text", "2026-02-30 10:00", "is no time in", id="a day that does not exist"),
    pytest.param("text", "0000-01-01 10:00", "is no time in", id="a year that does not exist"),
    pytest.param("text", "2026-03-01 10:00+99:00", "is no time in", id="an impossible offset"),
    pytest.param("text", "2026-03-01 10:00+18:00", "is no time in", id="an offset that no place has"),
]


@pytest.mark.parametrize(("kind", "value", "reason"), NO_TIMES)
def test_no_time(server, database, tmp_path, kind, value, reason):
    database.execute(LEAD.format("lead").replace("created text", f"created {kind}"))
    database.execute("insert into lead values ('1', 'Ada', %s)", (value,))
    usable, rejects = read(source_at(tmp_path, url(server)))
    assert usable == []
    assert rejects["place"].str.match(r"lead row 1/\w{8}, Created").all()
    assert rejects["effect"].tolist() == [SET_ASIDE]
    assert rejects["reason"].str.startswith(reason).all()


NUMBERS = [
    pytest.param("numeric", "1234.5", "1234.50", id="a number"),
    pytest.param("numeric", "-0.005", "-0.01", id="cents are rounded half away from zero"),
    pytest.param("float8", "1e3", "1000.00", id="a float"),
    pytest.param("float8", "1e300", None, id="too large a float"),
    pytest.param("numeric", "NaN", None, id="NaN is no number"),
    pytest.param("numeric", "Infinity", None, id="nor is infinity"),
    pytest.param("float8", "-Infinity", None, id="nor is less than all"),
    pytest.param("numeric", "9999999999999999.995", None, id="nor what is too large when rounded"),
    pytest.param("text", "1e3", "1000.00", id="with an exponent"),
    pytest.param("text", "1e400", None, id="with too large a one"),
    pytest.param("text", "1e99999999999", None, id="with an absurd one"),
    pytest.param("text", "9" * 2000, None, id="of two thousand digits"),
    pytest.param("text", "1,5", None, id="a decimal comma is not guessed"),
    pytest.param("money", "12.5", None, id="nor what the server's locale writes around it"),
]


@pytest.mark.parametrize(("kind", "value", "expected"), NUMBERS)
def test_an_amount(server, database, tmp_path, kind, value, expected):
    database.execute(
        f"create table deal (id int, name text, status text, amount {kind}, created timestamptz, closed date)"
    )
    database.execute("insert into deal values (1, 'd', 'Open', %s)", (value,))
    ((row,), rejects) = read(source_at(tmp_path, url(server), DEALS), "opportunities")
    assert (None if row["amount"] is None else str(row["amount"])) == expected
    assert rejects["effect"].tolist() == [NOT_USED] * (expected is None)


DECLARED = [
    pytest.param("%d/%m/%Y %H:%M", "03/04/2026 09:05", "2026-04-03T09:05", BERLIN, id="days first"),
    pytest.param("%d.%m.%Y %I:%M %p", "31.12.2026 01:45 PM", "2026-12-31T13:45", BERLIN, id="a clock of twelve hours"),
    pytest.param("%d %b %Y %H:%M", "3 Apr 2026 9:05", "2026-04-03T09:05", BERLIN, id="a month by its name"),
    pytest.param("%Y-%m-%dT%H:%M:%S%z", "2026-03-01T10:00:00+0200", "2026-03-01T08:00", None, id="with an offset"),
    pytest.param("%d/%m/%Y %H:%M", "30/02/2026 09:05", None, None, id="a day that does not exist"),
    pytest.param("%d/%m/%Y %H:%M", "03/04/2026 25:05", None, None, id="an hour that does not exist"),
    pytest.param("%d/%m/%Y %H:%M", "soon", None, None, id="a word"),
]


@pytest.mark.parametrize(("form", "text", "expected", "zone"), DECLARED)
def test_a_declared_format(server, database, tmp_path, form, text, expected, zone):
    database.execute(LEAD.format("lead"))
    database.execute("insert into lead values ('1', 'Ada', %s)", (text,))
    usable, _ = read(source_at(tmp_path, url(server), instants=f"'{form}'"))
    assert [(row["created_at"], row["created_at__zone"]) for row in usable] == (
        [(pd.Timestamp(expected), zone)] if expected else []
    )


def test_a_format_that_only_files_can_be_read_with_is_refused(server, database, tmp_path):
    database.execute(LEAD.format("lead"))
    with pytest.raises(UsageError, match="this engine cannot read the format; found '%j %Y %H:%M'"):
        read(source_at(tmp_path, url(server), instants="'%j %Y %H:%M'"))


def test_flags_codes_and_words_in_any_type(server, database, tmp_path):
    database.execute("create type mood as enum ('A', 'B')")
    database.execute(
        "create table lead (id uuid, name jsonb, created timestamptz, owner mood, test boolean, modified date)"
    )
    ids = "0b3f9d46-1111-4222-8333-444455556666"
    database.execute("insert into lead values (%s, '[1, 2]', '2026-03-01 10:00Z', 'A', true, null)", (ids,))
    ((row,), _) = read(source_at(tmp_path, url(server)))
    assert (row["lead_id"], row["name"], row["owner_id"], row["is_test"]) == (ids, "[1, 2]", "A", True)


def test_names_are_found_whatever_their_capitals_and_views_are_tables(server, database, tmp_path):
    database.execute(LEAD.format("all_leads") + "; insert into all_leads values ('1', 'Ada', '2026-03-01 10:00')")
    database.execute("create view LEAD as select * from all_leads")
    (row,), _ = read(source_at(tmp_path, url(server)))
    assert (row["lead_id"], row["file"], row["row"][:2]) == ("1", "lead", "1/")
    database.execute(LEAD.format('"LeaD"'))
    assert "the table Lead could be LeaD or lead" in refused(source_at(tmp_path, url(server)))
    database.execute(LEAD.format('"Lead"'))
    assert read(source_at(tmp_path, url(server)))[0] == [], "what is written alike is meant"


def test_identical_rows_that_cannot_be_used_are_all_listed(server, database, tmp_path):
    database.execute(LEAD.format("lead") + "; insert into lead values ('1', 'A', 'soon'), ('1', 'A', 'soon')")
    _, rejects = read(source_at(tmp_path, url(server)))
    assert rejects["effect"].tolist() == [SET_ASIDE, SET_ASIDE]


# What is refused


def test_a_password_in_the_url_is_refused_and_not_repeated(tmp_path):
    for address in ("postgres://ada:hunter2@db/crm", "postgres://ada@db/crm?password=hunter2"):
        with pytest.raises(UsageError, match="PGPASSWORD") as caught:
            source_at(tmp_path, address)
        assert "hunter2" not in str(caught.value)


def test_a_password_of_the_environment_is_never_told(server, tmp_path, monkeypatch):
    monkeypatch.setenv("PGPASSWORD", "hunter2")
    told = refused(source_at(tmp_path, url(server, user="nobody")))
    assert 'role "nobody" does not exist' in told
    assert "hunter2" not in told


def test_a_server_that_is_not_there_is_told_with_what_to_do(tmp_path):
    told = refused(source_at(tmp_path, url(tmp_path / "nowhere")))
    assert told.startswith("postgres:///postgres: cannot be read: connection ")
    assert "start the server" in told


def test_a_schema_a_table_and_a_column_that_are_not_there(server, database, tmp_path):
    assert "no schema nowhere that may be read" in refused(source_at(tmp_path, url(server, schema="nowhere")))
    assert "the table Lead is missing" in refused(source_at(tmp_path, url(server)))
    database.execute("create table lead (id text, name text, created text, ownr text, test text, modified text)")
    assert "lead: Lead has no column Owner; fix: did you mean ownr?" in refused(source_at(tmp_path, url(server)))


def test_what_may_not_be_read_is_told_with_the_grant_it_needs(server, database, tmp_path):
    database.execute(LEAD.format("lead") + "; insert into lead values ('1', 'Ada', '2026-03-01 10:00')")
    database.execute("drop role if exists reviewer; create role reviewer login; grant usage on schema crm to reviewer")
    source = source_at(tmp_path, url(server, user="reviewer"))
    try:
        told = refused(source)
        assert "the table lead may not be read" in told
        assert "GRANT SELECT" in told
        database.execute("grant select on lead to reviewer")
        assert len(read(source)[0]) == 1, "a role that may only SELECT is all it takes"
    finally:
        database.execute("drop owned by reviewer; drop role reviewer")


def test_a_server_that_goes_away_in_the_middle_is_told(server, database, tmp_path):
    database.execute(LEAD.format("lead"))
    with Reader(source_at(tmp_path, url(server)), BERLIN) as reader:
        database.execute("select pg_terminate_backend(pid) from pg_stat_activity where state = 'idle in transaction'")
        with pytest.raises(DataError, match="cannot be read: terminating connection"):
            reader.read("leads")
