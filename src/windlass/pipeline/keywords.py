"""The keyword arguments of ``options(...)``, by which type checkers find a misspelt one.

Nothing imports this when a program runs. Tests hold it to the dataclasses in
`windlass.pipeline.settings`, which say what each one means.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypedDict


class StepKeywords(TypedDict, total=False):
    """What ``step.options(...)`` takes."""

    retries: int
    retry_delay: float
    timeout: float | None
    cpus: int
    memory: str | None
    gpus: int
    cache: bool | str
    environment: str | None
    allow_pickle: bool
    seeded: bool
    files: Sequence[str]
    variables: Sequence[str]


class RunKeywords(TypedDict, total=False):
    """What ``pipeline.options(...)`` and ``@pipeline(...)`` take."""

    target: str | None
    stack: str | None
    cache: bool
    refresh: bool
    seed: int
    tags: Mapping[str, str]
    keep_going: bool
    in_process: bool
    fresh: bool
    workers: int | None
    memory: int | None
    system_metrics: bool
