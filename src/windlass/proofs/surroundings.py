"""How the environment and the machine of a proof differ from those of the run."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from windlass.provenance.environment import Environment

_UNTOLD = ("host", "release", "memory", "python_build", "variables")
"""Facts of a machine that change nothing, or are told otherwise."""
_FIXED = ("PYTHONHASHSEED",)
"""Variables that every worker is given."""
_OURS = "windlass"
_SHOWN = 3


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What differs.

    Args:
        packages: By the distribution's name, in words.
        added: Distributions that were not installed then.
        python: Python itself.
        machine: Facts of the machine.
    """

    packages: Mapping[str, str]
    added: tuple[str, ...]
    python: tuple[str, ...]
    machine: tuple[str, ...]

    @property
    def lines(self) -> list[str]:
        """All of them; what is installed besides matters least, and is told in one."""
        told = [*self.python, *self.packages.values(), *self.machine]
        if self.added:
            more = len(self.added) - _SHOWN
            names = ", ".join(self.added[:_SHOWN]) + (f", and {more:,} more" if more > 0 else "")
            told.append(f"not installed then: {names}")
        return told

    def of(self, distributions: Iterable[str]) -> list[str]:
        """What differs of Python and of some distributions."""
        return [*self.python, *(self.packages[n] for n in distributions if n in self.packages)]


def differences(
    then: Environment, now: Environment, before: Mapping[str, Any], here: Mapping[str, Any]
) -> Surroundings:
    """What differs between two environments, and between two machines.

    Args:
        then: The recorded environment.
        now: That of the proof.
        before: The facts of the recorded machine.
        here: Those of this one.
    """
    old, new = _versions(then), _versions(now)
    told = {
        name: f"{name} {version} → {new.get(name, 'not installed')}"
        for name, version in sorted(old.items())
        if version != new.get(name)
    }
    added = tuple(sorted(new.keys() - old.keys()))
    return Surroundings(
        told, added, tuple(_python(then, now, before, here)), tuple(_machine(before, here))
    )


def _versions(environment: Environment) -> dict[str, str]:
    """What tells distributions apart; not of the project itself, nor how Windlass was installed."""
    found = environment.versions()
    for package in environment.packages:
        if package.name == _OURS:
            found[_OURS] = package.version
        elif package.source == {"kind": "editable"}:
            del found[package.name]
    return found


def _python(
    then: Environment, now: Environment, before: Mapping[str, Any], here: Mapping[str, Any]
) -> Iterator[str]:
    old, new = before.get("python", then.python), here.get("python", now.python)
    if (then.implementation, old) != (now.implementation, new):
        yield f"Python {_name(then)}{old} → {_name(now)}{new}"


def _name(environment: Environment) -> str:
    return "" if environment.implementation == "cpython" else f"{environment.implementation} "


def _machine(before: Mapping[str, Any], here: Mapping[str, Any]) -> Iterator[str]:
    for name, old in before.items():
        new = here.get(name)
        if name not in (*_UNTOLD, "python") and name in here and old != new:
            yield f"{name.replace('_', ' ')}: {old} → {new}"
    old_, new_ = before.get("variables", {}), here.get("variables", {})
    for name in sorted({*old_, *new_} - {*_FIXED}):
        if old_.get(name) != new_.get(name):
            yield f"{name}: {old_.get(name, 'not set')} → {new_.get(name, 'not set')}"
