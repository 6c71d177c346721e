"""Who sees what: a client their own items only, others people by name or by role, and nothing else in any file."""

from __future__ import annotations

import io
import re
import zipfile

import companies
import pandas as pd
import pytest
from ruamel.yaml import YAML
from test_agreement import load, problems, written

from slareport.editions import AUDIENCES, Edition, People, client_key, inside, own
from slareport.errors import UsageError
from slareport.evaluation import evaluate
from slareport.review import ClientReview, Review
from slareport.workspace import open_workspace

pytestmark = pytest.mark.once

PERIOD, CLIENT = "2026Q3", "Silverpine Pharma Co., Ltd."
PLACES = {
    "a client's review": f"{PERIOD}/{client_key(CLIENT)}/client_review/current",
    "a team's review for leadership": f"{PERIOD}/apac/team_review@leadership/current",
    "the summary": f"{PERIOD}/_all/leadership_summary/current",
}


# ── Names ──


@pytest.mark.parametrize(("whose", "audience"), [("emea", "team"), ("_all", "leadership"), ("_client-a-1", "client")])
def test_a_review_is_first_made_for_those_it_is_about(whose, audience):
    assert own(whose) == audience


@pytest.mark.parametrize("name", ["client", "clients", "Team", ""])
def test_an_unknown_edition_is_refused_and_a_clients_is_made_by_its_own_command(name):
    with pytest.raises(UsageError, match="choose team or leadership; for a client's edition: slareport run --client"):
        inside(name)


def test_two_clients_never_share_a_folder():
    names = ["A B", "a-b", "a b", "株式会社", "有限会社", "x" * 90, "x" * 91]
    assert len({client_key(name) for name in names}) == len(names)
    assert all(re.fullmatch(r"_client-[a-z0-9-]{6,48}", client_key(name)) for name in names)


HIDING = [
    pytest.param("Ann Lee", "Seller 1", id="a name alone is its role"),
    pytest.param("Ask Ann Lee, or Bo.", "Ask [Seller 1], or [Team leader].", id="within a sentence in brackets"),
    pytest.param("Ann Leeds and Bob", "Ann Leeds and Bob", id="a longer name is someone else's"),
    pytest.param("Ann Lee-Bo", "[Seller 2]", id="the longest name first"),
    pytest.param("", "", id="nothing stays nothing"),
]


@pytest.mark.parametrize(("text", "expected"), HIDING)
def test_people_by_their_role(text, expected):
    people = People({"Ann Lee": "Seller 1", "Bo": "Team leader", "Ann Lee-Bo": "Seller 2"})
    assert people.hide(text).strip("[]") == expected.strip("[]")
    assert People().hide(text) == text


# ── The agreement ──


def test_promises_are_for_inside_readers_unless_they_say_otherwise(tmp_path):
    agreement = load(tmp_path, "2026-01-01")
    assert {tuple(measure.audience) for measure in agreement.versions[0].measures} == {("leadership", "team")}


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        pytest.param("target:", "audience: [board], target:", "promises[0].audience[0]", id="an audience that is none"),
        pytest.param("target:", "audience: [], target:", "promises[0].audience", id="a promise that nobody sees"),
        pytest.param("kpi: deal", "audience: [client], kpi: deal", "outcomes[0].audience[0]", id="a client's result"),
        pytest.param("parties:", "people: nicknames\nparties:", "people.team", id="another way to show people"),
    ],
)  # fmt: skip
def test_an_audience_that_cannot_be_is_refused_with_its_line(tmp_path, old, new, message):
    path = written(tmp_path, "2026-01-01") / "2026-01-01.yaml"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    problem = problems(path.parent)[-1]
    assert re.search(rf"2026-01-01\.yaml:\d+: {re.escape(message)}: ", problem)


# ── What a client is shown ──


@pytest.fixture(scope="module")
def client(sample):
    return ClientReview(CLIENT, PERIOD, workspace=sample)


def test_a_client_is_judged_as_in_every_other_review(sample, client):
    whole = evaluate(sample, PERIOD)
    for name, rows in client.evaluation.judged.items():
        theirs = whole.judged[name][whole.judged[name]["account"].eq(CLIENT)]
        hidden = {column: rows[column] for column in ("name", "owner_at_deadline", "record_url")}
        pd.testing.assert_frame_equal(rows, theirs.assign(**hidden))
    assert client.rows["n"].sum() > 0


def test_a_client_sees_the_promises_marked_for_clients_and_no_results(sample, client):
    marked = [promise.id for promise in sample.agreement.versions[-1].promises if "client" in promise.audience]
    assert client.rows["promise"].tolist() == marked
    assert 0 < len(marked) < len(sample.agreement.versions[-1].promises)


def test_what_is_for_inside_readers_is_not_even_there(client):
    for name in ("explain", "timeline", "bottlenecks", "achievers", "outlook", "since_last", "minutes", "corrections"):
        assert not hasattr(client, name), name
    assert client.evaluation.items.tables == {}
    assert client.evaluation.workspace.reviews.minutes == {}


def test_an_unknown_client_is_refused_with_the_nearest(sample):
    with pytest.raises(UsageError, match=r"no item is of this client; found 'Silverpin'; fix: did you mean Silverpine"):
        ClientReview("Silverpin", PERIOD, workspace=sample)


def test_an_agreement_that_promises_clients_nothing_says_so(sample, tmp_path, outputs):
    root = company(sample, tmp_path / "marked", lambda version: [p.pop("audience", 0) for p in version["promises"]])
    with pytest.raises(UsageError, match="marked for the audience client; fix: list client in the `audience`"):
        ClientReview(CLIENT, PERIOD, workspace=open_workspace(root, outputs))


