"""Printing a packet: tagged, offline, on the paper asked for, and the same bytes whenever it is done."""

import re
import shutil
import subprocess

import pandas as pd
import pytest
from browser import chromium

from slareport.errors import MachineError
from slareport.pdf import BROWSER_VARIABLE, find_browser, print_pdf

PAGE = """<!DOCTYPE html><html lang="en"><head><title>EMEA</title></head><body><main><h1>EMEA</h1>
<p>Kept.</p><img src="https://example.com/a.png" alt=""></main></body></html>"""
KNOWN_AT = pd.Timestamp("2026-10-07T22:00Z")


@pytest.fixture
def page(tmp_path):
    chromium()
    path = tmp_path / "packet {1} ü.html"
    path.write_text(PAGE, "utf-8")
    return path


def test_the_same_page_gives_the_same_bytes_dated_by_its_data(page):
    first, second = print_pdf(page, KNOWN_AT), print_pdf(page, KNOWN_AT)
    assert first == second
    assert set(re.findall(rb"Date \(D:(\d+)", first)) == {b"20261007220000"}


@pytest.mark.parametrize(("paper", "size"), [("A4", "595 x 842"), ("Letter", "612 x 792")])
def test_it_is_tagged_titled_and_on_the_paper_asked_for(page, tmp_path, paper, size):
    if shutil.which("pdfinfo") is None:
        pytest.skip("no pdfinfo: install Debian package poppler-utils")
    (tmp_path / "packet.pdf").write_bytes(print_pdf(page, KNOWN_AT, paper))
    told = subprocess.run(["pdfinfo", tmp_path / "packet.pdf"], capture_output=True, text=True, check=True).stdout
    assert re.search(r"Tagged: +yes", told)
    assert re.search(r"Title: +EMEA", told)
    across, down = re.search(r"Page size: +(\S+) x (\S+) pts", told).groups()
    assert f"{float(across):.0f} x {float(down):.0f}" == size


def test_printing_leaves_nothing_behind(page):
    print_pdf(page, KNOWN_AT)
    assert [path.name for path in page.parent.iterdir()] == [page.name]


def test_without_a_browser_it_says_what_to_install(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv(BROWSER_VARIABLE, raising=False)
    with pytest.raises(MachineError, match="no Chromium here to print with; fix: install Chromium, Chrome or Edge"):
        find_browser()


def test_a_browser_that_is_named_and_not_there_is_refused(monkeypatch):
    monkeypatch.setenv(BROWSER_VARIABLE, "/nowhere/chromium")
    with pytest.raises(MachineError, match=f"{BROWSER_VARIABLE}: no such browser; found '/nowhere/chromium'"):
        find_browser()


def test_a_browser_that_prints_nothing_is_told_with_its_last_words(monkeypatch, page, tmp_path):
    broken = tmp_path / "broken"
    broken.write_text("#!/bin/sh\necho it is too late >&2\n")
    broken.chmod(0o755)
    monkeypatch.setenv(BROWSER_VARIABLE, str(broken))
    with pytest.raises(MachineError, match="Chromium printed nothing; found 'it is too late'"):
        print_pdf(page, KNOWN_AT)
