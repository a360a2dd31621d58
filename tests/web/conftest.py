"""One project whose runs all tests of pages look at; one server and one browser for them."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

pytest.importorskip("starlette", reason="the dashboard is an extra: ui")

from web import web_pipelines as wp
from windlass import Run
from windlass.provenance.project import find_project
from windlass.stacks.stack import load_stack
from windlass.web.app import make_app
from windlass.web.page import Ask, Query
from windlass.web.site import Site, Sites

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Error, Page

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
SHOTS = os.environ.get("WINDLASS_SCREENSHOTS")
"""A folder for pictures of the pages, for who wants to look at them."""


@dataclass
class World:
    """What was recorded, and the pages over it.

    Args:
        site: The project.
        runs: Some of its runs, by what they are for.
        home: Where its record lies.
    """

    site: Site
    runs: dict[str, Run[Any]]
    home: Path

    def ask(self, query: Query | None = None, **path: str) -> Ask[Any]:
        """What a request would ask."""
        return Ask(self.site, path, query or Query())

    def digest(self, node: str, run: str = "showing", output: str = "output") -> str:
        """The artifact that a node returned."""
        outcome = self.runs[run][node].outcome
        assert outcome is not None
        return next(each.content for each in outcome.outputs if each.name == output)


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A project with runs of all kinds."""
    home = tmp_path_factory.mktemp("web") / "home"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WINDLASS_HOME", str(home))
        harm = wp.HARM.replace("\x00", "")
        showing = wp.showing.options(in_process=True, tags={f"key {wp.SCRIPT}": harm})
        runs: dict[str, Run[Any]] = {
            "first": wp.training.options(in_process=True).run(),
            "second": wp.training.options(in_process=True, tags={"why": "sweep"}).run(
                rows=500, rate=0.7
            ),
            "cached": wp.training.options(in_process=True).run(rows=500, rate=0.7),
            "failed": wp.training.options(in_process=True).run(worst=3),
            "showing": showing.run(),
            "wide": wp.wide.options(in_process=True).run(n=130),
            "grouped": wp.grouped.options(in_process=True).run(),
        }
        site = Site("project", load_stack(None, find_project(Path(__file__).parent)))
    yield World(site, runs, home)  # other tests of this process have a home of their own
    site.stores().records.close()


@pytest.fixture(scope="session")
def app(world: World) -> Any:
    """The pages of the project."""
    return make_app(Sites([world.site]))


@pytest.fixture(scope="session")
def address(app: Any) -> Iterator[str]:
    """Where a real server shows them."""
    import uvicorn

    config = uvicorn.Config(app, port=0, log_level="warning", timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    until = time.monotonic() + 60
    while not server.started:
        assert thread.is_alive()
        assert time.monotonic() < until, "it takes too long to start"
        time.sleep(0.02)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join(10)


@pytest.fixture(scope="module")  # a process can have one driver at a time
def browser() -> Iterator[Browser]:
    """Debian's Chromium."""
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    if not CHROMIUM.exists():
        pytest.skip(f"there is no {CHROMIUM}")
    with playwright.sync_playwright() as driver:
        found = driver.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        yield found
        found.close()


@dataclass
class Tab:
    """A page in a browser, and what went wrong in it."""

    page: Page
    address: str
    wrong: list[str]

    def go(self, path: str) -> Page:
        """Opens a path; waits until all that belongs to it is there."""
        answer = self.page.goto(self.address + path, wait_until="load")
        assert answer is not None
        assert answer.status == 200, f"{path}: {answer.status}"
        return self.page

    def shoot(self, name: str) -> None:
        """Loads the images that are loaded only when they are seen, and keeps a picture of all."""
        self.page.evaluate("for (const it of document.images) it.loading = 'eager'")
        last = time.monotonic() + 30
        while not self.page.evaluate("[...document.images].every((it) => it.complete)"):
            assert time.monotonic() < last, name
            self.page.wait_for_timeout(50)
        if SHOTS:
            self.page.screenshot(path=Path(SHOTS) / f"{name}.png", full_page=True)


def open_tab(context: BrowserContext, address: str) -> Tab:
    """A new tab that notes every error of a page."""
    tab = Tab(context.new_page(), address, [])

    def note(told: ConsoleMessage) -> None:
        if told.type == "error":
            tab.wrong.append(told.text)

    def note_error(error: Error) -> None:
        tab.wrong.append(str(error))

    tab.page.on("console", note)
    tab.page.on("pageerror", note_error)
    return tab


@pytest.fixture
def tab(browser: Browser, address: str, request: pytest.FixtureRequest) -> Iterator[Tab]:
    """A tab; as `request.param` says, on another screen or in the dark."""
    settings = {"viewport": {"width": 1280, "height": 900}, **getattr(request, "param", {})}
    context = browser.new_context(**settings)
    context.set_default_timeout(30_000)
    found = open_tab(context, address)
    yield found
    context.close()
    assert not found.wrong, found.wrong
