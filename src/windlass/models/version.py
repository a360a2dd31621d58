"""A version of a model as Python code uses it: the model, its data, and what is known of it."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from windlass import artifacts
from windlass.errors import ModelError, WindlassError
from windlass.execution.job import Stores
from windlass.models.estimator import Predictor
from windlass.models.golden import Golden
from windlass.models.profile import Profile
from windlass.models.signature import Signature
from windlass.records.models import Report, VersionRow

if TYPE_CHECKING:
    from numpy.typing import NDArray


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

    def keep(self, kind: str, document: Mapping[str, Any]) -> None:
        """Keeps what is known of it, once."""
        stands = self.stores.records.save_evidence(self.row, kind, document)
        self.evidence = {**self.evidence, kind: stands}

    @property
    def signature(self) -> Signature:
        """What it takes and gives.

        Raises:
            ModelError: It is not known.
        """
        return Signature.read(self._known("signature"))

    @property
    def profile(self) -> Profile:
        """What its reference looked like, and what it gave for that.

        Raises:
            ModelError: It is not known.
        """
        return Profile.read(self._known("profile"))

    @property
    def golden(self) -> Golden:
        """Examples, with what it gave for them.

        Raises:
            ModelError: There are none.
        """
        return Golden.read(self._known("golden"))

    @functools.cached_property
    def predictor(self) -> Predictor:
        """The model as it is asked.

        Raises:
            ModelError: It has no ``predict``, or cannot be read.
        """
        facts = self.evidence.get("facts", {})
        return Predictor(self.model, facts.get("data"), self.row.details.get("task"))

    def predict(self, table: Any) -> NDArray[Any]:
        """Labels of a classifier, else numbers: one for each row.

        Args:
            table: n rows; columns that it does not take are left out.

        Raises:
            SignatureError: The rows are not what it takes.
            ModelError: It cannot predict them.
        """
        return self.predictor.predict(self.conform(table))

    def predict_proba(self, table: Any) -> NDArray[Any]:
        """(n, classes) probabilities, in the order of its classes; raises as `predict` does."""
        return self.predictor.predict_proba(self.conform(table))

    def conform(self, table: Any) -> Any:
        """Rows exactly as it learnt from them: its columns in order, of their types.

        Raises:
            SignatureError: They do not fit.
        """
        return self.signature.conform(table) if "signature" in self.evidence else table

    def _known(self, kind: str) -> Mapping[str, Any]:
        if kind not in self.evidence:
            raise ModelError(
                f"no {kind} of {self.name} is known",
                hint=f"Look for it, or be told why not: windlass models describe {self.name}",
            )
        found: Mapping[str, Any] = self.evidence[kind]
        return found

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
