"""What a person is shown of a value."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Literal

from typing_extensions import TypedDict  # pydantic reads no other before Python 3.12

from windlass import artifacts
from windlass.artifacts import Preview
from windlass.errors import WindlassError
from windlass.execution.comparison.tables import as_table
from windlass.execution.html_node import is_our_table
from windlass.keeping import Kept
from windlass.web.views.columns import ColumnLine, column_line, head
from windlass.words import size_text

if TYPE_CHECKING:
    from windlass.artifacts import Artifact
    from windlass.execution.job import Stores

LARGEST = 50_000_000
"""Bytes from which on a value is not read only to be looked at."""
_FRAMED = {"sklearn.estimator"}
"""Formats whose preview is a page, for which scikit-learn is imported first, which takes seconds:
it is made when the frame is asked for, and holds up nothing else."""
_LONGEST = 10_000
_ROWS, _COLUMNS, _MOST_COLUMNS = 10, 30, 200


class PreviewDocument(TypedDict):
    """What is shown of a value.

    ``kind`` says what: a ``text``; a ``picture`` or a ``sound``, whose bytes are below the
    artifact's address; a ``page`` that is shown in a frame; a ``table`` with its columns and its
    first rows; or ``nothing``, and ``note`` says why.
    """

    kind: Literal["text", "picture", "sound", "page", "table", "nothing"]
    text: str
    note: str
    columns: list[ColumnLine]
    names: list[str]
    rows: list[list[str]]


def preview_document(artifact: Artifact, stores: Stores) -> PreviewDocument:
    """What is shown of an artifact; why nothing is, if it cannot be read."""
    if artifact.bytes > LARGEST:
        return _nothing(f"{size_text(artifact.bytes)} are not read only to be looked at.")
    if artifact.format in _FRAMED:
        return {**_nothing(""), "kind": "page"}
    try:
        if is_our_table(artifact.format):
            make = partial(_table_of, artifact.content, stores)
            told = _TABLES.get((artifact.content, stores.trust_pickle), make)
            if told is not None:
                return told
        return _shown(preview_of(artifact.content, stores))
    except WindlassError as error:
        return _nothing(" ".join(filter(None, [f"{error.message}.", error.hint])))
    except Exception as error:  # noqa: BLE001 (a value that cannot be shown must not hide the rest)
        return _nothing(f"There is no preview: {type(error).__name__}: {error}")


def preview_of(content: str, stores: Stores) -> Preview:
    """The preview of an artifact: text, or the bytes of a picture or a sound.

    Raises:
        NotFoundError: There is no such artifact.
        CorruptError: Its bytes are gone or altered.
        UntrustedError: It is pickled and not trusted.
        FormatError: Its format is not to be had here.
    """
    make = partial(
        artifacts.preview,
        *(content, stores.artifacts, stores.records),
        trust_pickle=stores.trust_pickle,
    )
    return _PREVIEWS.get((content, stores.trust_pickle), make)


_PREVIEWS: Kept[Preview] = Kept(32)
_TABLES: Kept[PreviewDocument | None] = Kept(64)
"""By contents: of one content there is one value, wherever it is read."""


def _table_of(content: str, stores: Stores) -> PreviewDocument | None:
    """A table with its columns; None if it is none that has such."""
    value = artifacts.load(
        content, stores.artifacts, stores.records, trust_pickle=stores.trust_pickle
    )
    table = as_table(value)
    if table is None:
        return None
    names = list(table)
    more = len(names) - _COLUMNS
    return {
        **_nothing(f"{more} columns more" if more > 0 else ""),
        "kind": "table",
        "columns": [column_line(name, table[name]) for name in names[:_MOST_COLUMNS]],
        "names": names[:_COLUMNS],
        "rows": head(table, names[:_COLUMNS], _ROWS),
    }


def _shown(preview: Preview) -> PreviewDocument:
    kind, data = preview.media_type, preview.data
    if kind.startswith("image/"):
        return {**_nothing(""), "kind": "picture"}
    if kind.startswith("audio/"):
        return {**_nothing(""), "kind": "sound"}
    if kind == "text/html":
        return {**_nothing(""), "kind": "page"}
    text = data if isinstance(data, str) else data.decode("utf-8", "replace")
    note = f"The first {_LONGEST:,} of {len(text):,} characters." if len(text) > _LONGEST else ""
    return {**_nothing(note), "kind": "text", "text": text[:_LONGEST]}


def _nothing(note: str) -> PreviewDocument:
    return PreviewDocument(kind="nothing", text="", note=note, columns=[], names=[], rows=[])


def raw(preview: Preview) -> bytes:
    """The bytes of a preview."""
    return preview.data if isinstance(preview.data, bytes) else preview.data.encode()


def known_facts(summary: Any) -> dict[str, Any]:
    """The facts of a summary that are told in a line each; those of columns stand in the table."""
    return {name: fact for name, fact in summary.items() if name not in ("fields", "parts")}
