"""Drawings: valid XML whatever things are called, states in signs and words, Mermaid text."""

from __future__ import annotations

import re
from collections import Counter
from xml.etree import ElementTree

import pytest
from graph_shapes import chain, fan, graphs
from hypothesis import given, settings
from hypothesis import strategies as st

from windlass.pipeline.drawing import graph_html, svg
from windlass.pipeline.graph import (
    Branch,
    Choice,
    Constant,
    Each,
    FromChoice,
    FromNode,
    FromParameter,
    Graph,
    Node,
)
from windlass.pipeline.layout import Direction, Edge, Layout, layout
from windlass.pipeline.lines import lines_svg
from windlass.pipeline.mermaid import mermaid
from windlass.pipeline.states import STATUSES, NodeState, combined
from windlass.pipeline.theme import WORDS, clean, sign, theme_css

LAWS = settings(deadline=None, max_examples=50)
SVG = "{http://www.w3.org/2000/svg}"
TAGS = {"svg", "style", "g", "title", "rect", "text", "tspan", "path", "polygon", "circle", "a"}
HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "]]><!-- --!> &amp; &#0;",
    "\x00\x08\x1b[31m\ud800\uffff",
    "a\nb\tc",
    "\u202egnirts",
    "é́́́" * 30,
    "数据" * 40,
    "'); DROP TABLE nodes; --",
    " ",
]

directions = st.sampled_from(["down", "right"])
states = st.builds(
    NodeState,
    status=st.sampled_from(STATUSES),
    seconds=st.none() | st.floats(0, 1e6),
    cached=st.booleans(),
    note=st.text() | st.sampled_from(HOSTILE),
    items=st.dictionaries(st.sampled_from(WORDS), st.integers(0, 500), max_size=4),
)


def parsed(text: str) -> ElementTree.Element:
    """The drawing, checked to hold only what draws."""
    root = ElementTree.fromstring(text)
    for element in root.iter():
        assert element.tag.removeprefix(SVG) in TAGS
        assert not [name for name in element.attrib if name.startswith("on") or ":" in name]
    return root


def words_of(root: ElementTree.Element) -> list[str]:
    return ["".join(text.itertext()) for text in root.iter(f"{SVG}text")]


def titles_of(root: ElementTree.Element) -> list[str]:
    return [title.text or "" for title in root.iter(f"{SVG}title")]


def named(name: str, *, parameter: str = "x") -> Graph:
    """A graph in which everything bears a name."""
    nodes = {
        name: Node(name, f"{name}:{name}", {parameter: Constant([name])}, outputs=(name,)),
        f"{name}2": Node(
            f"{name}2",
            name,
            {parameter: Each(FromNode(name, name)), "y": FromParameter(name)},
            mode="zip",
            after=(name,),
            when=(Branch(f"{name}3", True),),
            settings={name: name},
        ),
    }
    choice = Choice(f"{name}3", FromParameter(name), FromNode(f"{name}2"), Constant(name))
    return Graph(name, nodes, {choice.name: choice}, FromChoice(choice.name))


@LAWS
@given(graphs(), directions, st.data())
def test_every_drawing_is_valid(graph: Graph, direction: Direction, data: st.DataObject) -> None:
    drawn = layout(graph, direction=direction, room=True)
    some = data.draw(st.dictionaries(st.sampled_from(sorted(drawn.boxes)), states))
    root = parsed(svg(drawn, some))
    titles = titles_of(root)
    assert len([title for title in titles if title]) >= len(drawn.boxes)
    for name in graph.nodes:
        about = next(title for title in titles if title.startswith(f"{name}\n"))
        state = some.get(name, NodeState("waiting"))
        assert re.search(rf"^{state.word}\b", about, re.MULTILINE)


@LAWS
@given(st.text(min_size=1) | st.sampled_from(HOSTILE), st.text())
def test_names_are_shown_as_they_are_and_never_obeyed(name: str, note: str) -> None:
    graph = named(name)
    state = NodeState("failed", note=note)
    root = parsed(svg(layout(graph, room=True), {name: state}, links={name: f"#{name}"}))
    assert "<script" not in graph_html(graph)
    shown = ElementTree.fromstring(f"<t>{clean(name)}</t>").text
    assert any(shown in title for title in titles_of(root) if shown)
    assert parsed(svg(layout(graph))) is not None


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names(name: str) -> None:
    text = svg(layout(named(name, parameter=name)))
    parsed(text)
    page = graph_html(named(name))
    assert not re.search(r"<(script|img|!--)", text + page)
    assert all(ord(letter) >= 32 or letter in "\t\n" for letter in page)


