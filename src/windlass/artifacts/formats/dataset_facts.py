"""What a Hugging Face dataset is besides its rows, its rows in one table, and both together."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from windlass import values
from windlass.errors import FormatError

if TYPE_CHECKING:
    import datasets
    import pyarrow as pa

_AT_ONCE = 100
"""Rows whose files are read at once: an Arrow array holds no more than 2 GiB of bytes."""

_TOLD = ("description", "citation", "homepage", "license")
"""What the author of a dataset says of it; the rest of its info is the cache's."""

_FEATURES = {
    *("Value", "ClassLabel", "Translation", "TranslationVariableLanguages", "Json"),
    *("Sequence", "List", "LargeList", "Array2D", "Array3D", "Array4D", "Array5D"),
    *("Audio", "Image", "Video", "Pdf", "Mesh", "Nifti", "BioSequence", "BioStructure"),
}
"""The library's own classes of features; it would make one of any class of such a name."""

_NO_FORMAT: list[Any] = [None, None, False, {}]


def facts_of(value: datasets.Dataset) -> dict[str, Any]:
    """Features, split, format, and what its author says of it, as plain data.

    Raises:
        FormatError: It has a search index, a transform, or features of another library.
    """
    if value.list_indexes():
        raise FormatError(
            "a dataset with a search index cannot be stored",
            hint="Return it without: dataset.drop_index(name)",
        )
    features = _without_none(value.features.to_dict())
    check_features(features)
    info, version, keys = value.info, value.info.version, value.info.supervised_keys
    return {
        "features": features,
        "split": None if value.split is None else str(value.split),
        "format": _format_of(value),
        "info": {name: getattr(info, name) for name in _TOLD},
        "version": version and [version.version_str, version.description],
        "supervised": keys and [keys.input, keys.output],
    }


def check_features(features: Any) -> None:
    """Refuses features that are not the library's own.

    Raises:
        FormatError: One is of a class that is not known.
    """
    if isinstance(features, dict):
        kind = features.get("_type")
        if isinstance(kind, str) and kind not in _FEATURES:
            raise FormatError(
                f"a dataset has a feature of the class '{kind}', which is not known",
                hint="Cast it to one of the library's own: dataset.cast_column(name, feature)",
            )
    for part in features.values() if isinstance(features, dict) else features:
        if isinstance(part, dict | list):
            check_features(part)


def flat_table(value: datasets.Dataset) -> pa.Table:
    """The rows in their order, with the bytes of the files that they name.

    Raises:
        FormatError: A file cannot be read, or lies on another machine.
    """
    table, indices = value.data.table, value._indices  # noqa: SLF001 - there is no other way to it
    if indices is not None:
        table = table.take(indices.column(0).combine_chunks())
    return _with_files(table, value.features)


def put_together(table: pa.Table, facts: Any, fingerprint: str) -> datasets.Dataset:
    """The dataset of a table and facts, without its format.

    Raises:
        ValueError: They do not fit each other.
    """
    import datasets
    from datasets.info import SupervisedKeysData

    features = datasets.Features.from_dict(facts["features"])
    wanted = features.arrow_schema
    if table.schema.remove_metadata() != wanted.remove_metadata():
        raise ValueError("its columns are not of its features")
    if not re.fullmatch("[0-9a-f]{16}", fingerprint):
        raise ValueError("its fingerprint is none")
    version, keys, split = facts["version"], facts["supervised"], facts["split"]
    info = datasets.DatasetInfo(
        **{name: facts["info"][name] for name in _TOLD},
        features=features,
        version=version and datasets.Version(*version),
        supervised_keys=keys and SupervisedKeysData(*keys),
    )
    return datasets.Dataset(
        table.replace_schema_metadata(wanted.metadata),
        info=info,
        split=None if split is None else datasets.NamedSplit(split),
        fingerprint=fingerprint,
    )


def formatted(dataset: datasets.Dataset, setting: list[Any]) -> datasets.Dataset:
    """The dataset, with the format that was set.

    Raises:
        FormatError: It is not to be had here.
    """
    if setting == _NO_FORMAT:
        return dataset
    kind, columns, all_columns, options = setting
    try:
        return dataset.with_format(kind, columns, all_columns, **options)
    except (TypeError, ValueError, ImportError) as error:
        raise FormatError(
            f"the format '{kind}' of a stored dataset cannot be set here: {error}",
            hint=f"Install {kind}." if isinstance(kind, str) else None,
        ) from error


def _format_of(value: datasets.Dataset) -> list[Any]:
    """Type, columns unless all, whether the other columns come too, and options."""
    found = value.format
    columns, options = found["columns"], found["format_kwargs"]
    if found["type"] == "custom" or not values.is_plain(options):
        raise FormatError(
            f"the format '{found['type']}' that is set on a dataset is not plain data",
            hint="Return dataset.with_format(None), and set the format where it is used.",
        )
    chosen = None if columns == value.column_names else columns
    return [found["type"], chosen, found["output_all_columns"], options]


def _without_none(features: Any) -> Any:
    """Older versions of the library name what is not set, newer ones don't."""
    if isinstance(features, dict):
        return {key: _without_none(part) for key, part in features.items() if part is not None}
    return [_without_none(part) for part in features] if type(features) is list else features


def _with_files(table: pa.Table, features: Any) -> pa.Table:
    import pyarrow as pa
    from datasets.features.features import require_storage_embed
    from datasets.table import embed_table_storage

    named = [name for name, feature in features.items() if require_storage_embed(feature)]
    if not named or not table.num_rows:
        return table
    for name in named:
        _refuse_remote(name, table.column(name))
    pieces = [table.slice(start, _AT_ONCE) for start in range(0, table.num_rows, _AT_ONCE)]
    try:
        return pa.concat_tables(map(embed_table_storage, pieces))
    except OSError as error:
        raise FormatError(f"a file that a dataset names cannot be read: {error}") from error


def _refuse_remote(name: str, column: pa.ChunkedArray) -> None:
    for path in (path for chunk in column.chunks for path in _unread(chunk)):
        if "://" in path.split("::")[-1]:
            raise FormatError(
                f"column '{name}' names a file on another machine: {path}",
                hint="Download it first, and name the local file or hold its bytes.",
            )


def _unread(array: pa.Array) -> Iterator[str]:
    """The paths in images and sounds, wherever they stand, that have no bytes beside them."""
    import pyarrow as pa
    import pyarrow.types as pt

    if isinstance(array.type, pa.BaseExtensionType) or not array.type.num_fields:
        return
    if not pt.is_struct(array.type):
        yield from _unread(array.flatten())
        return
    parts = dict(zip([field.name for field in array.type], array.flatten(), strict=True))
    if {"bytes", "path"} <= parts.keys():
        paths = parts["path"].filter(parts["bytes"].is_null())
        yield from (path for path in paths.to_pylist() if path is not None)
        return
    for part in parts.values():
        yield from _unread(part)
