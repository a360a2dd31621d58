"""Files and folders: the same wherever they lay, laid out whole, never as somebody left them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from windlass.artifacts.artifact import Artifact
from windlass.errors import CorruptError, FormatError
from windlass.hashing import digest_bytes

from .box import Box

LARGE = bytes(range(256)) * 8192


def make_folder(folder: Path) -> Path:
    (folder / "deep").mkdir(parents=True)
    (folder / "empty").mkdir()
    (folder / "a file.txt").write_text("hello")
    (folder / "large").write_bytes(LARGE)
    (folder / "deep" / "tool").write_bytes(b"#!/bin/sh\n")
    (folder / "deep" / "tool").chmod(0o755)
    (folder / "link").symlink_to("a file.txt")
    (folder / "deep" / "up").symlink_to("../empty")
    return folder


def listing(root: Path) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for path in root.rglob("*"):
        name = path.relative_to(root).as_posix()
        if path.is_symlink():
            found[name] = ("link", str(path.readlink()))
        elif path.is_dir():
            found[name] = ("folder",)
        else:
            found[name] = (path.read_bytes(), bool(path.stat().st_mode & 0o100))
    return found


def test_a_folder_comes_back_with_all_that_is_in_it(box: Box, tmp_path: Path) -> None:
    folder = make_folder(tmp_path / "model dir")
    found = box.there_and_back(folder)
    assert found.name == "model dir"
    assert listing(found) == listing(folder)
    assert not (found / "a file.txt").stat().st_mode & 0o222
    assert not (found / "deep" / "tool").stat().st_mode & 0o222


@pytest.mark.parametrize("data", [b"", b"hello", LARGE])
def test_a_file_comes_back_under_its_name(box: Box, tmp_path: Path, data: bytes) -> None:
    file = tmp_path / "data.csv.gz"
    file.write_bytes(data)
    found = box.there_and_back(file)
    assert found.name == "data.csv.gz"
    assert found.read_bytes() == data
    assert box.load(box.save(file).artifact.content) == found  # laid out once


def test_a_program_by_itself_can_still_be_run(box: Box, tmp_path: Path) -> None:
    file = tmp_path / "tool"
    file.write_text("#!/bin/sh\necho ran\n")
    file.chmod(0o700)
    told = subprocess.run([box.there_and_back(file)], capture_output=True, text=True, check=True)
    assert told.stdout == "ran\n"


def test_where_it_lay_does_not_matter_and_what_it_is_does(box: Box, tmp_path: Path) -> None:
    def content(path: Path) -> str:
        return box.save(path).artifact.content

    folder = make_folder(tmp_path / "one" / "model")
    same = make_folder(tmp_path / "two" / "model")
    os.utime(same / "a file.txt", (0, 0))
    first = content(folder)
    assert content(same) == first
    (tmp_path / "alias").mkdir()
    (tmp_path / "alias" / "model").symlink_to(folder)
    assert content(tmp_path / "alias" / "model") == first
    changes: list[Callable[[], object]] = [
        lambda: (same / "a file.txt").write_text("hallo"),
        lambda: (same / "deep" / "tool").chmod(0o644),
        (same / "link").unlink,
        (same / "empty").rmdir,
        lambda: (same / "new").write_text(""),
        lambda: same.rename(same.with_name("other")),
    ]
    seen = {first}
    for change in changes[:-1]:
        change()
        seen.add(content(same))
    changes[-1]()
    seen.add(content(same.with_name("other")))
    assert len(seen) == len(changes) + 1


def test_a_link_into_the_folder_by_its_full_path_is_one_into_the_copy(
    box: Box, tmp_path: Path
) -> None:
    folder = tmp_path / "f"
    folder.mkdir()
    (folder / "a").write_text("a")
    (folder / "b").symlink_to(folder / "a")
    found = box.there_and_back(folder)
    assert (found / "b").readlink() == Path("a")


@pytest.mark.parametrize("target", ["../x", "/etc/passwd", "a/../../x"])
def test_a_link_out_of_the_folder_is_refused(box: Box, tmp_path: Path, target: str) -> None:
    folder = tmp_path / "f"
    folder.mkdir()
    (folder / "out").symlink_to(target)
    with pytest.raises(FormatError, match="leads out of it: out"):
        box.save(folder)


def test_what_is_no_file_is_refused(box: Box, tmp_path: Path) -> None:
    with pytest.raises(FormatError, match="there is nothing"):
        box.save(tmp_path / "nowhere")
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(FormatError, match="neither a file nor a folder"):
        box.save(tmp_path)


@pytest.mark.parametrize(
    "entry",
    [
        {"name": "../x", "kind": "folder"},
        {"name": "/x", "kind": "folder"},
        {"name": "a/../../x", "kind": "folder"},
        {"name": "x", "kind": "link", "target": "../x"},
        {"name": "a/x", "kind": "link", "target": "../../x"},
        {"name": "x", "kind": "link", "target": "/etc"},
    ],
)
def test_forged_names_cannot_lead_out(box: Box, entry: dict[str, str]) -> None:
    document = {"kind": "folder", "name": "f", "entries": [entry]}
    data = json.dumps(document).encode()
    box.rows["forged"] = Artifact("forged", digest_bytes(data), "path", 1, "x", 1, data)
    with pytest.raises(FormatError, match="leads out"):
        box.load("forged")


def unlink(path: Path) -> None:
    path.unlink()


def alter(path: Path) -> None:
    before = path.stat()
    path.chmod(0o644)
    data = path.read_bytes()
    path.write_bytes(b"!" + data[1:])
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def replace(path: Path) -> None:
    path.unlink()
    path.write_text("other")


def add(path: Path) -> None:
    path.with_name("more").write_text("more")


@pytest.mark.parametrize("spoil", [unlink, alter, replace, add])
@pytest.mark.parametrize("name", ["a file.txt", "large", "deep/tool"])
def test_a_spoilt_copy_is_never_served_and_the_store_is_untouched(
    tmp_path: Path, spoil: Callable[[Path], None], name: str
) -> None:
    box = Box(tmp_path / "store")
    folder = make_folder(tmp_path / "f")
    content = box.save(folder).artifact.content
    spoil(box.load(content) / name)
    assert listing(box.load(content)) == listing(folder)


def test_a_changed_mode_or_link_is_put_right(tmp_path: Path) -> None:
    box = Box(tmp_path / "store")
    folder = make_folder(tmp_path / "f")
    content = box.save(folder).artifact.content
    found = box.load(content)
    (found / "deep" / "tool").chmod(0o644)
    (found / "link").unlink()
    (found / "link").symlink_to("large")
    assert listing(box.load(content)) == listing(folder)


def test_a_file_whose_stored_bytes_were_altered_is_not_laid_out(tmp_path: Path) -> None:
    box = Box(tmp_path / "store")
    file = tmp_path / "file"
    file.write_bytes(LARGE)
    content = box.save(file).artifact.content
    blob = digest_bytes(LARGE)
    alter(box.store.path(blob))
    with pytest.raises(CorruptError, match="altered"):
        box.load(content)


def test_paths_inside_other_values_are_their_files(box: Box, tmp_path: Path) -> None:
    file = tmp_path / "weights.bin"
    file.write_bytes(LARGE)
    for value in ([file], {"deep": [{"file": file}]}, (1, file)):
        saved = box.save(value)
        assert "path" in {child.format for child in saved.children}
        text = repr(box.load(saved.artifact.content))
        assert str(tmp_path) not in text.replace(str(box.store.root), "")
        assert "weights.bin" in text
    with pytest.raises(FormatError, match=r"\['file'\]: the path .* there is nothing"):
        box.save({"file": tmp_path / "nowhere"})


def test_a_layout_folder_that_cannot_be_written_is_not_needed(tmp_path: Path) -> None:
    box = Box(tmp_path / "store")
    content = box.save(make_folder(tmp_path / "f")).artifact.content
    box.store.layouts = tmp_path / "file" / "layouts"
    (tmp_path / "file").write_text("")
    assert listing(box.load(content)) == listing(tmp_path / "f")


_BOTH = """
import sys
from pathlib import Path
from windlass.artifacts.formats.layout import Entry, lay_out
blob = Path(sys.argv[2])
entries = [Entry(f"{n}", "file", "b") for n in range(300)]
for round_ in range(5):
    found = lay_out(f"f{round_}", "folder", entries, lambda _: blob, Path(sys.argv[1]))
    assert len(list(found.iterdir())) == 300
"""


def test_two_processes_may_lay_out_the_same_at_once(tmp_path: Path) -> None:
    (tmp_path / "blob").write_text("x")
    command = [sys.executable, "-c", _BOTH, str(tmp_path / "layouts"), str(tmp_path / "blob")]
    processes = [subprocess.Popen(command) for _ in range(3)]
    assert [process.wait(timeout=60) for process in processes] == [0, 0, 0]
    assert not [path for path in (tmp_path / "layouts").iterdir() if path.name.startswith("tmp")]