def test_the_style_names_both_themes_and_loads_nothing() -> None:
    text = svg(layout(chain(2)))
    assert "prefers-color-scheme:dark" in text
    assert "prefers-reduced-motion:reduce" in text
    assert not re.search(r"url\(|@import|https?:(?!//www\.w3\.org/2000/svg)", text)
    assert "<style>" not in svg(layout(chain(2)), style=False)


def test_themes_of_pages_go_before_that_of_the_system() -> None:
    css = theme_css()
    for page in ("[data-jp-theme-light=false]", ".vscode-dark", "[data-theme=dark]"):
        assert css.index("prefers-color-scheme") < css.index(f"{page} .windlass")


def test_states_differ_by_their_signs_and_words_too() -> None:
    assert len({sign(word) for word in WORDS}) == len(WORDS)
    node = Node("train", "m:train", {})
    drawn = layout(Graph("p", {"train": node}, {}, FromNode("train")), room=True)
    for status in STATUSES:
        root = parsed(svg(drawn, {"train": NodeState(status, seconds=0.84)}))
        assert f"{status} in 840 ms" in titles_of(root)[0]
        assert f"1 {status}" in root.attrib["aria-label"]
        assert sign(status) in svg(drawn, {"train": NodeState(status)})


def test_a_result_from_the_cache_says_so_instead_of_a_time() -> None:
    drawn = layout(chain(1), room=True)
    root = parsed(svg(drawn, {"n0": NodeState("succeeded", seconds=0.1, cached=True)}))
    assert words_of(root) == ["n0", "cached"]


MAPPED = Graph(
    "p",
    {"train": Node("train", "m:train", {"x": Each(Constant([4, 6, 8]))}, mode="zip")},
    {},
    FromNode("train"),
)


def test_a_map_is_a_stack_with_its_count_and_how_far_it_is() -> None:
    root = parsed(svg(layout(MAPPED)))
    assert words_of(root) == ["train×3"]
    assert len(list(root.iter(f"{SVG}rect"))) == 3
    state = NodeState("running", items={"failed": 1, "succeeded": 3, "waiting": 4})
    root = parsed(svg(layout(MAPPED, room=True), {"train": state}))
    bars = [rect for rect in root.iter(f"{SVG}rect") if "wl-bar" in rect.attrib["class"]]
    assert [bar.attrib["class"] for bar in bars] == [
        "wl-bar wl-succeeded",
        "wl-bar wl-failed",
        "wl-bar wl-waiting",
    ]
    widths = [float(bar.attrib["width"]) for bar in bars]
    assert widths[0] == pytest.approx(3 * widths[1], rel=0.01)
    assert words_of(root)[0] == "train×8"


def test_an_empty_map_has_none() -> None:
    state = NodeState("succeeded", items={"succeeded": 0})
    assert words_of(parsed(svg(layout(MAPPED, room=True), {"train": state})))[0] == "train×0"


@pytest.mark.parametrize("direction", ["down", "right"])
def test_the_branch_that_was_not_taken_is_faint(direction: Direction) -> None:
    on = {True: (Branch("either", True),), False: (Branch("either", False),)}
    nodes = {
        "good": Node("good", "m:good", {}),
        "publish": Node("publish", "m:publish", {}, when=on[True]),
        "explain": Node("explain", "m:explain", {}, when=on[False]),
    }
    choice = Choice("either", FromNode("good"), FromNode("publish"), FromNode("explain"))
    drawn = layout(Graph("p", nodes, {"either": choice}, FromChoice("either")), direction=direction)
    states = {name: NodeState("succeeded") for name in nodes}
    root = parsed(svg(drawn, {**states, "explain": NodeState("skipped")}))
    faint = next(group for group in root.iter(f"{SVG}g") if group.attrib.get("class") == "wl-faint")
    assert words_of(faint) == ["no"]
    assert {"yes", "no", "?"} <= set(words_of(root))
    assert words_of(parsed(svg(drawn))).count("no") == 1


