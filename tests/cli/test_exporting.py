"""Artifacts as files that other programs read: whole or not at all."""

from __future__ import annotations

import json
import stat
from pathlib import Path
from typing import Any

import altair as alt
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from matplotlib.figure import Figure

from windlass import HTML, Audio, Markdown
from windlass.artifacts import Artifact, ArtifactStore, save
from windlass.errors import ConfigError
from windlass.execution.exporting import export
from windlass.execution.job import Stores

TABLE = pd.DataFrame({"name": ["a", "b"], "value": [1, 2]})

MIXED = pd.DataFrame({"value": [1, "x"]})
TWICE = pd.DataFrame([[1, 2]], columns=["a", "a"])


class Catalog(dict[str, Artifact]):
    """Artifacts in memory."""

    def artifact(self, content: str) -> Artifact | None:
        return self.get(content)


class Saved:
    """A value in a store of its own, to be exported."""

    def __init__(self, value: Any, folder: Path) -> None:
        store = ArtifactStore.open_store(folder / "store")
        saved = save(value, store, allow_pickle=True)
        catalog: Any = Catalog({a.content: a for a in (saved.artifact, *saved.children)})
        self._found = saved.artifact
        self._stores = Stores(catalog, store, folder / "logs", trust_pickle=True)

    def to(self, output: Path) -> Path:
        return export(self._stores, self._found, output, "node")


@pytest.fixture
def out(tmp_path: Path) -> Path:
    folder = tmp_path / "out"
    folder.mkdir()
    return folder


@pytest.mark.parametrize(
    ("value", "name", "data"),
    [
        ("some\ntext é", "a.log", "some\ntext é".encode()),
        (b"\x00\x01", "a.anything", b"\x00\x01"),
        (HTML("<p>x"), "a.html", b"<p>x"),
        (Markdown("# x"), "a.md", b"# x"),
        (TABLE, "a.csv", b"name,value\na,1\nb,2\n"),
        (TABLE.set_index("name"), "a.csv", b"name,value\na,1\nb,2\n"),
        (TABLE["value"], "a.csv", b"value\n1\n2\n"),
        (pd.Index([1, 2], name="value"), "a.csv", b"value\n1\n2\n"),
        (pd.MultiIndex.from_arrays([[1], [2]], names=["a", "b"]), "a.csv", b"a,b\n1,2\n"),
        (pl.DataFrame({"value": [1]}), "a.csv", b"value\n1\n"),
        (pl.Series("value", [1]), "a.csv", b"value\n1\n"),
        (pa.table({"value": [1]}), "a.csv", b'"value"\n1\n'),
        (pa.record_batch({"value": [1]}), "a.csv", b'"value"\n1\n'),
        (pa.array([1]), "a.csv", b'"value"\n1\n'),
        (np.array([[1, 2], [3, 4]]), "a.csv", b"1,2\n3,4\n"),
    ],
)
def test_bytes_as_other_programs_know_them(
    value: Any, name: str, data: bytes, out: Path, tmp_path: Path
) -> None:
    written = Saved(value, tmp_path).to(out / name)
    assert written == out / name
    assert written.read_bytes() == data
    assert list(out.iterdir()) == [written]


@pytest.mark.parametrize(
    "value", [TABLE, pl.from_pandas(TABLE), pa.Table.from_pandas(TABLE)], ids=["pd", "pl", "pa"]
)
def test_tables_as_parquet(value: Any, out: Path, tmp_path: Path) -> None:
    written = Saved(value, tmp_path).to(out / "a.parquet")
    assert pq.read_table(written).to_pydict() == {"name": ["a", "b"], "value": [1, 2]}


@pytest.mark.parametrize(
    ("value", "ending"),
    [
        *((TABLE, ".parquet"), (MIXED, ".csv"), (TWICE, ".csv")),
        (pd.DataFrame({"a": [1j]}), ".csv"),
        (pd.arrays.IntegerArray(np.array([1]), np.array([False])), ".bin"),
    ],
)
def test_in_a_folder_it_is_what_its_values_can_be(
    value: Any, ending: str, out: Path, tmp_path: Path
) -> None:
    assert Saved(value, tmp_path).to(out) == out / f"node{ending}"


@pytest.mark.parametrize("value", [{"a": [1, 2]}, [1, "x"], ({"k": None},), 3.5])
def test_plain_values_as_json(value: Any, out: Path, tmp_path: Path) -> None:
    written = Saved(value, tmp_path).to(out / "a.json")
    assert json.loads(written.read_text()) == (list(value) if type(value) is tuple else value)


def test_an_array_as_it_is_kept(out: Path, tmp_path: Path) -> None:
    value = np.arange(10_000.0).reshape(100, 100)
    written = Saved(value, tmp_path).to(out)
    assert written == out / "node.npy"
    np.testing.assert_array_equal(np.load(written), value)


