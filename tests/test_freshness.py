"""Which packets a run makes again: those that something they are made from has changed for, and it says what."""

from __future__ import annotations

import json
import shutil

import pytest
from tiny import CLOSE, PERIOD, make_workspace, slareport, tree, write_notebook

from slareport import freshness
from slareport.freshness import Ingredients
from slareport.jobs import plan
from slareport.run import prepare, reasons, run
from slareport.workspace import open_workspace

CURRENT = f"outputs/{PERIOD}/north/review/current"


def jobs_of(workspace, **options):
    return plan(workspace, [workspace.period(PERIOD)], notebooks=["review"], **options)


def why(root, **options):
    """Per team, why its packet would be made."""
    workspace = open_workspace(root)
    return [reasons(workspace, [job])[job] for job in jobs_of(workspace, **options)]


@pytest.fixture(scope="module")
def published(tmp_path_factory):
    """A workspace whose two teams have their packets."""
    workspace = make_workspace(tmp_path_factory.mktemp("fresh"))
    write_notebook(workspace, "review", CLOSE)
    assert not any(outcome.failure for outcome in run(workspace, jobs_of(workspace), workers=2))
    return workspace.root


@pytest.fixture
def root(published, tmp_path):
    return shutil.copytree(published, tmp_path / "company", symlinks=True)


def append(name, text):
    def change(root):
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text((path.read_text() if path.is_file() else "") + text)

    return change


def add_version(day, *, signed=False):
    """Another version of the agreement, signed by one party or by none."""

    def change(root):
        folder = root / "parameters"
        text = (folder / "agreement" / "2016-10-01.yaml").read_text()
        new = text.replace('version: "1"', 'version: "2"').replace("2016-10-01", day)
        (folder / "agreement" / f"{day}.yaml").write_text(new)
        if signed:
            sign(day)(root)

    return change


def sign(day):
    who = f"{{party: Sales, by: Ada, role: Head of sales, on: 2016-09-20, digest: {'a' * 64}}}"
    return append(f"parameters/signatures/{day}.yaml", f"signatures:\n  - {who}\n")


def rewrite_notebook(root):
    write_notebook(open_workspace(root), "review", "1 + 1", CLOSE)


def fail(root):
    (root / CURRENT).parent.joinpath("failed").mkdir()


TEAMS_CHANGED = "parameters/teams.yaml has changed"
CASES = {
    "nothing": (str, ["", ""]),
    "the notebook": (rewrite_notebook, ["the notebook has changed"] * 2),
    "a parameter file": (append("parameters/teams.yaml", "# why\n"), [TEAMS_CHANGED] * 2),
    "the agreement": (
        append("parameters/agreement/2016-10-01.yaml", "# why\n"),
        ["parameters/agreement/2016-10-01.yaml has changed"] * 2,
    ),
    "a version that takes effect in the period": (
        add_version("2017-05-01"),
        ["parameters/agreement/2017-05-01.yaml is new"] * 2,
    ),
    "a version that takes effect before the packet was due": (
        add_version("2017-07-05"),
        ["parameters/agreement/2017-07-05.yaml is new"] * 2,
    ),
    "a draft of the next version": (add_version("2017-10-01"), ["", ""]),
    "a signature under the version in force": (
        sign("2016-10-01"),
        ["parameters/signatures/2016-10-01.yaml is new"] * 2,
    ),
    "a signature under a later version": (add_version("2017-10-01", signed=True), ["", ""]),
    "a KPI of the workspace's own": (append("kpis.py", "MINE = 1\n"), ["kpis.py is new"] * 2),
    "what was said of the review of one team": (
        append(f"parameters/reviews/{PERIOD}/north.yaml", "held_on: 2017-07-12\n"),
        [f"parameters/reviews/{PERIOD}/north.yaml is new", ""],
    ),
    "what was said of the review before": (
        append("parameters/reviews/2017Q1/south.yaml", "held_on: 2017-04-12\n"),
        ["", "parameters/reviews/2017Q1/south.yaml is new"],
    ),
    "what was said of a later review": (append("parameters/reviews/2017Q3/north.yaml", "actions: []\n"), ["", ""]),
    "the list of those who get mails": (append("parameters/mail.yaml", "mails: []\n"), ["", ""]),
    "the CRM tables": (
        append("data/sales_pipeline.csv", "D4,Ben,GTX Pro,Dcme,Won,2017-04-06,2017-05-06,4000\n"),
        ["the CRM data has changed"] * 2,
    ),
    "a packet that was removed": (lambda root: shutil.rmtree((root / CURRENT).resolve()), ["no packet yet", ""]),
    "a file of a packet": (
        lambda root: (root / CURRENT / "packet.html").write_text(""),
        ["a file of the packet in force is missing or has changed", ""],
    ),
    "a later failure": (fail, ["it failed the last time", ""]),
}


