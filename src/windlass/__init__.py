"""Windlass: machine learning in production, turn after turn.

Every public name is loaded when it is first used, so that importing Windlass costs next to nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from windlass.version import __version__

if TYPE_CHECKING:
    from windlass.artifacts.audio import Audio as Audio
    from windlass.artifacts.documents import HTML as HTML
    from windlass.artifacts.documents import Markdown as Markdown
    from windlass.artifacts.picture import Picture as Picture
    from windlass.errors import WindlassError as WindlassError
    from windlass.execution.notebooks import notebook as notebook
    from windlass.execution.run import Run as Run
    from windlass.execution.run import open_run as open_run
    from windlass.models import release as release
    from windlass.models.registry import open_version as open_version
    from windlass.models.registry import register as register
    from windlass.pipeline.data_checks import Check as Check
    from windlass.pipeline.graph import Graph as Graph
    from windlass.pipeline.marks import Holdout as Holdout
    from windlass.pipeline.marks import Model as Model
    from windlass.pipeline.marks import Reference as Reference
    from windlass.pipeline.pipeline import Pipeline as Pipeline
    from windlass.pipeline.pipeline import either as either
    from windlass.pipeline.pipeline import pipeline as pipeline
    from windlass.pipeline.step import Step as Step
    from windlass.pipeline.step import step as step
    from windlass.pipeline.symbols import each as each
    from windlass.serving.embedding import asgi as asgi
    from windlass.serving.embedding import load as load
    from windlass.tracking.log import log_metric as log_metric
    from windlass.tracking.log import log_metrics as log_metrics
    from windlass.tracking.log import log_params as log_params
    from windlass.tracking.values import log_figure as log_figure
    from windlass.tracking.values import log_table as log_table
    from windlass.tracking.values import log_text as log_text

_WHERE = {
    "Audio": "windlass.artifacts.audio",
    "Check": "windlass.pipeline.data_checks",
    "HTML": "windlass.artifacts.documents",
    "Markdown": "windlass.artifacts.documents",
    "Picture": "windlass.artifacts.picture",
    "WindlassError": "windlass.errors",
    "notebook": "windlass.execution.notebooks",
    "Run": "windlass.execution.run",
    "open_run": "windlass.execution.run",
    "open_version": "windlass.models.registry",
    "register": "windlass.models.registry",
    "Graph": "windlass.pipeline.graph",
    "Holdout": "windlass.pipeline.marks",
    "Model": "windlass.pipeline.marks",
    "Reference": "windlass.pipeline.marks",
    "Pipeline": "windlass.pipeline.pipeline",
    "either": "windlass.pipeline.pipeline",
    "Step": "windlass.pipeline.step",
    "step": "windlass.pipeline.step",
    "each": "windlass.pipeline.symbols",
    "asgi": "windlass.serving.embedding",
    "load": "windlass.serving.embedding",
    "log_metric": "windlass.tracking.log",
    "log_metrics": "windlass.tracking.log",
    "log_params": "windlass.tracking.log",
    "log_figure": "windlass.tracking.values",
    "log_table": "windlass.tracking.values",
    "log_text": "windlass.tracking.values",
}

_PACKAGES = {
    "pipeline": "windlass.pipeline",  # the package is the decorator: see there
    "release": "windlass.models.release",
}

__all__ = [*_WHERE, *_PACKAGES, "__version__"]  # noqa: PLE0604 (the names are strings)


def __getattr__(name: str) -> Any:
    from importlib import import_module

    if name in _PACKAGES:
        return import_module(_PACKAGES[name])
    if name not in _WHERE:
        raise AttributeError(f"module 'windlass' has no attribute '{name}'")
    value = getattr(import_module(_WHERE[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
