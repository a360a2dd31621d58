"""One loaded version of a model: it checks what it is asked, answers, and is warmed up first."""

from __future__ import annotations

import copy
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from windlass.errors import ModelError
from windlass.models.conversion.outcome import KIND as ONNX
from windlass.models.conversion.parity import parity_of
from windlass.models.estimator import Predictor
from windlass.models.golden import Golden, replay
from windlass.models.problems import told
from windlass.models.profile import Profile
from windlass.models.signature import Signature
from windlass.serving.quick import quick_way
from windlass.serving.releases import Release

if TYPE_CHECKING:
    from numpy.typing import NDArray

_MOST = 3
"""Differences from the golden examples that are told."""


class Generation:
    """A version that can be asked.

    Args:
        release: Where it lies.
        number: Which of its server's generations it is, from 1.

    Raises:
        ModelError: It cannot be loaded, or gives something else than when it was made.
    """

    def __init__(self, release: Release, number: int) -> None:
        self.release, self.number = release, number
        self.version = str(release.number)
        self.signature: Signature | None = _read(Signature, release.evidence["signature"])
        self.profile: Profile | None = _read(Profile, release.evidence["profile"])
        self._predictor = _predictor(release)
        self._quick = quick_way(self.signature, self._predictor.adapter)
        self._warm_up()

    def __repr__(self) -> str:
        return f"<generation {self.number}: {self.release.name}>"

    @property
    def is_quick(self) -> bool:
        """Whether there is a short way to its model, in which no code of Python is run."""
        return self._quick is not None

    def renumbered(self, number: int) -> Generation:
        """The same model, loaded and warm, as another generation."""
        again = copy.copy(self)
        again.number = number
        return again

    def answer(self, inputs: Any) -> dict[str, NDArray[Any]]:
        """What the model gives, by the method that does.

        Args:
            inputs: Arrays by the names of the signature, or a table.

        Raises:
            SignatureError: They are not what it takes; all that is wrong is named.
            ModelError: It cannot predict them.
        """
        found = None if self._quick is None else self._quick.answer(inputs)
        return self._predictor.outputs(self.conform(inputs)) if found is None else found

    def conform(self, inputs: Any) -> Any:
        """Rows as the model takes them.

        Raises:
            SignatureError: They are not what it takes; all that is wrong is named.
        """
        if self.signature is not None:
            return self.signature.conform(inputs)
        if isinstance(inputs, Mapping) and len(inputs) == 1:
            return next(iter(inputs.values()))  # nothing is known of it: an array, then
        return inputs

    def _warm_up(self) -> None:
        """Asks about the golden examples, which nobody waits for, and compares what it gives."""
        document = self.release.evidence["golden"]
        if document is None:
            return
        golden = Golden.read(document)
        wrong = self._unlike(golden)
        if wrong is not None:
            raise ModelError(
                f"{self.release.name} does not give what it gave when it was made: {wrong}",
                hint="Are the same packages installed here? Compare: windlass models show "
                f"{self.release.name}",
            )

    def _unlike(self, golden: Golden) -> str | None:
        """How it differs from what it gave then, in words."""
        if self.release.role == ONNX:  # which computes in single precision
            parity = parity_of(golden.outputs, self._predictor.outputs(golden.inputs))
            off = parity.beyond + (parity.labels_differ or 0)
            return None if parity.holds else f"{off} values of {parity.n} golden examples differ"
        found = replay(golden, self._predictor.outputs)
        return told([str(each) for each in found], most=_MOST) if found else None


def _predictor(release: Release) -> Predictor:
    _find_modules(release)
    facts = release.evidence["facts"] or {}
    task = release.document["details"].get("task") or facts.get("task")
    model = release.value()
    if release.role == ONNX:
        return Predictor(model, None, task, facts.get("classes"))
    return Predictor(model, facts.get("data"), task)


def _find_modules(release: Release) -> None:
    """Lets this process import the project's own classes, after all that it finds else."""
    for folder in release.document["code"]:
        if folder not in sys.path:
            sys.path.append(folder)


def _read(kind: Any, document: Any) -> Any:
    return None if document is None else kind.read(document)
