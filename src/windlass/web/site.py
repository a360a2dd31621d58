"""The projects that a dashboard shows, each by a name of its own in the addresses of pages."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from windlass.errors import ConfigError, NotFoundError

if TYPE_CHECKING:
    from windlass.execution.job import Stores
    from windlass.stacks.stack import Stack

_PATIENCE = 0.5
"""Seconds that a page waits for a database that is away; then it tells so, and asks again."""
_NOT_IN_NAMES = re.compile(r"[^a-z0-9]+")


@dataclass
class Site:
    """One project.

    Args:
        name: In addresses: lower case letters, digits and hyphens.
        stack: Where it keeps what is shown.
        base: What its addresses begin with; empty where it is the only one.
    """

    name: str
    stack: Stack
    base: str = ""
    _stores: Stores | None = field(default=None, repr=False)
    _opening: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def stores(self) -> Stores:
        """Its stores, opened when first asked for, and anew where others took their place.

        Raises:
            ConfigError: Nothing was recorded yet.
            RecordError: The record cannot be reached.
            StoreError: The artifacts cannot.
        """
        from windlass.execution.stores import open_recorded

        with self._opening:
            if self._stores is None or self._stores.records.is_gone():
                self._stores = None
                self._stores = open_recorded(self.stack)
                self._stores.records.patience = _PATIENCE
            return self._stores

    @property
    def is_empty(self) -> bool:
        """Whether nothing was recorded in it yet."""
        return self.stack.is_untouched()


@dataclass(frozen=True)
class Sites:
    """All projects of a dashboard, in the order that they were named."""

    all: Sequence[Site]

    def find(self, name: str | None) -> Site:
        """A project by its name; None names the only one.

        Raises:
            NotFoundError: There is none of that name.
        """
        if name is None:
            return self.all[0]
        for site in self.all:
            if site.name == name:
                return site
        raise NotFoundError(f"there is no project '{name}' here")


def open_sites(folders: Sequence[Path], stack: str | None = None) -> Sites:
    """The projects of folders, named as these are.

    Args:
        folders: Where they lie, or within.
        stack: Which stack of them is shown; None for the default of each.

    Raises:
        ConfigError: A folder is not there, or one project is named twice.
    """
    from windlass.provenance.project import find_project
    from windlass.stacks.stack import load_stack

    for folder in folders:
        if not folder.is_dir():
            raise ConfigError(f"there is no folder {folder}", hint="Name the folder of a project.")
    stacks = [load_stack(stack, find_project(folder)) for folder in folders]
    homes = [each.project.home for each in stacks]
    if len(set(homes)) < len(homes):
        raise ConfigError("one project is named twice", hint="Name each folder once.")
    if len(stacks) == 1:
        return Sites([Site(_plain(stacks[0].project.root.name), stacks[0])])
    names = _distinct(each.project.root.name for each in stacks)
    return Sites([Site(n, each, f"/p/{n}") for n, each in zip(names, stacks, strict=True)])


def _distinct(names: Iterable[str]) -> list[str]:
    """Names fit for addresses; of two alike the second is ``name-2``."""
    found: list[str] = []
    for name in map(_plain, names):
        count = 2
        chosen = name
        while chosen in found:
            chosen, count = f"{name}-{count}", count + 1
        found.append(chosen)
    return found


def _plain(name: str) -> str:
    return _NOT_IN_NAMES.sub("-", name.lower()).strip("-") or "project"
