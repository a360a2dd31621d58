"""Plotly: figures as their own JSON, validated when they are read."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from windlass.artifacts.format import Format, Preview, Sink, Source
from windlass.artifacts.formats.table_facts import rows_preview
from windlass.errors import CorruptError, FormatError
from windlass.values import Json

if TYPE_CHECKING:
    from plotly.basedatatypes import BaseFigure

_SHOWN = 20
_DTYPES = ("i1", "u1", "i2", "u2", "i4", "u4", "f4", "f8")


class PlotlyFormat(Format["BaseFigure"]):
    """Plotly's figures as the JSON that it draws from, keys in order; arrays as it packs them.

    An array comes back as one, of the smallest dtype that holds its whole numbers. A `FigureWidget`
    comes back as a `Figure`. What JSON has not, such as NaN in a list, is null, as it is to whoever
    draws the figure.
    """

    name = "plotly.figure"
    types = ("plotly.basedatatypes.BaseFigure",)

    def write(self, value: BaseFigure, sink: Sink) -> None:
        """Writes the document.

        Raises:
            FormatError: It holds what has no JSON.
        """
        sink.write(figure_json(value).encode())

    def read(self, source: Source) -> BaseFigure:
        """The figure.

        Raises:
            CorruptError: The bytes are no figure to the Plotly that is installed.
        """
        import plotly
        from plotly import graph_objects

        try:
            document = _unpacked(json.loads(source.bytes()))
            figure: BaseFigure = graph_objects.Figure(
                document["data"], document["layout"], document.get("frames")
            )
            if "template" not in document["layout"]:
                figure.layout.template = None  # else that of this process
        except (ValueError, LookupError, TypeError, RecursionError) as error:
            first = next(iter(str(error).strip().splitlines()), "")
            raise CorruptError(
                f"plotly {plotly.__version__} cannot read a stored figure: {first}"
            ) from error
        return figure

    def summary(self, value: BaseFigure) -> dict[str, Json]:
        """Title, the kinds of its traces, how many points they have, and frames."""
        kinds: list[Json] = [*dict.fromkeys(str(trace.type) for trace in value.data)]
        title = value.layout.title.text
        facts: dict[str, Json] = {
            "title": title[:80] if isinstance(title, str) else None,
            "traces": len(value.data),
            "of": kinds[:_SHOWN],
            "points": sum(points for _, _, points in _traces(value)),
        }
        return {**facts, "frames": len(value.frames)} if value.frames else facts

    def preview(self, value: BaseFigure) -> Preview:
        """Its traces; drawing them takes a browser: ``artifacts export`` writes a page."""
        rows = [(kind, name, f"{points:,}") for kind, name, points in _traces(value)]
        return rows_preview(["trace", "name", "points"], ["", "", ""], rows[:_SHOWN], len(rows))


def figure_json(figure: BaseFigure) -> str:
    """A figure's document, the same for equal figures.

    Raises:
        FormatError: It holds what has no JSON.
    """
    import plotly.io

    try:
        text = plotly.io.to_json(figure, validate=True, engine="json")
    except (TypeError, ValueError) as error:
        raise FormatError(
            f"a plotly figure cannot be stored: {error}", hint="figure.to_json() shows what it is."
        ) from error
    return json.dumps(json.loads(text), sort_keys=True, separators=(",", ":"))


def page_of(figure: Any) -> str:
    """A page that draws a figure without a network: some five megabytes, with Plotly's program."""
    page: str = figure.to_html(include_plotlyjs=True, full_html=True, div_id="figure")
    return page


def _traces(figure: BaseFigure) -> Iterator[tuple[str, str, int]]:
    """Kind, name and number of points of each trace."""
    for trace in json.loads(figure_json(figure))["data"]:
        points = max((_length(part) for part in trace.values()), default=0)
        yield trace.get("type", ""), str(trace.get("name", "")), points


def _length(part: Any) -> int:
    whole = _unpacked(part)
    return whole.size if hasattr(whole, "size") else len(whole) if isinstance(whole, list) else 0


def _unpacked(node: Any) -> Any:
    """A document with arrays where Plotly has packed them.

    Raises:
        ValueError: One is of no such dtype, or of another shape than it says.
    """
    if isinstance(node, list):
        return [_unpacked(item) for item in node]
    if not isinstance(node, dict):
        return node
    if {"bdata", "dtype"} <= node.keys() <= {"bdata", "dtype", "shape"}:
        return _array(node["bdata"], node["dtype"], node.get("shape"))
    return {key: _unpacked(value) for key, value in node.items()}


def _array(data: str, dtype: str, shape: str | None) -> Any:
    import numpy as np

    if dtype not in _DTYPES:
        raise ValueError(f"an array of {dtype}")
    found = np.frombuffer(bytearray(base64.b64decode(data)), np.dtype(dtype).newbyteorder("<"))
    return found if shape is None else found.reshape([int(size) for size in shape.split(",")])
