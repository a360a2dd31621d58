"""Values of libraries through the real store: found by type, read by name, shown."""

from __future__ import annotations

import importlib
import subprocess
import sys
from pathlib import Path
from typing import Any

import altair as alt
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from matplotlib.figure import Figure
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline

from windlass.artifacts import Artifact, ArtifactStore, Saved, load, preview, save
from windlass.artifacts.formats import FORMATS
from windlass.artifacts.formats.object_digest import object_digest
from windlass.artifacts.picture import Picture
from windlass.errors import CorruptError, FormatError

from .pandas_strategies import same

NUMBERS = np.arange(3000.0)
FRAME = pd.DataFrame({"a": NUMBERS, "b": NUMBERS.astype(int)}, index=NUMBERS.astype(int))


class Catalog(dict[str, Artifact]):
    def artifact(self, content: str) -> Artifact | None:
        return self.get(content)

    def keep(self, saved: Saved) -> str:
        self.update({made.content: made for made in (saved.artifact, *saved.children)})
        return saved.artifact.content


@pytest.fixture
def store(tmp_path: Path) -> ArtifactStore:
    return ArtifactStore.open_store(str(tmp_path / "store"), verified=tmp_path / "verified")


def _figure() -> Figure:
    figure = Figure()
    figure.add_subplot().plot([1, 2])
    return figure


VALUES: list[tuple[str, Any]] = [
    ("numpy.array", NUMBERS),
    ("numpy.array", np.arange(3)),
    ("numpy.array", np.zeros((0, 2), "M8[s]")),
    ("numpy.masked", np.ma.MaskedArray([1, 2], [True, False])),
    ("numpy.recarray", np.zeros(2, [("a", "i4")]).view(np.recarray)),
    ("numpy.scalar", np.float64(0.5)),
    ("numpy.scalar", np.float32(0.5)),
    ("numpy.scalar", np.str_("x")),
    ("numpy.scalar", np.bool_(True)),
    ("numpy.scalar", np.datetime64("2020-01-01")),
    ("pandas.frame", FRAME),
    ("pandas.frame", FRAME[:2]),
    ("pandas.series", FRAME["a"]),
    ("pandas.index", FRAME.index),
    ("pandas.index", pd.date_range("2020", periods=3)),
    ("pandas.index", pd.MultiIndex.from_product([["a", "b"], [1, 2]])),
    ("pandas.scalar", pd.Timestamp("2020-01-01", tz="Europe/Berlin")),
    ("pandas.scalar", pd.NaT),
    ("pandas.scalar", pd.Timedelta(1, "s")),
    ("polars.frame", pl.DataFrame({"a": NUMBERS, "b": ["x"] * 3000})),
    ("polars.series", pl.Series("s", [1, None])),
    ("arrow.table", pa.table({"a": NUMBERS})),
    ("arrow.batch", pa.RecordBatch.from_pydict({"a": [1, None]})),
    ("arrow.array", pa.array(["a", None])),
    ("arrow.chunked", pa.chunked_array([["a"], ["b"]])),
    ("sklearn.estimator", make_pipeline(Ridge()).fit(FRAME, FRAME["a"])),
    ("sklearn.estimator", HistGradientBoostingClassifier()),
    ("picture", _figure()),
    ("picture", Picture(b"\x89PNG")),
    ("altair.chart", alt.Chart(pd.DataFrame({"a": [1]})).mark_bar().encode(x="a")),
    ("altair.chart", alt.layer(alt.Chart(pd.DataFrame({"a": [1]})).mark_bar().encode(x="a"))),
]


@pytest.mark.parametrize(("name", "value"), VALUES)
def test_values_are_found_stored_read_and_shown(
    name: str, value: Any, store: ArtifactStore
) -> None:
    catalog = Catalog()
    saved = save(value, store)
    content = catalog.keep(saved)
    again = load(content, store, catalog)
    assert saved.artifact.format == name
    assert not saved.artifact.pickled
    assert type(again) is (Picture if name == "picture" else type(value))
    assert save(again, store).artifact.content == content
    assert preview(content, store, catalog).data