# ── What leaves in files ──


def company(sample, root, change):
    """The sample company under a changed agreement."""
    companies.beside(sample, root)
    yaml = YAML()
    for path in (root / "parameters" / "agreement").glob("*.yaml"):
        version = yaml.load(path)
        change(version)
        yaml.dump(version, path)
    return root


@pytest.fixture(scope="module")
def outputs(sample, tmp_path_factory):
    """One packet of each edition of a company that shows no names."""
    base = tmp_path_factory.mktemp("editions")
    root = company(sample, base / "roles", lambda version: version.update(people="roles"))
    for chosen in (
        ("--client", CLIENT),
        ("--team", "apac", "--edition", "leadership"),
        ("--notebook", "leadership_summary"),
    ):
        companies.made(root, base / "out", "--period", PERIOD, *chosen)
    return base / "out"


@pytest.fixture(scope="module")
def names(sample):
    """Everyone the CRM knows: our own people, and those who wrote to us."""
    tables = evaluate(sample, PERIOD).items.tables
    users = tables["users"]
    leaders = {team.leader for team in sample.teams.values()}
    return {*users["name"][users["kind"].eq("human")], *users["manager"].dropna(), *leaders, *tables["leads"]["name"]}


def everything(folder):
    """The text of every file of a packet, those packed in the workbook included."""
    found = {}
    for path in folder.iterdir():
        if path.suffix == ".xlsx":
            book = zipfile.ZipFile(io.BytesIO(path.read_bytes()))
            found[path.name] = "".join(book.read(name).decode() for name in book.namelist())
        else:
            found[path.name] = path.read_text("utf-8")
    return found


def mentioned(words, folder):
    """Which words a packet says, with the file."""
    pattern = re.compile(r"(?<!\w)(?:" + "|".join(map(re.escape, sorted(words, key=len, reverse=True))) + r")(?!\w)")
    return {(name, word) for name, text in everything(folder).items() for word in pattern.findall(text)}


@pytest.mark.parametrize("place", PLACES)
def test_where_people_are_shown_by_role_no_file_names_one(outputs, names, place):
    assert mentioned(names, outputs / PLACES[place]) == set()


def test_where_people_are_shown_by_name_the_files_do_name_them(sample, names):
    review = Review("apac", PERIOD, workspace=sample)
    assert set(review.missed["owner_at_deadline"]) & names
    assert "Led by" in review.header().html


def test_nothing_of_other_clients_and_nothing_internal_is_in_a_clients_files(sample, outputs):
    folder, inside_ = outputs / PLACES["a client's review"], outputs / PLACES["the summary"]
    version = sample.agreement.versions[-1]
    accounts = set(evaluate(sample, PERIOD).items["opportunities"]["account"]) - {CLIENT}
    titles = {measure.title for measure in version.measures if "client" not in measure.audience}
    said = {part for minutes in sample.reviews.minutes.values() for part in texts(minutes.model_dump())}
    words = {"win rate", "Win rate", "forecast of", "halden.lightning.force.com", "Decide (", "No decision"}
    forbidden = accounts | titles | said | words
    assert {word for _, word in mentioned(forbidden, folder)} == set()
    assert mentioned(titles, inside_), "the same search finds them where they may stand"
    assert mentioned(said, inside_)


def texts(value):
    """Every sentence that was said at a review."""
    if isinstance(value, dict):
        return {text for inner in value.values() for text in texts(inner)}
    if isinstance(value, list):
        return {text for inner in value for text in texts(inner)}
    return {value} if isinstance(value, str) and " " in value.strip() else set()


def test_a_clients_rows_are_the_clients_own_with_what_they_may_know(outputs):
    folder = outputs / PLACES["a client's review"]
    misses, scorecard = pd.read_csv(folder / "misses.csv"), pd.read_csv(folder / "scorecard.csv")
    assert set(misses["account"]) == {CLIENT}
    assert misses[["team", "name", "amount", "owner_at_deadline", "cause", "record_url"]].isna().all(axis=None)
    assert scorecard["missed"].sum() == len(misses) > 0
    assert len(pd.read_csv(folder / "rejects.csv")) == len(pd.read_csv(folder / "forecasts.csv")) == 0


@pytest.mark.parametrize(
    ("place", "edition", "page"),
    [
        ("a client's review", "client", "packet-client.html"),
        ("a team's review for leadership", "leadership", "packet-leadership.html"),
        ("the summary", "leadership", "packet.html"),
    ],
)
def test_the_edition_is_in_the_file_name_the_manifest_and_the_foot(outputs, place, edition, page):
    files = everything(outputs / PLACES[place])
    assert page in files
    assert page.replace("html", "xlsx") in files
    assert f'"edition": "{edition}"' in files["manifest.json"]
    assert f"{edition} edition" in files[page]


def test_all_reviews_lists_every_edition(outputs):
    text = (outputs / "index.html").read_text("utf-8")
    assert f"Client: {CLIENT}" in text
    assert "/packet-client.html" in text
    assert "/packet-leadership.html" in text


def test_an_audience_that_is_marked_sees_just_what_is_marked_for_it(sample, tmp_path, outputs):
    def change(version):
        for measure in version["promises"][1:]:
            measure["audience"] = ["team"]

    root = company(sample, tmp_path / "marked", change)
    home = open_workspace(root, outputs)
    seen = {audience: evaluate(home, PERIOD, team="emea", edition=Edition(audience)).scorecard()["promise"].tolist()
            for audience in AUDIENCES[:2]}  # fmt: skip
    promises = [promise.id for promise in home.agreement.versions[-1].promises]
    assert [name for name in seen["leadership"] if name in promises] == promises[:1]
    assert [name for name in seen["team"] if name in promises] == promises
