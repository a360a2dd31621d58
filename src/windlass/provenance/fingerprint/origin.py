"""Whose code it is: the project's, an installed distribution's, Python's, or our own."""

from __future__ import annotations

import functools
import os
import site
import sys
import sysconfig
from types import ModuleType
from typing import Literal, NamedTuple, TypeAlias

from windlass.provenance.distributions import is_site

Owner: TypeAlias = Literal["project", "distribution", "python", "windlass"]

_OURS = os.path.dirname(os.path.dirname(os.path.dirname(__file__)))  # noqa: PTH120


class Origin(NamedTuple):
    """Where code comes from.

    Args:
        owner: Whose it is.
        name: The top-level name that it is imported by, if it is not the project's.
    """

    owner: Owner
    name: str = ""


PROJECT = Origin("project")


@functools.cache
def origin_of_file(file: str) -> Origin:
    """Whose a source file is. What is installed nowhere is the project's, whatever its folder."""
    if file.startswith("<frozen "):
        return Origin("python", file[8:-1].partition(".")[0])
    if not file.startswith("<"):
        file = _real(file)
    if file.startswith(f"{_OURS}{os.sep}"):
        return Origin("windlass", "windlass")
    for folder in _sites():
        if file.startswith(f"{folder}{os.sep}"):
            return Origin("distribution", _top(file, folder))
    for folder in _python_folders():
        if file.startswith(f"{folder}{os.sep}"):
            return Origin("python", _top(file, folder))
    return PROJECT


def _real(file: str) -> str:
    """As `os.path.realpath`, without looking at every folder on the way for each file in it."""
    if os.path.islink(file):  # noqa: PTH114
        return os.path.realpath(file)
    folder, name = os.path.split(file)
    return os.path.join(_real_folder(folder), name)  # noqa: PTH118


_real_folder = functools.cache(os.path.realpath)


def origin_of_module(name: str) -> Origin:
    """Whose a module is, by its name; it need not be imported."""
    module = sys.modules.get(name)
    file = _file(module)
    if file is not None:
        return origin_of_file(file)
    top = name.partition(".")[0]
    if top == "__main__":  # a notebook or a prompt
        return PROJECT
    if top in sys.stdlib_module_names or (module is None and top in sys.builtin_module_names):
        return Origin("python", top)
    if module is None or top != name:
        return _origin_of_top(top)
    return _origin_of_namespace(module)


def origin_of_living(module: ModuleType) -> Origin:
    """Whose a module object is, also of one that was loaded by its path and is not listed."""
    file = _file(module)
    if file is not None and sys.modules.get(module.__name__) is not module:
        return origin_of_file(file)
    return origin_of_module(module.__name__)


def is_there(name: str) -> bool:
    """Whether the top-level module of a name can be imported now."""
    import importlib.util

    top = name.partition(".")[0]
    try:
        return top in sys.modules or importlib.util.find_spec(top) is not None
    except (ImportError, ValueError, AttributeError):
        return False


def _origin_of_top(top: str) -> Origin:
    import importlib.util

    file = _file(sys.modules.get(top))
    if file is None:
        try:
            spec = importlib.util.find_spec(top)
        except (ImportError, ValueError, AttributeError):
            spec = None
        places = [] if spec is None else [spec.origin, *(spec.submodule_search_locations or ())]
        file = next((each for each in places if each and os.sep in each), None)
    return Origin("distribution", top) if file is None else origin_of_file(file)


def _origin_of_namespace(module: ModuleType) -> Origin:
    for folder in getattr(module, "__path__", ()):
        return origin_of_file(os.path.join(folder, "__init__.py"))  # noqa: PTH118
    return (
        PROJECT
        if isinstance(getattr(module, "__spec__", None), type(None))
        else Origin("distribution", module.__name__.partition(".")[0])
    )


def _file(module: ModuleType | None) -> str | None:
    file = getattr(module, "__file__", None)
    return file if isinstance(file, str) else None


def _top(file: str, folder: str) -> str:
    return file[len(folder) + 1 :].partition(os.sep)[0].partition(".")[0]


@functools.cache
def _sites() -> tuple[str, ...]:
    """The folders that distributions are installed into, the longest first."""
    paths = sysconfig.get_paths()
    found = {paths["purelib"], paths["platlib"], *site.getsitepackages()}
    found.add(site.getusersitepackages())
    found |= {path for path in sys.path if is_site(path)}
    return tuple(sorted({os.path.realpath(each) for each in found}, key=len, reverse=True))


@functools.cache
def _python_folders() -> tuple[str, ...]:
    paths = sysconfig.get_paths()
    return tuple({os.path.realpath(paths[each]) for each in ("stdlib", "platstdlib")})
