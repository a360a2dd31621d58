"""Every graph of the conformance suite by `windlass portability`, on targets side by side.

    python tests/conformance/matrix.py [--targets local,ray,container,kubeflow,airflow] [GRAPH …]

A line for each graph, as it is done: how many artifacts each target made, and whether all are
equal. A graph that must fail has to fail at the same nodes everywhere; of a model all targets
together make one version. It takes half an hour: each node of an engine is a process that begins
cold. Exit code 0 only if all are as they must be.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).resolve().parent.parent))

import container_engine
from conformance import conformance_cases
from conformance.conformance_cases import CASES, Case
from engines import AIRFLOW, KUBEFLOW, engine_python, needed

PROGRAM = Path(sys.executable).with_name("windlass")
TARGETS = "local,ray,container,kubeflow,airflow"
OTHERWISE: dict[str, dict[str, Any]] = {
    # Three hundred cold processes would tell nothing more than twelve.
    "map of 300 items": {"n": 12},
    # The file in which tries are counted is there for all targets: none is to come to the end.
    "retries exhausted": {"folder": "{folder}", "tries": 1000},
}
STACKS = """
[run]
keep_going = true  # as engines do

[stacks.container]
target = "container"
[stacks.container.options]
base = "{base}"
engine = "podman"
mounts = ["{folder}"]
[stacks.kubeflow]
target = "kubeflow"
[stacks.kubeflow.options]
python = "{kubeflow}"
[stacks.airflow]
target = "airflow"
[stacks.airflow.options]
python = "{airflow}"
"""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--targets", default=TARGETS)
    parser.add_argument("graphs", nargs="*", default=list(CASES))
    given = parser.parse_args()
    targets = given.targets.split(",")
    with tempfile.TemporaryDirectory(prefix="wl-matrix-") as folder:
        project = Path(folder) / "project"
        make_project(project, targets)
        names = [
            target if target in ("local", "ray") else f"{target}@{target}" for target in targets
        ]
        print(f"{'':28}" + "".join(f"{target:>11}" for target in targets))
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            right = list(pool.map(lambda name: try_graph(name, names, project), given.graphs))
    wrong = [name for name, is_right in zip(given.graphs, right, strict=True) if not is_right]
    print(f"{len(right)} graphs, {len(wrong)} not as they must be: {', '.join(wrong) or '-'}")
    return 1 if wrong else 0


def make_project(project: Path, targets: list[str]) -> None:
    """A project of the graphs, whose lock is what this interpreter has, and a stack a target."""
    project.mkdir()
    shutil.copyfile(Path(conformance_cases.__file__), project / "cases.py")
    (project / "requirements.txt").write_text("".join(needed("windlass")))
    os.environ["RAY_AUTH_MODE"] = "disabled"
    stacks = {"base": "", "folder": project.parent, "kubeflow": "", "airflow": ""}
    if "container" in targets:
        os.environ["CONTAINERS_CONF"] = str(container_engine.settings(project.parent))
        problem = container_engine.missing() or container_engine.make_base()
        if problem is not None:
            sys.exit(f"no containers here: {problem}")
        stacks["base"] = container_engine.BASE
    if "kubeflow" in targets:
        stacks["kubeflow"] = engine_python("kfp", *KUBEFLOW)
    if "airflow" in targets:
        stacks["airflow"] = engine_python("airflow", AIRFLOW)
    (project / "windlass.toml").write_text(STACKS.format(**stacks))


def try_graph(name: str, targets: list[str], project: Path) -> bool:
    """Runs a graph on all targets, and prints its line; whether all is as it must be."""
    case = CASES[name]
    with tempfile.TemporaryDirectory(dir=project.parent) as folder:
        words = [word for pair in parameters(name, case, folder) for word in ("-p", pair)]
        graph = f"cases.py:{case.pipeline.name}"
        start = time.perf_counter()
        done = subprocess.run(
            [PROGRAM, "portability", graph, "--targets", ",".join(targets), *words, "--json"],
            cwd=project,
            capture_output=True,
            text=True,
            check=False,
        )
    if not done.stdout.strip():
        print(f"{name:28}{done.stderr}", flush=True)
        return False
    told = json.loads(done.stdout)
    is_right = as_it_must_be(case, told) and all(
        has_one_version(model, project) for model in case.versions
    )
    counts = "".join(f"{made(told, target['target']):>11}" for target in told["targets"])
    seconds = f"{time.perf_counter() - start:.0f} s"
    print(f"{name:28}{counts}  {'✓' if is_right else '✗'} {told['verdict']}, {seconds}", flush=True)
    for target in told["targets"]:
        if target["status"] != case.status:
            print(
                f"{name} on {target['target']} {target['status']}: {target['problem']}", flush=True
            )
    return is_right


def parameters(name: str, case: Case, folder: str) -> Iterator[str]:
    for key, value in (OTHERWISE.get(name) or case.parameters).items():
        text = value.format(folder=folder) if isinstance(value, str) else json.dumps(value)
        yield f"{key}={text}"


def as_it_must_be(case: Case, told: dict[str, Any]) -> bool:
    """Equal on all targets, or failed at the same nodes on all."""
    if any(target["status"] != case.status for target in told["targets"]):
        return False
    if case.status == "succeeded":
        return bool(told["verdict"] == "equal")
    return all(node["equal"] for node in told["nodes"])


def has_one_version(model: str, project: Path) -> bool:
    """Whether the model that every target has made is one and the same version."""
    done = subprocess.run(
        [PROGRAM, "models", "show", model, "--json"],
        cwd=project,
        capture_output=True,
        text=True,
        check=False,
    )
    found = json.loads(done.stdout).get("versions", ()) if done.stdout.strip() else ()
    if len(found) != 1:
        print(f"{model} has {len(found)} versions, and not one: {done.stdout}{done.stderr}")
    return len(found) == 1


def made(told: dict[str, Any], target: str) -> int:
    """How many artifacts a target made."""
    found = (node["targets"].get(target) or {"outputs": {}} for node in told["nodes"])
    return sum(len(each["outputs"]) for each in found)


if __name__ == "__main__":
    sys.exit(main())
