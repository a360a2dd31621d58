"""Pages as people have them: in Debian's Chromium, with and without a script, at all sizes."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from web.conftest import Tab, World, open_tab
from windlass.records import Records

pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
DARK = {"color_scheme": "dark"}


@pytest.fixture(scope="module")
def paths(world: World) -> dict[str, str]:
    """Pages to look at, by what their pictures are called."""
    name = {key: run.name for key, run in world.runs.items()}
    return {
        "runs": "/",
        "run": f"/runs/{name['failed']}",
        "run-grouped": f"/runs/{name['grouped']}",
        "run-showing": f"/runs/{name['showing']}",
        "node": f"/runs/{name['second']}/nodes/train%5B1%5D",
        "node-failed": f"/runs/{name['failed']}/nodes/score%5B1%5D",
        "node-table": f"/runs/{name['first']}/nodes/load",
        "map": f"/runs/{name['wide']}/nodes/small",
        "logs": f"/runs/{name['first']}/logs",
        "artifact": f"/artifacts/{world.digest('load', 'first')}?column=carrier",
        "lineage": f"/lineage/{world.digest('pick', 'first')}",
        "compare": f"/compare?run={name['first']}&run={name['second']}&run={name['cached']}",
        "choose": f"/compare?run={name['first']}",
    }


def rules_broken(page: Any) -> list[str]:
    """The rules of axe that a page breaks, with what breaks them."""
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(page).response["violations"]
    return [f"{each['id']}: {[node['html'][:160] for node in each['nodes'][:3]]}" for each in found]


def until(page: Any, told: str) -> None:
    """Waits for what an expression says: our pages let no tool evaluate one for itself."""
    last = time.monotonic() + 30
    while not page.evaluate(told):
        assert time.monotonic() < last, told
        page.wait_for_timeout(50)


def is_too_wide(page: Any) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth > innerWidth"))


@pytest.mark.parametrize(
    "name",
    [
        *("runs", "run", "run-grouped", "run-showing", "node", "node-failed", "node-table", "map"),
        *("logs", "artifact", "lineage", "compare", "choose"),
    ],
)
def test_pages_are_accessible_and_raise_no_error(
    name: str, paths: dict[str, str], tab: Tab
) -> None:
    page = tab.go(paths[name])
    tab.shoot(name)
    assert rules_broken(page) == []
    assert not is_too_wide(page)


@pytest.mark.parametrize(
    "tab", [PHONE, {**PHONE, **DARK}], indirect=True, ids=["phone", "dark phone"]
)
def test_pages_are_readable_on_a_phone_and_in_the_dark(paths: dict[str, str], tab: Tab) -> None:
    for name in ("runs", "run", "node-table", "compare", "lineage"):
        page = tab.go(paths[name])
        is_dark = page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches")
        tab.shoot(f"{name}-phone{'-dark' if is_dark else ''}")
        assert not is_too_wide(page), name
        if is_dark:
            assert rules_broken(page) == [], name


def test_a_page_is_painted_within_a_second(paths: dict[str, str], tab: Tab) -> None:
    page = tab.go(paths["runs"])
    first = "performance.getEntriesByName('first-contentful-paint')[0].startTime"
    times = []
    for _ in range(3):
        page.reload(wait_until="load")
        until(page, first.replace("[0]", ".length").partition(".startTime")[0])
        times.append(page.evaluate(first))
    assert min(times) < 1000, times


@pytest.mark.parametrize(
    "tab", [{}, {"java_script_enabled": False}], indirect=True, ids=["script", "none"]
)
def test_runs_are_ticked_and_compared(world: World, tab: Tab) -> None:
    page = tab.go("/")
    names = [world.runs[each].name for each in ("first", "second")]
    for name in names:
        page.get_by_label(f"compare {name}", exact=True).check()
    page.get_by_role("button", name="Compare").click()
    assert page.locator("h1").inner_text() == "2 runs compared"
    assert page.locator("table.sides thead").inner_text().split() == names[::-1]


def test_runs_are_filtered_by_a_form(world: World, tab: Tab) -> None:
    page = tab.go("/")
    page.get_by_label("Status").select_option("failed")
    page.get_by_label("Pipeline").select_option("training")
    page.get_by_role("button", name="Show").click()
    assert page.locator("table.runs tbody tr").count() == 1
    assert page.locator("table.runs tbody a").first.inner_text() == world.runs["failed"].name


def test_keys_lead_from_a_run_to_a_node(world: World, tab: Tab) -> None:
    page = tab.go(f"/runs/{world.runs['failed'].name}")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the content"
    link = page.locator("#graph a[href$='/nodes/score']")
    link.focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/nodes/score")
    page.get_by_role("link", name="score[1]", exact=True).click()
    assert "does not converge <script>" in page.locator("#error .text").inner_text()


def test_curves_tell_values_and_are_zoomed(world: World, tab: Tab) -> None:
    page = tab.go(f"/runs/{world.runs['first'].name}")
    figure = page.locator("figure[data-node='train[0]'][data-name='loss']")
    line, told = figure.locator("polyline"), figure.locator("output")
    whole = line.get_attribute("points") or ""
    assert len(whole.split()) == 40
    figure.scroll_into_view_if_needed()
    box = figure.locator("svg.curve").bounding_box()
    assert box is not None
    height = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + 2, height)
    told.filter(has_text="step 0: ").wait_for()
    page.mouse.move(box["x"] + box["width"] / 2, height)
    told.filter(has_text="step 20: ").or_(told.filter(has_text="step 19: ")).wait_for()
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] - 1, height)
    page.mouse.up()
    told.filter(has_text="step 39: ").wait_for()
    assert 18 < len((line.get_attribute("points") or "").split()) < 23
    page.mouse.dblclick(box["x"] + box["width"] / 2, height)
    told.filter(has_text="step 20: ").or_(told.filter(has_text="step 19: ")).wait_for()
    assert len((line.get_attribute("points") or "").split()) == 40
    page.mouse.move(1, 1)
    until(page, "![...document.querySelectorAll('output')].some((it) => it.textContent)")


def test_a_group_is_opened(world: World, tab: Tab) -> None:
    page = tab.go(f"/runs/{world.runs['grouped'].name}")
    assert page.locator("#graph .wl-node").count() == 14
    page.locator("#nodes a").filter(has_text="group_3").click()
    page.wait_for_url("**expand=group_3**")
    assert page.locator("#graph .wl-node").count() == 21
    assert page.get_by_role("link", name="group_3.small_2", exact=True).count() >= 1


def test_pictures_and_charts_are_shown(world: World, tab: Tab) -> None:
    wide = "[...document.images].every((it) => it.naturalWidth > 100) && document.images.length"
    for node in ("picture", "figure"):
        page = tab.go(f"/artifacts/{world.digest(node)}")
        until(page, wide)
    names = [world.runs[each].name for each in ("first", "second")]
    page = tab.go(f"/compare?run={names[0]}&run={names[1]}")
    page.locator("#curves").scroll_into_view_if_needed()
    until(page, f"{wide} === 2")


def test_html_of_a_step_runs_nothing_and_loads_nothing(
    world: World, browser: Any, address: str
) -> None:
    context = browser.new_context()
    tab = open_tab(context, address)
    asked: list[str] = []
    dialogs: list[Any] = []
    tab.page.on("request", lambda it: asked.append(it.url))

    def refuse(dialog: Any) -> None:
        dialogs.append(dialog)
        dialog.dismiss()

    tab.page.on("dialog", refuse)
    own = f"/artifacts/{world.digest('page')}"
    page = tab.go(own)
    frame = page.frame_locator("iframe.framed")
    assert frame.locator("h1").inner_text() == "A report"
    frame.locator("h1").click()
    tab.go(f"{own}/frame")
    page.locator("h1").click()
    assert not dialogs
    assert all(url.startswith(address) or "example.org" in url for url in asked)
    refused = [it for it in tab.wrong if "Content Security Policy" in it or "sandboxed" in it]
    assert refused == tab.wrong  # the browser says what it has refused, and nothing else
    assert any("example.org" in it for it in refused)
    context.close()


@pytest.fixture
def going(world: World, tmp_path: Path) -> Any:
    """A run that waits until its gate is made, and its gate."""
    gate = tmp_path / "gate"
    code = f"from web.web_pipelines import gated; gated.run(gate={str(gate)!r})"
    place = Path(__file__).parents[1]
    env = {**os.environ, "WINDLASS_HOME": str(world.home)}
    process = subprocess.Popen([sys.executable, "-c", code], cwd=place, env=env)
    records = Records.open(world.home / "windlass.db")
    until = time.monotonic() + 60
    while not records.runs(pipeline="gated", status="running"):
        assert process.poll() is None
        assert time.monotonic() < until
        time.sleep(0.1)
    records.close()
    yield gate
    gate.touch()
    process.wait(60)


def test_open_pages_follow_a_run(world: World, going: Path, tab: Tab) -> None:
    page = tab.go("/")
    row = page.locator("table.runs tbody tr").first
    row.locator(".status.wl-running").wait_for()
    page.get_by_label(f"compare {world.runs['first'].name}", exact=True).check()
    page.locator("h1").click()  # so that no part of the table is in use
    name = row.locator("a").first.inner_text()
    logs = open_tab(tab.page.context, tab.address)
    logs.go(f"/runs/{name}/logs")
    logs.page.locator(".log pre", has_text="waiting").wait_for()
    run = open_tab(tab.page.context, tab.address)
    run.go(f"/runs/{name}")
    run.page.locator("#title .status.wl-running").wait_for()
    going.touch()
    logs.page.locator(".log pre", has_text="the gate is open True").wait_for()
    run.page.locator("#title .status.wl-succeeded").wait_for()
    run.page.locator("#graph .wl-node.wl-succeeded").nth(1).wait_for()
    row.locator(".status.wl-succeeded").wait_for()
    assert page.get_by_label(f"compare {world.runs['first'].name}", exact=True).is_checked()
    assert page.locator("#live").inner_text() == "live"
    tab.wrong += run.wrong + logs.wrong


@pytest.mark.parametrize("tab", [{"java_script_enabled": False}], indirect=True, ids=["none"])
def test_logs_are_complete_without_a_script(world: World, tab: Tab) -> None:
    page = tab.go(f"/runs/{world.runs['showing'].name}/logs?node=loud")
    assert "line 299" in page.locator(".log pre").inner_text()
    page.get_by_role("link", name="all of it as text").click()
    assert "line 0 " in page.locator("body").inner_text().replace("\x1b[0m", "")
