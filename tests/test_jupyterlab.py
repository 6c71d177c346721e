"""Analysts' way: a notebook opened in a real JupyterLab without any network, Run All, charts drawn live."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time

import pytest
from browser import chromium, launched
from conftest import REPOSITORY

from slareport.workspace import OUTPUTS_VARIABLE, ROOT_VARIABLE

pytestmark = pytest.mark.once

PATIENCE = 300_000  # milliseconds: other tests may keep the machine busy
TOKEN = "only-this-test"  # noqa: S105
LOCAL = "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost"
PROMPTS = "[...document.querySelectorAll('.jp-InputPrompt')].map(prompt => prompt.textContent)"
SETTINGS = "settings/@jupyterlab/notebook-extension/tracker.jupyterlab-settings"


@pytest.fixture(scope="module")
def lab(sample, tmp_path_factory):
    """The address of a JupyterLab in the sample company's notebooks."""
    chromium()
    folder = tmp_path_factory.mktemp("lab")
    shutil.copytree(REPOSITORY / "notebooks", folder / "notebooks")
    (folder / SETTINGS).parent.mkdir(parents=True)
    (folder / SETTINGS).write_text('{"windowingMode": "none"}')  # draw the cells below the window too
    with socket.socket() as free:
        free.bind(("localhost", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", f"--port={port}"]
    command += [f"--IdentityProvider.token={TOKEN}", "--ServerApp.port_retries=0", "--LabApp.news_url="]
    own = {name: value for name, value in os.environ.items() if not name.startswith("JUPYTER_")}
    own |= {"JUPYTER_CONFIG_DIR": f"{folder}/config", "JUPYTERLAB_SETTINGS_DIR": f"{folder}/settings"}
    own |= {ROOT_VARIABLE: str(sample.root), OUTPUTS_VARIABLE: str(sample.outputs)}
    log = folder / "lab.log"
    with log.open("w") as said:
        server = subprocess.Popen(command, cwd=folder / "notebooks", env=own, stdout=said, stderr=subprocess.STDOUT)
        try:
            while "is running at" not in log.read_text():
                assert server.poll() is None, log.read_text()
                time.sleep(0.5)
            yield f"http://localhost:{port}/lab/tree"
        finally:
            server.terminate()
            server.wait(30)


def test_run_all_works_and_draws_the_charts_without_a_network(browser, lab):
    asked, said = [], []
    with launched(browser.browser_type, LOCAL) as local:
        page = local.new_page(viewport={"width": 1300, "height": 1000})
        page.set_default_timeout(PATIENCE)
        page.on("request", lambda request: asked.append(request.url))
        page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
        page.goto(f"{lab}/team_review.ipynb?token={TOKEN}")
        page.wait_for_selector(".jp-Notebook")
        page.wait_for_selector(".jp-NotebookPanel-toolbar [data-status=idle]", state="attached")
        page.wait_for_function(f"{PROMPTS}.length > 15")  # cells appear one after the other
        choose(page, "Edit", "editmenu:clear-all")
        page.wait_for_function(f"!{PROMPTS}.some(text => /\\d/.test(text))")
        assert page.locator(".vega-embed").count() == 0
        for _ in range(6):  # on a busy machine a click on a menu that is just being drawn does nothing
            choose(page, "Run", "runmenu:run-all")
            page.wait_for_timeout(10_000)
            if page.evaluate(f"{PROMPTS}.some(text => /[\\d*]/.test(text))"):
                break
        page.wait_for_function(f"{PROMPTS}.every(text => /^$|\\d/.test(text))")
        page.wait_for_selector(".vega-embed canvas, .vega-embed svg", state="attached")
        shown = page.evaluate("document.querySelector('.jp-Notebook').innerText")
    assert "Traceback" not in shown
    assert "promises kept" in shown
    assert not [url for url in asked if not url.startswith(("http://localhost", "ws://localhost", "data:", "blob:"))]
    assert not said


def choose(page, menu, command):
    page.click(f".lm-MenuBar-itemLabel:text-is('{menu}')")
    page.click(f"li[data-command='{command}']")
