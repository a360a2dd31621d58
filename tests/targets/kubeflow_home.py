"""kfp for tests: an interpreter of its own, a stack that names it, its local runner."""

from __future__ import annotations

import sys
from pathlib import Path

from engines import KUBEFLOW, engine_python


def kfp_python() -> Path:
    """An interpreter that has kfp; the test is skipped where it cannot be installed."""
    return engine_python("kfp", *KUBEFLOW)


def write_stack(file: Path, python: Path, *more: str) -> None:
    """Adds a stack ``kfp`` whose tasks start this Windlass: no environment is built for them."""
    program = Path(sys.executable).with_name("windlass")
    lines = (
        "[stacks.kfp]",
        'target = "kubeflow"',
        "[stacks.kfp.options]",
        f'python = "{python}"',
        f'command = ["{program}"]',
        *more,
    )
    with file.open("a") as stream:
        stream.write("".join(f"{line}\n" for line in lines))