def test_lines_that_share_a_way_are_drawn_once() -> None:
    nodes = {
        "a": Node("a", "m:a", {}),
        "b": Node("b", "m:b", {"x": FromNode("a")}),
        "c": Node("c", "m:c", {"x": FromNode("b")}),
        "d": Node("d", "m:d", {"x": FromNode("c"), "y": FromNode("a")}),
        "e": Node("e", "m:e", {"x": FromNode("c"), "y": FromNode("a")}),
    }
    paths = "".join(lines_svg(layout(Graph("p", nodes, {}, FromNode("e"))), {}))
    steps = re.findall(r"M[^M\"]*", paths)
    assert all(count == 1 for count in Counter(steps).values())
    assert len(re.findall("z", paths)) == 6  # an arrow's head for each line's end


def test_corners_are_round_and_the_way_stays_whole() -> None:
    points = ((0.0, 0.0), (0.0, 20.0), (100.0, 20.0), (100.0, 40.0))
    drawn = Layout("p", "down", 100, 40, {}, {}, (Edge("a", "b", "data", points),))
    (path,) = lines_svg(drawn, {})
    assert "M0 0L0 12M0 12Q0 20 8 20M8 20L92 20M92 20Q100 20 100 28M100 28L100 40" in path


def test_links_make_boxes_reachable_by_keyboard() -> None:
    drawn = layout(chain(2))
    root = parsed(svg(drawn, links={"n0": "?a=1&b=2"}))
    assert [link.attrib["href"] for link in root.iter(f"{SVG}a")] == ["?a=1&b=2"]
    assert root.attrib["role"] == "group"
    assert parsed(svg(drawn)).attrib["role"] == "img"


def test_a_graph_shows_itself_in_a_notebook() -> None:
    page = fan(3)._repr_html_()
    assert "<b>fan</b>" in page
    assert "5 nodes" in page
    assert page.count("<svg") == 1
    ElementTree.fromstring(page)


@given(st.lists(states, max_size=6))
def test_several_states_are_one(parts: list[NodeState]) -> None:
    whole = combined(parts)
    statuses = {part.status for part in parts}
    if "failed" in statuses:
        assert whole.status == "failed"
    assert whole.status in statuses | {"running", "waiting"}
    assert whole.cached <= all(part.cached or part.status != "succeeded" for part in parts)
    counted = sum(sum(part.items.values()) if part.items else 1 for part in parts)
    assert sum(whole.items.values()) == counted


def test_some_that_are_done_and_some_that_wait_are_running() -> None:
    assert combined([NodeState("succeeded"), NodeState("waiting")]).status == "running"
    assert combined([NodeState("waiting")]).status == "waiting"
    assert combined([]).status == "waiting"
    times = [NodeState("succeeded", seconds=1.5), NodeState("succeeded", seconds=2)]
    assert combined(times).seconds == 3.5


def test_mermaid() -> None:
    on = {True: (Branch("either", True),), False: (Branch("either", False),)}
    nodes = {
        "load": Node("load", "m:load", {"rows": FromParameter("rows")}),
        "fit.train": Node("fit.train", "m:t", {"x": Each(FromNode("load"))}, mode="zip"),
        "fit.tune.pick": Node("fit.tune.pick", "m:p", {"x": FromNode("fit.train")}),
        "note": Node("note", "m:n", {}, after=("load",)),
        "publish": Node("publish", "m:publish", {}, when=on[True]),
    }
    choice = Choice("either", FromNode("fit.tune.pick"), FromNode("publish"), Constant(0))
    graph = Graph("p", nodes, {"either": choice}, FromChoice("either"))
    assert mermaid(graph) == (
        "flowchart TD\n"
        '  n0["load"]\n'
        '  n2["note"]\n'
        '  n4{"?"}\n'
        '  n5["publish"]\n'
        '  subgraph g0["fit"]\n'
        '    n1[["train ×n"]]\n'
        '    subgraph g1["tune"]\n'
        '      n3["pick"]\n'
        "    end\n"
        "  end\n"
        "  n0 --> n1\n"
        "  n1 --> n3\n"
        "  n0 -.-> n2\n"
        "  n4 -->|yes| n5\n"
        "  n3 --> n4\n"
    )


@given(st.text(min_size=1) | st.sampled_from(HOSTILE))
def test_mermaid_holds_any_name(name: str) -> None:
    lines = mermaid(named(name)).splitlines()
    for line in lines[1:]:
        assert re.fullmatch(
            r' *(n\d+(\["[^"<>`]*"\]|\[\["[^"<>`]*"\]\]|\{"[^"<>`]*"\})'
            r'|subgraph g\d+\["[^"<>`]*"\]|end|n\d+ -.*> ?(\|[a-z, ]+\| )?n\d+)',
            line,
        ), line
