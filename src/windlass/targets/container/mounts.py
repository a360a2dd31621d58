"""What a container sees of this machine: all at its own place, so that paths mean the same.

- the recorded code, which it can only read;
- an empty folder in the place of the working directory, an own one for each;
- the project's folder for its state, and the stores of the stack, where they are on this disk;
- the files that parameters of type `Path` and ``@step(files=…)`` name;
- what the stack's option ``mounts`` names.
"""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from windlass.execution.job import Job, paths_in
from windlass.pipeline.graph import Constant, leaves
from windlass.stacks.stack import Stack, is_local
from windlass.targets.container.options import Options


@dataclass(frozen=True, slots=True)
class Mount:
    """A folder or file of this machine.

    Args:
        source: Where it is.
        place: Where the container sees it.
        writable: Whether it can write there.
    """

    source: Path
    place: Path
    writable: bool = True

    def word(self) -> str:
        """As podman and docker take it after ``--mount``."""
        fields = ["type=bind", f"source={self.source}", f"target={self.place}"]
        return ",".join(_quoted(each) for each in fields) + ("" if self.writable else ",readonly")


def mounts_of(job: Job, stack: Stack, options: Options, code: Path) -> list[Mount]:
    """What every container of a run sees, beside its working directory; outer folders first.

    Args:
        job: The run.
        stack: Its stack.
        options: Those of the target.
        code: The folder of the recorded code.
    """
    found: dict[Path, Mount] = {}
    named = [*_state(stack), *_parameters(job), *_declared(job, stack.project.root)]
    for path in named:
        found.setdefault(path, Mount(path, path))
    for mount in options.mounts:
        path = Path(mount.removesuffix(":ro")).expanduser()
        found[path] = Mount(path, path, not mount.endswith(":ro"))
    found[code] = Mount(code, code, writable=False)
    return sorted(found.values(), key=lambda mount: len(mount.place.parts))


def make_places(mounts: Iterable[Mount], scratch: Path) -> None:
    """Makes the places of mounts in a container's own folder: a daemon would make them as root."""
    for mount in mounts:
        if mount.place != Path.cwd() and mount.place.is_relative_to(Path.cwd()):
            place = scratch / mount.place.relative_to(Path.cwd())
            if mount.source.is_dir():
                place.mkdir(parents=True, exist_ok=True)
            else:
                place.parent.mkdir(parents=True, exist_ok=True)
                place.touch()


def link_declared(job: Job, root: Path, code: Path) -> None:
    """Lets declared files that are no code be found in the folder of the code, too."""
    for path in {path for found in job.plan.files.values() for path in found}:
        place = code / path
        if not place.exists() and (root / path).exists():
            place.parent.mkdir(parents=True, exist_ok=True)
            with contextlib.suppress(FileExistsError):  # another run was faster
                place.symlink_to(root / path)


def _state(stack: Stack) -> Iterator[Path]:
    yield stack.project.make_home()
    for kind, name in stack.references():
        if kind == "file":
            yield stack.project.root / Path(name).expanduser()
    for address in (stack.artifacts_url, stack.records_url):
        if is_local(address):
            path = Path(re.sub(r"^\w+(\+\w+)?://", "", address))
            # SQLite's own files lie beside its database.
            folder = path if address == stack.artifacts_url else path.parent
            folder.mkdir(parents=True, exist_ok=True)
            yield folder


def _parameters(job: Job) -> Iterator[Path]:
    documents = [*job.parameters.values()]
    for node in job.plan.graph.nodes.values():
        refs = [leaf for ref in node.inputs.values() for leaf in leaves(ref)]
        documents += [ref.value for ref in refs if isinstance(ref, Constant)]
    for document in documents:
        for named in paths_in(document):
            path = Path(os.path.abspath(named))  # noqa: PTH100 - links stay what they are
            if path.exists() and path != Path.cwd():
                yield path


def _declared(job: Job, root: Path) -> Iterator[Path]:
    for found in job.plan.files.values():
        for path in found:
            if (root / path).exists():
                yield root / path


def _quoted(field: str) -> str:
    """As a field of CSV, which this option is."""
    escaped = field.replace('"', '""')
    return f'"{escaped}"' if re.search(r'[",\n]', field) else field
