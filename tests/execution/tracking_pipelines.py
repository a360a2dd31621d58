"""Pipelines whose steps log."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

from windlass import (
    Picture,
    each,
    log_figure,
    log_metric,
    log_params,
    log_table,
    log_text,
    pipeline,
    step,
)

ROWS = [{"epoch": number, "loss": 1 / (1 + number)} for number in range(1000)]
CHILD = "from windlass import log_text; log_text('of child', 'child')"
BURN = """
import time
held, end = bytearray(80_000_000), time.time() + {}
while time.time() < end:
    pass
"""


@step
def everything(depth: int) -> int:
    log_table("history", ROWS, step=depth)
    log_figure("drawing", Picture(b"png" * 4000, f"<svg>{depth}</svg>"))
    thread = threading.Thread(target=log_text, args=("of thread", "thread"))
    thread.start()
    thread.join()
    subprocess.run([sys.executable, "-c", CHILD], check=True)
    child = os.fork()
    if child == 0:
        log_text("of fork", "fork")
        os._exit(0)
    os.waitpid(child, 0)
    return depth


@pipeline
def logging_all() -> list[int]:
    return everything.map(each([1, 2]))


@step
def killed(count: int) -> int:
    for number in range(count):
        log_metric("progress", number, step=number)
    log_table("history", ROWS)
    log_params({"count": count})
    os.kill(os.getpid(), signal.SIGKILL)
    return 0


@pipeline
def dying(count: int = 1000) -> int:
    return killed(count)


@step
def long(seconds: float, folder: str) -> int:
    child = subprocess.Popen([sys.executable, "-c", BURN.format(seconds)])
    log_metric("begun", 1.0)
    log_text("note", "it began")
    Path(folder, "begun").touch()
    child.wait()
    while not Path(folder, "seen").exists():
        time.sleep(0.05)
    return 1


@pipeline
def lasting(seconds: float, folder: str) -> int:
    return long(seconds, folder)


@step
def fit(depth: int, rate: float = 0.1) -> dict[str, float]:
    log_metric("loss", 1 / depth)
    return {"depth": depth, "rate": rate}


@step
def score(model: dict[str, float], data: int) -> float:
    log_metric("auc", model["depth"] / 10 + data)
    log_metric("loss", 9.0)
    return model["depth"]


@step
def pair(a: str, b: int, c: dict[str, float]) -> str:
    return f"{a}{b}{c['depth']:g}"


@pipeline
def sweeping(depths: list[int]) -> list[str]:
    models = fit.map(each(depths), rate=each([0.1, 0.2, 0.3]))
    score.map(each(models), 0)
    return pair.product(each(["x", "y"]), each([1, 2]), each(models))
