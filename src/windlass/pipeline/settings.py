"""What a step asks of the place where it runs, and how a run is to be made."""

from __future__ import annotations

import dataclasses
import math
import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any, TypeVar

from windlass.errors import DefinitionError
from windlass.values import Json

Options = TypeVar("Options")

_UNITS = {"": 1, "B": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12}
_DURATIONS = (
    (("s", "second", "seconds"), 1),
    (("min", "minute", "minutes"), 60),
    (("h", "hour", "hours"), 3600),
    (("d", "day", "days"), 86400),
    (("w", "week", "weeks"), 7 * 86400),
)
_UNITS |= {"KIB": 2**10, "MIB": 2**20, "GIB": 2**30, "TIB": 2**40}


def parse_memory(text: str | int) -> int:
    """Bytes of a size such as ``"4GiB"``, ``"512 MB"`` or a plain number of bytes.

    Raises:
        DefinitionError: It is not of that form, or not above zero.
    """
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([A-Za-z]*)\s*", str(text))
    unit = _UNITS.get(match[2].upper()) if match else None
    size = int(float(match[1]) * unit) if match and unit else 0
    if size <= 0:
        raise DefinitionError(
            f"memory={text!r} is not a size", hint='Write it like "512MB" or "4GiB".'
        )
    return size


def parse_duration(text: str) -> float:
    """Seconds of a duration such as ``"90 s"``, ``"12h"`` or ``"7 days"``.

    Raises:
        DefinitionError: It is not of that form, or not above zero.
    """
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([A-Za-z]+)\s*", text)
    unit = match[2].lower() if match else ""
    size = next((size for names, size in _DURATIONS if unit in names), None)
    seconds = float(match[1]) * size if match and size else 0
    if seconds <= 0:
        raise DefinitionError(
            f"{text!r} is not a duration", hint='Write it like "90 s", "12 h" or "7 days".'
        )
    return seconds


@dataclass(frozen=True, slots=True)
class Settings:
    """What a step asks for; the arguments of ``@step(...)``.

    Args:
        retries: How many more times it is tried when it fails.
        retry_delay: Seconds between two tries.
        timeout: Seconds after which a try is stopped and has failed; None for no limit.
        cpus: Processor cores that it is given, and threads that numeric libraries may use.
        memory: Memory that it needs, such as ``"4GiB"``; None if it does not matter.
        gpus: GPUs that it is given.
        cache: Whether an earlier result of the same code on the same inputs may stand for it; or
            how old that may be, such as ``"7 days"``.
        environment: Name of an environment of its own; None for the pipeline's.
        allow_pickle: Whether values that no format takes may be pickled.
        seeded: Whether random generators are seeded before it; without, it is never cached.
        files: Files of the project that it opens by itself, by name or pattern, such as
            ``"rules/*.yaml"``: when one of them changes, no earlier result stands for it.
        variables: Environment variables that it reads, likewise.
    """

    retries: int = 0
    retry_delay: float = 1.0
    timeout: float | None = None
    cpus: int = 1
    memory: str | None = None
    gpus: int = 0
    cache: bool | str = True
    environment: str | None = None
    allow_pickle: bool = False
    seeded: bool = True
    files: Sequence[str] = ()
    variables: Sequence[str] = ()

    def __post_init__(self) -> None:
        for name, lowest in (("retries", 0), ("cpus", 1), ("gpus", 0)):
            value = getattr(self, name)
            if type(value) is not int or value < lowest:
                raise DefinitionError(f"{name}={value!r} must be a whole number from {lowest} up")
        for name in ("allow_pickle", "seeded"):
            if type(getattr(self, name)) is not bool:
                raise DefinitionError(f"{name}={getattr(self, name)!r} must be True or False")
        if self.environment is not None and type(self.environment) is not str:
            raise DefinitionError(f"environment={self.environment!r} must be a name, or None")
        if self.memory is not None:
            parse_memory(self.memory)
        _check_cache(self.cache)
        self._check_times()
        self._check_declared()

    def _check_times(self) -> None:
        if not _is_number(self.retry_delay) or self.retry_delay < 0:
            raise DefinitionError(f"retry_delay={self.retry_delay!r} must be seconds, 0 or more")
        if self.timeout is not None and (not _is_number(self.timeout) or self.timeout <= 0):
            raise DefinitionError(f"timeout={self.timeout!r} must be seconds above 0, or None")

    def _check_declared(self) -> None:
        for name in ("files", "variables"):
            object.__setattr__(self, name, _names(name, getattr(self, name)))
        for pattern in self.files:
            _check_pattern(pattern)

    def expired(self, made: float | None) -> str | None:
        """Whether a result of that time is too old to be used, in words; None if it is not.

        One from the future, by a clock that was put back since, is as good as new.
        """
        if not isinstance(self.cache, str) or made is None:
            return None
        age, most = time.time() - made, parse_duration(self.cache)
        return f"is older than {self.cache}" if age > most else None

    @property
    def memory_bytes(self) -> int:
        """The memory asked for, in bytes; 0 if none is named."""
        return 0 if self.memory is None else parse_memory(self.memory)

    def but(self, **changes: Any) -> Settings:
        """A copy with some settings changed.

        Raises:
            DefinitionError: There is no setting of that name, or its value is out of range.
        """
        return changed(self, changes, "a step")

    def to_json(self) -> dict[str, Json]:
        """The settings that differ from the defaults."""
        return {
            name: list(value) if isinstance(value, tuple) else value
            for name, value, default in (
                (field.name, getattr(self, field.name), field.default)
                for field in dataclasses.fields(self)
            )
            if value != default
        }