def test_collections_hold_values_of_libraries(store: ArtifactStore) -> None:
    catalog = Catalog()
    value = {"frame": FRAME, "model": Ridge(2), "scores": [np.float64(1), 2.0], "n": NUMBERS}
    again = load(catalog.keep(save(value, store)), store, catalog)
    same(again["frame"], FRAME)
    assert object_digest(again["model"]) == object_digest(Ridge(2))
    assert type(again["scores"][0]) is np.float64
    assert (again["n"] == NUMBERS).all()


@pytest.mark.parametrize("rows", [3, 3_000, 300_000])  # in the record, in a file, mapped
def test_arrays_can_be_written_to_and_what_is_stored_never_is(
    rows: int, store: ArtifactStore
) -> None:
    catalog = Catalog()
    numbers = np.arange(float(rows))
    content = catalog.keep(save(numbers, store))
    first, second = (load(content, store, catalog) for _ in range(2))
    first += 1
    assert (first == numbers + 1).all()
    assert (second == numbers).all()
    assert (load(content, store, catalog) == numbers).all()


def test_altered_bytes_are_never_served(store: ArtifactStore, tmp_path: Path) -> None:
    catalog = Catalog()
    saved = save(FRAME, store)
    file = next((tmp_path / "store").rglob(saved.artifact.blob))
    file.chmod(0o644)
    data = bytearray(file.read_bytes())
    data[-2000] ^= 1
    file.write_bytes(data)
    with pytest.raises(CorruptError):
        load(catalog.keep(saved), store, catalog)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (np.array([object()]), "Python objects"),
        (np.array([[1]]).view(np.matrix), "numpy.matrix"),
        (pd.DataFrame({"a": [object()]}), "column 'a'"),
        (pl.DataFrame({"a": [1]}).lazy(), "LazyFrame"),
    ],
)
def test_what_cannot_be_stored_is_told(value: Any, words: str, store: ArtifactStore) -> None:
    with pytest.raises(FormatError, match=words):
        save(value, store)


def _ours() -> dict[str, Any]:
    found = {}
    for name, (reference, _) in FORMATS.items():
        module, _, cls = reference.partition(":")
        found[name] = getattr(importlib.import_module(f"windlass.artifacts.formats.{module}"), cls)
    return found


def test_the_list_of_formats_says_what_the_formats_say() -> None:
    for name, cls in _ours().items():
        assert cls.name == name
        if cls.types:
            assert set(cls.types) == set(FORMATS[name][1])


def test_no_format_loads_a_library_before_it_meets_a_value() -> None:
    modules = {reference.partition(":")[0] for reference, _ in FORMATS.values()}
    imports = "; ".join(f"import windlass.artifacts.formats.{module}" for module in modules)
    heavy = [
        *("numpy", "pandas", "polars", "pyarrow", "sklearn", "skops", "matplotlib", "altair"),
        *("xgboost", "lightgbm", "catboost", "torch", "safetensors", "onnx", "google.protobuf"),
        *("keras", "PIL", "plotly", "soundfile", "datasets"),
    ]
    code = f"import sys; {imports}; print([name for name in {heavy} if name in sys.modules])"
    path = [entry for entry in sys.path if entry]
    command = [sys.executable, "-c", f"import sys; sys.path[:0] = {path}; {code}"]
    assert subprocess.check_output(command, text=True).strip() == "[]"


def test_reading_an_estimator_loads_no_other_framework() -> None:
    pytest.importorskip("torch")
    code = (
        "import sys; from windlass.artifacts.formats.skops_io import skops_io; skops_io();"
        "print('skops.io' in sys.modules, 'torch' in sys.modules);"
        "import sklearn.externals.array_api_compat.torch; print('torch' in sys.modules)"
    )
    path = [entry for entry in sys.path if entry]
    command = [sys.executable, "-c", f"import sys; sys.path[:0] = {path}; {code}"]
    assert subprocess.check_output(command, text=True).split() == ["True", "False", "True"]
