"""What a notebook shows of a run and of a node: all that matters, escaped, without script."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from html.parser import HTMLParser
from types import SimpleNamespace
from typing import Any, cast

import pytest

from execution import html_pipelines as hp
from windlass import Run
from windlass.execution.html_metrics import metrics_html
from windlass.execution.html_parts import error_html
from windlass.execution.rows import Row, rows_of, states_of
from windlass.pipeline.states import NodeState
from windlass.records.model import Attempt, Outcome
from windlass.records.tracked import Curve
from windlass.words import seconds_text

VOID = {"img", "meta", "br", "link", "input"}


@dataclass
class Element:
    tag: str
    attributes: dict[str, str]
    children: list[Element | str] = field(default_factory=list)

    def every(self, tag: str, kind: str = "") -> Iterator[Element]:
        """Elements of that tag, and of that class if one is given."""
        for child in self.children:
            if isinstance(child, Element):
                if child.tag == tag and kind in ["", *child.attributes.get("class", "").split()]:
                    yield child
                yield from child.every(tag, kind)

    def one(self, tag: str, kind: str = "") -> Element:
        (found,) = self.every(tag, kind)
        return found

    @property
    def text(self) -> str:
        parts = [it if isinstance(it, str) else it.text for it in self.children]
        return " ".join(" ".join(parts).split())


class Reader(HTMLParser):
    """Reads HTML as a tree; every element must be closed in its place."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.root = Element("root", {})
        self._open = [self.root]
        self.feed(page)
        self.close()
        assert self._open == [self.root]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, {name: value or "" for name, value in attrs})
        self._open[-1].children.append(element)
        if tag not in VOID:
            self._open.append(element)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self._open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop().tag == tag

    def handle_data(self, data: str) -> None:
        self._open[-1].children.append(data)


def read(page: str) -> Element:
    """The page, checked to be whole and to hold no script and nothing from elsewhere."""
    root = Reader(page).root
    assert not list(root.every("script"))
    assert not re.search(r'\son\w+="|javascript:', re.sub(r'srcdoc="[^"]*"', "", page))
    assert not re.search(r'(src|href)="(?!data:)', page)
    return root


def run_of(pipeline: Any, *arguments: Any, **options: Any) -> Run[Any]:
    run: Run[Any] = pipeline.options(**{"in_process": True, **options}).run(*arguments)
    return run


def rows_in(root: Element) -> dict[str, list[str]]:
    """The cells of each row of the tables of nodes, by the node's name."""
    found = {}
    for row in root.every("tr"):
        own = [cell for cell in row.children if isinstance(cell, Element) and cell.tag == "td"]
        if own and own[0].attributes.get("class") == "wl-name":
            found[next(own[0].every("code")).text] = [cell.text for cell in own]
    return found


def boxes_in(root: Element) -> dict[str, str]:
    """The tooltips of a drawing's boxes, by the node's name."""
    titles = [next(box.every("title")).text for box in root.every("g", "wl-node")]
    return {title.partition(" ")[0]: title for title in titles}


def test_a_run_tells_what_it_was_and_what_came_of_it() -> None:
    run = run_of(hp.training, 10, tags={"why": "sweep"}, seed=7)
    root = read(run._repr_html_())
    assert root.one("span", "wl-pill").text.endswith("succeeded")
    facts = {fact.one("dt").text: fact.text for fact in root.one("dl").every("div")}
    assert facts["parameters"] == "parameters rows = 10 worst = 0 note = ''"
    assert facts["seed"] == "seed 7"
    assert facts["tags"] == "tags why = sweep"
    assert run.row.plan[:10] in facts["code"]
    assert f"in {seconds_text(run.seconds)}" in root.one("div", "wl-title").text


def test_the_table_has_a_row_for_each_node_and_folds_the_items_of_maps() -> None:
    root = read(run_of(hp.training, 10)._repr_html_())
    rows = rows_in(root)
    nodes = ["load", "split", "train", "score", "pick", "is_good", "publish", "explain"]
    assert [name for name in rows if "[" not in name] == nodes
    assert rows["split"][3] == "train list 5 items test list 5 items"
    assert rows["pick"][2:4] == ["1", "float 8.0"]
    assert "not taken by 'either'" in rows["explain"][4]
    folded = [fold for fold in root.every("details") if "items" in fold.one("summary").text]
    assert [fold.one("summary").text for fold in folded] == ["3 items: 3 succeeded"] * 2
    assert list(rows_in(folded[0])) == ["train[0]", "train[1]", "train[2]"]
    assert not any("open" in fold.attributes for fold in folded)


def test_the_drawing_has_the_states() -> None:
    boxes = boxes_in(read(run_of(hp.training, 10)._repr_html_()))
    assert "succeeded in" in boxes["train"]
    assert "3 succeeded" in boxes["train"]
    assert "skipped" in boxes["explain"]
    assert "either:" in boxes


