"""Tables and arrays in the form in which a library takes them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from windlass.errors import ModelError
from windlass.models.problems import told
from windlass.models.tables import Library, as_matrix, library_of, select

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray


def matching_columns(wanted: Sequence[str], names: Sequence[Any]) -> list[Any]:
    """The names in a table of the columns that a model knows; LightGBM writes ``_`` for a space.

    Raises:
        ModelError: One is not there.
    """
    there = {str(name).replace(" ", "_"): name for name in names}
    there |= {str(name): name for name in names}
    missing = [name for name in wanted if name not in there]
    if missing:
        raise ModelError(
            f"the model takes the column{'s' * (len(missing) > 1)} {told(missing, ', ')}, which "
            "the table lacks",
            hint=f"It has {told(list(map(str, names)), ', ')}.",
        )
    return [there[name] for name in wanted]


def named_table(data: Any, features: Sequence[str], library: Library = "pandas") -> Any:
    """The table of the columns that a model learnt from, in their order.

    Args:
        data: A table, or an array with as many columns as there are features.
        features: The names that the model knows.
        library: Whose table it is to be.

    Raises:
        ModelError: A column is missing.
    """
    there = library_of(data)
    if there == "numpy":
        return to_library(_with_names(data, features), library)
    # As they stand: a model may have learnt from others that no text names.
    names = list(data.column_names if there == "arrow" else data.columns)
    return to_library(select(data, matching_columns(features, names)), library)


def _with_names(array: NDArray[Any], features: Sequence[str]) -> pd.DataFrame:
    import pandas as pd

    if array.ndim != 2 or array.shape[1] != len(features):
        raise ModelError(
            f"an array of the shape {array.shape} is given, and the model takes "
            f"{len(features)} columns",
            hint="Give a table with the columns " + told(list(features), ", ") + ".",
        )
    return pd.DataFrame(array, columns=list(features))


def to_library(table: Any, library: Library) -> Any:
    """A table as another library's, in the dtypes that come of themselves.

    Exact dtypes are those that a signature remembers: conform the table to it first.
    """
    there = library_of(table)
    if there == library:
        return table
    if library == "numpy":
        return as_matrix(table)
    if library == "pandas":
        return table.to_pandas()
    if library == "polars":
        import polars as pl

        return pl.from_pandas(table) if there == "pandas" else pl.from_arrow(table)
    import pyarrow as pa

    return (
        pa.Table.from_pandas(table, preserve_index=False) if there == "pandas" else table.to_arrow()
    )


def as_numbers(data: Any, features: Sequence[str] | None = None) -> NDArray[Any]:
    """An array as it is, a table as (n, columns) float64.

    Raises:
        ModelError: A column holds no numbers.
    """
    if library_of(data) == "numpy":
        return data  # type: ignore[no-any-return]
    return as_matrix(data if features is None else named_table(data, features))
