"""The JSON documents: the shapes of DESIGN.md, and nothing else on standard output."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from .program import Folder

STATUSES = {"succeeded", "failed", "cancelled", "lost", "running"}
NODE_STATUSES = {"succeeded", "failed", "skipped", "cancelled"}
DIGEST = re.compile(r"[0-9a-f]{64}")
RUN: dict[str, type | tuple[type, ...]] = {
    "id": str,
    "name": str,
    "pipeline": str,
    "status": str,
    "target": str,
    "stack": str,
    "seed": int,
    "parameters": dict,
    "metrics": dict,
    "plan": str,
    "bundle": str,
    "environment": str,
}
NODE: dict[str, type | tuple[type, ...]] = {
    "node": str,
    "step": str,
    "function": str,
    "status": str,
    "cached": bool,
    "reason": (str, type(None)),
    "attempts": int,
    "seconds": (float, type(None)),
    "error": (dict, type(None)),
    "outputs": list,
}
OUTPUT: dict[str, type | tuple[type, ...]] = {
    "name": str,
    "type": str,
    "format": str,
    "content": str,
    "blob": str,
    "bytes": int,
}


def _check(document: dict[str, Any], shape: dict[str, type | tuple[type, ...]]) -> None:
    for key, kind in shape.items():
        assert isinstance(document[key], kind), (key, document[key])


def _check_run(document: dict[str, Any]) -> None:
    _check(document, RUN)
    assert document["status"] in STATUSES
    for key in ("plan", "bundle", "environment"):
        assert DIGEST.fullmatch(document[key])
    for node in document.get("nodes", ()):
        _check(node, NODE)
        assert node["status"] in NODE_STATUSES
        for output in node["outputs"]:
            _check(output, OUTPUT)
            assert DIGEST.fullmatch(output["content"])
            assert DIGEST.fullmatch(output["blob"])


def _nodes(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {node["node"]: node for node in document["nodes"]}


def test_run_prints_the_document_of_the_run(project: Folder) -> None:
    told = project.document("run", "sample.py:talk", "-p", "n=3", "--seed", "5")
    _check_run(told)
    assert (told["name"], told["pipeline"], told["status"]) == ("talk-1", "talk", "succeeded")
    assert (told["target"], told["stack"], told["seed"]) == ("local", "default", 5)
    assert told["parameters"] == {"n": 3}
    assert told["metrics"] == {"loudness": 2.0}
    nodes = _nodes(told)
    assert list(nodes) == ["speak", "speak_2"]
    assert nodes["speak"]["step"] == "speak"
    assert nodes["speak"]["function"].endswith(":speak")
    assert nodes["speak"]["attempts"] == 1
    assert nodes["speak"]["metrics"] == {"loudness": 1.5}
    assert nodes["speak_2"]["outputs"][0]["type"] == "int"
    assert project.document("show", "talk-1") == told


def test_show_tells_maps_choices_and_several_outputs(trained: Folder) -> None:
    told = trained.document("show", "training-1")
    _check_run(told)
    nodes = _nodes(told)
    assert {f"fit[{i}]" for i in range(3)} <= set(nodes)
    assert [o["name"] for o in nodes["split"]["outputs"]] == ["train", "test"]
    assert nodes["reject"]["status"] == "skipped"
    assert nodes["reject"]["reason"]
    assert told["tags"] == {"why": "first"}


def test_a_failed_run_tells_its_error(project: Folder) -> None:
    told = project.document("run", "sample.py:fails", code=1)
    _check_run(told)
    assert told["status"] == "failed"
    nodes = _nodes(told)
    error = nodes["broken"]["error"]
    assert (error["kind"], error["message"]) == ("ValueError", "cannot work with 2")
    assert error["file"].endswith("sample.py")
    assert nodes["speak_2"]["status"] == "skipped"


def test_runs_lists_the_newest_first_without_nodes(trained: Folder) -> None:
    told = trained.document("runs")
    assert set(told) == {"runs"}
    names = [run["name"] for run in told["runs"]]
    assert names == ["tabular-1", "fails-1", "talk-1", "training-1"]
    for run in told["runs"]:
        _check_run(run)
        assert "nodes" not in run


def test_runs_can_be_chosen(trained: Folder) -> None:
    def names(*arguments: str) -> list[str]:
        return [run["name"] for run in trained.document("runs", *arguments)["runs"]]

    assert names("--pipeline", "talk") == ["talk-1"]
    assert names("--status", "failed") == ["fails-1"]
    assert names("--tag", "why=first") == ["training-1"]
    assert names("--limit", "2") == ["tabular-1", "fails-1"]
    assert names("--status", "lost") == []


def test_a_second_run_is_cached(project: Folder) -> None:
    project.document("run", "sample.py:talk")
    again = project.document("run", "sample.py:talk")
    assert [node["cached"] for node in again["nodes"]] == [True, True]
    fresh = project.document("run", "sample.py:talk", "--no-cache")
    assert [node["cached"] for node in fresh["nodes"]] == [False, False]


@pytest.mark.parametrize("how", ["--in-process", "--fresh", "--keep-going"])
def test_steps_that_print_leave_the_document_alone(project: Folder, how: str) -> None:
    done = project.windlass("run", "sample.py:talk", how, "--json")
    assert done.code == 0
    assert json.loads(done.out)["status"] == "succeeded"
    assert "printed 1" in done.err
    assert "from below Python" in done.err


@pytest.mark.parametrize(
    ("arguments", "code", "kind"),
    [
        (["run", "absent.py:x"], 2, "DefinitionError"),
        (["run", "sample.py:talk", "-p", "m=1"], 2, "ParameterError"),
        (["run", "sample.py:talk", "-p", "m"], 2, "ConfigError"),
        (["show", "talc-1"], 2, "NotFoundError"),
        (["artifacts", "show", "training-1:nothing"], 2, "NotFoundError"),
        (["runs", "--limit", "many"], 2, "UsageError"),
        (["runs", "--colour"], 2, "UsageError"),
        (["show"], 2, "UsageError"),
        (["sail"], 2, "UsageError"),
        (["artifacts"], 2, "UsageError"),
    ],
)
def test_errors_are_documents_too(
    trained: Folder, arguments: list[str], code: int, kind: str
) -> None:
    told = trained.document(*arguments, code=code)
    assert set(told) == {"error"}
    assert set(told["error"]) == {"kind", "message", "hint"}
    assert told["error"]["kind"] == kind
    assert told["error"]["message"]


def test_the_other_documents(trained: Folder) -> None:
    listed = trained.document("artifacts", "list", "training-1")
    assert listed["run"] == "training-1"
    _check(listed["artifacts"][0], {"node": str, **OUTPUT})
    shown = trained.document("artifacts", "show", "training-1:pick.slope")
    _check(shown, {k: v for k, v in OUTPUT.items() if k != "name"})
    assert shown["preview"]["text"]
    lineage = trained.document("lineage", shown["content"])
    assert lineage["content"] == shown["content"]
    assert lineage["made"][0] | {"run": "training-1", "node": "pick"} == lineage["made"][0]
    assert {edge["node"] for edge in lineage["used"]} == {"accept"}
    logs = trained.document("logs", "talk-1", "speak")
    assert [(log["node"], log["attempt"]) for log in logs["logs"]] == [("speak", 1)]
    assert "printed 3" in logs["logs"][0]["text"]
    doctor = trained.document("doctor")
    assert doctor["ok"] is True
    assert {check["status"] for check in doctor["checks"]} <= {"ok", "warn"}
