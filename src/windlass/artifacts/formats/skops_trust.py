"""What scikit-learn's estimators may be made of when they are read: our list, no file's.

skops builds an object only if its type is trusted. It trusts public estimators by itself, and asks
about the rest. This list holds the rest that public estimators of scikit-learn are made of, fitted
or not: losses, splitters, kernels, scorers, trees. Types whose code a file could turn against its
reader (``operator.methodcaller``, anything that reads files) are not on it.

A type says nothing about what is in it. Trees hold indexes that scikit-learn follows without a
look, so that a forged file could make it read foreign memory: `tree_checks` looks.
"""

from __future__ import annotations

import functools
import importlib
from collections.abc import Iterable

_OWN: dict[str, tuple[str, ...]] = {
    "collections": ("Counter",),
    "functools": ("partial",),
    "numpy": ("dtype",),
    "operator": ("itemgetter",),
    "scipy._lib.array_api_compat.numpy._aliases": ("asarray",),
    "scipy.interpolate._bsplines": ("BSpline", "_BSpline"),
    "sklearn.calibration": ("_CalibratedClassifier", "_SigmoidCalibration", "_TemperatureScaling"),
    "sklearn.cluster._bisect_k_means": ("_BisectingTree",),
    "sklearn.cluster._kmeans": ("_kmeans_single_elkan", "_kmeans_single_lloyd"),
    "sklearn.compose._column_transformer": ("_RemainderColsList", "make_column_selector"),
    "sklearn.ensemble._hist_gradient_boosting.binning": ("_BinMapper",),
    "sklearn.ensemble._hist_gradient_boosting.predictor": ("TreePredictor",),
    "sklearn.feature_selection._mutual_info": ("mutual_info_classif", "mutual_info_regression"),
    "sklearn.feature_selection._univariate_selection": (
        *("chi2", "f_classif", "f_oneway", "f_regression", "r_regression"),
    ),
    "sklearn.gaussian_process._gpc": ("_BinaryGaussianProcessClassifierLaplace",),
    "sklearn.multiclass": ("_ConstantPredictor",),
    "sklearn.preprocessing._data": (
        *("binarize", "maxabs_scale", "minmax_scale", "normalize", "robust_scale", "scale"),
    ),
    "sklearn.tree._tree": ("Tree",),
    "sklearn.utils._bunch": ("Bunch",),
    "sklearn.utils.validation": ("check_array",),
    "windlass.artifacts.formats.table_parts": ("TablePart",),
}

_NUMPY = (
    *("abs", "all", "any", "around", "argmax", "argmin", "asarray", "average", "clip"),
    *("concatenate", "cumprod", "cumsum", "diff", "gradient", "interp", "max", "mean", "median"),
    *("min", "nan_to_num", "nanmax", "nanmean", "nanmedian", "nanmin", "nanpercentile"),
    *("nanquantile", "nanstd", "nansum", "nanvar", "percentile", "prod", "ptp", "quantile"),
    *("ravel", "reshape", "round", "sort", "squeeze", "std", "sum", "transpose", "unique", "var"),
    *("where", "zeros_like"),
)
"""Functions of NumPy that compute and do nothing else; its ufuncs skops trusts by itself."""

_SPARSE = [
    f"scipy.sparse._{kind}.{kind}_{form}"
    for kind in ("bsr", "coo", "csc", "csr", "dia")
    for form in ("array", "matrix")
]

_NAMED = [f"{module}.{name}" for module, names in _OWN.items() for name in names]
_ALLOWED = frozenset([*_NAMED, *_SPARSE, *(f"numpy.{name}" for name in _NUMPY)])

_MODULES = frozenset(
    {
        "sklearn._loss.link",
        "sklearn._loss.loss",
        "sklearn.gaussian_process.kernels",
        "sklearn.metrics._dist_metrics",
        "sklearn.metrics._scorer",
        "sklearn.model_selection._split",
        "sklearn.neighbors._ball_tree",
        "sklearn.neighbors._kd_tree",
        "sklearn.neural_network._stochastic_optimizers",
        "sklearn.utils._metadata_requests",
    }
)
"""Modules of scikit-learn of whose own classes every one may be read."""

_SCORES = ("_score", "_loss", "_error", "_deviance", "_coefficient", "_corrcoef", "_likelihood")
"""How functions of ``sklearn.metrics`` that only compute a number from two vectors are called."""


def untrusted(types: Iterable[str]) -> list[str]:
    """Those of some types, by name, that may not be read."""
    return [name for name in types if not is_trusted(name)]


@functools.cache
def is_trusted(name: str) -> bool:
    """Whether a type or function may be read, by its full name."""
    if name in _ALLOWED:
        return True
    module, _, short = name.rpartition(".")
    if module in _MODULES:
        return isinstance(_own(module, short), type)
    if module.startswith("sklearn.metrics.") and short.endswith(_SCORES):
        return callable(_own(module, short))
    return False


def _own(module: str, name: str) -> object:
    """What a module itself defines under a name: not what it imported from elsewhere."""
    try:
        found: object = getattr(importlib.import_module(module), name, None)
    except ImportError:
        return None
    return found if getattr(found, "__module__", None) == module else None
