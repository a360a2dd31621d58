"""The installed distributions behind import names, and those that they require in turn."""

from __future__ import annotations

import functools
import os
import re
from collections.abc import Iterable
from typing import NamedTuple

from windlass.provenance.distributions import Distribution, installed, normalised, read_text
from windlass.provenance.environment import Environment

_REQUIRES = re.compile(r"^Requires-Dist: *([A-Za-z0-9._-]+)(.*)$", re.MULTILINE)
_ONLY_TO_DEVELOP = re.compile(
    r"extra *== *['\"](all|dev|develop|doc|docs|lint|test|tests|testing|typing)['\"]"
)


class Requirements:
    """What distributions are installed, looked up by what code imports.

    Args:
        environment: What identifies each of them.
    """

    def __init__(self, environment: Environment) -> None:
        self._identities = environment.versions()

    def closure(self, tops: Iterable[str]) -> dict[str, str]:
        """What identifies the distributions behind import names and all that they use in turn.

        What a distribution names as optional counts, too, where code of the project uses that
        distribution itself and the other is installed, since a library finds it by itself: pandas
        stores text in another way where pyarrow is there.
        """
        direct = {name for top in tops for name in _providers(top)}
        waiting = [*direct, *(other for name in direct for other in _requirements(name).optional)]
        found: dict[str, str] = {}
        while waiting:
            name = waiting.pop()
            if name not in found and name in self._identities:
                found[name] = self._identities[name]
                waiting += _requirements(name).needed
        return dict(sorted(found.items()))


class Everything:
    """All distributions of an environment that is not this one, and cannot be asked here.

    Args:
        environment: What identifies each of them.
    """

    def __init__(self, environment: Environment) -> None:
        self._identities = environment.versions()

    def closure(self, tops: Iterable[str]) -> dict[str, str]:  # noqa: ARG002 - whatever is imported
        """What identifies each of them."""
        return dict(sorted(self._identities.items()))


class Lookalike:
    """Distributions of an environment that may be the same as those here.

    What a step uses is looked up here. Where the other environment has the very same, a result of
    one stands for the other; where it has not, or has more, which a library could find by itself,
    all that it has counts.

    Args:
        environment: What identifies each of them.
        here: What identifies those that are here.
    """

    def __init__(self, environment: Environment, here: Environment) -> None:
        self._all = Everything(environment)
        self._here = Requirements(here)
        self._identities = environment.versions()
        self._has_more = bool(self._identities.keys() - here.versions().keys())

    def closure(self, tops: Iterable[str]) -> dict[str, str]:
        """What identifies the distributions behind import names and all that they use in turn."""
        tops = list(tops)
        found = self._here.closure(tops)
        if not found:
            return found
        is_same = found.items() <= self._identities.items() and not self._has_more
        return found if is_same else self._all.closure(tops)


class _Required(NamedTuple):
    needed: tuple[str, ...]
    optional: tuple[str, ...]


@functools.cache
def _by_name() -> dict[str, Distribution]:
    return {each.name: each for each in installed()}


@functools.cache
def _providers(top: str) -> tuple[str, ...]:
    """The names of the distributions that an import name belongs to; several for a namespace."""
    if normalised(top) in _by_name():
        return (normalised(top),)
    return _by_top().get(top, ())


@functools.cache
def _by_top() -> dict[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {}
    for distribution in _by_name().values():
        for top in _tops(distribution):
            found.setdefault(top, []).append(distribution.name)
    return {top: tuple(sorted(names)) for top, names in found.items()}


def _tops(distribution: Distribution) -> set[str]:
    """The import names of a distribution, by its list of files or what setuptools wrote of it."""
    told = read_text(os.path.join(distribution.info, "top_level.txt"))  # noqa: PTH118
    if told is not None:
        return set(told.split())
    record = read_text(os.path.join(distribution.info, "RECORD")) or ""  # noqa: PTH118
    files = (line.partition(",")[0] for line in record.splitlines())
    return {
        file.split("/")[0].partition(".")[0]
        for file in files
        if file.endswith((".py", ".so", ".pyd")) and not file.startswith("..")
    }


@functools.cache
def _requirements(name: str) -> _Required:
    """The distributions that one requires, as far as they are installed."""
    info = _by_name()[name].info
    text = read_text(os.path.join(info, "METADATA"))  # noqa: PTH118
    text = text or read_text(os.path.join(info, "PKG-INFO")) or ""  # noqa: PTH118
    needed, optional = set(), set()
    for found, marker in _REQUIRES.findall(text.partition("\n\n")[0]):
        if "extra" not in marker:
            needed.add(normalised(found))
        elif not _ONLY_TO_DEVELOP.search(marker):
            optional.add(normalised(found))
    there = _by_name().keys()
    return _Required(tuple(sorted(needed & there)), tuple(sorted(optional & there)))
