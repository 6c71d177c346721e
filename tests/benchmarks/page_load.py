"""A packet in a browser against the same executed notebook through stock `jupyter nbconvert --to html`.

    python -m tests.benchmarks.page_load [--rounds 5]

The load event of each page in a fresh headless Chromium (as tests/browser.py finds it), from a file, three times over:
with whatever network there is, with every name refused at once, and with every name leading to an address that never
answers, as behind a proxy that hangs. A page that has not loaded after `--patience` seconds counts as that.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Error, sync_playwright

from slareport.packet import PacketExporter
from tests.benchmarks.packets import BIN, NOTEBOOK
from tests.benchmarks.tables import table
from tests.browser import ARGUMENTS, chromium

RULE = "--host-resolver-rules="
NETWORKS = {"with network": "", "without": f"{RULE}MAP * ~NOTFOUND", "hanging": f"{RULE}MAP * 10.255.255.1"}
LOADED = "performance.getEntriesByType('navigation')[0].loadEventEnd"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--patience", type=float, default=30, help="seconds")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        stock, ours = Path(folder) / "stock.html", Path(folder) / "packet.html"
        convert = [BIN / "jupyter", "nbconvert", "--to", "html", NOTEBOOK, "--output", stock]
        subprocess.run(list(map(str, convert)), check=True, capture_output=True)
        ours.write_text(PacketExporter().from_filename(str(NOTEBOOK))[0], "utf-8")
        pages = {"jupyter nbconvert --to html": stock, "packet.html": ours}
        rows = [_row(name, page, options.rounds, options.patience) for name, page in pages.items()]
    print(table(["page", "kB", "requests", *(f"loaded, {name}, s" for name in NETWORKS)], rows))


def _row(name: str, page: Path, rounds: int, patience: float) -> list[str]:
    took, asked = [], 0
    for rule in NETWORKS.values():
        loaded = [_load(page, rule, patience) for _ in range(rounds)]
        took.append(statistics.median(seconds for seconds, _ in loaded))
        asked = max(asked, *(requests for _, requests in loaded))
    late = [f">{patience:.0f}" if seconds >= patience else f"{seconds:.2f}" for seconds in took]
    return [name, f"{page.stat().st_size / 1000:,.0f}", str(asked), *late]


def _load(path: Path, rule: str, patience: float) -> tuple[float, int]:
    """Seconds to the load event, and how many requests went beyond the file itself."""
    arguments = [*(argument for argument in ARGUMENTS if not argument.startswith(RULE)), *([rule] if rule else [])]
    requests: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=arguments)
        page = browser.new_page()
        page.on("request", lambda request: requests.append(request.url))
        try:
            page.goto(path.as_uri(), timeout=1000 * patience)
            page.wait_for_function(f"{LOADED} > 0", timeout=1000 * patience)
            seconds = float(page.evaluate(LOADED)) / 1000
        except Error:
            seconds = patience
        browser.close()
    return seconds, sum(not url.startswith(("file:", "data:")) for url in requests)


if __name__ == "__main__":
    sys.exit(main())
