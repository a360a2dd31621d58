"""Every page there is."""

from __future__ import annotations

from windlass.web.drawn import run_drawings
from windlass.web.page import Address, Page
from windlass.web.views.run import RunQuery, run
from windlass.web.views.runs import RunsQuery, runs

PAGES: tuple[Page, ...] = (
    Page("/", runs, "runs.html", RunsQuery),
    Page("/runs/{run}", run, "run.html", RunQuery, run_drawings),
)
"""In the order of the description; a more special path stands before a more general one."""

ADDRESSES: tuple[Address, ...] = ()
"""What is beside the pages."""
