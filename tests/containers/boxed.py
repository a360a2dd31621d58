"""A project that is run in containers by the command line, as a user does it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from cli import warm

PACKAGING = f"packaging=={version('packaging')}"
"""What the projects of all tests require, so that one image does for all."""

SHOWN = """
[stacks.shown]
target = "container"
tracker = "mlflow:http://${{env:TRACKER_HOST}}:9"
[stacks.shown.options]
base = "{}"
"""
"""A stack whose tracker does not answer."""

FLOW = """
import os
import signal
import time
from pathlib import Path

from windlass import pipeline, step


@step
def look() -> dict[str, str]:
    import packaging

    Path("left.txt").write_text("in the working folder")
    print("looking around")
    return {
        "packaging": packaging.__version__,
        "cwd": os.getcwd(),
        "threads": os.environ["OMP_NUM_THREADS"],
        "hashes": os.environ["PYTHONHASHSEED"],
        "secret": os.environ.get("OF_THIS_MACHINE", "none"),
        "here": str(Path(__file__).exists()),
        "user": f"{os.getuid()}:{os.getgid()}",
    }


@step(files=["rules/*.txt"], variables=["REGION"])
def read(path: Path) -> dict[str, str]:
    return {
        "given": path.read_text(),
        "from the working folder": Path("rules/a.txt").read_text(),
        "beside the code": (Path(__file__).parent / "rules/a.txt").read_text(),
        "variable": os.environ["REGION"],
    }


@step(memory="64MiB")
def take(megabytes: int) -> int:
    return len(bytearray(megabytes << 20))


@step(timeout=3)
def wait(seconds: float) -> float:
    print("waiting", flush=True)
    time.sleep(seconds)
    return seconds


@step
def linger() -> int:
    print("lingering", flush=True)
    time.sleep(600)
    return 1


@step
def die() -> int:
    os.kill(os.getpid(), signal.SIGSEGV)
    return 1


@step
def parse(text: str) -> str:
    from packaging.version import Version

    return str(Version(text))


@step
def only_in_a_container() -> str:
    if not Path("/run/.containerenv").exists():
        raise RuntimeError("this is no container")
    return "in one"


@step(environment="old")
def look_back() -> dict[str, str]:
    import packaging

    return {"packaging": packaging.__version__}


@step
def find_tracker() -> dict[str, str]:
    return {"tracker": os.environ["MLFLOW_TRACKING_URI"]}


@pipeline
def shown() -> dict[str, str]:
    return find_tracker()


@pipeline
def looking() -> dict[str, str]:
    return look()


@pipeline
def reading(path: Path) -> dict[str, str]:
    return read(path)


@pipeline
def taking(megabytes: int = 512) -> int:
    return take(megabytes)


@pipeline
def waiting(seconds: float = 100) -> float:
    return wait(seconds)


@pipeline
def lingering() -> int:
    return linger()


@pipeline
def dying() -> int:
    return die()


@pipeline
def parsing(text: str = "1.0") -> str:
    return parse(text)


@pipeline
def picky() -> str:
    return only_in_a_container()


@pipeline
def looking_back() -> dict[str, str]:
    return look_back.after(parse("2"))()
"""


@dataclass(frozen=True)
class Told:
    """What a command said: its exit code, its document, and what it told besides."""

    code: int
    document: Any
    words: str

    @property
    def nodes(self) -> dict[str, Any]:
        return {each["node"]: each for each in self.document["nodes"]}


@dataclass(frozen=True)
class Boxed:
    """A project with the stack ``box``."""

    root: Path
    base: str

    def write(self, *requires: str, options: str = "", more: str = "") -> Boxed:
        """Writes its settings and its code."""
        self.root.mkdir(parents=True, exist_ok=True)
        told = f'base = "{self.base}"\n{options}' if "base =" not in options else options
        (self.root / "windlass.toml").write_text(
            f'{more}\n[stacks.box]\ntarget = "container"\n[stacks.box.options]\n{told}\n'
        )
        named = ", ".join(f'"{each}"' for each in requires)
        (self.root / "pyproject.toml").write_text(
            f'[project]\nname = "boxed"\nversion = "1"\ndependencies = [{named}]\n'
        )
        (self.root / "flow.py").write_text(FLOW)
        return self

    def start(self, *words: str, **variables: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "windlass", *words],
            cwd=self.root,
            env={**os.environ, **variables},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def do(self, *words: str, **variables: str) -> Told:
        done = warm.run(self.root, *words, "--json", variables={**os.environ, **variables})
        return Told(done.returncode, json.loads(done.stdout) if done.stdout else None, done.stderr)

    def run(self, pipeline: str, *words: str, **variables: str) -> Told:
        """Runs a pipeline in containers."""
        return self.do("run", f"flow.py:{pipeline}", "--stack", "box", *words, **variables)

    def value(self, pipeline: str, *words: str, **variables: str) -> Any:
        """What a pipeline returns that runs in containers."""
        told = self.run(pipeline, *words, **variables)
        assert told.code == 0, told.words
        return self.value_of(told.document["nodes"][-1]["node"])

    def value_of(self, node: str) -> Any:
        """The value of a node of the last run."""
        shown = self.do("artifacts", "show", f"latest:{node}")
        return json.loads(shown.document["preview"]["text"])
