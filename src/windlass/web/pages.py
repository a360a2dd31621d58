"""Every page there is."""

from __future__ import annotations

from windlass.web.drawn import run_drawings
from windlass.web.drawn_models import deployment_drawings, model_drawings, version_drawings
from windlass.web.page import Page
from windlass.web.views.deployment import DeploymentQuery, deployment
from windlass.web.views.deployments import deployments
from windlass.web.views.launch import launched
from windlass.web.views.model import model
from windlass.web.views.models import models
from windlass.web.views.run import RunQuery, run
from windlass.web.views.runs import RunsQuery, runs
from windlass.web.views.version import version

PAGES: tuple[Page, ...] = (
    Page("/", runs, "runs.html", RunsQuery),
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
