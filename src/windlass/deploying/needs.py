"""What a release needs where it is served: packages, and perhaps the code of its project.

An artifact names the classes that it is made of, and the format that reads it; these name the
packages. What they require in turn is for uv to find. A pickle names nothing, and code of the
project may use anything: then all that the step uses which made the model is taken.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable, Iterator
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import NamedTuple

from windlass.errors import LockError
from windlass.execution.job import open_job
from windlass.models.version import Version
from windlass.provenance.distributions import normalised
from windlass.provenance.environment import Environment
from windlass.provenance.fingerprint import read_fingerprint
from windlass.serving.releases import Release

_READ_BY = {
    "sklearn": ("sklearn", "skops"),
    "torch": ("torch", "safetensors"),
    "onnx": ("onnx", "onnxruntime"),
    "lightgbm": ("lightgbm", "sklearn"),
    **{each: (each,) for each in ("numpy", "pandas", "polars", "scipy", "xgboost", "catboost")},
}
"""What a format needs, by the first part of its name; those of plain values need nothing."""
_OPAQUE = ("keras",)
"""Libraries whose models compute by others that they do not name."""


_TOP = re.compile(r"(\w+)[.:]")


class Needs(NamedTuple):
    """What a release needs.

    Args:
        packages: The names of distributions, sorted.
        code: Whether it needs modules of its project.
    """

    packages: tuple[str, ...]
    code: bool


def needs_of(release: Release, version: Version, made_in: Environment) -> Needs:
    """What a release needs.

    Args:
        release: The release.
        version: Its version, as the record has it.
        made_in: The environment that it was made in.

    Raises:
        LockError: It is made of classes of a package that this environment does not have.
    """
    tops = _tops(release)
    own = {each for each in tops if _is_own(each, release.document["code"])}
    names = {*_distributions(tops - own, made_in, release.name)}
    parts = release.document["artifacts"]
    if own or tops & {*_OPAQUE} or any(each["pickled"] for each in parts):
        names |= _all_used(version, made_in)
    return Needs(tuple(sorted(names)), bool(own))


def _tops(release: Release) -> set[str]:
    """The names of the packages, as they are imported, that its parts are made of and read by."""
    facts = release.evidence["facts"] or {}
    tops = {str(facts.get("data"))} & {*_READ_BY}
    for part in release.document["artifacts"]:
        tops |= {*_READ_BY.get(part["format"].partition(".")[0], ())}
        named = (_TOP.match(each) for each in (part["type"], *part["classes"]))
        tops |= {found[1] for found in named if found}
    return tops - sys.stdlib_module_names - {"windlass"}


def _is_own(top: str, folders: Iterable[str]) -> bool:
    places = [Path(folder) / top for folder in folders]
    return any(each.with_suffix(".py").exists() or each.is_dir() for each in places)


def _distributions(tops: Iterable[str], made_in: Environment, name: str) -> Iterator[str]:
    recorded = {each.name for each in made_in.packages}
    known = packages_distributions()
    for top in sorted(tops):
        found = {normalised(each) for each in (*known.get(top, ()), top)} & recorded
        if not found:
            raise LockError(
                f"{name} is made of classes of '{top}', which no package has that was installed "
                "where it was made",
                hint="Let the project require that package, and make the version again.",
            )
        yield from found


def _all_used(version: Version, made_in: Environment) -> set[str]:
    """The distributions that the step uses by which a version was made; of no step, all."""
    recorded = {each.name for each in made_in.packages if each.name != "windlass"}
    row, records = version.row, version.stores.records
    if row.run is None or row.node is None:
        return recorded
    plan = open_job(row.run, version.stores).plan
    code = plan.code[plan.graph.nodes[row.node.partition("[")[0]].step]
    return recorded & read_fingerprint(json.loads(records.fingerprint(code))).distributions.keys()
