"""One notebook in a kernel of its own, whatever the machine and the user have lying around."""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook
from tiny import processes

from slareport.kernels import Limits, execute, stop_all

LIMITS = Limits(start=60, cell=60)
SEEN = """
import json, os, sys
import holidays
shown = {name: value for name, value in os.environ.items() if name.startswith(("PYTHON", "SLAREPORT", "TZ"))}
print(json.dumps({"environment": shown, "folder": os.listdir(), "python": os.path.basename(sys.executable),
    "team": team, "startup": "from_startup" in globals(), "holidays": hasattr(holidays, "country_holidays")}))
"""


def notebook(path, *cells):
    tagged = new_code_cell('team = ""', metadata={"tags": ["parameters"]})
    spec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    made = new_notebook(cells=[tagged, *map(new_code_cell, cells)], metadata={"kernelspec": spec})
    nbformat.write(made, path)
    return path


def test_nothing_of_the_user_s_machine_reaches_a_notebook(tmp_path, monkeypatch):
    startup = tmp_path / "ipython" / "profile_default" / "startup"
    startup.mkdir(parents=True)
    (startup / "00.py").write_text("from_startup = 1")
    spec = tmp_path / "jupyter" / "kernels" / "python3"
    spec.mkdir(parents=True)
    (spec / "kernel.json").write_text('{"argv": ["false"], "display_name": "Mine", "language": "python"}')
    (tmp_path / "holidays.py").write_text("taken = 'over'")
    monkeypatch.chdir(tmp_path)
    for name, value in {
        "IPYTHONDIR": startup.parent.parent,
        "JUPYTER_PATH": tmp_path / "jupyter",
        "PYTHONPATH": tmp_path,
        "PYTHONHASHSEED": 7,
        "TZ": "Asia/Kolkata",
    }.items():
        monkeypatch.setenv(name, str(value))
    done = execute(notebook(tmp_path / "a.ipynb", SEEN), {"team": "NO"}, {"SLAREPORT_OUTPUTS": "o"}, LIMITS)
    assert done.failure == ""
    printed = nbformat.reads(done.notebook, 4).cells[-1].outputs[0].text
    assert json.loads(printed) == {
        "environment": {"TZ": "UTC", "PYTHONHASHSEED": "0", "SLAREPORT_OUTPUTS": "o"},
        "folder": [],
        "python": Path(sys.executable).name,
        "team": "NO",
        "startup": False,
        "holidays": True,
    }


@pytest.mark.parametrize(
    "text",
    [
        "plain",
        'it\'s "quoted" \\ and\nbroken',
        '" + open("taken", "w").name + "',
        "</script>{{ 7 * 7 }}{x.__class__}",
        "Zürich 東京 \u2028 \x00",
    ],
)
def test_a_parameter_arrives_as_the_text_it_is_and_never_as_code(tmp_path, text):
    path = notebook(tmp_path / "a.ipynb", "print(ascii(team))")
    done = execute(path, {"team": text}, {}, LIMITS)
    assert nbformat.reads(done.notebook, 4).cells[-1].outputs[0].text.strip() == ascii(text)


def test_a_notebook_that_is_none_is_a_failure_and_not_an_error(tmp_path):
    (tmp_path / "a.ipynb").write_text("no")
    done = execute(tmp_path / "a.ipynb", {}, {}, LIMITS)
    assert done.notebook == ""
    assert done.failure.startswith("it could not be run")


def test_a_kernel_that_does_not_start_in_time_is_a_failure(tmp_path, monkeypatch):
    python = tmp_path / "python"
    python.write_text(f"#!/bin/sh\nexec sleep 4321.{os.getpid()}\n")
    python.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(python))
    done = execute(notebook(tmp_path / "a.ipynb"), {}, {}, Limits(start=1))
    assert done.failure == "it could not be run: RuntimeError: Kernel didn't respond in 1 seconds"
    assert f"4321.{os.getpid()}" not in processes()


def test_the_last_words_of_a_kernel_that_does_not_start_are_told(tmp_path, monkeypatch):
    python = tmp_path / "python"
    python.write_text("#!/bin/sh\necho No module named ipykernel >&2; exit 1\n")
    python.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(python))
    done = execute(notebook(tmp_path / "a.ipynb"), {}, {}, LIMITS)
    assert done.failure.endswith("its last words: No module named ipykernel")


def test_stopping_ends_a_cell_at_work(tmp_path):
    marker = tmp_path / "asleep"
    path = notebook(tmp_path / "a.ipynb", f"open({str(marker)!r}, 'w').close()\nimport time; time.sleep(300)")
    done = []
    thread = threading.Thread(target=lambda: done.append(execute(path, {}, {}, LIMITS)))
    thread.start()
    while not marker.exists():
        time.sleep(0.05)
    stop_all()
    thread.join()
    assert "its kernel died in cell [2]" in done[0].failure
