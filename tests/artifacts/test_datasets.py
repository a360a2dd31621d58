"""Hugging Face's datasets come back row for row, whatever their cache is called."""

from __future__ import annotations

import datetime as dt
import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from windlass.artifacts.formats.arrow_file import DOCUMENT, read_table, write_table
from windlass.artifacts.formats.datasets import (
    FINGERPRINT,
    DatasetDictFormat,
    DatasetFormat,
    IterableDatasetFormat,
)
from windlass.errors import CorruptError, FormatError
from windlass.values import to_text

from .box import Box
from .hostile import survives
from .roundtrip import MemorySink, MemorySource, back, content, outputs_elsewhere, written

os.environ.update(HF_HUB_OFFLINE="1", HF_DATASETS_OFFLINE="1", HF_HUB_DISABLE_TELEMETRY="1")
hf = pytest.importorskip("datasets", reason="Hugging Face's datasets are not installed")

DATASETS, DICTS, ITERABLE = DatasetFormat(), DatasetDictFormat(), IterableDatasetFormat()
LAWS = settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
TEN = {"n": list(range(10)), "text": [None, *"abcdefghi"]}

_ints = st.integers(-128, 127)
_columns: list[tuple[Any, st.SearchStrategy[Any]]] = [
    (hf.Value("int8"), _ints),
    (hf.Value("float64"), st.floats(allow_nan=False)),
    (hf.Value("string"), st.text(max_size=3)),
    (hf.Value("large_string"), st.text(max_size=3)),
    (hf.Value("binary"), st.binary(max_size=3)),
    (hf.Value("bool"), st.booleans()),
    (hf.Value("date32"), st.dates()),
    (hf.Value("timestamp[us, tz=UTC]"), st.datetimes().map(lambda v: v.replace(tzinfo=dt.UTC))),
    (hf.ClassLabel(names=["no", "yes"]), st.integers(0, 1)),
    (hf.Sequence(hf.Value("int16")), st.lists(_ints, max_size=3)),
    ([{"a": hf.Value("string")}], st.lists(st.fixed_dictionaries({"a": st.text(max_size=1)}))),
    ({"a": hf.Value("int32"), "b": [hf.Value("bool")]}, st.just({"a": 1, "b": [True]})),
    (hf.Translation(["de", "en"]), st.just({"de": "ja", "en": "yes"})),
    (hf.Array2D((2, 2), "int32"), st.just([[1, 2], [3, 4]])),
    ([hf.Array2D((None, 1), "float32")], st.lists(st.just([[1.0], [2.0]]), max_size=2)),
]
_names = st.text("abc-_ é", min_size=1, max_size=3)


@st.composite
def _datasets(draw: st.DrawFn) -> Any:
    names = draw(st.lists(_names, min_size=1, max_size=3, unique=True))
    chosen = [draw(st.sampled_from(_columns)) for _ in names]
    rows = draw(st.integers(0, 4))
    cells = {
        name: draw(st.lists(st.none() | items, min_size=rows, max_size=rows))
        if isinstance(feature, hf.Value)
        else draw(st.lists(items, min_size=rows, max_size=rows))
        for name, (feature, items) in zip(names, chosen, strict=True)
    }
    features = hf.Features({name: kind for name, (kind, _) in zip(names, chosen, strict=True)})
    split = draw(st.sampled_from([None, "train", "test"]))
    return hf.Dataset.from_dict(cells, features=features, split=split)


def _rows(dataset: Any) -> Any:
    return dataset.with_format("arrow")[:].to_pylist()


def same(left: Any, right: Any) -> bool:
    facts = [(d.features, list(d.features), d.split, d.format, _rows(d)) for d in (left, right)]
    return type(left) is type(right) and facts[0] == facts[1]


@LAWS
@given(_datasets())
def test_datasets_come_back_exactly(value: Any) -> None:
    again = back(DATASETS, value)
    assert same(again, value)
    assert content(DATASETS, again) == content(DATASETS, value)
    assert written(DATASETS, again) == written(DATASETS, value)
    to_text(DATASETS.summary(value))
    assert DATASETS.preview(value).data


@LAWS
@given(_datasets(), _datasets())
def test_contents_are_equal_only_where_datasets_are(one: Any, other: Any) -> None:
    assert (content(DATASETS, one) == content(DATASETS, other)) == same(one, other)


@LAWS
@given(_datasets(), st.data())
def test_rows_that_are_only_pointed_to_are_stored_in_their_order(value: Any, data: Any) -> None:
    places = st.lists(st.integers(0, max(0, len(value) - 1)), max_size=5)
    order = data.draw(places) if len(value) else []
    chosen = value.select(order)
    again = back(DATASETS, chosen)
    assert _rows(again) == _rows(chosen) == [_rows(value)[place] for place in order]
    assert again._indices is None
    assert content(DATASETS, again) == content(DATASETS, chosen)