@pytest.mark.parametrize("changed", CASES)
def test_a_packet_is_due_when_what_it_is_made_from_has_changed(root, changed):
    change, expected = CASES[changed]
    change(root)
    assert why(root) == expected


def test_a_packet_asked_for_as_of_another_time_is_due(root):
    assert why(root, as_of="2017-07-20") == ["asked for with other parameters"] * 2


def test_a_signature_under_a_version_of_another_period_is_no_matter(root):
    add_version("2017-07-05")(root)
    before = why(root)
    sign("2017-07-05")(root)
    assert why(root) == before


def test_a_team_whose_rows_are_the_same_is_not_due_once_the_tables_are_read(root):
    CASES["the CRM tables"][0](root)
    made_from = prepare(open_workspace(root), jobs_of(open_workspace(root)))
    found = {job.team: made_from.why(job) for job in jobs_of(open_workspace(root))}
    assert found == {"north": "", "south": "the CRM data has changed"}


def test_another_slareport_makes_every_packet_due(root, tmp_path, monkeypatch):
    package = shutil.copytree(freshness.PACKAGE, tmp_path / "slareport", ignore=shutil.ignore_patterns("*.pyc"))
    monkeypatch.setattr(freshness, "PACKAGE", package)
    freshness.package_digest.cache_clear()
    same = why(root)
    (package / "kpis" / "pipeline.py").write_text("")
    freshness.package_digest.cache_clear()
    changed = why(root)
    freshness.package_digest.cache_clear()
    assert (same, changed) == (["", ""], ["slareport has changed"] * 2)


# ── Packages ──


@pytest.fixture
def site(tmp_path, monkeypatch):
    """A folder that Python looks for packages in."""
    monkeypatch.syspath_prepend(tmp_path / "site")
    (tmp_path / "site").mkdir()
    return tmp_path / "site"


def environment(root):
    return Ingredients(open_workspace(root), {}).environment


def install(site, version, origin=None):
    folder = site / "ours.dist-info"
    folder.mkdir(exist_ok=True)
    (folder / "METADATA").write_text(f"Metadata-Version: 2.1\nName: ours\nVersion: {version}\n")
    (folder / "direct_url.json").write_text(json.dumps(origin or {}))


def test_another_version_of_a_package_is_another_environment(published, site):
    install(site, "1.0")
    before = environment(published)
    assert environment(published) == before
    install(site, "1.1")
    assert environment(published) != before


@pytest.mark.parametrize(
    ("file", "counts"),
    [
        pytest.param("ours/numbers.py", True, id="code"),
        pytest.param("ours/notes.txt", False, id="no code"),
        pytest.param(".cache/numbers.py", False, id="hidden"),
        pytest.param("env/lib/numbers.py", False, id="an environment of its own"),
    ],
)
def test_the_code_of_an_analyst_s_own_package_is_part_of_the_environment(published, site, tmp_path, file, counts):
    code = tmp_path / "code"
    for folder in ("ours", ".cache", "env/lib"):
        (code / folder).mkdir(parents=True)
    (code / "env" / "pyvenv.cfg").touch()
    install(site, "1.0", {"url": code.as_uri(), "dir_info": {"editable": True}})
    before = environment(published)
    (code / file).write_text("TARGET = 0.8\n")
    assert (environment(published) != before) == counts


# ── What a run does with it ──


def test_a_second_run_makes_nothing_and_leaves_every_byte(root):
    before = tree(root / "outputs" / PERIOD)
    again = slareport("run", "--period", PERIOD, "--notebook", "review", cwd=root)
    assert "0 of 2 packets made, 2 unchanged" in again.stdout
    assert again.stderr == ""
    assert tree(root / "outputs" / PERIOD) == before


def test_force_makes_them_again_and_they_are_the_same(root):
    before = tree(root / "outputs" / PERIOD)
    again = slareport("run", "--period", PERIOD, "--notebook", "review", "--force", cwd=root)
    assert "2 of 2 packets made" in again.stdout
    assert tree(root / "outputs" / PERIOD) == before


def test_only_what_is_due_is_made(root):
    CASES["what was said of the review of one team"][0](root)
    dry = slareport("run", "--period", PERIOD, "--notebook", "review", "--dry-run", cwd=root)
    assert f"parameters/reviews/{PERIOD}/north.yaml is new" in dry.stdout
    assert "1 of 2 packets would be made" in dry.stdout
    done = slareport("run", "--period", PERIOD, "--notebook", "review", cwd=root)
    assert "made   review 2017Q2 north" in done.stdout
    assert "1 of 2 packets made, 1 unchanged" in done.stdout
    assert why(root) == ["", ""]
