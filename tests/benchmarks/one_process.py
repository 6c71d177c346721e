"""What one process takes for some packets, in seconds: `loop` with papermill and nbconvert, `cells` the cells alone.

python -m tests.benchmarks.one_process {loop,cells} NOTEBOOK AS_OF TEAM:PERIOD...
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

import nbformat


def loop(notebook: str, parameters: list[dict[str, str]]) -> float:
    """The loop anybody would write; its imports count once."""
    start = time.perf_counter()
    import papermill
    from nbconvert import HTMLExporter

    with tempfile.TemporaryDirectory() as folder:
        for given in parameters:
            executed = papermill.execute_notebook(notebook, f"{folder}/executed.ipynb", given, progress_bar=False)
            html, _ = HTMLExporter().from_notebook_node(executed)
            (Path(folder) / "packet.html").write_text(html)
    return time.perf_counter() - start


def cells(notebook: str, parameters: list[dict[str, str]]) -> float:
    """The cells of each packet in IPython, nothing around them, after one packet that does not count."""
    from IPython.core.interactiveshell import InteractiveShell
    from IPython.utils.capture import capture_output

    shell = InteractiveShell.instance()
    code = [cell for cell in nbformat.read(notebook, 4).cells if cell.cell_type == "code"]
    took = []
    for given in [parameters[0], *parameters]:
        start = time.perf_counter()
        shell.reset(new_session=True)
        for cell in code:
            with capture_output():
                result = shell.run_cell(cell.source)
            result.raise_error()
            if "parameters" in cell.metadata.get("tags", []):
                shell.push(given)
        took.append(time.perf_counter() - start)
    return sum(took[1:])


if __name__ == "__main__":
    way, path, as_of, *packets = sys.argv[1:]
    asked = [dict(zip(("team", "period"), packet.split(":"), strict=True), as_of=as_of) for packet in packets]
    print({"loop": loop, "cells": cells}[way](path, asked))