@pytest.mark.parametrize(("name", "starts"), [("a.png", b"\x89PNG"), ("a.svg", b"<?xml")])
def test_a_figure(name: str, starts: bytes, out: Path, tmp_path: Path) -> None:
    figure = Figure()
    figure.subplots().plot([1, 2])
    assert Saved(figure, tmp_path).to(out / name).read_bytes().startswith(starts)


def test_a_chart_is_a_page_by_itself(out: Path, tmp_path: Path) -> None:
    chart = alt.Chart(TABLE).mark_bar().encode(x="name", y="value")
    written = Saved(chart, tmp_path).to(out)
    assert written == out / "node.html"
    assert "vega" in written.read_text()


@pytest.mark.parametrize(("mode", "ending"), [("RGBA", ".png"), ("P", ".png"), ("F", ".tiff")])
def test_an_image_as_what_holds_its_mode(mode: str, ending: str, out: Path, tmp_path: Path) -> None:
    from PIL import Image

    image = Image.linear_gradient("L").convert(mode)
    image.info |= {"dpi": (300, 300), "comment": "x"}
    written = Saved(image, tmp_path).to(out)
    assert written == out / f"node{ending}"
    with Image.open(written) as again:
        assert again.mode == mode
        assert again.tobytes() == image.tobytes()
        assert tuple(map(round, again.info["dpi"])) == (300, 300)
    for name in ("a.mp3", "a.png") if mode == "F" else ("a.mp3",):
        with pytest.raises(ConfigError, match="cannot be written as") as told:
            Saved(image, tmp_path).to(out / name)
    assert (".png" in str(told.value.hint)) == (mode != "F")


def test_a_sound_as_what_players_play(out: Path, tmp_path: Path) -> None:
    soundfile = pytest.importorskip("soundfile", reason="soundfile is not installed")
    for number, (dtype, own) in enumerate([("int16", ".flac"), ("int16", ".wav"), ("f8", ".wav")]):
        sound = Audio(np.arange(-9, 9).reshape(9, 2).astype(dtype), 8000)
        written = Saved(sound, tmp_path).to(out / f"{number}{own}")
        samples, rate = soundfile.read(written, dtype=sound.samples.dtype.name)
        assert Audio(samples, rate) == sound
    assert Saved(sound, tmp_path).to(out).name == "node.wav"
    with pytest.raises(ConfigError, match=r"written as '\.flac'") as told:
        Saved(sound, tmp_path).to(out / "a.flac")  # which holds no floats
    assert told.value.hint == "It can be written as .wav."


def test_files_are_copied_and_may_be_changed(out: Path, tmp_path: Path) -> None:
    source = tmp_path / "made"
    (source / "below").mkdir(parents=True)
    (source / "below" / "x.txt").write_text("x")
    (source / "run.sh").write_text("#!")
    (source / "run.sh").chmod(0o755)
    written = Saved(source, tmp_path).to(out)
    assert written == out / "made"
    assert (written / "below" / "x.txt").read_text() == "x"
    (written / "below" / "x.txt").write_text("changed")
    assert (written / "run.sh").stat().st_mode & stat.S_IXUSR
    single = Saved(source / "run.sh", tmp_path / "other").to(out / "renamed.sh")
    assert single.read_text() == "#!"


@pytest.mark.parametrize(
    ("value", "name", "told"),
    [
        (TABLE, "a.xlsx", ".parquet, .csv"),
        ({"a": 1}, "a", ".json"),
        (object(), "a.csv", ".pkl"),
        (np.zeros(2), "a.txt", ".npy, .csv"),
        (np.zeros((2, 2, 2)), "a.csv", "3 dimensions"),
        ([TABLE], "a.json", "Export its parts"),
        ({"table": TABLE}, "a.csv", "Export its parts"),
        (MIXED, "a.parquet", "can be written as .csv."),
        (MIXED, "a.xlsx", "can be written as .csv."),
        (TWICE, "a.parquet", "Duplicate column names found"),
        (np.zeros((2, 2, 2)), "a.txt", "can be written as .npy."),
        ("text", "absent/a.txt", "no folder"),
        ("text", "there.txt", "there already"),
    ],
)
def test_what_cannot_be_written_leaves_nothing(
    value: Any, name: str, told: str, out: Path, tmp_path: Path
) -> None:
    (out / "there.txt").write_text("mine")
    with pytest.raises(ConfigError) as caught:
        Saved(value, tmp_path).to(out / name)
    assert told in str(caught.value)
    assert [file.read_text() for file in out.iterdir()] == ["mine"]


@pytest.mark.parametrize(
    "value", [pl.DataFrame({"a": [[1, 2]]}), pa.table({"a": [[1, 2]]})], ids=["polars", "arrow"]
)
def test_what_a_library_refuses_is_told_and_leaves_nothing(
    value: Any, out: Path, tmp_path: Path
) -> None:
    with pytest.raises(ConfigError, match=r"cannot be written as '\.csv'"):
        Saved(value, tmp_path).to(out / "a.csv")
    assert list(out.iterdir()) == []