def _check_cache(cache: object) -> None:
    if isinstance(cache, str):
        parse_duration(cache)
    elif type(cache) is not bool:
        raise DefinitionError(f"cache={cache!r} must be True, False, or an age such as '7 days'")


def _names(setting: str, given: object) -> tuple[str, ...]:
    if isinstance(given, str) or not isinstance(given, Sequence):
        raise DefinitionError(f"{setting}={given!r} must be a list of names")
    for name in given:
        if type(name) is not str or not name or "\0" in name:
            raise DefinitionError(f"{setting}={given!r} holds {name!r}, which is no name")
    return tuple(sorted({*given}))


def _check_pattern(pattern: str) -> None:
    path = PurePosixPath(pattern)
    if path.is_absolute() or ".." in path.parts or path == PurePosixPath():
        raise DefinitionError(
            f"files={pattern!r} does not lie in the project's folder",
            hint="Name it from there, such as 'rules/*.yaml'; other files are given to a step as "
            "parameters of type Path.",
        )


def _is_number(value: object) -> bool:
    return type(value) in (int, float) and math.isfinite(value)  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True)
class RunOptions:
    """How one run is made; the arguments of ``pipeline.options(...)``. None of it is in the plan.

    Args:
        target: Where it runs; None for the stack's.
        stack: A stack of ``windlass.toml``; None for the default.
        cache: Whether earlier results may stand for steps.
        refresh: Whether every step runs, and its result is kept in the place of an earlier one.
        seed: What random generators are seeded from.
        tags: Free text, by name, to find the run by.
        keep_going: After a failure, finish what does not depend on it.
        in_process: Run the steps one after another in this process, for a debugger.
        fresh: Give every node a new process.
        workers: How many cores steps are given together; None for those of the machine.
        memory: Bytes that steps may ask for together; None for those of the machine.
        system_metrics: Whether processor, memory and GPUs are measured while steps run.
    """

    target: str | None = None
    stack: str | None = None
    cache: bool = True
    refresh: bool = False
    seed: int = 0
    tags: Mapping[str, str] = dataclasses.field(default_factory=dict)
    keep_going: bool = False
    in_process: bool = False
    fresh: bool = False
    workers: int | None = None
    memory: int | None = None
    system_metrics: bool = True

    def __post_init__(self) -> None:
        if type(self.seed) is not int or not -(2**63) <= self.seed < 2**63:
            raise DefinitionError(f"seed={self.seed!r} must be a whole number of 64 bits")
        if self.workers is not None and (type(self.workers) is not int or self.workers < 1):
            raise DefinitionError(f"workers={self.workers!r} must be a whole number from 1 up")
        if self.memory is not None and (type(self.memory) is not int or self.memory < 1):
            raise DefinitionError(f"memory={self.memory!r} must be bytes, 1 or more")
        if self.in_process and self.fresh:
            raise DefinitionError("in_process and fresh exclude each other: choose one")
        for name, value in self.tags.items():
            if type(name) is not str or type(value) is not str:
                raise DefinitionError(f"the tag {name!r}: {value!r} must be text for text")

    def but(self, **changes: Any) -> RunOptions:
        """A copy with some options changed.

        Raises:
            DefinitionError: There is no option of that name, or its value is out of range.
        """
        return changed(self, changes, "a run")


def changed(options: Options, changes: Mapping[str, Any], whose: str) -> Options:
    """A copy of a dataclass with some fields changed; unknown names are refused in words."""
    known = [field.name for field in dataclasses.fields(options)]  # type: ignore[arg-type]
    for name in changes:
        if name not in known:
            raise DefinitionError(
                f"{whose} has no option '{name}'", hint=f"It has {', '.join(known)}."
            )
    return dataclasses.replace(options, **changes)  # type: ignore[type-var]
