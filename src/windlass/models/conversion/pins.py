"""What converts: each part at the version with which it was tried, and why it is pinned."""

from __future__ import annotations

import importlib.metadata

from windlass.errors import ConversionError

RUNTIME = (
    # Its checker and its helpers are what all others are built on: they go together.
    "onnx==1.23.2",
    # With version 7 the export of histogram-based boosting failed; with 6 it works.
    "protobuf==6.33.6",
    # Single operators change their rounding from one release to the next: parity is measured by
    # this one.
    "onnxruntime==1.31.1",
)
CONVERTERS = (
    # It follows scikit-learn by a release or two, and names no upper bound.
    "skl2onnx==1.20.0",
    # The first that reads the base score of XGBoost 3, which became a list.
    "onnxmltools==1.16.0",
)

_LIBRARIES = {
    "sklearn": (("scikit-learn",), ("numpy",), ("scipy",), ("skops",)),
    "xgboost": (("xgboost", "xgboost-cpu"), ("scikit-learn",), ("numpy",)),
    "lightgbm": (("lightgbm",), ("scikit-learn",), ("numpy",)),
}
"""The distributions that a kind of model needs where it is converted; of some there are two."""


def requirements_for(kind: str) -> list[str]:
    """What is installed where a model is converted: its own libraries as they are here.

    Args:
        kind: ``sklearn``, ``xgboost``, ``lightgbm``; of others, which are converted here, what
            runs them is enough.

    Raises:
        ConversionError: A library of the model is not installed here.
    """
    if kind not in _LIBRARIES:
        return list(RUNTIME)
    own = (_pin(*names) for names in _LIBRARIES[kind])
    return [*RUNTIME, *CONVERTERS, *(each for each in own if each is not None)]


def _pin(*names: str) -> str | None:
    """The requirement of a distribution as it is installed here; None where it is not needed."""
    for name in names:
        try:
            version = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
        return f"{name}=={version.partition('+')[0]}"
    if names == ("scikit-learn",):
        return None  # a booster's file is read without it: any version converts it
    raise ConversionError(
        f"{' or '.join(names)} is not installed here, with which the model travels to where it "
        "is converted",
        hint=f"Install it: pip install {names[0]}",
    )
