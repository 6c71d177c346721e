"""From an executed notebook to a packet, or to the reason why there is none."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import nbformat
import pandas as pd

from slareport.editions import own
from slareport.errors import SlareportError
from slareport.jobs import Job
from slareport.kernels import Executed
from slareport.packet import PacketExporter
from slareport.publishing import closing_record


@dataclass(frozen=True)
class Finished:
    """An executed notebook (None if it cannot be read) and its page, or what is wrong with it.

    `undrawn` names the charts that stand in the page as a table only, because they could not be drawn.
    """

    notebook: Any
    html: str = ""
    undrawn: tuple[str, ...] = ()
    failure: str = ""


def finish(executed: Executed, job: Job, as_of: pd.Timestamp) -> Finished:
    """The page of a review, if it is the one asked for and ran to its end. Never raises."""
    notebook, failure = _read(executed)
    failure = failure or _shortfall(notebook, job, as_of)
    if failure:
        return Finished(notebook, failure=failure)
    try:
        html, made = PacketExporter().from_notebook_node(notebook)
    except SlareportError as error:
        return Finished(notebook, failure=str(error))
    except Exception as error:  # one packet must never stop the others
        return Finished(notebook, failure=f"no packet could be made of it: {type(error).__name__}: {error}")
    return Finished(notebook, html, tuple(made["undrawn"]))


def _read(executed: Executed) -> tuple[Any, str]:
    if not executed.notebook:
        return None, executed.failure or "it left no executed copy"
    try:
        return nbformat.reads(executed.notebook, as_version=4), executed.failure
    except Exception as error:  # nbformat and json each raise their own
        return None, executed.failure or f"its executed copy cannot be read: {error}"


def _shortfall(notebook: Any, job: Job, as_of: pd.Timestamp) -> str:
    """What an executed notebook lacks to count as run to its end; empty if nothing.

    papermill calls a dead kernel or a `sys.exit(0)` a success in its metadata, so nothing it says is believed:
    a packet needs every cell run in order and the closing record of exactly this review.
    """
    try:
        data = closing_record(notebook)
    except KeyError:
        return "it ended before its closing call review.close()"
    code = [cell for cell in notebook.cells if cell.cell_type == "code" and cell.source.strip()]
    if [cell.execution_count for cell in code] != list(range(1, len(code) + 1)):
        return "not every cell ran, in order"
    edition = job.place.edition or own(job.team)
    asked = {"period": job.period, "team": job.team, "as_of": as_of.isoformat(), "edition": edition}
    made = {name: data.get(name) for name in asked}
    if made != asked:
        told = ", ".join(f"{name} {made[name]} instead of {asked[name]}" for name in asked if made[name] != asked[name])
        return f"the notebook overwrites its parameters: it reviewed {told}"
    return ""
