"""Files of tests: CSV as spreadsheets write it, YAML, Parquet; and hostile ones."""

from __future__ import annotations

from pathlib import Path

import pytest

from windlass.errors import DefinitionError
from windlass.models.behaviour.reading import is_table, read_sheet

HEADER = "kind,capability,name,expect"


def sheet(tmp_path: Path, text: str | bytes, name: str = "a.table.csv") -> object:
    path = tmp_path / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_sheet(path)


def cells(found: object) -> list[tuple[int, dict[str, str]]]:
    return [(row.number, dict(row.cells)) for row in found.rows]  # type: ignore[attr-defined]


def test_rows_have_the_numbers_of_the_spreadsheet(tmp_path: Path) -> None:
    text = f'\ufeff{HEADER}\r\nminimum,a,storm,late\r\n\r\n,,,\r\nminimum,a,"two\nlines",\r\n'
    found = sheet(tmp_path, text)
    assert cells(found) == [
        (2, {"kind": "minimum", "capability": "a", "name": "storm", "expect": "late"}),
        (5, {"kind": "minimum", "capability": "a", "name": "two\nlines"}),
    ]


def test_european_spreadsheets_have_semicolons_and_decimal_commas(tmp_path: Path) -> None:
    found = sheet(tmp_path, 'kind;name;change;rain\nminimum;a;"x=1; y=2";0,5\n')
    assert cells(found) == [
        (2, {"kind": "minimum", "name": "a", "change": "x=1; y=2", "rain": "0,5"})
    ]
    assert found.comma  # type: ignore[attr-defined]
    assert not sheet(tmp_path, f"{HEADER}\na,b,c,d").comma  # type: ignore[attr-defined]
    assert cells(sheet(tmp_path, "a\tb\n1\t2\n", "b.table.tsv")) == [(2, {"a": "1", "b": "2"})]


def test_all_of_yaml_is_text(tmp_path: Path) -> None:
    text = "- kind: minimum\n  on: holdout\n  origin: NO\n  rain: 0.50\n  note: \n"
    expected = [(1, {"kind": "minimum", "on": "holdout", "origin": "NO", "rain": "0.50"})]
    assert cells(sheet(tmp_path, text, "a.table.yaml")) == expected
    indented = "tests:\n" + "".join(f"  {line}\n" for line in text.splitlines())
    assert cells(sheet(tmp_path, indented, "a.table.yml")) == expected


def test_parquet_is_read_as_text(tmp_path: Path) -> None:
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"kind": ["minimum"], "rain": [0.5], "fine": [True], "wind": [None]})
    frame.to_parquet(tmp_path / "a.table.parquet")
    assert cells(read_sheet(tmp_path / "a.table.parquet")) == [
        (2, {"kind": "minimum", "rain": "0.5", "fine": "true"})
    ]


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("a.table.csv", "", "holds no tests"),
        ("a.Table.CSV", "", "holds no tests"),
        ("a.table.csv", HEADER, "holds no tests"),
        ("a.table.csv", "kind,kind\na,b", "two columns are named 'kind'"),
        ("a.table.csv", "kind,,name\na,b,c", "column 2 of the header has no name"),
        ("a.table.csv", f"{HEADER}\na,b,c,d,e", "row 2: it has 5 cells, and the header 4"),
        ("a.table.csv", b"kind,name\n\xe9,b", "is not in UTF-8"),
        ("a.table.csv", 'kind,name\n"a"b,c', "is no CSV"),
        ("a.table.xlsx", "PK", "Save it as CSV UTF-8"),
        ("a.table.yaml", "- kind: a\n  kind: b", "'kind' stands twice"),
        ("a.table.yaml", "kind: a\nname: b", "no list of tests"),
        ("a.table.yaml", "- 5", "test 1: it is no mapping"),
        ("a.table.yaml", "- inputs: {a: 5}", "'inputs' holds more than one value"),
        ("a.table.yaml", "- !!python/object/apply:os.system ['true']", "no mapping"),
        ("a.table.yaml", "- [", "is no YAML"),
        ("a.table.yaml", "[" * 5000, "is no YAML"),
        ("a.table.parquet", "PAR1", "is no Parquet"),
    ],
)
def test_hostile_files_are_told(tmp_path: Path, name: str, text: str | bytes, told: str) -> None:
    with pytest.raises(DefinitionError) as caught:
        sheet(tmp_path, text, name)
    assert told in str(caught.value)
    assert name in str(caught.value)


def test_names_tell_tables_from_other_files() -> None:
    assert is_table(Path("x/delay.table.csv"))
    assert is_table(Path("delay.table.xlsx"))
    assert is_table(Path("DELAY.TABLE.CSV"))
    assert not is_table(Path("table.csv"))
    assert not is_table(Path("delay.csv"))
