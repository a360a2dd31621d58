"""A run or a model as one file, to be kept or sent."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from windlass.web.page import Ask, Body, Query

if TYPE_CHECKING:
    from windlass.web.reports.report import Report
    from windlass.web.site import Site

_NOT_IN_NAMES = re.compile(r"[^A-Za-z0-9_-]+")


def run_report(ask: Ask[Query]) -> Body:
    """What ``windlass report RUN`` writes."""
    from windlass.web.reports.report import report_of_run

    return _file(report_of_run(_alone(ask), ask.path["run"]))


def model_report(ask: Ask[Query]) -> Body:
    """What ``windlass report MODEL`` writes."""
    from windlass.web.reports.report import report_of_model

    return _file(report_of_model(_alone(ask), ask.path["model"]))


def version_report(ask: Ask[Query]) -> Body:
    """What ``windlass report MODEL@VERSION`` writes."""
    from windlass.web.reports.report import report_of_model

    return _file(report_of_model(_alone(ask), f"{ask.path['model']}@{ask.path['version']}"))


def _alone(ask: Ask[Query]) -> Site:
    """The project as a report shows it: as if there were no other."""
    return replace(ask.site, base="")


def _file(report: Report) -> Body:
    name = _NOT_IN_NAMES.sub("-", report.name)
    headers = {"Content-Disposition": f'attachment; filename="{name}.html"'}
    return Body("text/html; charset=utf-8", report.html.encode(), headers)
