"""Files of tests as rows of text: CSV, YAML, Parquet.

Nothing is dropped and nothing is guessed: a name that stands twice, a row that is longer than its
header, or text that is not UTF-8 is told with its file and row. All cells are text, also those of
YAML: ``NO`` is the country, and not false.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from windlass.errors import DefinitionError

SUFFIXES = (".table.csv", ".table.tsv", ".table.yaml", ".table.yml", ".table.parquet")
"""How files of tests are named."""
_OTHERS = (".table.xlsx", ".table.xls", ".table.ods", ".table.json", ".table.toml")


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a file.

    Args:
        number: As a spreadsheet numbers it, the header being 1; of YAML its place, from 1.
        cells: What stands in it, by column; empty cells are left out.
    """

    number: int
    cells: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Sheet:
    """A file of tests.

    Args:
        path: Where it is.
        columns: All names of its header.
        rows: Its rows, without those that are wholly empty.
        comma: Whether its numbers may have a decimal comma.
    """

    path: Path
    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    comma: bool = False


def is_table(path: Path) -> bool:
    """Whether a file is named as one of tests, also of a kind that cannot be read."""
    return path.name.lower().endswith(SUFFIXES + _OTHERS)


def read_sheet(path: Path) -> Sheet:
    """The rows of a file.

    Raises:
        DefinitionError: It cannot be read, or is no table.
    """
    kind = path.suffix.lower()
    if not path.name.lower().endswith(SUFFIXES):
        raise DefinitionError(
            f"{path.name}: tests are not read from {kind} files",
            hint="Save it as CSV UTF-8, or write YAML or Parquet.",
        )
    sheet = _READERS[kind](path)
    if not sheet.rows:
        raise DefinitionError(
            f"{path.name} holds no tests", hint="Write a row for each, or remove the file."
        )
    return sheet


def _read_csv(path: Path) -> Sheet:
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DefinitionError(
            f"{path.name} is not in UTF-8: byte {error.start} cannot be read",
            hint="Save it as 'CSV UTF-8'.",
        ) from error
    separator = _separator(text)
    try:
        lines = list(csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True))
    except csv.Error as error:
        raise DefinitionError(f"{path.name} is no CSV: {error}") from error
    header = [name.strip() for name in lines[0]] if lines else []
    while header and not header[-1]:  # a spreadsheet's empty columns
        header.pop()
    _check_header(path, header)
    rows = [
        Row(number, _cells(path, number, header, line)) for number, line in enumerate(lines[1:], 2)
    ]
    return _sheet(path, header, rows, comma=separator != ",")


def _separator(text: str) -> str:
    """What separates the cells of the header: a European spreadsheet writes semicolons."""
    head = text.partition("\n")[0]
    return max(",;\t", key=head.count)


def _check_header(path: Path, header: Sequence[str]) -> None:
    for place, name in enumerate(header, 1):
        if not name:
            raise DefinitionError(f"{path.name}: column {place} of the header has no name")
        if header.count(name) > 1:
            raise DefinitionError(f"{path.name}: two columns are named '{name}'")


def _cells(path: Path, number: int, header: Sequence[str], line: Sequence[str]) -> dict[str, str]:
    if any(cell.strip() for cell in line[len(header) :]):
        raise DefinitionError(
            f"{path.name}, row {number}: it has {len(line)} cells, and the header {len(header)}",
            hint="Put quotes around a cell in which the separator stands.",
        )
    return dict(zip(header, line, strict=False))


def _read_yaml(path: Path) -> Sheet:
    try:
        import yaml
    except ModuleNotFoundError as error:
        raise DefinitionError(
            f"{path.name} needs PyYAML", hint="pip install 'windlass[yaml]'; or write CSV."
        ) from error
    try:
        found = yaml.load(path.read_text(encoding="utf-8-sig"), _loader())  # noqa: S506 (only text)
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
        raise DefinitionError(f"{path.name} is no YAML: {error}") from error
    entries = found.get("tests") if isinstance(found, dict) and len(found) == 1 else found
    if not isinstance(entries, list):
        raise DefinitionError(
            f"{path.name} holds no list of tests", hint="- kind: minimum\n    name: …"
        )
    rows = [Row(number, _entry(path, number, each)) for number, each in enumerate(entries, 1)]
    return _sheet(path, dict.fromkeys(name for row in rows for name in row.cells), rows)


def _entry(path: Path, number: int, entry: Any) -> dict[str, str]:
    if not isinstance(entry, dict):
        raise DefinitionError(f"{path.name}, test {number}: it is no mapping of names to values")
    for name, value in entry.items():
        if not isinstance(name, str) or not isinstance(value, str):
            raise DefinitionError(f"{path.name}, test {number}: '{name}' holds more than one value")
    return dict(entry)


def _loader() -> Any:
    """A loader that leaves all as text, and refuses a key that stands twice."""
    import yaml

    class Loader(yaml.BaseLoader):  # type: ignore[misc]
        def construct_mapping(self, node: Any, deep: bool = False) -> Any:
            names = [key.value for key, _ in node.value]
            for key, _ in node.value:
                if names.count(key.value) > 1:
                    raise yaml.constructor.ConstructorError(
                        None, None, f"'{key.value}' stands twice", key.start_mark
                    )
            return super().construct_mapping(node, deep)

    return Loader


def _read_parquet(path: Path) -> Sheet:
    try:
        import pyarrow.parquet
    except ModuleNotFoundError as error:
        raise DefinitionError(
            f"{path.name} needs pyarrow", hint="pip install 'windlass[pandas]'; or write CSV."
        ) from error
    try:
        table = pyarrow.parquet.read_table(path)
    except Exception as error:
        raise DefinitionError(f"{path.name} is no Parquet: {error}") from error
    _check_header(path, table.column_names)
    rows = [
        Row(number, {name: _text(value) for name, value in entry.items()})
        for number, entry in enumerate(table.to_pylist(), 2)
    ]
    return _sheet(path, table.column_names, rows)


def _text(value: Any) -> str:
    if value is None:
        return ""
    if hasattr(value, "isoformat"):
        return str(value.isoformat())
    if isinstance(value, bool):
        return str(value).lower()
    return str(value)


def _sheet(
    path: Path, columns: Iterable[str], rows: Iterable[Row], *, comma: bool = False
) -> Sheet:
    filled = [
        Row(row.number, {name: cell.strip() for name, cell in row.cells.items() if cell.strip()})
        for row in rows
    ]
    return Sheet(path, tuple(columns), tuple(row for row in filled if row.cells), comma)


_READERS: Mapping[str, Callable[[Path], Sheet]] = {
    ".csv": _read_csv,
    ".tsv": _read_csv,
    ".yaml": _read_yaml,
    ".yml": _read_yaml,
    ".parquet": _read_parquet,
}
