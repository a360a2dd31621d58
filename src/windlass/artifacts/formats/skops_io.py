"""skops, imported without what nobody needs of it.

To name every estimator of scikit-learn it walks through the whole package, and so imports what lies
beneath ``sklearn.externals.array_api_compat``: PyTorch and Dask, where they are installed. That is
some three seconds of the processor in each process that reads a model, and half of its memory.
"""

from __future__ import annotations

import sys
from typing import Any

_FOREIGN = [
    f"sklearn.externals.array_api_compat.{name}" for name in ("torch", "dask", "cupy", "jax")
]


def skops_io() -> Any:
    """The module ``skops.io``.

    Raises:
        ImportError: skops is not installed.
    """
    if "skops.io" not in sys.modules:
        _import_alone()
    import skops.io

    return skops.io


def _import_alone() -> None:
    """Imports it while those are said to be missing; one that is imported already costs nothing."""
    missing = [name for name in _FOREIGN if name not in sys.modules]
    sys.modules.update(dict.fromkeys(missing))  # type: ignore[arg-type]  # None: not to be had
    try:
        import skops.io  # noqa: F401
    finally:
        for name in missing:
            sys.modules.pop(name, None)
