"""Hugging Face: datasets and dictionaries of them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from windlass import values
from windlass.artifacts.contents import reference_to, referred
from windlass.artifacts.format import Format, Preview, Sink, Source
from windlass.artifacts.formats.arrow_digest import values_digest
from windlass.artifacts.formats.arrow_file import DOCUMENT, read_table, write_table
from windlass.artifacts.formats.dataset_facts import (
    check_features,
    facts_of,
    flat_table,
    formatted,
    put_together,
)
from windlass.artifacts.formats.table_facts import FIELDS, HEAD, rows_preview, short
from windlass.errors import ArtifactError, CorruptError, FormatError
from windlass.hashing import digest
from windlass.values import Json, to_text
from windlass.words import with_article

if TYPE_CHECKING:
    import datasets
    import pyarrow as pa

FINGERPRINT = b"windlass.fingerprint"
_BLOCK = 1000
"""Rows that are hashed at once: Arrow joins no more than 2 GiB of text, and datasets hold more."""


class DatasetFormat(Format["datasets.Dataset"]):
    """Datasets as Arrow files: the rows in their order, the features, and the format that is set.

    What the library's cache knows of a dataset is no part of it: names of files, sizes, checksums,
    and the fingerprint, which after reading follows from the content. So `Dataset.map` finds
    again what it cached for an equal dataset. Files that images and sounds are in are stored too.
    """

    name = "datasets.dataset"
    types = ("datasets.arrow_dataset.Dataset",)

    def accepts(self, value: object) -> bool:
        """Whether this is a dataset, and not a subclass that adds to it."""
        import datasets

        return type(value) is datasets.Dataset

    def write(self, value: datasets.Dataset, sink: Sink) -> str:
        """Writes the rows from their own memory, unless they were shuffled or selected.

        Raises:
            FormatError: It has a search index or a transform, which are code and not data, or
                names files that are not to be had here.
        """
        text = to_text(values.encode(facts_of(value)))
        table = flat_table(value)
        content = _content(text, table)
        metadata = {DOCUMENT: text.encode(), FINGERPRINT: content[:16].encode()}
        write_table(table.replace_schema_metadata(metadata), sink, extensions="datasets.")
        return content

    def read(self, source: Source) -> datasets.Dataset:
        """The dataset, over the memory of the stored file.

        It is in memory to the library, which would else put its cache beside the stored file.

        Raises:
            CorruptError: The stored bytes are none.
            FormatError: The library that its format is for is not installed.
        """
        import datasets  # noqa: F401 - the types of its columns are known to Arrow from here on

        try:
            table, _ = read_table(source)
            metadata = table.schema.metadata
            facts = values.loads(metadata[DOCUMENT])
            check_features(facts["features"])
            found = put_together(table, facts, metadata[FINGERPRINT].decode("ascii"))
            kind, columns, all_columns, options = facts["format"]
        except (ArtifactError, LookupError, TypeError, ValueError, AttributeError) as error:
            raise CorruptError(f"stored bytes are not a dataset: {error}") from error
        return formatted(found, [kind, columns, all_columns, options])

    def summary(self, value: datasets.Dataset) -> dict[str, Json]:
        """Rows, columns, the feature of each column, split and format."""
        features = list(value.features.items())[:FIELDS]
        return {
            "rows": value.num_rows,
            "columns": value.num_columns,
            "split": None if value.split is None else str(value.split),
            "format": value.format["type"],
            "fields": [{"name": short(name), "dtype": short(kind)} for name, kind in features],
        }

    def preview(self, value: datasets.Dataset) -> Preview:
        """The head as an HTML table."""
        head = value.select(range(min(HEAD, value.num_rows))).with_format("arrow")[:]
        kinds = [str(kind) for kind in value.features.values()]
        columns = [column.to_pylist() for column in head.columns]
        rows = zip(*columns, strict=True)
        return rows_preview(value.column_names, kinds, rows, value.num_rows)


class DatasetDictFormat(Format["datasets.DatasetDict"]):
    """Dictionaries of datasets: a manifest, each dataset an artifact of its own."""

    name = "datasets.dict"
    types = ("datasets.dataset_dict.DatasetDict",)

    def accepts(self, value: object) -> bool:
        """Whether this is a dictionary of datasets, and not a subclass that adds to it."""
        import datasets

        return type(value) is datasets.DatasetDict

    def write(self, value: datasets.DatasetDict, sink: Sink) -> str:
        """Writes the names, and each dataset.

        Raises:
            FormatError: Something in it is no dataset.
        """
        import datasets

        for name, part in value.items():
            if type(part) is not datasets.Dataset:
                raise FormatError(
                    f"the split '{name}' of a DatasetDict is {with_article(type(part).__name__)}",
                    hint="Put a datasets.Dataset there.",
                )
        parts = [(str(name), sink.save(part)) for name, part in value.items()]
        manifest: list[Json] = [[name, reference_to(content)] for name, content in parts]
        sink.write(to_text(manifest).encode())
        return digest(self.name, parts)

    def read(self, source: Source) -> datasets.DatasetDict:
        """The datasets, each loaded.

        Raises:
            CorruptError: The stored bytes are no manifest.
        """
        import datasets

        try:
            parts = [(str(name), referred(part)) for name, part in json.loads(source.bytes())]
        except (LookupError, TypeError, ValueError, RecursionError) as error:
            raise CorruptError(f"stored bytes are not a dictionary of datasets: {error}") from error
        if None in [content for _, content in parts]:
            raise CorruptError("stored bytes are not a dictionary of datasets: a part has no name")
        return datasets.DatasetDict({name: source.load(str(part)) for name, part in parts})

    def summary(self, value: datasets.DatasetDict) -> dict[str, Json]:
        """How many rows each split has, and the columns of the first."""
        splits: dict[str, Json] = {str(name): part.num_rows for name, part in value.items()}
        columns: list[Json] = [*next(iter(value.values())).column_names] if value else []
        return {"length": len(value), "rows": splits, "columns": columns[:FIELDS]}

    def preview(self, value: datasets.DatasetDict) -> Preview:
        """The splits with their rows, and the head of the first."""
        told = [[str(name), part.num_rows, short(part.features)] for name, part in value.items()]
        return rows_preview(["split", "rows", "features"], ["", "", ""], told, len(told))


class IterableDatasetFormat(Format["datasets.IterableDataset"]):
    """Iterable datasets are refused: they are a way to come by rows, not the rows."""

    name = "datasets.iterable"
    types = (
        "datasets.iterable_dataset.IterableDataset",
        "datasets.dataset_dict.IterableDatasetDict",
    )

    def write(self, value: datasets.IterableDataset, sink: Sink) -> None:  # noqa: ARG002
        """Refuses."""
        raise FormatError(
            f"{with_article(type(value).__name__)} is not data yet, and cannot be stored",
            hint="Return its rows: datasets.Dataset.from_list(list(value)), or load it without "
            "streaming=True.",
        )

    def read(self, source: Source) -> datasets.IterableDataset:  # noqa: ARG002
        """Refuses: nothing was ever written."""
        raise FormatError("an IterableDataset is never stored")


def _content(document: str, table: pa.Table) -> str:
    blocks = (table.slice(start, _BLOCK) for start in range(0, table.num_rows, _BLOCK))
    contents = [[values_digest(column) for column in block.columns] for block in blocks]
    return digest("datasets.dataset", document, table.num_rows, contents)
