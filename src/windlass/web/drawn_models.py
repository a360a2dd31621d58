"""What the pages of models and deployments draw beside their documents."""

from __future__ import annotations

import time
from functools import cache
from typing import Any
from urllib.parse import quote

from markupsafe import Markup

from windlass.web.drawing_models import (
    colour,
    histogram_svg,
    latency_svg,
    stands_svg,
    traffic_svg,
    versions_of,
)
from windlass.web.page import Ask
from windlass.web.views.deployment import DeploymentDocument
from windlass.web.views.model import ModelDocument
from windlass.web.views.version import VersionDocument


def model_drawings(ask: Ask[Any], told: ModelDocument) -> dict[str, Any]:
    """Where the aliases of a model stood."""
    here = f"{ask.site.base}/models/{quote(told['model'], safe='')}"
    return {"stands": stands_svg(told["stands"], time.time(), lambda n: f"{here}/{n}")}


def deployment_drawings(_: Ask[Any], told: DeploymentDocument) -> dict[str, Any]:
    """Traffic and latency over time, and the histograms of each column."""
    return {
        "traffic": traffic_svg(told["windows"]),
        "latency": latency_svg(told["windows"]),
        "histogram": histogram_svg,
        "colour": colour,
        "answered": versions_of(told["windows"]),
    }


def version_drawings(_: Ask[Any], told: VersionDocument) -> dict[str, Any]:
    """The model card as HTML."""
    markdown = _markdown()
    parts = markdown.parse(told["card"])
    for part in parts:  # below the headings of the page
        if part.type in ("heading_open", "heading_close"):
            part.tag = f"h{int(part.tag[1:]) + 2}"
    html = markdown.renderer.render(parts, markdown.options, {})
    return {"card": Markup(html)}  # noqa: S704 (it escapes HTML)


@cache
def _markdown() -> Any:
    """Renders Markdown; HTML in it is shown as it is written, and no link leads to a script."""
    from markdown_it import MarkdownIt

    return MarkdownIt("commonmark", {"html": False}).enable("table")
