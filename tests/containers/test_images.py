"""Images: how they are built, what is not in them, and what is refused beforehand."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from containers.boxed import PACKAGING, Boxed
from provenance.package_index import PASSWORD, USER, Index, serving
from provenance.test_environments import COMPILED

FATHOM = f"1.{time.time_ns()}"
"""A version that no image on this machine has."""


@pytest.fixture(scope="module")
def index() -> Iterator[Index]:
    with serving() as found:
        found.add("fathom", FATHOM)
        yield found


@pytest.fixture
def boxed(container_base: str, tmp_path: Path) -> Boxed:
    return Boxed(tmp_path / "project", container_base).write(PACKAGING)


def images() -> set[str]:
    words = ("podman", "images", "--quiet", "--no-trunc", "localhost/windlass")
    return set(subprocess.run(words, capture_output=True, text=True, check=True).stdout.split())


def exported(image: str, folder: Path) -> bytes:
    """All bytes of all layers of an image, and what is told of how it was made."""
    file = folder / "image.tar"
    subprocess.run(["podman", "save", "--quiet", "-o", file, image], check=True)
    words = ("podman", "history", "--no-trunc", image)
    told = subprocess.run(words, capture_output=True, check=True).stdout
    inspected = subprocess.run(["podman", "inspect", image], capture_output=True, check=True)
    return file.read_bytes() + told + inspected.stdout


def test_a_private_index_leaves_no_trace(boxed: Boxed, index: Index, tmp_path: Path) -> None:
    boxed.write(f"fathom=={FATHOM}")
    before = images()
    netrc = tmp_path / "netrc"
    netrc.write_text(f"machine 127.0.0.1 login {USER} password {PASSWORD}\n")
    netrc.chmod(0o600)
    address = f"http://{index.place}/simple"
    told = boxed.run("picky", UV_INDEX=address, NETRC=str(netrc))
    assert told.code == 0, told.words
    [image] = images() - before
    python = ("podman", "run", "--rm", "--entrypoint", "/opt/windlass/bin/python", image, "-c")
    compiled = subprocess.check_output([*python, COMPILED.format("sqlalchemy", "windlass")])
    assert compiled == b"[True, True]\n"
    data = exported(image, tmp_path)
    assert b"fathom" in data
    assert PASSWORD.encode() not in data
    assert index.place.encode() not in data
    subprocess.run(["podman", "rmi", "--force", image], capture_output=True, check=True)


def test_a_package_that_the_system_lacks_is_told(boxed: Boxed) -> None:
    boxed.write(PACKAGING, more='[environment]\nsystem = ["no-such-package-of-debian"]\n')
    told = boxed.run("picky")
    assert told.code == 2
    assert "no-such-package-of-debian cannot be installed" in told.document["error"]["message"]


def _nothing_is_recorded(boxed: Boxed) -> bool:
    told = boxed.do("runs")
    return told.code != 0 or told.document == {"runs": []}


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ('engine = "lxc"', "engine = 'lxc' is not known"),
        ('image = "x"', "has 'image', which the target 'container' does not take"),
        ('mounts = ["data"]', "the mount 'data' is not an absolute path"),
        ('mounts = ["/no/such/folder"]', "the mount /no/such/folder is not there"),
        ('base = "localhost/no-such-image:1"', "localhost/no-such-image:1 cannot be had"),
    ],
)
def test_what_a_stack_asks_for_is_refused_early(boxed: Boxed, options: str, words: str) -> None:
    boxed.write(PACKAGING, options=options)
    told = boxed.run("picky")
    assert told.code == 2
    assert words in told.document["error"]["message"]
    assert told.document["error"]["hint"]
    assert _nothing_is_recorded(boxed)


def test_no_engine_is_told(boxed: Boxed) -> None:
    told = boxed.run("picky", PATH=str(Path(sys.executable).parent))
    assert told.code == 2
    assert "needs podman or docker" in told.document["error"]["message"]
    assert _nothing_is_recorded(boxed)


def test_an_engine_that_is_too_old_or_does_not_answer_is_told(boxed: Boxed, tmp_path: Path) -> None:
    program = tmp_path / "bin" / "podman"
    program.parent.mkdir()
    program.write_text('#!/bin/sh\necho \'{"Client": {"Version": "3.4.2"}}\'\n')
    program.chmod(0o755)
    path = f"{program.parent}{os.pathsep}{os.environ['PATH']}"
    told = boxed.run("picky", PATH=path)
    assert told.document["error"]["message"] == "podman 3.4.2 is too old: at least 4.0 is needed"
    program.write_text("#!/bin/sh\necho 'Error: no runtime' >&2\nexit 125\n")
    told = boxed.run("picky", PATH=path)
    assert told.document["error"]["message"] == "podman does not answer: no runtime"
    assert _nothing_is_recorded(boxed)


def test_a_lock_that_cannot_be_solved_is_told(boxed: Boxed) -> None:
    boxed.write("toolz==0.12.0", "toolz==0.11.2")
    told = boxed.run("picky")
    assert told.code == 2
    assert "cannot be solved" in told.document["error"]["message"]
    assert _nothing_is_recorded(boxed)


def test_steps_in_containers_are_not_run_in_this_process(boxed: Boxed) -> None:
    told = boxed.run("picky", "--in-process")
    assert told.code == 2
    assert "cannot run in this process" in told.document["error"]["message"]