def test_a_failure_is_told_in_full_with_its_place() -> None:
    root = read(run_of(hp.training, 10, 6)._repr_html_())
    error = root.one("div", "wl-error")
    assert error.text.startswith(
        f"score[1] failed ValueError: depth 6 does not converge {hp.SCRIPT}"
    )
    assert re.search(r"html_pipelines\.py:\d+ ", error.text)
    assert "Traceback" in error.one("pre").text
    rows = rows_in(root)
    assert rows["score"][2] == "2"
    assert rows["score[1]"][4].startswith("ValueError: depth 6")
    assert "cancelled" in rows["pick"][4] or "skipped" in rows["pick"][4]
    opened = [fold for fold in root.every("details") if "open" in fold.attributes]
    assert [next(iter(rows_in(fold))) for fold in opened] == ["score[0]"]


def test_hints_stand_below_the_error() -> None:
    error = {"kind": "ParameterError", "message": "<b>", "hint": "Do & say.", "file": None}
    found = read(error_html("a<b", error))
    assert found.text == "a<b ParameterError: <b> Do & say."


def test_a_run_without_a_failed_node_still_says_why_it_ended() -> None:
    run = run_of(hp.training, 10)
    run._row = replace(run.row, status="cancelled", error="interrupted & gone")
    assert read(run._repr_html_()).one("div", "wl-error").text == "interrupted & gone"


def test_what_came_from_the_cache_says_from_where() -> None:
    first = run_of(hp.training, 10)
    root = read(run_of(hp.training, 10)._repr_html_())
    assert rows_in(root)["load"][4] == f"cached: the same as in {first.name}"
    assert rows_in(root)["train"][4] == f"cached: the same as in {first.name}"
    assert "cached" in boxes_in(root)["load"]


def test_metrics_are_shown_by_node_with_their_curves() -> None:
    root = read(run_of(hp.training, 10)._repr_html_())
    cards = [card.text for card in root.every("div", "wl-metric")]
    assert cards[:3] == ["loss train[0] 0.8", "loss train[1] 1.2", "loss train[2] 1.6"]
    assert cards[3] == f"auc{hp.SCRIPT} score[0] 0.75"
    assert len(list(root.every("polyline"))) == 3


def curve(name: str, *values: float | None) -> Curve:
    count = len(values)
    return Curve("train", 1, name, count, list(range(count)), list(values), [0.0] * count)


def test_a_curve_keeps_its_peaks_and_leaves_out_what_is_not_finite() -> None:
    points = [0.0, 9.0, 0.0, -9.0, 0.0, float("nan"), float("inf"), None]
    root = read(metrics_html([curve("m", *points)]))
    line = root.one("polyline").attributes["points"].split()
    assert len(line) == 5
    heights = [float(point.partition(",")[2]) for point in line]
    assert (min(heights), max(heights)) == (0.0, 22.0)
    assert root.one("b").text == "nan"


def test_many_metrics_are_folded() -> None:
    root = read(metrics_html([curve(f"m{number}", 1.0) for number in range(30)]))
    assert root.one("summary").text == "6 more metrics"
    assert len(list(root.every("div", "wl-metric"))) == 30
    assert metrics_html([]) == ""


def test_of_many_items_the_failed_ones_come_first() -> None:
    run = run_of(hp.squares, 250, keep_going=True)
    root = read(run._repr_html_())
    assert root.one("div", "wl-error").text.startswith("square[7] and 2 more failed")
    items = [name for name in rows_in(root) if "[" in name]
    assert items[:4] == ["square[7]", "square[107]", "square[207]", "square[0]"]
    assert len(items) == 200
    assert 'and 50 more: run["square[i]"]' in root.text
    assert root.text.count("×250") == 2


def test_an_empty_map_is_shown_as_empty() -> None:
    root = read(run_of(hp.squares, 0)._repr_html_())
    assert "×0" in root.one("svg", "wl-graph").text
    assert rows_in(root)["square"][0] == "succeeded square ×0"


def test_groups_of_a_large_graph_are_one_box_each() -> None:
    root = read(run_of(hp.grouped)._repr_html_())
    boxes = boxes_in(root)
    assert len(boxes) == 11
    assert "11 succeeded, 1 skipped" in boxes["training"]
    assert len([name for name in rows_in(root) if "[" not in name]) == 88


def test_what_people_wrote_is_never_obeyed() -> None:
    run = run_of(hp.training, 10, 6, hp.SCRIPT, tags={hp.SCRIPT: hp.SCRIPT})
    root = read(run._repr_html_())
    assert root.one("dl").text.count(hp.SCRIPT) == 3


class Records:
    """Fakes what a record says of a run that goes on."""

    def __init__(self, outcomes: list[Outcome], running: list[str]) -> None:
        self._outcomes = outcomes
        self._running = running

    def run_outcomes(self, run: str) -> list[Outcome]:
        return self._outcomes

    def attempts(self, run: str) -> list[Attempt]:
        return [Attempt(run, node, 1, "running", {}, 0.0) for node in self._running]


def going(status: str, outcomes: dict[str, str], running: list[str]) -> dict[str, Row]:
    """The rows of a run that has not ended, by name."""
    said = [Outcome("r", node, "m:f", status) for node, status in outcomes.items()]
    job = SimpleNamespace(stores=SimpleNamespace(records=Records(said, running)))
    fake = SimpleNamespace(id="r", status=status, job=job, graph=hp.training.graph())
    return {row.name: row for row in rows_of(cast("Run[Any]", fake))}


