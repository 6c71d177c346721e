"""What a team may say of itself."""

import pytest
from test_agreement import load, written

from slareport.errors import UsageError
from slareport.teams import load_teams

GOOD = "teams:\n  north: {name: North, leader: Ada, calendar: berlin, currency: EUR, crm: [N, North]}\n"
SOUTH = "  south: {name: South, leader: Bo, calendar: berlin, currency: USD, crm: [S]}\n"


def teams(tmp_path, text, agreement=None):
    path = tmp_path / "teams.yaml"
    path.write_text(text)
    return load_teams(path, tmp_path, agreement)


def test_teams_by_their_id(tmp_path):
    found = teams(tmp_path, GOOD + SOUTH, load(tmp_path, "2026-01-01"))
    assert {name: team.crm for name, team in found.items()} == {"north": ["N", "North"], "south": ["S"]}


def test_a_value_named_no_is_norway(tmp_path):
    assert teams(tmp_path, GOOD.replace("[N,", "[NO, NA, null point,"))["north"].crm == [
        "NO",
        "NA",
        "null point",
        "North",
    ]


BAD = [
    pytest.param(SOUTH.replace("[S]", "[S, N]"), "3: teams.south.crm: this CRM value leads to the team north too",
                 id="a CRM value of two teams"),
    pytest.param(SOUTH.replace("berlin", "berln"), "did you mean berlin?", id="an unknown calendar"),
    pytest.param(SOUTH.replace("USD", "EURO"), "teams.south.currency", id="a currency that is none"),
    pytest.param(SOUTH.replace("[S]", "[]"), "teams.south.crm", id="nobody in the CRM"),
    pytest.param(SOUTH.replace("south:", "unassigned:"), "this name is taken", id="the name of those without a team"),
    pytest.param(SOUTH.replace("south:", "../south:"), "found '../south'", id="a name that is a path"),
    pytest.param(SOUTH.replace("south:", "north:"), "the key 'north' stands twice, first", id="a name twice"),
    pytest.param(SOUTH.replace("leader", "leeder"), "did you mean leader?", id="a key misspelt"),
]  # fmt: skip


@pytest.mark.parametrize(("south", "told"), BAD)
def test_teams_are_refused_for(tmp_path, south, told):
    with pytest.raises(UsageError) as caught:
        teams(tmp_path, GOOD + south, load(tmp_path, "2026-01-01"))
    assert told in str(caught.value)


def test_the_calendar_is_asked_of_every_version(tmp_path):
    written(tmp_path, "2026-01-01", "2026-02-01")
    path = tmp_path / "agreement" / "2026-02-01.yaml"
    path.write_text(path.read_text().replace("berlin:", "office:").replace("calendar: berlin", "calendar: office"))
    from slareport.agreement import load_agreement

    with pytest.raises(UsageError, match="version 2 of the agreement has no such calendar"):
        teams(tmp_path, GOOD, load_agreement(tmp_path / "agreement", tmp_path))
