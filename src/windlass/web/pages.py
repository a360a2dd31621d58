"""Every page there is."""

from __future__ import annotations

from windlass.web.drawn import lineage_drawings, node_drawings, run_drawings
from windlass.web.drawn_models import deployment_drawings, model_drawings, version_drawings
from windlass.web.page import Address, Page
from windlass.web.views.artifact import (
    ArtifactQuery,
    artifact,
    artifact_bytes,
    artifact_frame,
    artifact_picture,
)
from windlass.web.views.compare import CompareQuery, compare
from windlass.web.views.deployment import DeploymentQuery, deployment
from windlass.web.views.deployments import deployments
from windlass.web.views.launch import launched
from windlass.web.views.lineage import lineage
from windlass.web.views.logs import LogQuery, all_text, logs, new_lines
from windlass.web.views.model import model
from windlass.web.views.models import models
from windlass.web.views.node import NodeQuery, node
from windlass.web.views.pictures import ColumnQuery, CurvesQuery, column_chart, curves_chart
from windlass.web.views.report import model_report, run_report, version_report
from windlass.web.views.run import RunQuery, run
from windlass.web.views.runs import RunsQuery, runs
from windlass.web.views.version import version

PAGES: tuple[Page, ...] = (
    Page("/", runs, "runs.html", RunsQuery),
    Page("/artifacts/{digest}", artifact, "artifact.html", ArtifactQuery),
    Page("/compare", compare, "compare.html", CompareQuery),
    Page("/lineage/{digest}", lineage, "lineage.html", drawings=lineage_drawings),
    Page("/runs/{run}/nodes/{node}", node, "node.html", NodeQuery, node_drawings),
    Page("/runs/{run}/logs", logs, "logs.html", LogQuery),
    Page("/runs/{run}", run, "run.html", RunQuery, run_drawings),
    Page("/models", models, "models.html"),
    Page("/models/{model}", model, "model.html", drawings=model_drawings),
    Page("/models/{model}/{version}", version, "version.html", drawings=version_drawings),
    Page("/deployments", deployments, "deployments.html"),
    Page(
        "/deployments/{model}", deployment, "deployment.html", DeploymentQuery, deployment_drawings
    ),
    Page("/launches/{launch}", launched, "launch.html"),
)
"""In the order of the description; a more special path stands before a more general one."""

ADDRESSES: tuple[Address, ...] = (
    Address("/artifacts/{digest}/bytes", artifact_bytes),
    Address("/artifacts/{digest}/frame", artifact_frame),
    Address("/artifacts/{digest}/picture", artifact_picture),
    Address("/artifacts/{digest}/column", column_chart, ColumnQuery),
    Address("/compare/curves", curves_chart, CurvesQuery),
    Address("/models/{model}/report", model_report),
    Address("/models/{model}/{version}/report", version_report),
    Address("/runs/{run}/report", run_report),
    Address("/runs/{run}/logs/text", all_text, LogQuery),
    Address("/runs/{run}/logs/new", new_lines, LogQuery, follows=True),
)
"""What is beside the pages."""
