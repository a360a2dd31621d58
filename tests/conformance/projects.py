"""The graphs in a project of their own: every run keeps all files of its project."""

from __future__ import annotations

import contextlib
import importlib
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from conformance import conformance_cases
from conformance.conformance_cases import Case


@contextlib.contextmanager
def project_of_graphs(root: Path, name: str, settings: str = "") -> Iterator[Any]:
    """The module of the graphs, imported under a name from a project with these settings."""
    shutil.copy(conformance_cases.__file__, root / f"{name}.py")
    (root / "windlass.toml").write_text(settings)
    (root / "requirements.txt").touch()
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(root))
        yield importlib.import_module(name)


def given_as_text(case: Case, folder: Path) -> dict[str, str]:
    """A case's parameters as an engine is given them."""
    found = {name: _text(value) for name, value in case.parameters.items()}
    return {name: text.format(folder=folder) for name, text in found.items()}


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)
