"""The code of the classes of what a step is given, which its own code need not name.

A step that is annotated ``model: Model``, or not at all, calls methods of whatever comes. When such
a method is edited, the value may come out equal, and the step still does something else with it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from windlass.errors import WindlassError
from windlass.provenance.fingerprint import Fingerprinter, Taken
from windlass.provenance.project import find_project
from windlass.values import TYPE, Json

if TYPE_CHECKING:
    from windlass.execution.inputs import Argument
    from windlass.execution.job import Job
    from windlass.provenance.lock import Lock


class UnknownClassError(WindlassError):
    """A value is of a class that is not found here by its name."""


class ClassCode:
    """Fingerprints of classes, by their ``module:qualname``, for one run.

    Args:
        job: The run.
    """

    def __init__(self, job: Job) -> None:
        self._job = job
        self._taken: dict[tuple[str, str], Taken] = {}
        self._fingerprinters: dict[str, Fingerprinter] = {}
        self._classes: dict[str, tuple[str, ...]] = {}

    def prefetch(self, contents: Iterable[str]) -> None:
        """Looks up the classes of several artifacts at once."""
        missing = [content for content in contents if content not in self._classes]
        if missing:
            found = self._job.stores.records.classes_of(missing)
            self._classes |= {content: found.get(content, ()) for content in missing}

    def of(self, arguments: Mapping[str, Argument], lock: Lock | None = None) -> dict[str, str]:
        """The digest of the code of every class of which arguments hold instances.

        Args:
            arguments: What a step is given.
            lock: That of the environment of its own that it runs in.

        Raises:
            UnknownClassError: One of them is not found here.
        """
        self.prefetch(content for each in arguments.values() for content in each.contents)
        names = {
            name
            for argument in arguments.values()
            for found in (argument.classes, *(self._classes[each] for each in argument.contents))
            for name in found
        }
        return {name: self._take(name, lock).digest for name in sorted(names)}

    def taken(self, names: Iterable[str], lock: Lock | None = None) -> dict[str, Taken]:
        """Fingerprints that were taken before, by the names of their classes."""
        return {name: self._taken[_place(lock), name] for name in names}

    def _take(self, name: str, lock: Lock | None) -> Taken:
        key = (_place(lock), name)
        if key not in self._taken:
            try:
                self._taken[key] = self._fingerprinter(lock).take_class(name)
            except Exception as error:  # the project's module is imported: anything may come
                raise UnknownClassError(
                    f"the class {name.replace(':', '.')} of an input is not found here"
                ) from error
        return self._taken[key]

    def _fingerprinter(self, lock: Lock | None) -> Fingerprinter:
        place = _place(lock)
        if place not in self._fingerprinters:
            project = find_project(self._job.stores.project)
            self._fingerprinters[place] = Fingerprinter(
                project.root,
                self._job.installed if lock is None else lock.environment(),
                lambda: self._job.plan.bundle,
                project.cache,
                elsewhere=lock is not None,
            )
        return self._fingerprinters[place]


def _place(lock: Lock | None) -> str:
    return "" if lock is None else lock.digest


def classes_in(document: Json) -> Iterator[str]:
    """The ``module:qualname`` of the classes of which a plain value holds instances."""
    if isinstance(document, list):
        for item in document:
            yield from classes_in(item)
    elif isinstance(document, dict):
        name = document.get("cls") if TYPE in document else None
        if isinstance(name, str) and ":" in name:
            yield name
        for part in document.values():
            yield from classes_in(part)
