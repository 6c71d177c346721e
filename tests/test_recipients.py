"""The list of who gets which review, and what is refused of it."""

import re

import pytest
from tiny import make_workspace, slareport

from slareport.errors import UsageError
from slareport.recipients import load_list, parse_mailbox
from slareport.workspace import open_workspace

LIST = """\
sender: Ops <ops@halden.example>
reviews:
  - {of: north, to: [Ada <ada@halden.example>, bo@halden.example], html: true}
  - {of: company, to: [Cy <cy@halden.example>]}
"""
SOUTH = "  - {of: south, to: [south@halden.example]}\n"
CLIENT = "  - {client: Acme, to: [acme@acme.example]}\n"


@pytest.fixture
def workspace(tmp_path):
    return make_workspace(tmp_path)


def listed(workspace, text):
    (workspace.root / "parameters" / "mail.yaml").write_text(text)
    return open_workspace(workspace.root, workspace.outputs)


@pytest.mark.parametrize("text", ["ada@halden.example", "Ada B <ada@halden.example>", '"B, Ada" <a.b+c@x.example>'])
def test_a_mailbox_is_an_address_with_or_without_a_name(text):
    assert parse_mailbox(text).addr_spec in text


@pytest.mark.parametrize(
    "text", ["ada", "ada@", "<>", "", "a@x.example, b@x.example", "Ada <ada@x.example", "a b@x.example"]
)
def test_what_is_no_mailbox_is_refused(text):
    with pytest.raises(UsageError, match="not a mail address"):
        parse_mailbox(text)


WRONG = [
    pytest.param(SOUTH.replace("south,", "nort,"), "reviews[2].of: no such team; found 'nort'; fix: did you",
                 id="an unknown team"),
    pytest.param("  - {to: [a@x.example]}\n", "reviews[2]: a review is `of` a team or the company", id="of nothing"),
    pytest.param(CLIENT.replace("client", "of: north, client"), "reviews[2]: a review is `of` a team", id="of two"),
    pytest.param(SOUTH.replace("to:", "edition: client, to:"), "no such edition", id="a client's edition of a team"),
    pytest.param(CLIENT.replace("to:", "edition: leadership, to:"), "no such edition", id="an edition for a client"),
    pytest.param("  - {of: south, to: []}\n", "reviews[2].to", id="for nobody"),
    pytest.param("  - {of: south, to: [ada]}\n", "not a mail address", id="an address that is none"),
]  # fmt: skip


@pytest.mark.parametrize(("more", "message"), WRONG)
def test_a_list_that_cannot_be_followed_is_refused_with_file_and_line(workspace, more, message):
    with pytest.raises(UsageError, match=r"parameters/mail\.yaml:\d+: .*" + re.escape(message)):
        load_list(listed(workspace, LIST + more))


def test_the_list_is_checked_with_everything_else(workspace):
    home = listed(workspace, LIST + SOUTH.replace("south,", "nort,"))
    done = slareport("check", "--workspace", home.root)
    assert done.returncode == 2
    assert "parameters/mail.yaml:5: reviews[2].of: no such team" in done.stderr


def test_without_a_list_it_says_how_to_write_one(workspace):
    with pytest.raises(UsageError, match=r"parameters/mail.yaml: nobody is on the list; fix: write it: `sender:`"):
        load_list(workspace)
