"""Plotly's figures come back as they were, and what is no figure is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from windlass.artifacts.formats.plotly_figures import PlotlyFormat, page_of
from windlass.errors import CorruptError
from windlass.values import to_text

from .box import Box
from .hostile import survives
from .roundtrip import MemorySource, back, content, outputs_elsewhere, written

go = pytest.importorskip("plotly.graph_objects", reason="plotly is not installed")

FIGURES = PlotlyFormat()
LAWS = settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
_numbers = st.lists(st.floats(allow_nan=False, allow_infinity=False) | st.none(), max_size=4)
_traces = st.builds(
    lambda kind, numbers, name: getattr(go, kind)(x=numbers, name=name),
    st.sampled_from(["Scatter", "Bar", "Histogram", "Box"]),
    _numbers,
    st.text(max_size=3),
)
_figures = st.builds(
    lambda traces, title: go.Figure(traces, {"title": {"text": title}}),
    st.lists(_traces, max_size=3),
    st.text(max_size=5),
)


@LAWS
@given(_figures)
def test_figures_come_back(figure: Any) -> None:
    again = back(FIGURES, figure)
    assert type(again) is go.Figure
    assert again == figure
    assert content(FIGURES, again) == content(FIGURES, figure)
    to_text(FIGURES.summary(figure))
    assert FIGURES.preview(figure).data


@LAWS
@given(_figures, _figures)
def test_contents_are_equal_only_where_figures_are(one: Any, other: Any) -> None:
    assert (written(FIGURES, one) == written(FIGURES, other)) == (one == other)


def test_arrays_templates_frames_and_facts() -> None:
    values = np.array([[0.1, np.nan], [np.inf, 3]])
    figure = go.Figure(
        [
            go.Heatmap(z=values, name="heat"),
            go.Scatter(x=np.arange(5), y=["a", "b", None, "d", "e"]),
        ],
        {"title": "What it is"},
        [go.Frame(data=[go.Scatter(y=[1])], name="first")],
    )
    again = back(FIGURES, figure)
    assert np.array_equal(again.data[0].z, values, equal_nan=True)
    assert again.data[1].x.tolist() == [0, 1, 2, 3, 4]
    assert again.frames[0].name == "first"
    facts = FIGURES.summary(figure)
    assert facts["title"] == "What it is"
    assert facts["of"] == ["heatmap", "scatter"]
    assert facts["frames"] == 1
    assert facts["points"] == 4 + 5
    plain = go.Figure(go.Bar(y=[1]))
    plain.layout.template = None
    assert back(FIGURES, plain).layout.template.to_plotly_json() == {}
    assert content(FIGURES, plain) != content(FIGURES, go.Figure(go.Bar(y=[1])))


def test_it_is_found_and_exported_as_a_page_without_a_network(tmp_path: Path) -> None:
    figure = go.Figure(go.Bar(x=["a"], y=[1]))
    box = Box(tmp_path)
    saved = box.save({"plot": figure})
    assert [child.format for child in saved.children] == ["plotly.figure"]
    assert box.load(saved.artifact.content)["plot"] == figure
    page = page_of(figure)
    assert page == page_of(figure)
    assert "<script src" not in page


@pytest.mark.parametrize(
    "data",
    [b"", b"[]", b"{}", b'{"data":[],"layout":1}', b'{"data":[{"type":"os.system"}],"layout":{}}'],
)
def test_what_is_no_figure_is_refused(data: bytes) -> None:
    with pytest.raises(CorruptError):
        FIGURES.read(MemorySource(data))


def test_altered_bytes_do_not_end_the_process() -> None:
    make = "import plotly.graph_objects as go\nvalue = go.Figure(go.Bar(x=['a', 'b'], y=[1, 2]))"
    told = survives("plotly_figures", "PlotlyFormat", make)
    assert told.startswith("refused")
    assert int(told.split()[1]) > 50


def test_contents_agree_between_processes() -> None:
    code = (
        "import plotly.express as px\n"
        "from artifacts.roundtrip import content\n"
        "from windlass.artifacts.formats.plotly_figures import PlotlyFormat\n"
        "figure = px.scatter(x=[1, 2, 3], y=[1, 3, 2], color=['a', 'b', 'a'])\n"
        "print(content(PlotlyFormat(), figure))"
    )
    one, other = outputs_elsewhere(code)
    assert one == other
    assert json.loads(f'"{one.strip()}"')
