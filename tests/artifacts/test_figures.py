"""Figures are drawn the same every time; charts come back as their documents."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import altair as alt
import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from windlass.artifacts.formats import figures
from windlass.artifacts.formats.figures import ChartFormat, FigureFormat
from windlass.artifacts.picture import Picture
from windlass.errors import FormatError
from windlass.values import to_text

from .roundtrip import MemorySource, back, content, outputs_elsewhere, written

FIGURES, CHARTS = FigureFormat(), ChartFormat()
TABLE = pd.DataFrame({"a": [1, 2, None], "b": ["x", "param_1", "z"]})


def _figure(**style: Any) -> Figure:
    figure = Figure(figsize=(3, 2), dpi=80)
    axes = figure.add_subplot()
    axes.plot([1, 2, 3], [3, 1, 2], **style)
    axes.scatter([1, 2], [2, 1])
    axes.bar([1, 2], [0.5, 1])
    axes.set(title="Delay", xlabel="hour", ylabel="minutes")
    return figure


def test_a_figure_comes_back_as_its_drawing() -> None:
    picture = back(FIGURES, _figure())
    assert isinstance(picture, Picture)
    assert picture.png.startswith(b"\x89PNG")
    assert picture._repr_png_() == picture.png
    assert picture.svg is not None
    assert picture._repr_svg_() == picture.svg
    assert "<svg" in picture.svg
    assert "PNG" in repr(picture)


def test_a_drawing_is_the_same_every_time() -> None:
    figure = _figure()
    first = content(FIGURES, figure)
    assert content(FIGURES, figure) == first
    assert content(FIGURES, _figure()) == first
    assert content(FIGURES, back(FIGURES, figure)) == first
    assert hash(back(FIGURES, figure)) == hash(back(FIGURES, figure))
    with mpl.rc_context({"savefig.bbox": "tight", "savefig.dpi": 7, "svg.fonttype": "none"}):
        assert content(FIGURES, figure) == first
    assert content(FIGURES, _figure(color="red")) != first


def test_drawings_tell_neither_time_nor_version() -> None:
    data = written(FIGURES, _figure())
    for word in (mpl.__version__.encode(), b"<dc:date>", b"Software"):
        assert word not in data


def test_a_figure_of_many_points_has_no_svg(tmp_path: Path) -> None:
    for draw in ("plot", "scatter"):
        figure = Figure()
        many = np.arange(figures.LINES + 1)
        getattr(figure.add_subplot(), draw)(many, many)
        picture = back(FIGURES, figure)
        assert picture.svg is None
        assert picture._repr_svg_() is None
        assert FIGURES.preview(picture).media_type == "image/png"
        assert len(written(FIGURES, figure)) < 100_000
        with pytest.raises(ValueError, match="PNG"):
            picture.save(tmp_path / "many.svg")


def test_pictures_can_be_saved(tmp_path: Path) -> None:
    picture = back(FIGURES, _figure())
    picture.save(tmp_path / "a.png")
    picture.save(str(tmp_path / "a.svg"))
    assert (tmp_path / "a.png").read_bytes() == picture.png
    assert (tmp_path / "a.svg").read_text("utf-8") == picture.svg
    assert picture != Picture(picture.png)
    assert picture != "a picture"


def test_figures_and_pictures_are_summed_up_and_shown() -> None:
    figure = _figure()
    told: Any = FIGURES.summary(figure)
    assert told == {"pixels": [240, 160], "axes": 1, "titles": ["Delay", "hour", "minutes"]}
    picture = back(FIGURES, figure)
    assert FIGURES.summary(picture) == {"pixels": [240, 160], "svg": True}
    assert FIGURES.preview(figure) == FIGURES.preview(picture)
    assert FIGURES.preview(figure).media_type == "image/svg+xml"


@pytest.mark.parametrize(
    "data", [b"", b"{}\n", b"[]\n", b'{"png": 5, "svg": null}\nabc', b"\xff\n"]
)
def test_bytes_that_are_no_picture_are_named(data: bytes) -> None:
    with pytest.raises(FormatError, match="not a picture"):
        FIGURES.read(MemorySource(data))


def _points() -> Any:
    brush = alt.selection_interval()
    slider = alt.param(value=1, bind=alt.binding_range(min=0, max=5))
    colour = alt.condition(brush, "b:N", alt.value("grey"))
    marks = alt.Chart(TABLE, title="Points").mark_point().encode(x="a", y="b", color=colour)
    return marks.add_params(brush, slider).transform_filter(f"datum.a > {slider.name}")


def _line() -> Any:
    return alt.Chart(TABLE).mark_line().encode(x="a", y="count()")


MAKERS: dict[str, Any] = {
    "Chart": _points,
    "LayerChart": lambda: alt.layer(_line(), alt.Chart(TABLE).mark_rule()),
    "HConcatChart": lambda: _points() | _line(),
    "VConcatChart": lambda: _points() & _line(),
    "ConcatChart": lambda: alt.concat(_points(), _line()),
    "FacetChart": lambda: _line().facet("b"),
    "RepeatChart": lambda: _line().repeat(["a", "b"]),
}


@pytest.mark.parametrize("name", MAKERS)
def test_charts_come_back_as_their_documents(name: str) -> None:
    chart = MAKERS[name]()
    again = back(CHARTS, chart)
    assert type(again).__name__ == name
    assert figures.chart_spec(again) == figures.chart_spec(chart)
    assert content(CHARTS, again) == content(CHARTS, chart)
    assert content(CHARTS, MAKERS[name]()) == content(CHARTS, chart)
    assert json.loads(written(CHARTS, chart))["$schema"].startswith("https://vega.github.io/")
    to_text(CHARTS.summary(chart))


def test_other_charts_have_other_contents() -> None:
    charts = [
        *(make() for make in MAKERS.values()),
        _line().encode(color="b"),
        _line().properties(title="T"),
        alt.Chart(TABLE.fillna(0)).mark_line().encode(x="a", y="count()"),
    ]
    assert len({content(CHARTS, chart) for chart in charts}) == len(charts)


class Counted(alt.Chart):
    """A chart whose names were counted from the start of the process, as older Altair does."""

    at = 1

    def to_dict(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        first, second, view = f"param_{self.at}", f"param_{self.at + 1}", f"view_{self.at}"
        return {
            "data": {"values": [{"name": "param_7", "b": "view_7"}]},
            "title": "param_7 of view_8",
            "mark": "bar",
            "name": view,
            "params": [
                {"name": second, "select": "interval", "views": [view]},
                {"name": first, "value": 1},
            ],
            "transform": [{"filter": f"datum.x > {first} && datum.param_9 < {second}.width"}],
        }


def test_names_that_count_through_the_process_count_through_the_chart() -> None:
    one, seven = Counted(), Counted()
    seven.at = 7
    assert content(CHARTS, one) == content(CHARTS, seven)
    spec = json.loads(written(CHARTS, seven))
    assert spec["name"] == "view_1"
    assert [param["name"] for param in spec["params"]] == ["param_1", "param_2"]
    assert spec["transform"][0]["filter"] == "datum.x > param_2 && datum.param_9 < param_1.width"
    assert spec["title"] == "param_7 of view_8"
    assert spec["data"]["values"] == [{"name": "param_7", "b": "view_7"}]


def test_all_rows_are_kept() -> None:
    chart = alt.Chart(pd.DataFrame({"a": range(6000)})).mark_bar().encode(x="a")
    assert CHARTS.summary(chart)["rows"] == 6000


def test_charts_are_summed_up() -> None:
    assert CHARTS.summary(_points()) == {
        "class": "Chart",
        "title": "Points",
        "marks": ["point"],
        "encodings": {"color": None, "x": "a", "y": "b"},
        "rows": 3,
    }
    both: Any = CHARTS.summary(_points() | _line())
    assert both["marks"] == ["point", "line"]


def test_charts_are_drawn_and_read_nothing_from_the_network() -> None:
    shown = CHARTS.preview(_line())
    assert shown.media_type == "image/svg+xml"
    assert "<svg" in str(shown.data)
    away = alt.Chart("https://example.invalid/data.csv").mark_point().encode(x="a:Q")
    assert CHARTS.preview(away).media_type == "application/json"


def test_a_chart_without_its_drawing_library_is_shown_as_its_document(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert CHARTS.preview(_line()).media_type == "application/json"


def test_charts_that_are_not_valid_are_named() -> None:
    broken = alt.Chart(TABLE).mark_point().encode(x="no_such_column")
    with pytest.raises(FormatError, match="Chart cannot be stored") as caught:
        written(CHARTS, broken)
    assert caught.value.hint is not None
    with pytest.raises(FormatError, match="cannot read a stored chart"):
        CHARTS.read(MemorySource(b"not JSON"))


_CONTENT = """
import altair as alt, pandas as pd
from matplotlib.figure import Figure
from artifacts.roundtrip import content
from windlass.artifacts.formats.figures import ChartFormat, FigureFormat
figure = Figure()
figure.add_subplot().plot([1, 2], label="q")
figure.axes[0].legend()
chart = alt.Chart(pd.DataFrame({"a": [1]})).mark_bar().encode(x="a:Q").interactive()
print(content(FigureFormat(), figure), content(ChartFormat(), chart))
"""


def test_contents_are_equal_in_every_process() -> None:
    assert len(set(outputs_elsewhere(_CONTENT))) == 1
