"""What many tests share: the sample company, made once."""

import os
import shutil
from pathlib import Path

import browser as browsers
import pytest
from companies import PERIOD, made
from hypothesis import HealthCheck, settings
from tiny import made_once

from slareport import files
from slareport.workspace import open_workspace

# How long an example takes, to make or to test, depends on the machine and what else it does.
settings.register_profile("slareport", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("slareport")

REPOSITORY = Path(__file__).parent.parent


# ibis 12 still uses what DuckDB and pandas have announced to remove; nothing here can change that.
OUTDATED = (r"fetch_arrow_table\(\) is deprecated", "The 'future.infer_string' option is deprecated")


def pytest_configure(config):
    for message in OUTDATED:
        config.addinivalue_line("filterwarnings", f"ignore:{message}:DeprecationWarning")


@pytest.fixture(scope="session")
def sample(tmp_path_factory):
    """The sample company's workspace, opened: the repository's parameters, exports and outputs in a temporary folder.

    pytest-xdist's workers share it, and with it the extracts. Read it; a test that changes a workspace copies one.
    """
    base = tmp_path_factory.getbasetemp()
    root = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "halden"
    with files.lock(root, wait=True):
        if not (root / "parameters").is_dir():
            shutil.copytree(REPOSITORY / "parameters", root / "parameters")
    return open_workspace(root, root / "outputs")


@pytest.fixture(scope="session")
def quarter(sample, tmp_path_factory):
    """The outputs of the sample company with every packet of its last quarter, made once."""
    return made_once(tmp_path_factory, "quarter", lambda folder: made(sample.root, folder, "--period", PERIOD))


@pytest.fixture(scope="module")
def browser():
    """A browser for a module's tests; while it runs, playwright keeps the thread's event loop."""
    with browsers.started() as one:
        yield one
