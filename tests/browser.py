"""A packet in a real browser: what it asked for, what it complained about, and what a reader would stumble over.

Needs Chromium (`SLAREPORT_CHROMIUM`, else /usr/bin/chromium). One browser at a time: playwright's sync API does not
nest. A module's tests share one (the fixture `browser`), each page in a context of its own.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserType, Page, sync_playwright

ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND",
)


@dataclass
class Opened:
    """A loaded page, with every request but the file itself and data:, and everything the browser said."""

    page: Page
    requests: list[str] = field(default_factory=list)
    messages: list[str] = field(default_factory=list)


@contextmanager
def started() -> Iterator[Browser]:
    """A browser without any network."""
    with sync_playwright() as playwright, launched(playwright.chromium) as browser:
        yield browser


@contextmanager
def launched(kind: BrowserType, *arguments: str) -> Iterator[Browser]:
    """A browser whose `arguments` win over the usual ones."""
    browser = kind.launch(executable_path=chromium(), args=[*ARGUMENTS, *arguments])
    try:
        yield browser
    finally:
        browser.close()


@contextmanager
def opened_page(
    browser: Browser, path: Path, width: int = 1200, height: int = 900, *, dark: bool = False, javascript: bool = True
) -> Iterator[Opened]:
    """Open a file as a browser does that has never opened one."""
    url = Path(path).resolve().as_uri()
    page = browser.new_page(
        viewport={"width": width, "height": height},
        color_scheme="dark" if dark else "light",
        java_script_enabled=javascript,
    )
    try:
        opened = Opened(page)
        page.on("request", lambda request: _note(opened.requests, request.url, url))
        page.on("console", lambda message: opened.messages.append(f"{message.type}: {message.text}"))
        page.on("pageerror", lambda error: opened.messages.append(f"page error: {error}"))
        page.goto(url)
        yield opened
    finally:
        page.close()


def chromium() -> str:
    """The browser to use; without one a test is skipped, and fails where tests must be complete (CI=true)."""
    path = os.environ.get("SLAREPORT_CHROMIUM", "/usr/bin/chromium")
    if not Path(path).exists():
        message = f"no Chromium at {path}: install Debian package chromium or set SLAREPORT_CHROMIUM"
        if os.environ.get("CI") == "true":
            pytest.fail(message)
        pytest.skip(message)
    return path


def screenshot(
    browser: Browser, path: Path, png: Path, width: int = 1200, height: int = 900, *, dark: bool = False
) -> None:
    """The whole page as a picture."""
    with opened_page(browser, path, width, height, dark=dark) as opened:
        opened.page.screenshot(path=png, full_page=True)


def print_pdf(browser: Browser, path: Path, pdf: Path, paper: str = "A4") -> None:
    """The page as a reader would print it."""
    with opened_page(browser, path) as opened:
        opened.page.pdf(path=pdf, format=paper, prefer_css_page_size=True, print_background=False, tagged=True)


def problems_of(browser: Browser, path: Path, width: int = 1200, *, dark: bool = False) -> list[str]:
    """Everything wrong with a page at this width, in words; empty for a page that is fine."""
    with opened_page(browser, path, width, dark=dark) as opened:
        found: list[str] = opened.page.evaluate(PROBLEMS)
        asked = [f"asks for {url}" for url in opened.requests]
        return asked + [f"browser says {message}" for message in opened.messages] + found


def _note(requests: list[str], url: str, own: str) -> None:
    if url.partition("#")[0] != own and not url.startswith("data:"):
        requests.append(url)


PROBLEMS = """() => {
  const found = [], say = (wrong, text) => wrong && found.push(text)
  const all = (selector, under = document) => [...under.querySelectorAll(selector)]
  const name = element => element.getAttribute('aria-label') || element.textContent.trim()
  const short = element => name(element).slice(0, 60) || element.outerHTML.slice(0, 60)
  const twice = names => [...new Set(names.filter((one, i) => names.indexOf(one) !== i))]

  say(!document.documentElement.lang, 'no language')
  say(!document.title.trim(), 'no title')
  say(all('h1').length !== 1, `${all('h1').length} first headings`)
  say(all('main').length !== 1, `${all('main').length} main parts`)
  say(!document.querySelector('meta[http-equiv=Content-Security-Policy]'), 'no content security policy')

  const heading = part => document.getElementById(part.getAttribute('aria-labelledby'))
  const parts = all('section[aria-labelledby],[role=region]').map(part => name(heading(part) || part))
  twice(parts).forEach(one => say(true, `two parts of one name: ${one}`))

  const ids = all('[id]').map(element => element.id)
  twice(ids).forEach(id => say(true, `id twice: ${id}`))
  const pointed = [...document.body.innerHTML.matchAll(/url\\(#([^)]+)\\)/g)].map(match => match[1])
  all('a[href^="#"]').forEach(link => pointed.push(link.hash.slice(1)))
  all('[aria-labelledby]').forEach(element => pointed.push(element.getAttribute('aria-labelledby')))
  for (const id of new Set(pointed)) say(!ids.includes(id), `points to a missing id: ${id}`)

  const full = child => !/^H\\d$/.test(child.tagName) && (child.textContent.trim() || child.querySelector('svg'))
  all('section').forEach(part => say(![...part.children].some(full), `empty section: ${part.id || short(part)}`))
  all('figure').forEach(figure => {
    say(!figure.querySelector('figcaption')?.textContent.trim(), `figure without a caption: ${figure.id}`)
    say(!figure.querySelector('table'), `figure without a data table: ${figure.id}`)
    say(!figure.querySelector('svg')?.getAttribute('aria-label'), `figure without a named chart: ${figure.id}`)
  })
  all('table').forEach(table => say(!table.caption?.textContent.trim(), `table without a caption: ${short(table)}`))
  all('th').forEach(th => say(!th.scope || !name(th), `header cell without scope or text: ${th.outerHTML}`))

  const wide = document.documentElement.scrollWidth
  say(wide > innerWidth, `wider than the window: ${wide} > ${innerWidth}`)

  const check_text = (chart, box) => {
    const scale = chart.viewBox.baseVal?.width ? box.width / chart.viewBox.baseVal.width : 1
    const texts = all('text', chart).filter(text => text.textContent.trim())
    const boxes = texts.map(text => text.getBoundingClientRect())
    texts.forEach((text, i) => {
      const one = boxes[i], words = text.textContent, size = parseFloat(getComputedStyle(text).fontSize) * scale
      say(size < 9, `chart text of ${size.toFixed(1)} px: ${words}`)
      const across = one.left < box.left - 1 || one.right > box.right + 1
      say(across || one.top < box.top - 1 || one.bottom > box.bottom + 1, `cut off in a chart: ${words}`)
      boxes.forEach((two, j) => {
        const over = Math.min(one.right, two.right) - Math.max(one.left, two.left) > 1
          && Math.min(one.bottom, two.bottom) - Math.max(one.top, two.top) > 3
        say(i < j && over, `labels overprint: ${words} / ${texts[j].textContent}`)
      })
    })
  }
  all('svg').forEach(chart => {
    const box = chart.getBoundingClientRect()
    const drawn = box.width > 0 && box.height > 0 && chart.querySelector('path,line,rect,polyline,circle')
    say(!drawn, `nothing drawn: ${short(chart)}`)
    check_text(chart, box)
  })
  return found
}"""
