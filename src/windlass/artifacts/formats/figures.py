"""Figures: matplotlib's as drawings, Altair's as Vega-Lite."""

from __future__ import annotations

import importlib.util
import io
import json
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, cast

from windlass.artifacts.format import Format, Preview, Sink, Source
from windlass.artifacts.picture import Picture
from windlass.errors import FormatError
from windlass.values import Json, to_text

if TYPE_CHECKING:
    import altair
    from matplotlib.figure import Figure

LINES = 20_000
"""Points from which a figure is kept in pixels alone: as SVG it would be slow and large."""

_DRAWING: Any = {
    "savefig.bbox": None,
    "savefig.transparent": False,
    "svg.fonttype": "path",
    "svg.hashsalt": "windlass",
    "svg.image_inline": True,
}
"""Settings that would let the same figure be drawn otherwise elsewhere, or twice."""

_PNG_SIZE = slice(16, 24)
_COUNTED = re.compile(r"(param|view|selector)_?\d{1,9}")
_DATA = {"data", "datasets"}
_TEXTS = {*_DATA, "datum", "description", "field", "text", "title", "usermeta", "value"}
"""Keys of Vega-Lite under which the author's own words stand, not names of parts."""


class FigureFormat(Format["Picture | Figure"]):
    """matplotlib's figures, drawn when saved; a `Picture` is read.

    Drawing needs no display. Nothing in the bytes tells of the time or of the version.
    """

    name = "picture"
    types = ("matplotlib.figure.Figure", "windlass.artifacts.picture.Picture")

    def write(self, value: Picture | Figure, sink: Sink) -> None:
        """Writes the lengths of both drawings, then the drawings."""
        picture = value if isinstance(value, Picture) else draw(value)
        svg = None if picture.svg is None else picture.svg.encode()
        head: dict[str, Json] = {"png": len(picture.png), "svg": None if svg is None else len(svg)}
        sink.write(to_text(head).encode() + b"\n")
        sink.write(picture.png)
        sink.write(svg or b"")

    def read(self, source: Source) -> Picture:
        """The drawing."""
        head, _, body = source.bytes().partition(b"\n")
        try:
            sizes = json.loads(head)
            png, svg = body[: sizes["png"]], body[sizes["png"] :]
            whole = len(body) == sizes["png"] + (sizes["svg"] or 0)
        except (ValueError, KeyError, TypeError) as error:
            raise FormatError(f"stored bytes are not a picture: {error}") from error
        if not whole:
            raise FormatError("stored bytes are not a picture: they were cut short")
        return Picture(png, None if sizes["svg"] is None else svg.decode())

    def summary(self, value: Picture | Figure) -> dict[str, Json]:
        """Size; of a figure also titles and labels."""
        if isinstance(value, Picture):
            numbers = value.png[_PNG_SIZE]
            size = [int.from_bytes(numbers[:4], "big"), int.from_bytes(numbers[4:], "big")]
            return {"pixels": list(size), "svg": value.svg is not None}
        width, height = value.get_size_inches().tolist()
        titles: list[Json] = [text for text in _titles(value) if text]
        pixels: list[Json] = [round(width * value.dpi), round(height * value.dpi)]
        return {"pixels": pixels, "axes": len(value.axes), "titles": titles[:20]}

    def preview(self, value: Picture | Figure) -> Preview:
        """The drawing."""
        picture = value if isinstance(value, Picture) else draw(value)
        if picture.svg is None:
            return Preview("image/png", picture.png)
        return Preview("image/svg+xml", picture.svg)


class ChartFormat(Format["altair.TopLevelMixin"]):
    """Altair's charts as Vega-Lite documents with their data.

    Older Altair counts the names of views and parameters from the start of the process; such
    names are counted again from the start of the chart.
    """

    name = "altair.chart"
    types = ("altair.vegalite.v5.api.TopLevelMixin", "altair.vegalite.v6.api.TopLevelMixin")

    def write(self, value: altair.TopLevelMixin, sink: Sink) -> None:
        """Writes the document."""
        sink.write(to_text(chart_spec(value)).encode())

    def read(self, source: Source) -> altair.TopLevelMixin:
        """The chart, of the class that its document has."""
        import altair

        try:
            chart: Any = altair.Chart.from_dict(json.loads(source.bytes()))
        except ValueError as error:
            raise FormatError(
                f"Altair {altair.__version__} cannot read a stored chart: {error}"
            ) from error
        return cast("altair.TopLevelMixin", chart)

    def summary(self, value: altair.TopLevelMixin) -> dict[str, Json]:
        """Class, title, marks, encodings, and rows of data."""
        spec: Any = chart_spec(value)
        marks: list[Json] = [*dict.fromkeys(_mark_name(mark) for mark in _under(spec, "mark"))]
        fields = {name: _field(channel) for name, channel in _encodings(spec)}
        rows = sum(len(data) for data in spec.get("datasets", {}).values())
        title = spec.get("title")
        return {
            "class": type(value).__name__,
            "title": title if isinstance(title, str) else None,
            "marks": marks[:20],
            "encodings": dict(list(fields.items())[:20]),
            "rows": rows,
        }

    def preview(self, value: altair.TopLevelMixin) -> Preview:
        """The chart drawn as SVG where vl-convert is installed, else its document.

        Drawing reads nothing from the network: of data at an address, the document is shown.
        """
        spec = to_text(chart_spec(value))
        if importlib.util.find_spec("vl_convert") is not None:
            import vl_convert

            try:
                svg = vl_convert.vegalite_to_svg(spec, allowed_base_urls=[])
                return Preview("image/svg+xml", svg)
            except ValueError:
                pass  # it asks for data from the network, or is of a newer Vega-Lite
        return Preview("application/json", spec)


