"""One notebook in a kernel of its own, whatever the machine and the user have lying around."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from textwrap import dedent

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook
from tiny import processes, until

from slareport import servers
from slareport.kernels import Limits, execute
from slareport.managers import stop_all
from slareport.publishing import normalised
from slareport.servers import stop_servers

LIMITS = Limits(start=60, cell=60)
EITHER = pytest.mark.parametrize("warm", [pytest.param(True, id="warm"), pytest.param(False, id="ordinary")])
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


@pytest.fixture(scope="module", autouse=True)
def _no_server_is_left():
    yield
    stop_servers()


@EITHER
def test_nothing_of_the_user_s_machine_reaches_a_notebook(tmp_path, monkeypatch, warm):
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
    done = execute(notebook(tmp_path / "a.ipynb", SEEN), {"team": "NO"}, {"SLAREPORT_OUTPUTS": "o"}, LIMITS, warm=warm)
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


LOOK = """
import os, random, resource, signal, sys, threading, warnings
import numpy as np
import IPython, pandas, altair, slareport.review
text = open("/proc/self/status").read().splitlines()
where = {os.path.dirname(os.environ["IPYTHONDIR"]): "home"}
said = lambda value: str(value).replace(os.path.dirname(os.environ["IPYTHONDIR"]), "home")
own = {"JPY_PARENT_PID"}
print({name: said(value) for name, value in sorted(os.environ.items()) if name not in own})
print(sys.argv[0], said(sys.argv[1:]), said(sys.orig_argv[1:]), sys.path, said(os.getcwd()), sys.flags, __name__)
print([line for line in text if line.startswith(("Sig", "Umask", "NoNewPrivs"))])
print([resource.getrlimit(number) for number in range(16)], os.getpgid(0) == os.getsid(0) == os.getpid())
print(sys.__stdin__.read(), sys.__stdin__.isatty(), sys.__stdout__.line_buffering)
print(signal.getsignal(signal.SIGINT), threading.current_thread() is threading.main_thread())
print(sorted(map(str, warnings.filters)))
print(get_ipython().profile_dir.location.startswith(os.environ["IPYTHONDIR"]), hash("a"))
print(pandas.options.display.max_rows)
print(sorted(name for name in globals() if not name.startswith("_")), altair.theme.active, np.geterr(), sys.gettrace())
"""


def test_a_warm_kernel_is_what_an_ordinary_one_is(tmp_path):
    path = notebook(tmp_path / "a.ipynb", LOOK, "import holidays, pandas\npandas.DataFrame({'a': [1, 2]})", "1 / 0")
    warm, ordinary = (execute(path, {"team": "a"}, {"A": "b"}, LIMITS, warm=warm) for warm in (True, False))
    assert warm.failure == ordinary.failure
    seen = [nbformat.reads(done.notebook, 4) for done in (warm, ordinary)]
    assert seen[0].cells[-4].outputs[0].text == seen[1].cells[-4].outputs[0].text
    assert normalised(seen[0]) == normalised(seen[1])


def test_a_kernel_that_changes_global_state_does_not_leak_into_the_next(tmp_path):
    changing = """
        import builtins, os, random, sys, numpy as np, pandas as pd, slareport.kpi
        pd.options.display.max_rows, os.environ["LEAKED"], builtins.leaked = 3, "1", 1
        slareport.kpi.KPIS.clear()
        sys.path.insert(0, "/leaked")
    """
    looking = """
        import builtins, os, sys, pandas as pd, slareport.kpi
        print(pd.options.display.max_rows, "LEAKED" in os.environ, hasattr(builtins, "leaked"))
        print(len(slareport.kpi.KPIS) > 0, "/leaked" in sys.path)
    """
    first = notebook(tmp_path / "a.ipynb", dedent(changing))
    second = notebook(tmp_path / "b.ipynb", dedent(looking))
    assert execute(first, {}, {}, LIMITS).failure == ""
    assert printed(execute(second, {}, {}, LIMITS)) == "60 False False\nTrue False\n"


def test_chance_is_each_kernel_s_own(tmp_path):
    path = notebook(tmp_path / "a.ipynb", "import random, uuid, numpy as np\nprint(random.random(), np.random.rand())")
    drawn = [printed(execute(path, {}, {}, LIMITS)).split() for _ in range(2)]
    assert len({*drawn[0], *drawn[1]}) == 4


@pytest.mark.parametrize("warm", [True, False])
def test_a_kernel_cannot_fill_the_machine(tmp_path, warm):
    fill = f"""
        import os, resource
        assert resource.getrlimit(resource.RLIMIT_CORE) == (0, 0)
        try: os.truncate(os.open({str(tmp_path / "big")!r}, os.O_CREAT | os.O_WRONLY), 3 << 30)
        except OSError as error: print(error.strerror)
        bytearray(5 << 30)
    """
    done = execute(notebook(tmp_path / "a.ipynb", dedent(fill)), {}, {}, Limits(memory=4 << 30), warm=warm)
    assert printed(done) == "File too large\n"
    assert done.failure.endswith("failed: MemoryError: ")


@pytest.mark.parametrize("warm", [True, False])
def test_a_kernel_ends_with_who_started_it(tmp_path, warm):
    asleep = tmp_path / "asleep"
    path = notebook(tmp_path / "a.ipynb", f"open({str(asleep)!r}, 'w').close()\nimport time; time.sleep(300)")
    start = f"""
        from pathlib import Path
        from slareport.kernels import execute
        from slareport.servers import LIMITS
        execute(Path({str(path)!r}), {{}}, {{"SLAREPORT_TEST": {str(tmp_path)!r}}}, LIMITS, warm={warm})
    """
    starter = subprocess.Popen([sys.executable, "-c", dedent(start)])
    until(asleep.exists)
    starter.kill()
    starter.wait()
    until(lambda: str(tmp_path) not in processes("environ"))


def test_an_analyst_s_own_package_can_be_imported(tmp_path):
    package = tmp_path / "lib" / "ours_alone"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("answer = 42")
    cell = f"import sys; sys.path.append({str(package.parent)!r})\nimport ours_alone\nprint(ours_alone.answer)"
    assert printed(execute(notebook(tmp_path / "a.ipynb", cell), {}, {}, LIMITS)) == "42\n"


def test_a_lost_server_costs_a_second_try_and_the_next_kernel_has_a_new_one(tmp_path):
    tried = tmp_path / "tried"
    killing = f"""
        import os, pathlib, signal
        first = not pathlib.Path({str(tried)!r}).exists()
        pathlib.Path({str(tried)!r}).touch()
        if first: os.kill(os.getppid(), signal.SIGKILL)
        import time; time.sleep(1 if first else 0); print(first)
    """
    done = execute(notebook(tmp_path / "a.ipynb", dedent(killing)), {}, {}, LIMITS)
    assert (done.failure, printed(done)) == ("", "False\n")
    parent = "import os, pathlib; print('forkserver' in pathlib.Path(f'/proc/{os.getppid()}/cmdline').read_text())"
    assert printed(execute(notebook(tmp_path / "b.ipynb", parent), {}, {}, LIMITS)) == "True\n"


def test_a_server_that_does_not_start_leaves_ordinary_kernels(tmp_path, monkeypatch):
    monkeypatch.setattr(servers, "SERVER", "slareport.not_there")
    path = notebook(tmp_path / "a.ipynb", "print(6 * 7)")
    assert printed(execute(path, {}, {"A": "of its own"}, LIMITS)) == "42\n"


def printed(done):
    return nbformat.reads(done.notebook, 4).cells[-1].outputs[0].text


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


@EITHER
def test_a_kernel_that_does_not_start_in_time_is_a_failure(tmp_path, monkeypatch, warm):
    python = tmp_path / "python"
    python.write_text(f"#!/bin/sh\nexec sleep 4321.{os.getpid()}\n")
    python.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(python))
    done = execute(notebook(tmp_path / "a.ipynb"), {}, {}, Limits(start=1), warm=warm)
    assert done.failure == "it could not be run: RuntimeError: Kernel didn't respond in 1 seconds"
    assert f"4321.{os.getpid()}" not in processes()


@EITHER
def test_the_last_words_of_a_kernel_that_does_not_start_are_told(tmp_path, monkeypatch, warm):
    python = tmp_path / "python"
    python.write_text("#!/bin/sh\necho No module named ipykernel >&2; exit 1\n")
    python.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(python))
    done = execute(notebook(tmp_path / "a.ipynb"), {}, {}, LIMITS, warm=warm)
    assert done.failure.endswith("its last words: No module named ipykernel")


@EITHER
def test_stopping_ends_a_cell_at_work(tmp_path, warm):
    marker = tmp_path / "asleep"
    path = notebook(tmp_path / "a.ipynb", f"open({str(marker)!r}, 'w').close()\nimport time; time.sleep(300)")
    done = []
    thread = threading.Thread(target=lambda: done.append(execute(path, {}, {}, LIMITS, warm=warm)))
    thread.start()
    while not marker.exists():
        time.sleep(0.05)
    stop_all()
    thread.join()
    assert "its kernel died in cell [2]" in done[0].failure
