"""Reports of runs: one file each, which opens without a network and runs nothing."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from web import web_pipelines as wp
from web.conftest import World
from windlass.errors import NotFoundError
from windlass.web.page import Body
from windlass.web.reports.inlining import LARGEST, inlined
from windlass.web.reports.report import make_report

PHONE = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "color_scheme": "dark"}
_LOADING = {"src", "srcset", "href", "action", "poster", "data", "background", "xlink:href"}


class Addresses(HTMLParser):
    """Whatever a file may load or lead to, and its tags."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.tags: set[str] = set()
        self.ids: list[str] = []
        self.frames: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        told = dict(attrs)
        self.found += [value or "" for name, value in told.items() if name in _LOADING]
        self.ids += [value or "" for name, value in told.items() if name == "id"]
        self.frames += [value or "" for name, value in told.items() if name == "srcdoc"]
        assert not [name for name in told if name.startswith("on")]


@pytest.fixture(scope="module")
def files(world: World, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Reports of some runs, by what these are for."""
    folder = tmp_path_factory.mktemp("reports")
    found = {}
    for key in ("first", "cached", "failed", "showing", "wide", "grouped"):
        found[key] = folder / f"{key}.html"
        found[key].write_text(make_report(world.site, world.runs[key].name).html, "utf-8")
    return found


@pytest.mark.parametrize("name", ["first", "cached", "failed", "showing", "wide", "grouped"])
def test_a_report_leads_only_within_itself(files: dict[str, Path], name: str) -> None:
    told = Addresses(files[name].read_text())
    outside = [each for each in told.found if not each.startswith(("#", "data:"))]
    assert outside == []
    assert {each[1:] for each in told.found if each.startswith("#")} <= set(told.ids)
    assert len(told.ids) == len(set(told.ids))
    assert not told.tags & {"script", "form", "object", "embed", "base"}


def test_a_report_tells_of_every_node(world: World, files: dict[str, Path]) -> None:
    text = files["first"].read_text()
    for node in ("load", "split", "train[0]", "train[2]", "score[1]", "pick", "publish"):
        assert f"<code>{node}</code>" in text
    assert "Why it ran" in text
    assert "windlass reproduce" in text
    assert 'class="timeline"' in text
    assert "data:image/svg+xml;base64," in text  # the curves of a map over one another
    assert "Why it did not run" in files["cached"].read_text()
    assert "does not converge &lt;script&gt;" in files["failed"].read_text()


def test_of_many_nodes_those_that_failed_are_told(files: dict[str, Path]) -> None:
    told = files["wide"].read_text()
    assert "this one always fails" in told
    assert "small[129]" in told
    assert "<code>small[77]</code>" in told.partition("one by one")[2]
    assert "Those of 32 more are not in this report." in told
    grouped = Addresses(files["grouped"].read_text())
    assert "part-98-title" in grouped.ids


def test_hostile_values_stay_text(files: dict[str, Path]) -> None:
    text = files["showing"].read_text()
    assert wp.SCRIPT not in text
    (frame,) = Addresses(text).frames
    assert wp.SCRIPT in frame  # in a frame that runs none: see below
    assert 'sandbox=""' in text


@pytest.mark.parametrize("named", ["nothing", "training-99", "nothing@3", "", "../../etc/passwd"])
def test_what_is_not_there_is_refused(world: World, named: str) -> None:
    with pytest.raises(NotFoundError, match="there is n"):
        make_report(world.site, named)


def _none(_: str) -> Body | None:
    return None


def test_a_page_becomes_a_part() -> None:
    page = (
        '<h1 id="a">One</h1><nav><a href="/x">away <b>!</b></a><a href="#a">here</a></nav>'
        '<section aria-labelledby="a"><a href="/y#z">there</a> <a href="/x?q=1">gone</a></section>'
        '<form><input><button>Go</button></form><svg viewBox="0 0 1 1"><a href="/x"><g /></a></svg>'
        '<picture><source srcset="/p"><img src="/p" alt="a &lt;b&gt;"></picture>&amp;&#39;'
        '<audio src="/s"></audio><iframe title="f" src="/f"></iframe>end'
    )
    assert inlined(page, _none, {"/y": "part-1-title"}, "part-2-") == (
        '<h2 id="part-2-a">One</h2><nav><a href="#part-2-a">here</a></nav>'
        '<section><a href="#part-1-title">there</a> <span>gone</span></section>'
        '<svg viewbox="0 0 1 1"><g><g /></g></svg>'
        "<picture><i>a &lt;b&gt;: not in this file</i></picture>&amp;&#39;"
        "<i>a sound: not in this file</i><i>f: not in this file</i>end"
    )


def test_pictures_and_frames_are_in_the_file() -> None:
    bodies = {
        "/p": Body("image/png", b"\x89"),
        "/f": Body("text/html", b'<p title="x">&amp;'),
        "/large": Body("image/png", bytes(LARGEST + 1)),
    }
    page = '<img src="/p" loading="lazy"><iframe src="/f"></iframe><img src="/large" alt="big">'
    assert inlined(page, bodies.get, {}) == (
        '<img src="data:image/png;base64,iQ==">'
        '<iframe srcdoc="&lt;p title=&quot;x&quot;&gt;&amp;amp;"></iframe>'
        "<i>big: not in this file</i>"
    )
    assert inlined('<img src="https://example.org/x" alt="">', bodies.get, {}).startswith("<i>")


@pytest.fixture(scope="module")
def offline(browser: Any) -> Iterator[Any]:
    """Opens a file without a network; tells what it asked for and what it said."""
    contexts = []

    def open_file(path: Path, **settings: Any) -> tuple[Any, list[str], list[str]]:
        context = browser.new_context(**settings)
        contexts.append(context)
        context.set_offline(True)
        page, asked, said = context.new_page(), [], []
        page.on("request", lambda it: asked.append(it.url))
        page.on("console", lambda it: said.append(it.text))
        page.on("pageerror", lambda it: said.append(str(it)))
        page.goto(path.as_uri())
        return page, asked, said

    yield open_file
    for context in contexts:
        context.close()


@pytest.mark.parametrize("settings", [{}, PHONE], ids=["light", "dark phone"])
@pytest.mark.parametrize("name", ["first", "failed"])
def test_it_opens_anywhere(
    files: dict[str, Path], offline: Any, name: str, settings: dict[str, Any]
) -> None:
    from axe_playwright_python.sync_playwright import Axe

    page, asked, said = offline(files[name], **settings)
    assert [(v["id"], v["nodes"][0]["html"]) for v in Axe().run(page).response["violations"]] == []
    assert not page.evaluate("document.documentElement.scrollWidth > innerWidth")
    assert page.evaluate("[...document.images].every((it) => it.naturalWidth > 0)")
    assert [each for each in asked if not each.startswith("data:")] == [files[name].as_uri()]
    assert said == []


def test_one_walks_through_it_without_a_script(files: dict[str, Path], offline: Any) -> None:
    page, *_ = offline(files["cached"], java_script_enabled=False)
    page.get_by_role("link", name="pick step", exact=False).click()
    title = page.locator(":target")
    assert "pick" in title.inner_text()
    assert "Why it did not run" in page.locator("article", has=title).inner_text()


def test_html_of_a_step_runs_and_loads_nothing(files: dict[str, Path], offline: Any) -> None:
    page, asked, said = offline(files["showing"])
    frame = page.frame_locator("iframe.framed")
    assert frame.locator("h1").inner_text() == "A report"
    frame.locator("h1").click()
    assert [it for it in asked if "example.org" not in it and not it.startswith("data:")] == [
        files["showing"].as_uri()
    ]
    assert len(said) >= 2
    assert all("Content Security Policy" in it or "Blocked script" in it for it in said)


def windlass(home: Path, folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "windlass", "report", *words],
        cwd=folder,
        env={**os.environ, "WINDLASS_HOME": str(home)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_command_writes_a_file_or_prints_it(world: World, tmp_path: Path) -> None:
    (tmp_path / "windlass.toml").touch()
    done = windlass(world.home, tmp_path, "grouped", "-o", "it.html", "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    size = (tmp_path / "it.html").stat().st_size
    name = world.runs["grouped"].name
    assert told == {"kind": "run", "name": name, "file": "it.html", "bytes": size}
    printed = windlass(world.home, tmp_path, name, "-o", "-")
    assert printed.stdout.startswith("<!doctype html>")
    assert printed.stdout.endswith("</html>")
    assert [each.name for each in tmp_path.iterdir() if each.suffix == ".html"] == ["it.html"]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("nothing",), "there is neither a run nor a model 'nothing'"),
        (("grouped", "-o", "."), "is a folder"),
        (("grouped", "-o", "no/where.html"), "a folder that is not there"),
        (("grouped", "-o", "-", "--json"), "standard output cannot hold"),
    ],
)
def test_the_command_refuses_in_words(
    world: World, tmp_path: Path, words: tuple[str, ...], told: str
) -> None:
    (tmp_path / "windlass.toml").touch()
    done = windlass(world.home, tmp_path, *words)
    assert done.returncode == 2
    assert told in done.stdout + done.stderr
    assert not list(tmp_path.glob("*.html"))
