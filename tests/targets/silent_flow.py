"""A pipeline that is begun on stores that do not answer; copied into a project."""

from __future__ import annotations

from windlass import pipeline, step


@step
def one() -> int:
    return 1


@pipeline
def ones() -> int:
    return one()
