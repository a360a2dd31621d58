"""What Ray's own processes run where their Python has nothing of ours: the standard library alone.

It is sent as it is, not by its name. It builds the run's locked environment, once for a node, and
hands each attempt on to a process of that environment: see `windlass.targets.ray.serve`.
"""

from __future__ import annotations

import base64
import contextlib
import fcntl
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

_OF_PYTHON = ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV", "CONDA_PREFIX", "UV_PYTHON")
"""Variables that would bring one environment into another."""


class _CannotError(Exception):
    """What keeps the node from running anything, and what to do."""


_serving: dict[str, Any] = {}
"""The run that this process is at, and the process that serves it."""


def try_node(
    request: dict[str, Any], node: str, index: int | None, attempt: int, first: int
) -> dict[str, Any]:
    """Tries a node of a run, and waits for it.

    Args:
        request: The run, its stack, its environment: see `windlass.targets.ray.crew`.
        node: The node's name in the graph.
        index: Which item, if it is a map.
        attempt: Counted from 1.
        first: The first attempt since the run was last resumed.

    Returns:
        The fields of `windlass.targets.ray.on_node.Answer`; or ``broken``: a message and a hint.
    """
    try:
        process = _process(request)
    except _CannotError as error:
        message, hint = error.args
        return {"broken": {"message": f"{message} (on {socket.gethostname()})", "hint": hint}}
    asked = {"node": node, "index": index, "attempt": attempt, "first": first, "gpus": _gpus()}
    told: dict[str, Any] | None = _ask(process, asked)
    if told is None:
        process.kill()
        process.wait()
        _serving.clear()
        name = node if index is None else f"{node}[{index}]"
        ended = ["the process that starts its workers ended without a word", None, False]
        return {"name": name, "attempt": attempt, "ended": ended, "log": None}
    if told.get("log") is not None:
        told["log"] = base64.b64decode(told["log"])
    return told


def _process(request: dict[str, Any]) -> subprocess.Popen[bytes]:
    """The process that serves the run; of another run, it is ended."""
    if _serving.get("run") != request["run"]:
        if _serving:
            _serving["process"].stdin.close()
            _serving["process"].wait()
            _serving.clear()
        python = _python(request)
        process = subprocess.Popen(
            [str(python), "-P", "-m", "windlass.targets.ray.serve"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=_variables(),
        )
        _send(process, request["job"])
        _serving.update(run=request["run"], process=process)
    found: subprocess.Popen[bytes] = _serving["process"]
    return found


def _ask(process: subprocess.Popen[bytes], asked: dict[str, Any]) -> Any:
    assert process.stdout is not None
    _send(process, asked)
    line = process.stdout.readline()
    return json.loads(line) if line.endswith(b"\n") else None


def _send(process: subprocess.Popen[bytes], message: Any) -> None:
    assert process.stdin is not None
    with contextlib.suppress(OSError):  # it is gone: what it does not answer tells
        process.stdin.write(json.dumps(message).encode() + b"\n")
        process.stdin.flush()


def _gpus() -> list[str]:
    """The GPUs that Ray has granted to this task."""
    import ray

    found: list[str] = ray.get_runtime_context().get_accelerator_ids().get("GPU", [])
    return found


def _python(request: dict[str, Any]) -> Path:
    """The interpreter of the run's environment, which is built if the node has not got it."""
    told = os.environ.get("XDG_CACHE_HOME")
    cache = (Path(told) if told else Path.home() / ".cache") / "windlass"
    cache = Path(os.environ.get("WINDLASS_CACHE") or cache)
    place: Path = cache / "ray" / request["environment"]
    if not place.exists():
        try:
            place.parent.mkdir(parents=True, exist_ok=True)
            with place.with_suffix(".lock").open("w") as lock:  # one builds, the others wait
                fcntl.flock(lock, fcntl.LOCK_EX)
                if not place.exists():
                    _build(place, request)
        except OSError as error:
            hint = "Make room there, or name another folder: WINDLASS_CACHE."
            raise _CannotError(f"{cache} cannot be written: {error}", hint) from error
    return place / "bin" / "python"


def _build(place: Path, request: dict[str, Any]) -> None:
    """Builds the environment beside its place, then gives it that: it is whole or not there."""
    uv = _find_uv()
    import ray

    with tempfile.TemporaryDirectory(dir=place.parent) as folder:
        made, wheel = Path(folder) / "environment", Path(folder) / request["wheel_name"]
        wheel.write_bytes(ray.get(request["wheel"]))
        is_same = request["python"] == "{}.{}".format(*sys.version_info)
        python = sys.executable if is_same else request["python"]
        _run(uv, "venv", "--quiet", "--no-project", "--relocatable", "--python", python, str(made))
        into = (
            uv,
            "pip",
            "install",
            "--quiet",
            "--no-deps",
            "--compile-bytecode",  # of what this call installs alone: so all calls have it
            "--python",
            str(made / "bin" / "python"),
        )
        for number, (lines, *options) in enumerate(request["requirements"]):
            file = Path(folder) / f"{number}.txt"
            file.write_text("".join(f"{line}\n" for line in lines))
            if lines:
                _run(*into, *options, "--requirements", str(file))
        _run(*into, str(wheel))
        made.rename(place)


def _find_uv() -> str:
    beside = str(Path(sys.executable).parent)
    uv = shutil.which("uv") or shutil.which("uv", path=beside)
    if uv is None:
        raise _CannotError(
            "there is no uv on a node of the Ray cluster, which builds the locked environment",
            "Install it there: pip install uv. Or let nodes use what is installed in Ray's Python: "
            'environment = "installed" in the stack\'s options.',
        )
    return uv


def _run(*words: str) -> None:
    done = subprocess.run(
        words, cwd="/", env=_variables(), capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise _CannotError(
            f"the locked environment cannot be built: {' '.join(done.stderr.split())[-1000:]}",
            "Do the nodes reach the package index? uv is told of one by UV_INDEX or uv.toml there.",
        )


def _variables() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name not in _OF_PYTHON}
