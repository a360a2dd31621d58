"""What the observer's threads will import, imported before anybody waits for an answer.

While a module is imported no other thread runs Python for most of the time: the first look into the
inbox took a second, in which requests waited for up to 200 ms.
"""

from __future__ import annotations


def import_early() -> None:
    """Imports what making tables, writing and publishing them needs."""
    import importlib

    import numpy as np
    import pyarrow as pa

    for name in ("fsspec.implementations.local", "pyarrow.compute", "pyarrow.parquet"):
        importlib.import_module(name)
    for some in (np.zeros(1), ["text"]):
        pa.array(some, from_pandas=True)  # it imports pandas, where that is installed
