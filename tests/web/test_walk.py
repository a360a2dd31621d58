"""What a new user does in one sitting, in a browser, against the real commands.

Two runs with an edit between them, the dashboard, the filter, why a step was cached, the
comparison, a promotion with a token, and the server that takes it.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from web.conftest import open_tab
from web.test_browser import rules_broken

pytest.importorskip("sklearn", reason="it serves a model of scikit-learn")
pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

FLOW = """
from typing import Annotated

import numpy as np
import pandas as pd
from sklearn.linear_model import Ridge

from windlass import Model, Reference, log_metric, pipeline, step


@step
def load(rows: int) -> Annotated[pd.DataFrame, Reference("rain")]:
    clouds = np.linspace(0, 1, rows)
    return pd.DataFrame({"clouds": clouds, "wind": 1 - clouds**2, "rain": 3 * clouds})


def strength() -> float:
    return 9.0


@step
def fit(days: pd.DataFrame) -> Annotated[Ridge, Model("rain", target="rain")]:
    model = Ridge(alpha=strength()).fit(days[["clouds", "wind"]], days["rain"])
    log_metric("fit", model.score(days[["clouds", "wind"]], days["rain"]))
    return model


@pipeline
def training(rows: int = 60) -> Ridge:
    return fit(load(rows))
"""
TESTS = """
def test_more_clouds_more_rain(candidate):
    import pandas as pd
    told = candidate.predict(pd.DataFrame({"clouds": [0.1, 0.9], "wind": [0.5, 0.5]}))
    assert told[1] > told[0]
"""


def windlass(root: Path, *words: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "windlass", *words],
        cwd=root, env=surroundings(), capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def surroundings() -> dict[str, str]:
    own = {name: each for name, each in os.environ.items() if name != "WINDLASS_HOME"}
    return {**own, "PYTHONUNBUFFERED": "1", "WINDLASS_USER": "newcomer@desk"}


@contextlib.contextmanager
def going_on(root: Path, *words: str, until: str) -> Iterator[re.Match[str]]:
    """A command that goes on; gives what it says once it is ready."""
    with subprocess.Popen(
        [sys.executable, "-m", "windlass", *words],
        cwd=root, env=surroundings(), text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    ) as process:  # fmt: skip
        try:
            assert process.stdout is not None
            told = ""
            while not (found := re.search(until, told, re.DOTALL)):
                line = process.stdout.readline()
                assert line, told
                told += line
            yield found
        finally:
            process.send_signal(signal.SIGTERM)
            process.communicate(timeout=60)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project whose pipeline was run once, and made the champion of its model."""
    (tmp_path / "windlass.toml").write_text("")
    (tmp_path / "flow.py").write_text(FLOW)
    (tmp_path / "release_tests").mkdir()
    (tmp_path / "release_tests" / "test_rain.py").write_text(TESTS)
    run(tmp_path, "why=first")
    windlass(tmp_path, "test", "rain")
    windlass(tmp_path, "promote", "rain@newest", "--reason", "the first one")
    return tmp_path


def run(project: Path, tag: str) -> None:
    """Runs the pipeline, in one process: that is two imports of scikit-learn fewer."""
    windlass(project, "run", "flow.py", "--in-process", "--tag", tag)


def edit(project: Path) -> None:
    """Makes the model stronger, and runs the pipeline once more."""
    (project / "flow.py").write_text(FLOW.replace("return 9.0", "return 0.1"))
    run(project, "why=stronger")


@pytest.mark.timeout(600)  # a dozen processes, each with scikit-learn
def test_a_newcomer_walks_through(project: Path, browser: Any) -> None:
    with (
        ThreadPoolExecutor(1) as beside,
        going_on(project, "serve", "rain", "--port", "0", until=r"(http://[^ ]*:\d+)"),
        going_on(project, "ui", "--port", "0", "--tokens", "--json", until=r"\{.*\n\}\n") as told,
    ):
        ui = json.loads(told[0])
        context = browser.new_context(viewport={"width": 1280, "height": 900})
        context.set_default_timeout(60_000)
        tab = open_tab(context, ui["address"])
        _log_in(tab.page, ui)
        edit(project)
        tested = beside.submit(windlass, project, "test", "rain")
        _find_the_run(tab.page)
        _see_why(tab.page)
        _compare(tab.page)
        deployment = open_tab(context, ui["address"])
        _watch(deployment.page, ui["address"], "1")
        _promote(tab.page)
        tested.result()
        deployment.page.locator("#servers td:nth-child(3)", has_text="2").wait_for()
        assert rules_broken(deployment.page) == []
        wrong = [it for it in tab.wrong + deployment.wrong if "sandboxed" not in it]
        assert wrong == []  # the browser says of scikit-learn's own page that its script is not run
        context.close()


def _log_in(page: Any, ui: dict[str, Any]) -> None:
    page.goto(ui["address"])
    page.get_by_label("token").fill(ui["tokens"]["acting"])
    page.get_by_label("your name").fill("Ada")
    page.get_by_role("button", name="Log in").click()
    assert page.locator("table.runs tbody tr").count() == 1


def _find_the_run(page: Any) -> None:
    page.get_by_role("link", name="training-2", exact=True).wait_for()  # the page has followed
    page.get_by_label("Tag").fill("why=stronger")
    page.get_by_role("button", name="Show").click()
    page.wait_for_url("**tag=why*")
    assert page.locator("table.runs tbody tr").count() == 1
    page.get_by_role("link", name="training-2", exact=True).click()


def _see_why(page: Any) -> None:
    page.locator("#nodes").get_by_role("link", name="load", exact=True).click()
    page.get_by_role("heading", name="Why it did not run").wait_for()
    assert "training-1" in page.locator("#why").inner_text()
    page.go_back()
    page.locator("#nodes").get_by_role("link", name="fit", exact=True).click()
    page.get_by_role("heading", name="Why it ran").wait_for()
    why = page.locator("#why").inner_text()
    assert "strength" in why
    assert "return 0.1" in why
    page.get_by_role("link", name="Runs", exact=True).click()


def _compare(page: Any) -> None:
    for name in ("training-1", "training-2"):
        page.get_by_label(f"compare {name}", exact=True).check()
    page.get_by_role("button", name="Compare").click()
    page.get_by_role("heading", name="2 runs compared").wait_for()
    assert "fit" in page.locator("table.sides tr.differs", has_text="fit").inner_text()
    assert "return 9.0" in page.locator("#differences").inner_text()


def _watch(page: Any, address: str, version: str) -> None:
    page.goto(f"{address}/deployments")
    page.get_by_role("link", name="rain", exact=True).first.click()
    page.locator("#servers td:nth-child(3)", has_text=version).wait_for()


def _promote(page: Any) -> None:
    page.get_by_role("link", name="Models", exact=True).click()
    page.get_by_role("link", name="rain", exact=True).first.click()
    page.get_by_role("link", name="rain@2", exact=True).click()
    page.get_by_text("It may be promoted").wait_for()
    page.get_by_role("link", name="Promote…").click()
    assert "instead of rain@1" in page.locator("main").inner_text()
    page.get_by_label("reason").fill("it fits better")
    page.get_by_role("button", name="Promote it").click()
    page.get_by_text("it fits better").wait_for()
    assert "Ada (dashboard)" in page.locator("#history tbody tr").first.inner_text()
