"""What ``windlass.toml`` says of an environment. Apart, so that reading settings loads little."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Wanted:
    """An environment as it is asked for.

    Args:
        name: Its name; empty for that of the whole pipeline.
        python: Python's minor version; None for the present one.
        system: Packages of the operating system, for targets that build images.
        requirements: What is in it, as pip takes it; then nothing else is.
        extras: The project's own dependencies, with these extras.
        file: A file of requirements, from the project's folder; then nothing else is in it.
    """

    name: str = ""
    python: str | None = None
    system: tuple[str, ...] = ()
    requirements: tuple[str, ...] = ()
    extras: tuple[str, ...] = ()
    file: str | None = None

    @property
    def shown(self) -> str:
        """What it is called, for people."""
        return f"the environment '{self.name}'" if self.name else "the project's environment"
