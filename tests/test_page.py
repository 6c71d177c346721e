"""What may stand in a page of ours, whatever the data says."""

from __future__ import annotations

import html
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slareport.page import alive, compact, css_string, environment

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))


@pytest.mark.parametrize(
    "fragment",
    [
        pytest.param("<script>1</script>", id="a script"),
        pytest.param("<SCRIPT SRC=//x.example/a.js>", id="a script in capitals"),
        pytest.param("<img src='https://x.example/a.png'>", id="a picture from elsewhere"),
        pytest.param("<img src='//x.example/a.png'>", id="a picture without a scheme"),
        pytest.param("<img srcset='a.png 2x'>", id="a picture beside the file"),
        pytest.param("<p onclick=f()>", id="a handler"),
        pytest.param("<svg><animate onbegin=f()></svg>", id="a handler inside a drawing"),
        pytest.param("<a href='javascript:f()'>", id="a link that runs code"),
        pytest.param("<a href=' java\tscript:f()'>", id="a link that runs code behind a tab"),
        pytest.param("<a href='data:text/html,x'>", id="a link that is a page"),
        pytest.param("<a href='file:///etc/passwd'>", id="a link into the reader's disk"),
        pytest.param("<iframe srcdoc='x'></iframe>", id="a frame"),
        pytest.param("<object data='x.swf'></object>", id="an object"),
        pytest.param("<form action='https://x.example'>", id="a form"),
        pytest.param("<base href='https://x.example'>", id="a base"),
        pytest.param("<link rel=stylesheet href='https://x.example/a.css'>", id="a style sheet from elsewhere"),
        pytest.param("<meta http-equiv=refresh content='0;url=https://x.example'>", id="a redirection"),
        pytest.param("<p style='background:URL(https://x.example/a.png)'>", id="a background from elsewhere"),
        pytest.param("<style>@import '//x.example/a.css'</style>", id="an import in a style sheet"),
        pytest.param("<image xlink:href='https://x.example/a.png'>", id="a picture inside a drawing"),
    ],
)
def test_a_fragment_that_would_load_or_run_something_is_told(fragment):
    assert alive(fragment)


@pytest.mark.parametrize(
    "fragment",
    [
        pytest.param("<p class=lede>2 of 3 <strong>kept</strong></p>", id="text"),
        pytest.param("<a href='https://crm.example/?id=7&x=1'>Deal 7</a>", id="a link to the CRM record"),
        pytest.param("<a href='../north/packet.html#misses'>North</a>", id="a link to another packet"),
        pytest.param("<a href='mailto:sales@example.com'>Sales</a>", id="a mail address"),
        pytest.param("<img alt='' src='data:image/png;base64,AA=='>", id="a picture inside the page"),
        pytest.param("<li style='--share:.7'>", id="a share drawn by style"),
        pytest.param("<svg class=spark viewBox='0 0 9 9'><path d='M0,0'/></svg>", id="a drawing"),
        pytest.param("&lt;script&gt;onload=1&lt;/script&gt; url(x)", id="escaped text that looks alive"),
    ],
)
def test_a_fragment_that_only_shows_something_is_fine(fragment):
    assert alive(fragment) == []


@given(TEXT)
def test_escaped_text_is_never_alive(text):
    assert alive(f'<p title="{html.escape(text)}">{html.escape(text)}</p>') == []


@given(TEXT)
def test_a_foot_text_survives_the_style_sheet_and_never_leaves_it(text):
    quoted = css_string(text)
    inside = quoted[1:-1]
    assert not set(inside) & set("\"<>'\n\r\f{};@")
    assert re.sub(r"\\([0-9a-f]+) ", lambda code: chr(int(code[1], 16)), inside) == text


def test_the_style_sheet_keeps_its_words_without_comments_and_white_space():
    css = '/* a; b */ @media screen and (min-width: 2rem) {\n  nav > a:not(:hover), p::before { content: " / " }\n}'
    assert compact(css) == '@media screen and (min-width:2rem){nav>a:not(:hover),p::before{content:" / "}}'


def test_the_budgets_of_style_and_script_hold():
    assert sum(len(style.encode()) for style in environment().globals["styles"].values()) <= 8704
    assert all(len(script.encode()) < 800 for script in environment().globals["scripts"].values())
