"""Attacks on the cache: edits that an analysis of code may miss, and edits that it may overrate."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from provenance.attacks import ALL
from provenance.attacks.case import Case, write
from provenance.attacks.known import KNOWN
from provenance.mutations.runner import Runner


@pytest.fixture(scope="module")
def runner() -> Iterator[Runner]:
    with Runner("attrs", "pandas", "scipy.sparse", "torch") as started:
        yield started


class Stale(AssertionError):
    """A value is from before the edit; or something ran that the edit does not reach."""


def parameter(case: Case) -> Any:
    """A case; one that is known to fail must fail."""
    reason = KNOWN.get(case.name)
    known = pytest.mark.xfail(strict=True, raises=Stale, reason=reason or "")
    return pytest.param(case, id=case.name, marks=[known] if reason else [])


def values(nodes: dict[str, dict[str, Any]]) -> dict[str, str]:
    """The values of a run; what has an address in memory says nothing."""
    return {name: re.sub(r" at 0x[0-9a-f]+", "", node["value"]) for name, node in nodes.items()}


def test_each_name_is_given_once() -> None:
    names = {case.name for case in ALL}
    assert len(names) == len(ALL)
    assert set(KNOWN) <= names


@pytest.mark.parametrize("case", [parameter(case) for case in ALL])
def test_what_the_cache_gives_is_what_the_code_gives(
    case: Case, tmp_path: Path, runner: Runner
) -> None:
    def run(mode: str, **options: Any) -> tuple[dict[str, dict[str, Any]], dict[str, str]]:
        """The nodes of a run, and what they would give if nothing were cached."""
        plain = 5 if case.is_plain else None
        answer = runner.ask(tmp_path, "everything", options, plain, {"MODE": mode})
        if case.is_plain:
            return answer["nodes"], answer["called"]
        options["cache"] = False
        truth = runner.ask(tmp_path, "everything", options, None, {"MODE": mode})["nodes"]
        return answer["nodes"], values(truth)

    before, after = case.environ
    write(tmp_path, case.files)
    first, was = run(before)
    assert not [name for name, node in first.items() if node["cached"]]
    write(tmp_path, case.changed)
    for name in case.removed:
        (tmp_path / name).unlink()
    second, truth = run(after)
    told = {name: (node["cached"], node["reason"]) for name, node in second.items()}
    if case.is_needless:
        assert truth == was
    else:
        assert truth != was, "the edit changes nothing"
    if values(second) != truth:
        raise Stale(f"{values(second)} for {truth}: {told}")
    if case.is_needless and not all(node["cached"] for node in second.values()):
        raise Stale(f"ran: {told}")
