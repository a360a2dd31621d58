"""Stores that do not do what a store must: a check finds it and says it in words."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from typing import Any, ClassVar

import fsspec
import pytest
from fsspec.implementations.memory import MemoryFileSystem

from windlass.provenance.project import Project
from windlass.stacks.check import Check
from windlass.stacks.checking import check_stack
from windlass.stacks.stack import Stack
from windlass.targets.target import TARGETS, look_at_target


class _Careless(MemoryFileSystem):  # type: ignore[misc]
    """Knows no conditions on writes."""

    protocol = "careless"
    store: ClassVar[dict[str, Any]] = {}

    def pipe_file(self, path: str, value: bytes, mode: str = "overwrite", **options: Any) -> None:
        super().pipe_file(path, value, **options)


class _Forgetful(_Careless):
    """Gives back other bytes than it was given."""

    protocol = "forgetful"

    def get_file(self, rpath: str, lpath: str, **options: Any) -> None:
        with open(lpath, "wb") as file:
            file.write(b"something else")


@pytest.fixture(autouse=True)
def _registered() -> Iterator[None]:
    for cls in (_Careless, _Forgetful):
        fsspec.register_implementation(cls.protocol, cls, clobber=True)
    yield
    _Careless.store.clear()


def check(project: Project, artifacts: str) -> dict[str, Check]:
    stack = Stack("team", project, artifacts=artifacts)
    return {each.name: each for each in check_stack(stack, lambda _: ())}


def test_a_store_that_lets_two_write_the_same_is_told(project: Project) -> None:
    found = check(project, "careless://team")
    assert found["artifacts"].status == "ok"
    assert found["writing once"].status == "fail"
    assert "second writer" in found["writing once"].message
    assert "If-None-Match" in str(found["writing once"].hint)
    assert _Careless.store == {}


def test_a_store_that_gives_back_other_bytes_is_told(project: Project) -> None:
    found = check(project, "forgetful://team")
    assert found["artifacts"].status == "fail"
    assert "altered" in found["artifacts"].message
    assert _Careless.store == {}


def test_a_scheme_that_nobody_knows_is_told(project: Project) -> None:
    found = check(project, "zzz://team")["artifacts"]
    assert found.status == "fail"
    assert "zzz" in found.message
    assert "s3://" in str(found.hint)


def test_a_target_that_breaks_is_told(project: Project) -> None:
    def look(_: Stack) -> list[Check]:
        raise RuntimeError("no such engine")

    found = list(check_stack(Stack("team", project), look))[-1]
    assert (found.status, found.message) == ("fail", "RuntimeError: no such engine")


def test_a_server_that_never_answers_is_told_in_time(project: Project) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        records = f"postgresql://me@127.0.0.1:{silent.getsockname()[1]}/x"
        stack = Stack("team", project, records=records)
        found = next(iter(check_stack(stack, lambda _: (), seconds=1)))
    assert (found.status, found.name) == ("fail", "records")
    assert found.message.startswith("no answer in 1 second")


class _Engine:
    """A target that can say whether its engine is there."""

    @staticmethod
    def look(stack: Stack) -> list[Check]:
        return [Check("engine", "fail", f"{stack.target} 1.0 is too old", "Install 2.0.")]


def test_a_target_says_whether_its_engine_is_there(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(TARGETS, "engine", f"{__name__}:_Engine")
    found = list(check_stack(Stack("team", project, target="engine"), look_at_target))[-1]
    assert (found.name, found.message) == ("engine", "engine 1.0 is too old")


def test_a_store_in_a_folder_is_of_this_machine(project: Project) -> None:
    found = check(project, f"file://{project.root}/there")
    assert {each.status for each in found.values()} == {"ok"}
    assert "for this machine alone" in found["sharing"].message
