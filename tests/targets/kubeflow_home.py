"""kfp for tests: an interpreter of its own, a stack that names it, its local runner."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path

from engines import KUBEFLOW, engine_python


def kfp_python() -> Path:
    """An interpreter that has kfp; the test is skipped where it cannot be installed."""
    return engine_python("kfp", *KUBEFLOW)


def write_stack(file: Path, python: Path, *more: str) -> None:
    """Adds a stack ``kfp`` whose tasks start this Windlass: no environment is built for them."""
    program = Path(sys.executable).with_name("windlass")
    with file.open("a") as stream:
        stream.write(kfp_stack(python, [str(program)], *more))


def kfp_stack(python: Path, program: Sequence[str], *more: str) -> str:
    """The stack ``kfp``, whose tasks start a program by these words."""
    lines = (
        "[stacks.kfp]",
        'target = "kubeflow"',
        "[stacks.kfp.options]",
        f'python = "{python}"',
        f"command = {json.dumps(program)}",
        *more,
    )
    return "".join(f"{line}\n" for line in lines)
