"""What the key of an outcome is made of: all that its value can depend on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from windlass.hashing import digest
from windlass.pipeline.graph import Constant, FromParameter, Node
from windlass.words import document_text, shortened

if TYPE_CHECKING:
    from windlass.execution.inputs import Argument
    from windlass.execution.job import Job

_SHOWN = 60


@dataclass(frozen=True, slots=True)
class Ingredients:
    """What must be equal for an earlier result to stand for a node.

    Args:
        code: The digest of the step's fingerprint: code, constants, distributions.
        python: Python's minor version.
        seed: What the generators are seeded from; None if they are not.
        arguments: The digest of each argument's value.
        classes: The digest of the code of each class that they hold instances of.
        settings: The step's settings that can change a value.
        split: The outputs whose items are stored one by one.
        files: The digests of the files that the step declares, by their paths.
        variables: The digests of the environment variables that it declares.
        shown: Short texts of plain arguments, for people; not in the key.
        environment: The name of the step's own environment, likewise: what is in it counts, as
            part of the code.
    """

    code: str
    python: str
    seed: int | None
    arguments: Mapping[str, str]
    classes: Mapping[str, str]
    settings: Mapping[str, Any]
    split: tuple[str, ...] = ()
    files: Mapping[str, str] = field(default_factory=dict)
    variables: Mapping[str, str] = field(default_factory=dict)
    shown: Mapping[str, str] = field(default_factory=dict)
    environment: str | None = None

    @property
    def key(self) -> str:
        """The cache key."""
        return digest(
            *("key", self.code, self.python, self.seed),
            *(self.arguments, self.classes, self.settings, self.split, self.files, self.variables),
        )

    def document(self) -> dict[str, Any]:
        """Plain JSON, by which a person can be told what differs."""
        return {
            "code": self.code,
            "python": self.python,
            "seed": self.seed,
            "arguments": dict(self.arguments),
            "classes": dict(self.classes),
            "settings": dict(self.settings),
            "split": list(self.split),
            "files": dict(self.files),
            "variables": dict(self.variables),
            "shown": dict(self.shown),
            **({"environment": self.environment} if self.environment else {}),
        }


def ingredients_of(
    job: Job, node: Node, arguments: Mapping[str, Argument], seed: int | None
) -> Ingredients:
    """The ingredients of a node of a run, or of an item of a map.

    A step's name is not among them, but in its fingerprint; its pipeline is in neither.

    Raises:
        UnknownClassError: An argument is of a class that is not found here.
    """
    settings, lock = job.plan.settings(node), job.lock_of(node)
    code = job.plan.code_of(node)
    assert code is not None
    return Ingredients(
        code=code,
        python=job.installed.python if lock is None else lock.python,
        seed=seed,
        arguments={name: argument.digest for name, argument in arguments.items()},
        classes=job.class_code.of(arguments, lock),
        settings={
            "allow_pickle": settings.allow_pickle,
            "cpus": settings.cpus,  # the threads of numeric libraries can change the last digits
        },
        split=tuple(sorted(name for maker, name in job.plan.mapped_over if maker == node.name)),
        files=job.plan.files_of(node),
        variables=job.plan.variables_of(node),
        shown=_shown(job, node),
        environment=settings.environment,
    )


def _shown(job: Job, node: Node) -> dict[str, str]:
    found = {}
    for name, ref in node.inputs.items():
        if isinstance(ref, Constant):
            found[name] = shortened(document_text(ref.value), _SHOWN)
        elif isinstance(ref, FromParameter):
            found[name] = shortened(document_text(job.parameters[ref.name]), _SHOWN)
    return found
