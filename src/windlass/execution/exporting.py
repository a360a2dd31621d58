"""Writing an artifact to a file that other programs read."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from windlass.errors import ConfigError, FormatError
from windlass.words import with_article

if TYPE_CHECKING:
    from windlass.artifacts import Artifact
    from windlass.execution.job import Stores

Write = Callable[[Any, Path], None]

_AS_KEPT = {
    "text": ".txt",
    "markdown": ".md",
    "html": ".html",
    "bytes": ".bin",
    "numpy.array": ".npy",
    "stream": ".jsonl",
    "sklearn.estimator": ".skops",
    **dict.fromkeys(("torch.tensor", "torch.state", "torch.module"), ".safetensors"),
    "onnx.model": ".onnx",
    "pickle": ".pkl",
}
"""Formats whose bytes are such a file already."""
_ANY_ENDING = ("text", "markdown", "html", "bytes")

_TABLES = ("pandas.frame", "pandas.series", "pandas.index", "polars.", "arrow.")


def export(stores: Stores, found: Artifact, output: Path, stem: str) -> Path:
    """Writes an artifact to a file or folder that is not there yet.

    Args:
        stores: Where it is.
        found: The artifact.
        output: The file to make; its ending says as what. Or a folder to make it in.
        stem: Its name in such a folder.

    Returns:
        What was made. It is there whole or not at all.

    Raises:
        ConfigError: There is something already, or the artifact cannot be written as that.
    """
    from windlass import artifacts

    value = artifacts.load(
        found.content, stores.artifacts, stores.records, trust_pickle=stores.trust_pickle
    )
    names = _names(found, value, stem) if output.is_dir() else None
    for each in [output] if names is None else [output / name for name in names]:
        _check_free(each)
        write = _writer(stores, found, value, each)
        problem = "" if write is None else _try(write, value, each)
        if problem is None:
            return each
    raise ConfigError(
        f"{with_article(found.type)} cannot be written as '{each.suffix or each.name}'"
        + f": {problem}" * bool(problem),
        hint=_instead(found, value, stem),
    )


def _check_free(output: Path) -> None:
    if output.exists():
        raise ConfigError(f"{output} is there already", hint="Give another name.")
    if not output.parent.is_dir():
        raise ConfigError(f"there is no folder {output.parent}", hint="Make it first.")


def _try(write: Write, value: Any, output: Path) -> str | None:
    """Writes a file, whole or not at all; returns why it cannot be, such as a list in a CSV."""
    making = output.with_name(f".{output.stem}.{os.getpid()}{output.suffix}")
    try:
        write(value, making)
        making.rename(output)
    except Exception as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise  # it is the disk; Pillow raises one without a number for a mode it cannot write
        return _words_of(error)
    finally:
        _remove(making)
    return None


def _words_of(error: Exception) -> str:
    return error.message if isinstance(error, ConfigError) else str(error)


def _instead(found: Artifact, value: Any, stem: str) -> str:
    """As what an artifact can be written, found by trying; else how one gets at it."""
    own = _AS_KEPT.get(found.format)
    endings = [*([own] if own else []), *_that_work(value, _writers(found, value))]
    if endings:
        return f"It can be written as {', '.join(dict.fromkeys(endings))}."
    load = f"run['{stem}'].value in Python"
    if found.children:
        return f"Export its parts: windlass artifacts show tells their digests. Or take {load}."
    return f"Take {load}."


def _that_work(value: Any, writers: Mapping[str, Write]) -> Iterator[str]:
    """The endings of those writers that take a value."""
    with tempfile.TemporaryDirectory(prefix="windlass-") as folder:
        for ending, write in writers.items():
            with contextlib.suppress(Exception):  # a library's own refusal
                write(value, Path(folder) / f"tried{ending}")
                yield ending


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _names(found: Artifact, value: Any, stem: str) -> list[str]:
    """What it may be called in a folder: the first of these as what it can be written counts."""
    if isinstance(value, Path):
        return [value.name]
    own = _AS_KEPT.get(found.format)
    endings = [own] if own else list(_writers(found, value)) or [".bin"]
    return [stem + ending for ending in endings]


def _writer(stores: Stores, found: Artifact, value: Any, output: Path) -> Write | None:
    if isinstance(value, Path):
        return _copy
    writers = _writers(found, value)
    if output.suffix in writers:
        return writers[output.suffix]
    own = _AS_KEPT.get(found.format)
    if found.format in _ANY_ENDING or output.suffix == own or not (writers or own):
        from windlass.artifacts.reading import raw_bytes  # also of a format of the project's own

        return lambda _, path: _write_bytes(path, raw_bytes(found, stores.artifacts))
    return None


def _writers(found: Artifact, value: Any) -> Mapping[str, Write]:
    """How a value can be written, by the ending of the file; the most natural way first."""
    if found.format.startswith(_TABLES):
        return {".parquet": _table_parquet, ".csv": _table_csv}
    writers = _WRITERS.get(found.format)
    return {} if writers is None else writers(value)


def _write_bytes(path: Path, data: bytes) -> None:
    path.write_bytes(data)


def _copy(value: Path, path: Path) -> None:
    """Copies a file or a folder; the copies may be written to, unlike those in the store."""
    (shutil.copytree if value.is_dir() else shutil.copy)(value, path)
    for each in [path, *path.rglob("*")]:
        if not each.is_symlink():
            each.chmod(each.stat().st_mode | 0o200)


def _json(value: Any, path: Path) -> None:
    from windlass import values
    from windlass.natural import natural

    try:
        document = natural(values.encode(value))
    except FormatError as error:
        raise ConfigError(f"it holds values that JSON cannot: {error.message}") from error
    path.write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def _picture_writers(value: Any) -> Mapping[str, Write]:
    png: Mapping[str, Write] = {".png": lambda v, path: _write_bytes(path, v.png)}
    return png if value.svg is None else {".svg": _picture_svg, **png}


def _picture_svg(value: Any, path: Path) -> None:
    path.write_text(value.svg, encoding="utf-8")


def _image_writers(value: Any) -> Mapping[str, Write]:
    first = ".png" if value.mode in ("1", "L", "LA", "P", "RGB", "RGBA", "I;16") else ".tiff"
    return dict.fromkeys([first, ".png", ".tiff", ".jpg", ".webp"], _image)


def _image(value: Any, path: Path) -> None:
    told = {name: value.info[name] for name in ("dpi", "exif", "icc_profile") if name in value.info}
    value.save(path, **told)


def _sound_writers(value: Any) -> Mapping[str, Write]:
    from windlass.artifacts.formats.sounds import ending_of, write_sound

    def sound(value: Any, path: Path) -> None:
        with path.open("w+b") as file:
            write_sound(value, file, packed=path.suffix == ".flac")

    return dict.fromkeys([ending_of(value), ".wav"], sound)


def _plotly(value: Any, path: Path) -> None:
    from windlass.artifacts.formats.plotly_figures import figure_json, page_of

    path.write_text(page_of(value) if path.suffix == ".html" else figure_json(value))


def _chart(value: Any, path: Path) -> None:
    value.save(str(path))


def _array_csv(value: Any, path: Path) -> None:
    import numpy as np

    if value.ndim > 2:
        raise ConfigError(f"an array of {value.ndim} dimensions is no table")
    np.savetxt(path, value, fmt="%s", delimiter=",")


def _frame(value: Any) -> Any:
    """A table of pandas, polars or Arrow, whatever part of one it was."""
    if hasattr(value, "to_frame"):
        is_index = hasattr(value, "get_indexer")  # its frame would have it as its index, too
        value = value.to_frame(index=False) if is_index else value.to_frame()
    if type(value).__module__.startswith("pyarrow"):
        import pyarrow as pa

        if isinstance(value, pa.RecordBatch):
            return pa.Table.from_batches([value])
        return value if isinstance(value, pa.Table) else pa.table({"value": value})
    return value


def _table_csv(value: Any, path: Path) -> None:
    frame = _frame(value)
    if hasattr(frame, "write_csv"):
        frame.write_csv(path)
    elif hasattr(frame, "to_csv"):
        frame.to_csv(path, index=not _is_counted(frame))
    else:
        import pyarrow.csv

        pyarrow.csv.write_csv(frame, path)


def _table_parquet(value: Any, path: Path) -> None:
    frame = _frame(value)
    if hasattr(frame, "write_parquet"):
        frame.write_parquet(path)
    elif hasattr(frame, "to_parquet"):
        frame.to_parquet(path)
    else:
        import pyarrow.parquet

        pyarrow.parquet.write_table(frame, path)


def _is_counted(frame: Any) -> bool:
    """Whether a table's index only counts its rows, which a file of text need not."""
    import pandas as pd

    return isinstance(frame.index, pd.RangeIndex) and frame.index.name is None


_WRITERS: Mapping[str, Callable[[Any], Mapping[str, Write]]] = {
    "picture": _picture_writers,
    "pillow.image": _image_writers,
    "audio": _sound_writers,
    "plotly.figure": lambda _: {".html": _plotly, ".json": _plotly},
    "altair.chart": lambda _: dict.fromkeys([".html", ".json", ".svg", ".png"], _chart),
    "json": lambda _: {".json": _json},
    "list": lambda _: {".json": _json},
    "collection": lambda _: {".json": _json},
    "numpy.array": lambda _: {".csv": _array_csv},
}
"""By format: how its values can be written, the most natural way first."""