def test_files_chunks_and_fingerprints_are_no_part_of_the_content(tmp_path: Path) -> None:
    value = hf.Dataset.from_dict(TEN)
    value.save_to_disk(tmp_path / "one", num_shards=3)
    others = [
        hf.load_from_disk(tmp_path / "one"),
        hf.concatenate_datasets([value.select(range(4)), value.select(range(4, 10))]),
        value.select([*range(10)][::-1]).select([*range(10)][::-1]),
        hf.Dataset(value.data.table, fingerprint="mine"),
    ]
    assert {content(DATASETS, other) for other in others} == {content(DATASETS, value)}
    assert {written(DATASETS, other) for other in others[3:]} == {written(DATASETS, value)}
    assert b"data-0000" not in written(DATASETS, others[0])


def test_many_rows_in_many_chunks_have_one_content() -> None:
    table = pa.table({"n": np.arange(2500)})
    pieces = pa.concat_tables([table.slice(at, 777) for at in range(0, 2500, 777)])
    assert content(DATASETS, hf.Dataset(table)) == content(DATASETS, hf.Dataset(pieces))
    assert content(DATASETS, hf.Dataset(table)) != content(DATASETS, hf.Dataset(table[:2499]))


def test_equal_datasets_have_one_fingerprint_after_reading() -> None:
    one, other = (hf.Dataset.from_dict(TEN) for _ in range(2))
    other = other.map(lambda row: row)
    assert one._fingerprint != other._fingerprint
    assert back(DATASETS, one)._fingerprint == back(DATASETS, other)._fingerprint
    changed = back(DATASETS, one.select(range(9)))
    assert changed._fingerprint != back(DATASETS, one)._fingerprint


def _changes() -> dict[str, Any]:
    value = hf.Dataset.from_dict(TEN)
    info = hf.DatasetInfo(description="of letters")
    return {
        "as it is": value,
        "a row less": value.select(range(9)),
        "turned round": value.select(range(9, -1, -1)),
        "a name": value.rename_column("n", "m"),
        "columns turned round": value.select_columns(["text", "n"]),
        "a narrower type": value.cast_column("n", hf.Value("int8")),
        "a label": value.cast_column("n", hf.ClassLabel(num_classes=10)),
        "another label": value.cast_column("n", hf.ClassLabel(names=list("abcdefghij"))),
        "a split": hf.Dataset(value.data, split=hf.Split.TRAIN),
        "a description": hf.Dataset(value.data, info=info),
        "a version": hf.Dataset(value.data, info=hf.DatasetInfo(version="1.2.3")),
        "keys": hf.Dataset(value.data, info=hf.DatasetInfo(supervised_keys=("text", "n"))),
        "a format": value.with_format("numpy"),
        "a format of a column": value.with_format("numpy", columns=["n"]),
        "and the others": value.with_format("numpy", columns=["n"], output_all_columns=True),
        "with options": value.with_format("numpy", dtype="float32"),
        "no rows": value.select([]),
    }


def test_every_change_changes_the_content_and_comes_back() -> None:
    changes = _changes()
    assert len({content(DATASETS, value) for value in changes.values()}) == len(changes)
    for value in changes.values():
        again = back(DATASETS, value)
        assert same(again, value)
        for name in ("description", "version", "supervised_keys"):
            assert getattr(again.info, name) == getattr(value.info, name)
        assert content(DATASETS, again) == content(DATASETS, value)


def test_what_the_cache_knows_is_no_part_of_the_content() -> None:
    value = hf.Dataset.from_dict(TEN)
    info = hf.DatasetInfo(download_size=3, config_name="default-0123", download_checksums={"x": {}})
    assert content(DATASETS, hf.Dataset(value.data, info=info)) == content(DATASETS, value)


def test_a_format_that_is_set_gives_what_it_gave() -> None:
    value = hf.Dataset.from_dict(TEN).with_format("numpy", columns=["n"], dtype="float32")
    again = back(DATASETS, value)
    assert list(again[:2]) == ["n"]
    assert again[:2]["n"].dtype == value[:2]["n"].dtype == np.float32