def test_a_run_that_goes_on() -> None:
    done = {"load": "succeeded", "split": "succeeded", "train[0]": "succeeded"}
    rows = going("running", done, ["train[1]", "load"])
    assert rows["load"].state.status == "succeeded"
    assert rows["train"].state.status == "running"
    assert [item.state.status for item in rows["train"].items] == ["succeeded", "running"]
    assert rows["score"].state == NodeState("waiting")


def test_a_map_goes_on_while_items_are_to_come() -> None:
    assert going("running", {"train[0]": "succeeded"}, [])["train"].state.status == "running"
    done = {"train[0]": "succeeded", "train": "succeeded"}
    assert going("running", done, [])["train"].state.status == "succeeded"
    assert going("running", {"train[0]": "failed"}, [])["train"].state.status == "failed"


def test_what_ran_in_a_lost_run_is_lost() -> None:
    assert going("lost", {}, ["load"])["load"].state.status == "lost"


@pytest.mark.parametrize(
    ("outcomes", "passed"),
    [
        ({"is_good": "succeeded", "publish": "succeeded", "explain": "skipped"}, False),
        ({"is_good": "skipped", "publish": "skipped", "explain": "skipped"}, True),
        ({"is_good": "succeeded", "publish": "skipped", "explain": "skipped"}, True),
        ({}, False),
    ],
)
def test_a_choice_that_was_not_made_is_passed_by(outcomes: dict[str, str], passed: bool) -> None:
    rows = going("running", outcomes, []).values()
    states = states_of(hp.training.graph(), rows, set())
    assert ("either" in states) == passed


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run[Any]]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WINDLASS_HOME", str(tmp_path_factory.mktemp("home")))
        yield run_of(hp.values)


def test_a_table_is_shown_as_one(run: Run[Any]) -> None:
    root = read(run["table"]._repr_html_())
    shown = root.one("table", "windlass-table")
    assert f"{hp.SCRIPT}9" in shown.text
    assert "30 rows × 1 columns" in root.text


def test_an_array_is_shown_as_text(run: Run[Any]) -> None:
    assert "[[0 1 2]" in read(run["array"]._repr_html_()).text


def test_pages_of_others_are_locked_in_a_frame(run: Run[Any]) -> None:
    frame = read(run["page"]._repr_html_()).one("iframe")
    assert frame.attributes["sandbox"] == ""
    inner = frame.attributes["srcdoc"]
    assert inner.startswith('<meta http-equiv="Content-Security-Policy" content="default-src ')
    assert inner.endswith(f'<h1 onclick="steal()">A page</h1>{hp.SCRIPT}')


def test_a_figure_is_an_image(run: Run[Any]) -> None:
    image = read(run["figure"]._repr_html_()).one("img")
    assert image.attributes["src"].startswith("data:image/svg+xml;base64,PD94bW")


def test_a_sound_can_be_played() -> None:
    pytest.importorskip("soundfile", reason="soundfile is not installed")
    player = read(run_of(hp.sounds)["sound"]._repr_html_()).one("audio")
    assert "controls" in player.attributes
    assert player.attributes["src"].startswith("data:audio/flac;base64,ZkxhQ")


def test_long_text_is_cut(run: Run[Any]) -> None:
    shown = read(run["text"]._repr_html_()).one("pre").text
    assert shown.startswith(hp.SCRIPT)
    assert len(shown) == 10_001


def test_what_is_pickled_says_so(run: Run[Any]) -> None:
    root = read(run["opaque"]._repr_html_())
    assert root.one("span", "wl-warn").text == "pickled"


def test_bytes_that_are_gone_are_told_and_do_not_hide_the_rest(run: Run[Any]) -> None:
    outcome = run["text"].outcome
    assert outcome is not None
    artifact = outcome.outputs[0].artifact
    assert artifact is not None
    run.job.stores.artifacts.path(artifact.blob).unlink()
    root = read(run["text"]._repr_html_())
    assert artifact.blob[:8] in root.one("p", "wl-bad").text
    assert "html_pipelines:text" in root.one("dl").text


def test_a_node_tells_what_it_wrote() -> None:
    root = read(run_of(hp.training, 10, 0, hp.SCRIPT)["load"]._repr_html_())
    assert root.one("details").text == f"log loading 10 rows {hp.SCRIPT}"


def test_a_map_shows_its_items_and_a_failed_item_its_error() -> None:
    run = run_of(hp.training, 10, 6)
    assert list(rows_in(read(run["train"]._repr_html_()))) == ["train[0]", "train[1]", "train[2]"]
    failed = read(run["score[1]"]._repr_html_())
    assert failed.one("div", "wl-error").text.startswith("score[1] failed ValueError")
    assert "tries 2" in failed.one("dl").text


def test_a_node_that_has_not_run_is_waiting() -> None:
    run = run_of(hp.training, 10)
    assert "waiting" in read(run["train[9]"]._repr_html_()).text
