"""Which project and stack a command is about, and what FILE.py:PIPELINE names."""

from __future__ import annotations

import sys
import traceback
from difflib import get_close_matches
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from windlass import modules
from windlass.errors import ConfigError, DefinitionError, WindlassError
from windlass.modules import is_user_file

if TYPE_CHECKING:
    from windlass.execution.job import Stores
    from windlass.pipeline.pipeline import Pipeline
    from windlass.stacks.stack import Stack

_PANDERA = "Install it: pip install 'windlass[pandera]'"
_HOW = "Write it as FILE.py:PIPELINE."


def stack_here(stack: str | None) -> Stack:
    """A stack of the project around the working directory."""
    from windlass.provenance.project import find_project
    from windlass.stacks.stack import load_stack

    return load_stack(stack, find_project(Path.cwd()))


def stores_here(stack: str | None) -> Stores:
    """The stores of the project around the working directory; a look makes none.

    Raises:
        ConfigError: Nothing was recorded here yet.
    """
    from windlass.execution.stores import open_recorded

    return open_recorded(stack_here(stack))


def find_pipeline(named: str) -> Pipeline[Any, Any]:
    """The pipeline of ``FILE.py:PIPELINE`` or ``module.path:PIPELINE``.

    A file with one pipeline of its own needs no name behind it.

    Raises:
        DefinitionError: There is no such file, module or pipeline, or it cannot be imported.
        ConfigError: It holds several, and none is named.
    """
    place, name = _parts(named)
    module = _load(place)
    found = _pipelines_of(module)
    if name in found:
        return found[name]
    if name:
        raise _no_pipeline(place, name, module, list(found))
    if not found:
        raise DefinitionError(f"{place} holds no pipeline", hint="Decorate a function: @pipeline")
    own = [p for p in found.values() if modules.canonical(p.function.__module__) == module.__name__]
    if len(own) == 1:
        return own[0]
    raise ConfigError(
        f"{place} holds several pipelines: {', '.join(found)}",
        hint=f"Name one: {place}:{next(iter(found))}",
    )


def _parts(named: str) -> tuple[str, str]:
    if named.endswith(".py") or ":" not in named:
        return named, ""
    place, _, name = named.rpartition(":")
    return place, name


def _no_pipeline(place: str, name: str, module: ModuleType, found: list[str]) -> DefinitionError:
    if callable(getattr(module, name, None)):
        return DefinitionError(
            f"{name} in {place} is a {_kind(getattr(module, name))}, not a pipeline",
            hint=f"Call it from a function decorated with @pipeline, and run that.{_others(found)}",
        )
    near = get_close_matches(name, found, 1)
    hint = f"Did you mean {place}:{near[0]}?" if near else "Decorate a function: @pipeline"
    return DefinitionError(
        f"there is no pipeline '{name}' in {place}, which holds {', '.join(found) or 'none'}",
        hint=hint,
    )


def _others(found: list[str]) -> str:
    return f" There is: {', '.join(found)}." if found else ""


def _kind(value: object) -> str:
    from windlass.pipeline.step import Step

    return "step" if isinstance(value, Step) else type(value).__name__


def _load(place: str) -> ModuleType:
    try:
        if place.endswith(".py") or "/" in place:
            _find_project_modules(Path(place))
            return modules.load_file(Path(place))
        return _load_module(place)
    except WindlassError:
        raise
    except (Exception, SystemExit) as error:
        hint = _PANDERA if getattr(error, "name", "") == "pandera" else None
        raise DefinitionError(_cannot_import(place, error), hint=hint) from error


def _find_project_modules(file: Path) -> None:
    """Lets a pipeline in a folder of its project import what lies at the project's root."""
    from windlass.provenance.project import find_project, is_marked

    root = find_project(file).root
    if is_marked(root) and str(root) not in sys.path:
        sys.path.append(str(root))  # last: what lies beside the file comes first


def _load_module(name: str) -> ModuleType:
    if not all(part.isidentifier() for part in name.split(".")):
        raise DefinitionError(f"'{name}' is neither a Python file nor a module", hint=_HOW)
    if str(Path.cwd()) not in sys.path:  # as `python -m` does; a console script does not
        sys.path.insert(0, str(Path.cwd()))
    try:
        return modules.import_module(name)
    except ModuleNotFoundError as error:
        if error.name is not None and f"{name}.".startswith(f"{error.name}."):
            raise DefinitionError(f"there is no file or module '{name}'", hint=_HOW) from None
        raise


def _cannot_import(place: str, error: BaseException) -> str:
    """Why a user's file cannot be imported, and where in their own files that shows."""
    *details, what = traceback.format_exception_only(error)
    if isinstance(error, SystemExit):
        what = f"it calls sys.exit({error.code!r}) when it is imported"
    frames = [f for f in traceback.extract_tb(error.__traceback__) if is_user_file(f.filename)]
    lines = "".join([*traceback.format_list(frames), *details]).rstrip()
    return f"{place} cannot be imported: {what.rstrip()}\n{lines}".rstrip()


def _pipelines_of(module: ModuleType) -> dict[str, Pipeline[Any, Any]]:
    from windlass.pipeline.pipeline import Pipeline

    return {name: value for name, value in vars(module).items() if isinstance(value, Pipeline)}
