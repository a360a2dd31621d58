"""Takes the pictures of the dashboard that stand in the documents: docs/pictures.

python tools/screenshots.py              # from the clone's root; a few minutes

A project with the flights' example is made in build/screenshots, or found there. Its pipeline is
run three times, its model tested, promoted, replaced and served; then a browser looks at each page
of ``windlass ui``. Needs the extra ui, the group browser, and chromium.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import chdir, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

ROOT = Path(__file__).parents[1]
FLIGHTS = ROOT / "examples/flights"
sys.path.insert(0, str(FLIGHTS))

WINDLASS = (sys.executable, "-m", "windlass")
PICTURES = ROOT / "docs/pictures"
LARGEST = 200_000
WIDTH = 1280
SETTINGS = """
[models.delay]
tests = "release_tests"
pipeline = "pipeline.py:training"
description = "Tells how likely a flight from New York is to arrive more than 15 minutes late."
capabilities = ["schedule", "weather", "route"]

[models.delay.monitor]
window = "6s"
minimum = 400
"""
FEW = ("-p", "days=10", "-p", "depths=4,6")
ASKED_FOR = 45.0
"""Seconds that the model is asked for."""


@dataclass(frozen=True)
class Picture:
    """A picture to take.

    Args:
        name: Of its file.
        path: The page.
        part: What is at the top of the picture; empty for the page's own top.
        dark: Whether in the dark.
        height: Of the window, in pixels.
    """

    name: str
    path: str
    part: str = ""
    dark: bool = False
    height: int = 820


def main() -> None:
    """Makes the project, shows it, and takes the pictures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--into", type=Path, default=PICTURES)
    parser.add_argument("--only", nargs="*", help="names of pictures")
    told = parser.parse_args()
    os.environ["WINDLASS_USER"] = "ada@desk"
    project = ROOT / "build/screenshots/flights"
    if not (project / "made").exists():
        make_project(project)
    told.into.mkdir(parents=True, exist_ok=True)
    with served(project), dashboard(project) as address:
        wanted = [each for each in pictures(project) if not told.only or each.name in told.only]
        take(address, wanted, told.into)


def make_project(root: Path) -> None:
    """Three runs, of which one makes a model that fails its tests; the second is the champion."""
    import act

    act.make_project(root)
    (root / "windlass.toml").write_text(SETTINGS)
    tests = root / "release_tests/test_delay.py"  # how busy this machine is must not decide
    tests.write_text(tests.read_text().replace("milliseconds=200", "milliseconds=5000"))
    windlass(root, "run", "pipeline.py:training", "-p", "until=6", *FEW, "--tag", "why=first")
    windlass(root, "test", "delay@1")
    windlass(root, "promote", "delay@1", "--reason", "the first one")
    windlass(root, "turn", "delay", "-p", "until=9", *FEW)
    windlass(root, "run", "pipeline.py:training", "-p", "lag=25", *FEW, "--tag", "why=a mistake")
    windlass(root, "test", "delay@3", code=1)
    windlass(root, "run", "pipeline.py:training", "-p", "days=0", "--tag", "why=nothing", code=1)
    (root / "made").touch()


@contextmanager
def served(root: Path) -> Iterator[None]:
    """A server of the champion, which was asked about the flights of some summer days."""
    import act
    import pandas as pd
    from replay import Replay, hours_from

    with chdir(root):
        _, hours = hours_from(7, 13)
    with act.server(root) as port:
        with Replay(port, hours, 0.1, pd.Timedelta("2 days")):
            time.sleep(ASKED_FOR)
        yield


@contextmanager
def dashboard(root: Path) -> Iterator[str]:
    """``windlass ui`` while it is entered; gives its address."""
    command = [*WINDLASS, "ui", "--port", "0"]
    with subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        found = re.search(r"http://\S+", process.stdout.readline())
        assert found, "the dashboard did not begin"
        try:
            yield found[0]
        finally:
            process.terminate()


def windlass(root: Path, *words: str, code: int = 0) -> str:
    """What a command prints; it has to end as told."""
    print("$ windlass", *words)
    done = subprocess.run(
        [*WINDLASS, *words], cwd=root, stdout=subprocess.PIPE, text=True, check=False
    )
    if done.returncode != code:
        sys.exit(f"it ended with {done.returncode}:\n{done.stdout}")
    return done.stdout


def pictures(root: Path) -> Iterator[Picture]:
    """Every page, of the project's newest runs and versions."""
    run = json.loads(windlass(root, "show", "training-2", "--json"))
    made = {
        (node["node"], output["name"]): output["content"]
        for node in run["nodes"]
        for output in node["outputs"]
    }
    yield Picture("runs", "/", height=560)
    yield Picture("runs-dark", "/", dark=True, height=560)
    yield Picture("run", "/runs/training-2")
    yield Picture("node", "/runs/training-2/nodes/split")
    yield Picture("compare", "/compare?run=training-1&run=training-2&run=training-3")
    yield Picture("models", "/models/delay", height=700)
    yield Picture("version", "/models/delay/3")
    yield Picture("deployment", "/deployments/delay", "#traffic")
    yield Picture("drift", "/deployments/delay", "#drift")
    yield Picture("lineage", f"/lineage/{made['pick', 'output']}")
    yield Picture("artifact", f"/artifacts/{made['split', 'test']}")


def take(address: str, wanted: Sequence[Picture], folder: Path) -> None:
    """Takes pictures in Chromium."""
    from playwright.sync_api import sync_playwright

    program = shutil.which("chromium") or sys.exit("there is no chromium here")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        for each in wanted:
            scheme: Literal["dark", "light"] = "dark" if each.dark else "light"
            page = browser.new_page(
                viewport={"width": WIDTH, "height": each.height}, color_scheme=scheme
            )
            page.goto(address + each.path, wait_until="load")
            page.wait_for_timeout(1500)  # until it says that it is live, and images are there
            if each.part:
                page.locator(each.part).evaluate("it => it.scrollIntoView()")
            data = with_few_colours(page.screenshot())
            assert len(data) < LARGEST, f"{each.name} has {len(data)} bytes"
            (folder / f"{each.name}.png").write_bytes(data)
            print(f"{each.name}.png, {len(data):,} bytes")
            page.close()
        browser.close()


def with_few_colours(png: bytes) -> bytes:
    """The same picture in half the bytes: pages have few colours."""
    from PIL import Image

    found = io.BytesIO()
    Image.open(io.BytesIO(png)).convert("RGB").quantize(128, dither=Image.Dither.NONE).save(
        found, "PNG", optimize=True
    )
    return found.getvalue()


if __name__ == "__main__":
    main()
