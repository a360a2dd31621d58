"""Every page there is."""

from __future__ import annotations

from windlass.web.page import Page
from windlass.web.views.runs import RunsQuery, runs

PAGES: tuple[Page, ...] = (Page("/", runs, "runs.html", RunsQuery),)
"""In the order of the description; a more special path stands before a more general one."""
