"""The archive of a bundle: one for one bundle, and nothing but its files comes out of it."""

from __future__ import annotations

import io
import os
import tarfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from provenance.test_bundle_laws import TREES, Tree, written
from windlass.errors import ConfigError, CorruptError
from windlass.hashing import digest_bytes
from windlass.provenance.archive import read_files, unpack, write_archive
from windlass.provenance.bundle import FILE, LINK, Bundle, BundleFile, capture_bundle, digest_files


def archived(folder: Path) -> tuple[Bundle, bytes]:
    bundle, out = capture_bundle(folder), io.BytesIO()
    write_archive(bundle, folder, out)
    return bundle, out.getvalue()


def unpacked(data: bytes, bundle: Bundle, folder: Path) -> Path:
    archive = folder / "archive.tar"
    archive.write_bytes(data)
    unpack(archive, bundle, folder / "there")
    return folder / "there"


@given(TREES, st.integers(1, 99), st.sampled_from([0o000, 0o077, 0o027]))
@settings(max_examples=40, deadline=None)
def test_a_bundle_has_one_archive(tree: Tree, order: int, umask: int) -> None:
    with written(tree) as here, written(tree, shuffled=order, umask=umask) as there:
        for file in here.rglob("*"):
            os.utime(file, (1, 1))
        assert archived(here) == archived(there)


@given(tree=TREES)
@settings(max_examples=40, deadline=None)
def test_what_is_unpacked_is_the_bundle(
    tmp_path_factory: pytest.TempPathFactory, tree: Tree
) -> None:
    with written(tree) as folder:
        os.symlink("no/where", folder / "link.py")
        bundle, data = archived(folder)
        there = unpacked(data, bundle, tmp_path_factory.mktemp("unpacked"))
        assert capture_bundle(there) == bundle
        assert os.readlink(there / "link.py") == "no/where"


def test_some_files_are_read_alone(tmp_path: Path) -> None:
    (tmp_path / "a name.py").write_text("x = 1\n")
    (tmp_path / "b.py").write_text("y = 2\n")
    (tmp_path / "link").symlink_to("b.py")
    bundle, data = archived(tmp_path)
    (tmp_path / "archive.tar").write_bytes(data)
    wanted = [file for file in bundle.files if file.path != "b.py"]
    found = read_files(tmp_path / "archive.tar", wanted)
    assert found == {"a name.py": b"x = 1\n", "link": b"b.py"}
    other = wanted[0]._replace(content="0" * 64)
    for lacking in (other, BundleFile("gone.py", FILE, 1, "0" * 64)):
        with pytest.raises(CorruptError):
            read_files(tmp_path / "archive.tar", [lacking])
    (tmp_path / "archive.tar").write_bytes(data[:600])
    with pytest.raises(CorruptError):
        read_files(tmp_path / "archive.tar", bundle.files)


@given(tree=TREES, draw=st.data())
@settings(max_examples=150, deadline=None)
def test_a_damaged_archive_is_told(
    tmp_path_factory: pytest.TempPathFactory, tree: Tree, draw: st.DataObject
) -> None:
    with written(tree) as folder:
        bundle, data = archived(folder)
    at = draw.draw(st.integers(0, len(data) - 1))
    if draw.draw(st.booleans()):
        data = data[:at]
    else:
        data = data[:at] + bytes([data[at] ^ draw.draw(st.integers(1, 255))]) + data[at + 1 :]
    place = tmp_path_factory.mktemp("damaged")
    try:
        there = unpacked(data, bundle, place)
    except CorruptError:
        return
    assert capture_bundle(there) == bundle  # what was damaged only fills up a block


def test_bytes_that_are_no_text_in_a_name(tmp_path: Path) -> None:
    name = os.fsdecode(b"caf\xe9.py")
    (tmp_path / "here").mkdir()
    (tmp_path / "here" / name).write_text("x = 1")
    (tmp_path / "here" / ("long" * 50 + ".py")).write_text("x = 2")
    bundle, data = archived(tmp_path / "here")
    assert name in {file.path for file in bundle.files}
    assert capture_bundle(unpacked(data, bundle, tmp_path)) == bundle


def test_a_file_that_changes_meanwhile(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("x = 1")
    bundle = capture_bundle(tmp_path)
    for change in (lambda path: path.write_text("x = 2"), Path.unlink):
        change(tmp_path / "a.py")
        with pytest.raises(ConfigError, match=r"a\.py was changed while"):
            write_archive(bundle, tmp_path, io.BytesIO())


@pytest.mark.parametrize("path", ["../out.py", "/tmp/out.py", "link/out.py", "a/../../out.py"])
def test_nothing_is_written_outside(tmp_path: Path, path: str) -> None:
    """A bundle and an archive that agree, made by somebody who means harm."""
    outside = tmp_path / "outside"
    outside.mkdir()
    target = os.fsencode(outside)
    files = (
        BundleFile("link", LINK, len(target), digest_bytes(target)),
        BundleFile(path, FILE, 1, digest_bytes(b"x")),
    )
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        link = tarfile.TarInfo("link")
        link.type, link.linkname = tarfile.SYMTYPE, str(outside)
        archive.addfile(link)
        entry = tarfile.TarInfo(path)
        entry.size = 1
        archive.addfile(entry, io.BytesIO(b"x"))
    with pytest.raises(CorruptError, match="would lie"):
        unpacked(out.getvalue(), Bundle(digest_files(files), files), tmp_path)
    assert list(outside.iterdir()) == []
    assert not (tmp_path / "out.py").exists()
