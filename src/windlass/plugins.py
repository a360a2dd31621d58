"""What other packages add: formats, targets, trackers, found by their entry points.

`importlib.metadata` takes 40 ms to import and reads every installed package's metadata; this
reads only the small files ``entry_points.txt``, in a few milliseconds, and only when something is
met that we don't know ourselves.
"""

from __future__ import annotations

import functools
import os
import sys
from collections.abc import Iterator
from typing import Any

from windlass import modules
from windlass.errors import ConfigError


@functools.cache
def entry_points(group: str) -> dict[str, str]:
    """The ``module:name`` of every entry point of a group, by its name.

    Raises:
        ConfigError: Two packages offer different things under one name.
    """
    found: dict[str, str] = {}
    givers: dict[str, str] = {}
    for package, text in _declarations():
        if group not in text:
            continue
        for name, ref in _section(text, group).items():
            if found.setdefault(name, ref) != ref:
                raise ConfigError(
                    f"two installed packages offer '{name}' in {group}: "
                    f"{givers[name]} and {package}",
                    hint="Uninstall one of them.",
                )
            givers[name] = package
    return found


def load(ref: str) -> Any:
    """The object behind a ``module:name``.

    Raises:
        ConfigError: It cannot be imported, or is not there.
    """
    try:
        return modules.resolve(ref.partition("[")[0].replace(" ", ""))
    except (ImportError, AttributeError) as error:
        raise ConfigError(
            f"the plug-in {ref} cannot be loaded: {error}",
            hint="Install the package that brings it again, or uninstall it.",
        ) from error


def _declarations() -> Iterator[tuple[str, str]]:
    """Every installed package that declares entry points, with the text; the first on the path."""
    seen = set()
    for folder in sys.path:
        for package, file in _files(folder or "."):
            if package not in seen:
                seen.add(package)
                try:
                    with open(file, encoding="utf-8") as stream:  # noqa: PTH123 (many, quickly)
                        yield package, stream.read()
                except (OSError, ValueError):  # it declares none, or nothing that can be read
                    continue


def _files(folder: str) -> Iterator[tuple[str, str]]:
    try:
        names = sorted(os.listdir(folder))  # noqa: PTH208 (a folder of thousands)
    except OSError:  # a zip file, or a folder that is gone
        return
    for name in names:
        if name.endswith((".dist-info", ".egg-info")):
            package = name.partition("-")[0].lower().replace(".", "_")
            yield package, f"{folder}/{name}/entry_points.txt"


def _section(text: str, group: str) -> dict[str, str]:
    from configparser import ConfigParser

    parser = ConfigParser(delimiters=("=",), interpolation=None)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read_string(text)
    return dict(parser[group]) if parser.has_section(group) else {}
