"""What every page of ours shares: the templates, the content security policy, and what may stand in a page."""

from __future__ import annotations

import base64
import functools
import hashlib
import re
from html.parser import HTMLParser
from importlib import resources
from urllib.parse import urlsplit

import jinja2
from markupsafe import Markup

# fmt: off
_ALIVE = frozenset((
    "applet", "audio", "base", "button", "embed", "form", "frame", "frameset", "iframe", "input", "link", "meta",
    "object", "script", "video",
))
# fmt: on
_LOADS = frozenset(("action", "background", "data", "formaction", "poster", "src", "srcset", "xlink:href"))
_LINKS = frozenset(("", "http", "https", "mailto"))
SCRIPTS = ("tooltip", "filter")
STYLES = ("style", "index")
_CSS_LOADS = re.compile(r"url\(|@import", re.IGNORECASE)


@functools.cache
def environment() -> jinja2.Environment:
    """The package's own templates: everything is escaped unless it is `Markup`, an unknown name is an error."""
    made = jinja2.Environment(
        loader=jinja2.PackageLoader("slareport", "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    scripts = {name: Markup(_file(f"{name}.js")) for name in SCRIPTS}  # noqa: S704
    styles = {name: Markup(compact(_file(f"{name}.css"))) for name in STYLES}  # noqa: S704
    made.globals |= {
        "styles": styles,
        "scripts": scripts,
        "hashes": {name: _hash(text) for name, text in scripts.items()},
    }
    made.filters["css_string"] = css_string
    return made


def _hash(script: str) -> str:
    """What the content security policy calls a script that may run."""
    return "sha256-" + base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()


def _file(name: str) -> str:
    return resources.files("slareport").joinpath("templates", name).read_text("utf-8").strip()


def compact(css: str) -> str:
    r"""A style sheet without comments and the white space that means nothing.

    >>> compact("/* Text */ h1, h2 { margin: 0 0 1rem }\n")
    'h1,h2{margin:0 0 1rem}'
    """
    bare = re.sub(r"/\*.*?\*/", "", css, flags=re.DOTALL)
    return re.sub(r"\s*([{};,>]|(?<=[\w-]):(?=\s))\s*", r"\1", " ".join(bare.split())).replace(";}", "}").strip()


def css_string(text: str) -> Markup:
    r"""Any text as a quoted CSS string that can end neither the string nor the style element.

    >>> print(css_string('EMEA 2026 Q3 </style>"'))
    "EMEA 2026 Q3 \3c \2f style\3e \22 "
    """
    quoted = re.sub(r"[^\w .,:()·\u2013-]", lambda match: f"\\{ord(match[0]):x} ", text)
    return Markup(f'"{quoted}"')  # noqa: S704 - only letters, digits and CSS escapes are left


def alive(fragment: str) -> list[str]:
    """What in a finished fragment would run, load or send something; a packet holds none of it.

    >>> alive('<p>Kept <a href="https://crm.example/1">lead</a></p>')
    []
    >>> alive('<img src="https://x.example/a.png" onerror="f()"><script>1</script>')
    ['img src=https://x.example/a.png', 'img onerror', 'script']
    """
    watch = _Watch()
    watch.feed(fragment)
    watch.close()
    return watch.found


class _Watch(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _ALIVE:
            self.found.append(tag)
        for name, given in attrs:
            value = (given or "").strip()
            if name.startswith("on"):
                self.found.append(f"{tag} {name}")
            elif _loads(name, value):
                self.found.append(f"{tag} {name}={value}")

    def handle_data(self, data: str) -> None:
        if self.cdata_elem == "style" and _CSS_LOADS.search(data):
            self.found.append("style with url() or @import")


def _loads(name: str, value: str) -> bool:
    if name == "href":
        return scheme(value) not in _LINKS
    if name == "style":
        return bool(_CSS_LOADS.search(value))
    return name in _LOADS and not value.startswith(("data:image/", "#"))


def scheme(url: str) -> str:
    r"""The scheme as a browser reads it: control characters and spaces in it count for nothing.

    >>> scheme("java\tscript:alert(1)"), scheme("../emea/packet.html")
    ('javascript', '')
    """
    bare = re.sub(r"[\x00-\x20]", "", url)
    try:
        return urlsplit(bare).scheme.lower()
    except ValueError:
        return "unreadable"
