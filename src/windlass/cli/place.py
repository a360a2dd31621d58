"""Which project and stack a command is about, and what FILE.py:PIPELINE names."""

from __future__ import annotations

from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any

from windlass import modules
from windlass.errors import ConfigError, DefinitionError, WindlassError

if TYPE_CHECKING:
    from windlass.execution.job import Stores
    from windlass.pipeline.pipeline import Pipeline


def stores_here(stack: str | None) -> Stores:
    """The stores of the project around the working directory."""
    from windlass.execution.stores import open_stores
    from windlass.provenance.project import find_project
    from windlass.stacks.stack import load_stack

    return open_stores(load_stack(stack, find_project(Path.cwd())))


def find_pipeline(named: str) -> Pipeline[Any, Any]:
    """The pipeline of ``FILE.py:PIPELINE`` or ``module.path:PIPELINE``.

    A file with one pipeline needs no name behind it.

    Raises:
        DefinitionError: There is no such file, module or pipeline.
    """
    place, _, name = named.partition(":")
    module = _load(place)
    found = _pipelines_of(module)
    if not found:
        raise DefinitionError(f"{place} holds no pipeline", hint="Decorate a function: @pipeline")
    if not name:
        own = {
            k: p
            for k, p in found.items()
            if modules.canonical(p.function.__module__) == module.__name__
        }
        if len(own) == 1:
            return next(iter(own.values()))
        raise ConfigError(
            f"{place} holds several pipelines: {', '.join(found)}",
            hint=f"Name one: {place}:{next(iter(own or found))}",
        )
    if name not in found:
        near = get_close_matches(name, found, 1) or [next(iter(found))]
        raise DefinitionError(
            f"there is no pipeline '{name}' in {place}, which holds {', '.join(found)}",
            hint=f"Did you mean {place}:{near[0]}?",
        )
    return found[name]


def _load(place: str) -> Any:
    try:
        if place.endswith(".py") or "/" in place:
            return modules.load_file(Path(place))
        return modules.import_module(place)
    except WindlassError:
        raise
    except Exception as error:
        if isinstance(error, ModuleNotFoundError) and error.name == place:
            raise DefinitionError(
                f"there is no file or module {place}", hint="Write it as FILE.py:PIPELINE."
            ) from None
        raise DefinitionError(_told(place, error)) from error


def _told(what: str, error: Exception) -> str:
    from windlass.execution.failure import describe_failure

    told = describe_failure(error)
    text = str(told["traceback"]).rstrip()
    return f"{what} cannot be imported: {told['kind']}: {told['message']}\n{text}"


def _pipelines_of(module: Any) -> dict[str, Pipeline[Any, Any]]:
    from windlass.pipeline.pipeline import Pipeline

    return {name: value for name, value in vars(module).items() if isinstance(value, Pipeline)}
