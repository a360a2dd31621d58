"""Files that a compiled pipeline names, on machines that reach the artifact store alone."""

from __future__ import annotations

import ast
import base64
import json
import os
import time
import zlib
from pathlib import Path
from typing import Any

from .program import Folder, web_variables

FLOW = """
from pathlib import Path
from windlass import pipeline, step

@step
def read(path: Path) -> str:
    return path.read_text()

@step(files=["ignored/rules.txt"])
def declared() -> str:
    return Path(__file__).with_name("ignored").joinpath("rules.txt").read_text()

@pipeline
def reading(path: Path = Path("ignored/table.csv")) -> str:
    declared()
    return read(path)
"""


def plan_in(file: Path) -> dict[str, Any]:
    """What a DAG file has in it."""
    tree = ast.parse(file.read_text())
    texts = [each.value for each in ast.walk(tree) if isinstance(each, ast.Constant)]
    packed = max((text for text in texts if isinstance(text, str)), key=len)
    found: dict[str, Any] = json.loads(zlib.decompress(base64.b64decode(packed)))
    return found


def compiled(project: Folder) -> dict[str, Any]:
    dags = project.root.parent / "dags"  # what is in the project is code
    done = project.windlass("compile", "flow.py:reading", "--target", "airflow", "-o", str(dags))
    assert done.code == 0, done
    return plan_in(dags / "reading.py")


def test_what_a_compiled_pipeline_names_goes_with_it(project: Folder, tmp_path: Path) -> None:
    ignored, machine = project.root / "ignored", tmp_path / "machine"
    for folder in (ignored, machine):
        folder.mkdir()
    (project.root / "flow.py").write_text(FLOW)
    (project.root / "requirements.txt").write_text("toolz==1.0.0\n")
    (project.root / ".gitignore").write_text("ignored/\n")
    (ignored / "rules.txt").write_text("rules")
    (ignored / "table.csv").write_text("then")
    project = Folder(project.root, web_variables())
    then = compiled(project)
    store = str(project.root / ".windlass" / "artifacts")
    there = Folder(machine, {"WINDLASS_CACHE": str(tmp_path / "cache")})

    def run(key: str, plan: dict[str, Any], *nodes: str, given: tuple[str, ...] = ()) -> list[str]:
        words = ("--store", store, "--plan", plan["plan"])
        named = ("--as", plan["shared"], "--key", key)
        begun = there.document("begin", *words, *named, *given)["run"]
        for node in nodes:
            done = there.windlass("execute", *words, "--run", begun, "--node", node)
            assert done.code == 0, done
        assert project.windlass("sync", begun).code == 0
        shown = (project.document("artifacts", "show", f"{begun}:{node}") for node in nodes)
        return [each["preview"]["text"] for each in shown]

    # It is kept for runs that nobody has begun, however long ago that was.
    long_ago = time.time() - 30 * 24 * 3600
    for blob in Path(store).glob("??/*"):
        os.utime(blob, (long_ago, long_ago))
    assert project.windlass("gc").out == "nothing is to be removed\n"
    # A default goes with the plan, as it was when that was compiled, and so does what is declared.
    (ignored / "table.csv").write_text("now")
    assert run("one", then, "declared", "read") == ["rules", "then"]
    now = compiled(project)
    assert (now["plan"], now["shared"] == then["shared"]) == (then["plan"], False)
    assert run("two", now, "read") == ["now"]
    # What is given is a path there, and the others have it from the store.
    (machine / "given.csv").write_text("given")
    assert run("three", now, "read", given=("-p", "path=given.csv")) == ["given"]
    # Of a plan that was posted twice it must be said which is meant.
    words = ("begin", "--store", store, "--plan", then["plan"], "--key", "four")
    assert "was posted 2 times" in there.refused(*words)
    assert "no such file" in there.refused(*words, "--as", now["shared"], "-p", "path=no")
    # Keys say what is in the files and not who has brought them: here, too, it is in the cache.
    assert project.document("run", "flow.py:reading")["nodes"][1]["cached"]
