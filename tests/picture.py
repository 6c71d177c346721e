"""The README's picture: `python -m tests.picture PACKET PNG` photographs the first screen of a packet."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.browser import opened_page, started


def main(packet: str, png: str) -> None:
    with started() as browser, opened_page(browser, Path(packet), width=1100, height=860) as opened:
        opened.page.screenshot(path=png)


if __name__ == "__main__":
    main(*sys.argv[1:])
