"""What other packages add: formats, targets, trackers, found by their entry points.

`importlib.metadata` takes 40 ms to import and reads every installed package's metadata; this
reads only the small files ``entry_points.txt``, in a few milliseconds, and only when something is
met that we don't know ourselves.
"""

from __future__ import annotations

import functools
import sys
from configparser import ConfigParser
from pathlib import Path
from typing import Any

from windlass import modules


@functools.cache
def entry_points(group: str) -> dict[str, str]:
    """The ``module:name`` of every entry point of a group, by its name."""
    found: dict[str, str] = {}
    for folder in sys.path:
        for file in sorted(Path(folder or ".").glob("*-info/entry_points.txt")):
            text = file.read_text(encoding="utf-8")
            if group in text:
                for name, ref in _section(text, group).items():
                    found.setdefault(name, ref)
    return found


def load(ref: str) -> Any:
    """The object behind a ``module:name``."""
    return modules.resolve(ref.partition("[")[0].strip())


def _section(text: str, group: str) -> dict[str, str]:
    parser = ConfigParser(delimiters=("=",), interpolation=None)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read_string(text)
    return dict(parser[group]) if parser.has_section(group) else {}