def draw(figure: Figure) -> Picture:
    """A figure's drawing, the same every time."""
    import matplotlib as mpl

    with mpl.rc_context(_DRAWING):
        png = _drawn(figure, "png", {"Software": None})
        if sum(_points(figure)) > LINES:
            return Picture(png)
        return Picture(png, _drawn(figure, "svg", {"Date": None, "Creator": None}).decode())


def chart_spec(chart: altair.TopLevelMixin) -> dict[str, Any]:
    """A chart's document, with all of its data in it and with names of its own.

    Raises:
        FormatError: The chart is not valid, or its data cannot be written.
    """
    import altair

    try:
        with altair.data_transformers.enable("default", max_rows=None):
            spec: Any = chart.to_dict()
    except (ValueError, TypeError) as error:
        raise FormatError(
            f"an Altair {type(chart).__name__} cannot be stored: {error}",
            hint="chart.to_dict() shows what is wrong with it.",
        ) from error
    declared = (name for name in _under(spec, "name") if _COUNTED.fullmatch(str(name)))
    renamed = _renamed(spec, _counted_again(list(dict.fromkeys(declared))))
    ordered: dict[str, Any] = _in_order(renamed)
    return ordered


def _drawn(figure: Figure, kind: str, metadata: dict[str, Any]) -> bytes:
    buffer = io.BytesIO()
    figure.savefig(
        buffer, format=kind, dpi="figure", facecolor="auto", edgecolor="auto", metadata=metadata
    )
    return buffer.getvalue()


def _points(figure: Figure) -> Iterator[int]:
    import numpy as np

    for axes in figure.axes:
        yield 5 * len(axes.patches)
        for line in axes.lines:
            yield len(np.asarray(line.get_xydata()))
        for collection in axes.collections:
            yield max(
                len(np.asarray(collection.get_offsets())),
                sum(len(path) for path in collection.get_paths()),
            )


def _titles(figure: Figure) -> Iterator[str]:
    yield figure.get_suptitle()
    for axes in figure.axes:
        yield axes.get_title()
        yield axes.get_xlabel()
        yield axes.get_ylabel()


def _counted_again(names: list[str]) -> dict[str, str]:
    counts: dict[str, int] = {}
    renamed = {}
    for name in names:
        prefix = name.rstrip("0123456789")
        counts[prefix] = counts.get(prefix, 0) + 1
        renamed[name] = f"{prefix}{counts[prefix]}"
    return renamed


def _renamed(node: Any, names: dict[str, str]) -> Any:
    if isinstance(node, str):
        return re.sub(r"\w+", lambda word: names.get(word[0], word[0]), node) if names else node
    if isinstance(node, list):
        return [_renamed(item, names) for item in node]
    if isinstance(node, dict):
        return {
            key: value if key in _TEXTS else _renamed(value, names) for key, value in node.items()
        }
    return node


def _in_order(node: Any) -> Any:
    """A document with its keys sorted, since Altair orders them otherwise when it reads it.

    Data are left alone: a tooltip shows columns in their order.
    """
    if isinstance(node, list):
        return [_in_order(item) for item in node]
    if isinstance(node, dict):
        keys = sorted(node)
        return {key: node[key] if key in _DATA else _in_order(node[key]) for key in keys}
    return node


def _under(node: Any, key: str) -> Iterator[Any]:
    """What stands under a key anywhere in a document, data left out."""
    if isinstance(node, list):
        for item in node:
            yield from _under(item, key)
    elif isinstance(node, dict):
        if key in node:
            yield node[key]
        for name, item in node.items():
            if name not in _TEXTS:
                yield from _under(item, key)


def _mark_name(mark: Any) -> str:
    return str(mark.get("type", "")) if isinstance(mark, dict) else str(mark)


def _encodings(spec: Any) -> Iterator[tuple[str, Any]]:
    for encoding in _under(spec, "encoding"):
        yield from encoding.items()


def _field(channel: Any) -> Json:
    channel = channel if isinstance(channel, dict) else {}
    told = channel.get("field", channel.get("aggregate"))
    return told[:80] if isinstance(told, str) else None
