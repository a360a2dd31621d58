"""Pages of models, deployments and actions in Chromium: for all eyes, on a phone, in the dark."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from windlass.web.guard import Guard
from windlass.web.site import Sites, open_sites
from windlass.web.tokens import kept_tokens, make_tokens

from .conftest import served

pytest.importorskip("playwright")
pytest.importorskip("axe_playwright_python")

OPTIONS = (
    *("--no-sandbox", "--disable-gpu", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync"),
)
PATHS = (
    *("/models", "/models/delay", "/models/delay/2", "/models/mean/1"),
    *("/deployments", "/deployments/delay", "/deployments/mean"),
    *("/models/delay/2/promote", "/models/delay/rollback", "/runs/training-1/again"),
)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    program = shutil.which("chromium")
    if program is None:
        pytest.skip("there is no chromium here")
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=program, args=list(OPTIONS))
        yield found
        found.close()


@pytest.fixture(scope="module")
def address(made: Path) -> Iterator[str]:
    with served(open_sites([made])) as found:
        yield found


@pytest.fixture
def said() -> list[str]:
    """What pages say to the console."""
    return []


def page_of(browser: Any, said: list[str], **context: Any) -> Any:
    page = browser.new_context(**context).new_page()
    page.on("console", lambda message: said.append(f"{page.url}: {message.text}"))
    page.on("pageerror", lambda error: said.append(f"{page.url}: {error}"))
    return page


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_everybody_can_read_them(browser: Any, address: str, said: list[str], scheme: str) -> None:
    from axe_playwright_python.sync_playwright import Axe

    page = page_of(browser, said, color_scheme=scheme, viewport={"width": 1280, "height": 900})
    told = []
    for path in PATHS:
        page.goto(address + path)
        found = Axe().run(page)
        _keep(page, path, scheme)
        told += [
            f"{path}: {v['id']}: {v['nodes'][0]['html']}" for v in found.response["violations"]
        ]
    page.context.close()
    assert told == []
    assert said == []


def test_they_fit_a_phone(browser: Any, address: str, said: list[str]) -> None:
    page = page_of(browser, said, viewport={"width": 390, "height": 800}, is_mobile=True)
    for path in PATHS:
        page.goto(address + path)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, path
        _keep(page, path, "phone")
    page.context.close()
    assert said == []


def _keep(page: Any, path: str, kind: str) -> None:
    """A screenshot, where somebody wants to see it."""
    if folder := os.environ.get("WINDLASS_SCREENSHOTS"):
        name = path.strip("/").replace("/", "-")
        page.screenshot(path=f"{folder}/{name}-{kind}.png", full_page=True)


def test_a_promotion_needs_neither_script_nor_mouse(
    browser: Any, own: Sites, said: list[str]
) -> None:
    with served(own) as address:
        page = page_of(browser, said, java_script_enabled=False)
        page.goto(f"{address}/models/delay/2")
        page.get_by_role("link", name="Promote…").focus()
        page.keyboard.press("Enter")
        page.wait_for_url("**/promote")
        assert "failed its release tests" in page.get_by_role("alert").inner_text()
        page.get_by_label("reason").focus()
        page.keyboard.type("a test by keyboard")
        page.keyboard.press("Tab")
        page.keyboard.press("Space")
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        page.wait_for_url("**/models/delay")
        assert "forced: a test by keyboard" in page.locator("#history").inner_text()
        page.context.close()
    assert own.all[0].stores().records.aliases("delay")["champion"] == 2
    assert said == []


def test_a_new_champion_shows_on_a_page_that_is_open(
    browser: Any, own: Sites, said: list[str]
) -> None:
    from windlass.models.promoting import promote_by_force

    records = own.all[0].stores().records
    with served(own) as address:
        page = page_of(browser, said)
        page.goto(f"{address}/models/delay")
        page.locator("#live:text-is('live')").wait_for()  # a script's text, the page would refuse
        promote_by_force(records, records.version("delay", 2), "to be seen", by="anna")
        page.get_by_text("forced: to be seen").wait_for(timeout=30_000)
        page.context.close()
    assert said == []


def test_one_logs_in_and_out_without_a_script(
    browser: Any, made: Path, tmp_path: Path, said: list[str]
) -> None:
    tokens = make_tokens(tmp_path)[1]
    with served(open_sites([made]), Guard(kept_tokens(tmp_path))) as address:
        page = page_of(browser, said, java_script_enabled=False)
        page.goto(f"{address}/models/delay")
        page.get_by_label("token").fill(tokens["reading"])
        page.get_by_label("your name").fill("Anna")
        page.get_by_role("button", name="Log in").click()
        assert page.url == f"{address}/models/delay"
        assert page.get_by_role("link", name="Roll back").count() == 0
        page.get_by_role("button", name="Log out").click()
        assert page.url == f"{address}/login"
        page.goto(f"{address}/models")
        assert "/login" in page.url
        page.context.close()
    assert said == []