@pytest.mark.parametrize("where", [lambda kind: kind, lambda kind: [{"in": kind}]])
def test_files_that_are_named_are_embedded(where: Any, tmp_path: Path) -> None:
    features = hf.Features({"picture": where(hf.Image(decode=False))})
    contents = []
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        path = tmp_path / folder / "a.png"
        path.write_bytes(b"\x89PNG")
        for cell in (str(path), {"path": str(path), "bytes": None}):
            cells = [where(cell), where(None) if isinstance(features["picture"], hf.Image) else []]
            cells = [[{"in": cell}], []] if isinstance(features["picture"], list) else cells
            value = hf.Dataset.from_dict({"picture": cells}, features=features)
            contents.append(content(DATASETS, value))
            assert str(tmp_path).encode() not in written(DATASETS, value)
    again = back(DATASETS, value)
    path.unlink()
    assert _rows(again) == _rows(back(DATASETS, again))
    assert "\\x89PNG" in str(_rows(again))
    assert again.features == features
    assert len(set(contents)) == 1
    with pytest.raises(FormatError, match=r"cannot be read.*a\.png"):
        written(DATASETS, value)


def test_sounds_are_embedded_without_what_decodes_them(tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_bytes(b"RIFF")
    table = pa.table({"sound": [{"bytes": None, "path": str(tmp_path / "a.wav")}]})
    value = hf.Dataset(table).cast(hf.Features({"sound": hf.Audio(decode=False)}))
    again = back(DATASETS, value)
    assert again.features == value.features
    assert _rows(again) == [{"sound": {"bytes": b"RIFF", "path": "a.wav"}}]


def test_pictures_decode_to_the_same(tmp_path: Path) -> None:
    from PIL import Image

    pixels = np.arange(12, dtype="u1").reshape(2, 2, 3)
    Image.fromarray(pixels).save(tmp_path / "a.png")
    features = hf.Features({"picture": hf.Image()})
    value = hf.Dataset.from_dict({"picture": [str(tmp_path / "a.png"), None]}, features=features)
    again = back(DATASETS, value)
    (tmp_path / "a.png").unlink()
    assert (np.asarray(again[0]["picture"]) == pixels).all()
    assert again[1]["picture"] is None
    assert DATASETS.preview(again).data


def test_files_of_other_machines_are_not_fetched() -> None:
    features = hf.Features({"picture": [hf.Image(decode=False)]})
    cells = [[{"path": "https://example.org/a.png", "bytes": None}]]
    value = hf.Dataset.from_dict({"picture": cells}, features=features)
    with pytest.raises(FormatError, match="'picture' names a file on another machine"):
        written(DATASETS, value)


class MyDataset(hf.Dataset):  # type: ignore[misc,name-defined]
    """More than a Dataset."""


def test_what_is_not_data_is_refused(tmp_path: Path) -> None:
    value = hf.Dataset.from_dict(TEN)
    with pytest.raises(FormatError, match=r"(?s)'custom'.*with_format\(None\)"):
        written(DATASETS, value.with_transform(lambda rows: rows))
    with pytest.raises(FormatError, match="not plain"):
        written(DATASETS, value.with_format("numpy", dtype=np.dtype("f4")))
    with pytest.raises(FormatError, match="an IterableDataset is not data yet"):
        Box(tmp_path).save(value.to_iterable_dataset())
    with pytest.raises(FormatError, match="an IterableDatasetDict is not data yet"):
        Box(tmp_path).save(hf.IterableDatasetDict({"a": value.to_iterable_dataset()}))
    with pytest.raises(FormatError, match="never stored"):
        ITERABLE.read(MemorySource(b""))
    with pytest.raises(FormatError, match="'a' of a DatasetDict is an IterableDataset"):
        Box(tmp_path).save(hf.DatasetDict({"a": value.to_iterable_dataset()}))
    assert not DATASETS.accepts(MyDataset(value.data))


def test_a_search_index_is_refused() -> None:
    value = hf.Dataset.from_dict(TEN)
    value._indexes["text"] = object()
    with pytest.raises(FormatError, match="drop_index"):
        written(DATASETS, value)


def test_dictionaries_of_datasets_come_back(box: Box) -> None:
    parts = hf.Dataset.from_dict(TEN).train_test_split(0.3, seed=1)
    value = {"splits": parts, "empty": hf.DatasetDict(), "one": parts["test"]}
    saved = box.save(value)
    again = box.load(saved.artifact.content)
    assert type(again["splits"]) is hf.DatasetDict
    assert list(again["splits"]) == ["train", "test"]
    assert all(same(again["splits"][name], parts[name]) for name in parts)
    assert again["empty"] == {}
    assert box.save(again).artifact.content == saved.artifact.content
    found = {child.format for child in saved.children}
    assert found == {"datasets.dict", "datasets.dataset"}
    turned = hf.DatasetDict(reversed(parts.items()))
    renamed = hf.DatasetDict({"train": parts["train"], "last": parts["test"]})
    told = [box.save(each).artifact for each in (parts, turned, renamed, hf.DatasetDict())]
    assert len({each.content for each in told}) == 4
    assert told[0].summary["rows"] == {"train": 7, "test": 3}
    assert "train" in str(DICTS.preview(parts).data)


def test_large_datasets_lie_in_the_memory_of_their_files(tmp_path: Path) -> None:
    value = hf.Dataset.from_dict({"n": np.arange(400_000)})
    box = Box(tmp_path)
    before = pa.total_allocated_bytes()
    again = box.there_and_back(value)
    assert pa.total_allocated_bytes() - before < 1_000_000
    assert again[399_999] == {"n": 399_999}
    assert again.cache_files == []
    assert again.map(lambda rows: {"n": [n + 1 for n in rows["n"]]}, batched=True)[0] == {"n": 1}
    assert [*tmp_path.rglob("cache-*")] == []


def _forged(value: Any, change: Any) -> bytes:
    table, _ = read_table(MemorySource(written(DATASETS, value)))
    metadata = dict(table.schema.metadata)
    facts = json.loads(metadata[DOCUMENT])
    change(facts, metadata)
    metadata[DOCUMENT] = metadata.get(DOCUMENT) and json.dumps(facts).encode()
    sink = MemorySink()
    write_table(table.replace_schema_metadata(metadata), sink, "datasets.")
    return bytes(sink.data)


@pytest.mark.parametrize(
    "change",
    [
        lambda facts, _: facts["features"]["n"].update(dtype="int32"),
        lambda facts, _: facts["features"]["n"].update(dtype="nothing"),
        lambda facts, _: facts["features"]["n"].update(_type="Path"),
        lambda facts, _: facts["features"]["n"].update(_type="ClassLabel", names_file="names"),
        lambda facts, _: facts["features"].pop("n"),
        lambda facts, _: facts["features"].update(more={"_type": "Value", "dtype": "int8"}),
        lambda facts, _: facts.update(features=3),
        lambda facts, _: facts.pop("features"),
        lambda facts, _: facts.pop("format"),
        lambda facts, _: facts.update(split="/"),
        lambda facts, _: facts.update(split=[]),
        lambda facts, _: facts.update(version=["x"]),
        lambda facts, _: facts.update(supervised=7),
        lambda facts, _: facts.update(info={}),
        lambda _, metadata: metadata.update({FINGERPRINT: b"../../../elsewhere"}),
        lambda _, metadata: metadata.update({FINGERPRINT: b"\xff" * 16}),
        lambda _, metadata: metadata.pop(FINGERPRINT),
    ],
)
def test_facts_that_do_not_fit_the_rows_are_refused(change: Any) -> None:
    with pytest.raises(CorruptError, match="not a dataset"):
        DATASETS.read(MemorySource(_forged(hf.Dataset.from_dict(TEN), change)))


@pytest.mark.parametrize("setting", [["torchy", None, False, {}], [[], None, False, {}], 3, [1]])
def test_a_format_that_is_not_to_be_had_is_named(setting: Any) -> None:
    data = _forged(hf.Dataset.from_dict(TEN), lambda facts, _: facts.update(format=setting))
    with pytest.raises((FormatError, CorruptError), match="dataset"):
        DATASETS.read(MemorySource(data))


def test_bytes_that_are_no_dataset_are_refused() -> None:
    data = written(DATASETS, hf.Dataset.from_dict(TEN))
    for bad in (b"", b"ARROW1", data[:-9], data[: len(data) // 2], data[100:]):
        with pytest.raises(CorruptError, match="not a dataset"):
            DATASETS.read(MemorySource(bad))
    for bad in (b"", b"{}x", b"[1]", b'[["a", 1]]', b'[["a", {"$type": "artifact"}]]', b"[" * 9999):
        with pytest.raises(CorruptError, match="not a dictionary of datasets"):
            DICTS.read(MemorySource(bad))


def test_altered_bytes_do_not_end_the_process() -> None:
    make = (
        "import datasets as hf\n"
        "kinds = hf.Features({'n': hf.Value('int64'), 'a': hf.Array2D((2, 1), 'int8')})\n"
        "cells = {'n': [1, 2, 3], 'a': [[[1], [2]]] * 3}\n"
        "value = hf.Dataset.from_dict(cells, features=kinds).with_format('numpy')"
    )
    told = survives("datasets", "DatasetFormat", make)
    assert told.startswith("refused"), told
    assert int(told.split()[1]) > 50


_CONTENT = """
import datasets as hf
from artifacts.roundtrip import content
from windlass.artifacts.formats.datasets import DatasetFormat
value = hf.Dataset.from_dict({"n": [1, None], "text": ["a", "b"]}, split="train")
print(content(DatasetFormat(), value.with_format("numpy")))
print(content(DatasetFormat(), value.shuffle(seed=3)))
"""


def test_contents_agree_between_processes() -> None:
    one, other = outputs_elsewhere(_CONTENT)
    assert one == other
    assert len(set(one.split())) == 2
