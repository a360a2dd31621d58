"""How long commands take about a model of a thousand versions, above what any command takes."""

from __future__ import annotations

import sys
from pathlib import Path

from timing import Bench, Figure, paired, seconds

_BAR = 0.3
"""Seconds above the start of the program."""
_VERSIONS = 1_000
_FILL = f"""
import time
import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression
import windlass
from windlass import artifacts
from windlass.records.models import Move, NewVersion

draw = np.random.default_rng(0)
rows = pd.DataFrame({{"a": draw.normal(size=500), "b": draw.normal(size=500)}})
rows["late"] = (rows.a > 0).astype(int)
fitted = LogisticRegression().fit(rows[["a", "b"]], rows.late)
first = windlass.register("delay", fitted, reference=rows, holdout=rows, target="late")
records = first.stores.records
tests = [
    {{"test": f"t.py::t{{n}}", "name": f"t{{n}}", "outcome": "pass", "ml_tests": ["model.6"]}}
    for n in range(20)
]
for number in range(2, {_VERSIONS} + 1):
    model = artifacts.save({{"number": number}}, first.stores.artifacts).artifact
    parts = {{**first.row.artifacts, "model": model.content}}
    records.register(NewVersion("delay", model.content, artifacts=parts, details={{}}), [model])
    row = records.version("delay", number)
    for kind, document in first.evidence.items():
        records.save_evidence(row, kind, document)
    told = {{"champion": number - 1, "holdout": row.artifacts.get("holdout"), "suite": "s"}}
    report = records.save_report(row, "pass", {{**told, "tests": tests}})
    moved = Move("delay", "champion", None if number == 2 else number - 1, number, "me", "promoted")
    assert records.move_alias(moved) is not None
"""
_COMMANDS = {
    "models": ("models",),
    "models show MODEL": ("models", "show", "delay"),
    "models show MODEL@N": ("models", "show", "delay@500"),
    "models card MODEL@N": ("models", "card", "delay@500"),
    "models alias": ("models", "alias", "delay@500", "challenger{number}"),
    "history": ("history", "delay"),
    "history --at": ("history", "delay", "--at", "2026-03-03"),
    "promote": ("promote", "delay@{version}", "--force", "--reason", "a bench"),
    "scorecard": ("scorecard", "delay"),
    "rollback": ("rollback", "delay"),
}


def models(bench: Bench) -> list[Figure]:
    """Each command beside ``windlass --version``."""
    bench.python(_FILL)
    program = str(Path(sys.executable).with_name("windlass"))

    def figure(name: str, words: tuple[str, ...]) -> Figure:
        def measured() -> float:
            number = bench.next_number()
            version = number // 100_000 % (_VERSIONS // 2) + 2  # another one each time
            told = [word.format(number=number, version=version) for word in words]
            return seconds(bench, program, *told)

        ours, floor = paired(measured, lambda: seconds(bench, program, "--version"))
        return Figure(f"windlass {name}", ours, "s", floor, floor + _BAR)

    return [figure(name, words) for name, words in _COMMANDS.items()]
