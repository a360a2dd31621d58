"""What comes of a conversion."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

KIND = "onnx"
"""The kind of evidence that tells of it, and the role of the artifact."""


def onnx_runs_here() -> bool:
    """Whether what reads and runs models of ONNX is installed."""
    return all(find_spec(name) is not None for name in ("onnx", "onnxruntime"))


@dataclass(frozen=True)
class Converted:
    """A model as ONNX was made.

    Args:
        document: What is known of it: its inputs and outputs, its parity, with what it was made.
    """

    document: Mapping[str, Any]

    @property
    def holds(self) -> bool:
        """Whether it gives what the model gives; if not, it is of no use, and not kept."""
        return bool(self.document["verdict"] == "pass")


@dataclass(frozen=True)
class NotConverted:
    """A model stays as it is.

    Args:
        reason: Why, in words.
        hint: What can be done.
        is_final: Whether it would be so tomorrow; else it is worth another try.
    """

    reason: str
    hint: str | None = None
    is_final: bool = True

    @property
    def holds(self) -> bool:
        """Whether there is anything of use: there is not."""
        return False

    @property
    def document(self) -> Mapping[str, Any]:
        """As it is kept."""
        told = {"converted": False, "reason": self.reason}
        return told if self.hint is None else {**told, "hint": self.hint}


def read_outcome(document: Mapping[str, Any]) -> Converted | NotConverted:
    """The outcome that a document tells of."""
    if document["converted"]:
        return Converted(document)
    return NotConverted(document["reason"], document.get("hint"))
