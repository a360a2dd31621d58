"""A version of a model as Python code uses it: the model, its data, and what is known of it."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any

from windlass import artifacts
from windlass.errors import ModelError, WindlassError
from windlass.execution.job import Stores
from windlass.records.models import Report, VersionRow


class Version:
    """A version of a model.

    Args:
        row: What the record says of it.
        stores: Where it is kept.
    """

    def __init__(self, row: VersionRow, stores: Stores) -> None:
        self.row = row
        self.stores = stores

    def __repr__(self) -> str:
        return f"<version {self.name}>"

    @property
    def name(self) -> str:
        """As a person calls it, such as ``delay@3``."""
        return self.row.name

    @property
    def number(self) -> int:
        """Its number, from 1."""
        return self.row.number

    @property
    def target(self) -> str | None:
        """The column that holds what it is to predict."""
        return self.row.details.get("target")

    @functools.cached_property
    def model(self) -> Any:
        """The model itself, read from the artifact store.

        Raises:
            ModelError: It cannot be read.
        """
        return self.value("model")

    @functools.cached_property
    def evidence(self) -> Mapping[str, Any]:
        """What is known of it, by kind, as plain documents."""
        return self.stores.records.evidence(self.row)

    @property
    def reports(self) -> list[Report]:
        """What came of its release tests, the newest first."""
        return self.stores.records.reports(self.row)

    def holdout(self) -> Any:
        """The labelled rows that it never saw.

        Raises:
            ModelError: It has none, or they cannot be read.
        """
        return self.value("holdout")

    def reference(self) -> Any:
        """The rows that it learnt from.

        Raises:
            ModelError: It has none, or they cannot be read.
        """
        return self.value("reference")

    def has(self, role: str) -> bool:
        """Whether it has a value: ``holdout``, ``reference``, ``onnx``."""
        return role in self.row.artifacts

    def value(self, role: str) -> Any:
        """A value of it, by its role.

        Raises:
            ModelError: It has none, or it cannot be read.
        """
        content = self.row.artifacts.get(role)
        if content is None:
            raise ModelError(f"{self.name} has no {role}", hint=_HOW.get(role))
        stores = self.stores
        try:
            return artifacts.load(
                content, stores.artifacts, stores.records, trust_pickle=stores.trust_pickle
            )
        except WindlassError as error:
            raise ModelError(
                f"the {role} of {self.name} cannot be read: {error.message}", hint=error.hint
            ) from error
        except Exception as error:
            raise ModelError(
                f"the {role} of {self.name} cannot be read: {type(error).__name__}: {error}",
                hint="Read it where the packages of its run are installed: windlass models show "
                f"{self.name}",
            ) from error


_HOW = {
    "holdout": "Mark the output of the step that makes it: Annotated[…, Holdout(NAME)].",
    "reference": "Mark the output of the step that makes it: Annotated[…, Reference(NAME)].",
}
