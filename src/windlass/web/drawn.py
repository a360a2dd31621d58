"""The drawings of each page that has some."""

from __future__ import annotations

import time
from functools import partial
from typing import Any
from urllib.parse import quote

from windlass.web.drawing import graph_svg, lineage_svg, timeline_svg
from windlass.web.page import Ask, Query
from windlass.web.views.finding import open_run, rows
from windlass.web.views.lineage import LineageDocument
from windlass.web.views.node import NodeDocument, NodeQuery
from windlass.web.views.run import RunDocument, RunQuery, collapsed_groups, opened


def run_drawings(ask: Ask[RunQuery], told: RunDocument) -> dict[str, Any]:
    """The graph of a run, and its timeline."""
    found, base = open_run(ask), ask.site.base
    open_groups = opened(ask.query.expand)
    closed = collapsed_groups(found.graph, open_groups)
    link = partial(_node, f"{base}/runs/{quote(found.name, safe='')}/nodes")
    return {
        "graph": graph_svg(found, rows(ask), base, open_groups, closed),
        "timeline": timeline_svg(told["timeline"], time.time(), link),
    }


def node_drawings(ask: Ask[NodeQuery], told: NodeDocument) -> dict[str, Any]:
    """The attempts of a node, as a timeline."""
    link = partial(_node, f"{ask.site.base}/runs/{quote(told['run'], safe='')}/nodes")
    several = len(told["attempts"]) > 1
    return {"timeline": timeline_svg(told["attempts"] if several else [], time.time(), link)}


def lineage_drawings(ask: Ask[Query], told: LineageDocument) -> dict[str, Any]:
    """The graph of a lineage."""
    return {"graph": lineage_svg(told["boxes"], told["links"], ask.site.base, told["content"])}


def _node(place: str, node: str) -> str:
    return f"{place}/{quote(node, safe='')}"
