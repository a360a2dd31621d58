"""A notebook as the body of a function, and so as a step."""

from __future__ import annotations

import functools
import inspect
import random
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

from windlass.artifacts.documents import HTML
from windlass.classes import is_namedtuple_class
from windlass.errors import DefinitionError
from windlass.execution.notebook_kernel import GIVE, keep_cell, read_kept, write_given
from windlass.pipeline.annotations import annotations_of
from windlass.pipeline.pipeline import Pipeline
from windlass.pipeline.step import Step
from windlass.pipeline.symbols import user_line
from windlass.pipeline.trace import active_tracer
from windlass.provenance.cells.file import NOTEBOOK, notebook_code

P = ParamSpec("P")
R = TypeVar("R")

_TAG = "parameters"
_ORDER = "Write @step above it: first @step, then @notebook(…), then the function."


def notebook(path: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Makes a function run a notebook, with its arguments as the notebook's variables.

    The function says what comes and goes, and its body is not run:

        class Explored(NamedTuple):
            best: int      # the notebook's variable of that name
            page: HTML     # the notebook as it was run

        @step
        @notebook("explore.ipynb")
        def explore(data: pd.DataFrame, depth: int = 6) -> Explored: ...

    Arguments are set after the cell that is tagged ``parameters``, or before the first.

    Args:
        path: The notebook, seen from the file that the function is in.

    Raises:
        DefinitionError: There is no such notebook, or the function returns neither `HTML` nor a
            NamedTuple, or is a step already.
    """
    if callable(path):
        raise DefinitionError(
            "@notebook is given no notebook", hint='Name its file: @notebook("explore.ipynb").'
        )

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        if isinstance(function, Step | Pipeline):
            raise DefinitionError(
                f"@notebook stands above what makes '{function.name}' a step or pipeline",
                hint=_ORDER,
            )
        file = _folder_of(function) / path
        notebook_code(file)
        outputs = _outputs(function)

        @functools.wraps(function)
        def run(*args: P.args, **kwargs: P.kwargs) -> R:
            _refuse_in_pipeline(function.__name__)
            bound = inspect.signature(function).bind(*args, **kwargs)
            bound.apply_defaults()
            page, values = run_notebook(file, bound.arguments, outputs)
            returns: Any = annotations_of(function)["return"]
            if returns is HTML:
                return page  # type: ignore[return-value]
            found: R = returns(**{name: values.get(name, page) for name in returns._fields})
            return found

        setattr(run, NOTEBOOK, str(file))
        return run

    return decorate


def _refuse_in_pipeline(name: str) -> None:
    """Refuses to run a notebook while a pipeline is traced, which would run it without a record."""
    if active_tracer() is not None:
        raise DefinitionError(
            f"{user_line()}'{name}' runs a notebook and is no step, so a pipeline cannot call it",
            hint=_ORDER,
        )


def _folder_of(function: Callable[..., Any]) -> Path:
    file = getattr(sys.modules.get(function.__module__), "__file__", None)
    return Path.cwd() if file is None else Path(file).resolve().parent


def _outputs(function: Callable[..., Any]) -> tuple[str, ...]:
    """The notebook's variables that a function returns."""
    returns: Any = annotations_of(function).get("return")
    if returns is HTML:
        return ()
    if not is_namedtuple_class(returns):
        raise DefinitionError(
            f"'{function.__name__}' runs a notebook and promises neither HTML nor a NamedTuple",
            hint="Return windlass.HTML, the page; or a NamedTuple of the notebook's variables.",
        )
    fields = annotations_of(returns)
    return tuple(name for name in returns._fields if fields.get(name) is not HTML)


def run_notebook(
    file: Path, arguments: Mapping[str, Any], outputs: tuple[str, ...] = ()
) -> tuple[HTML, dict[str, Any]]:
    """Runs a notebook in a kernel of its own, in the notebook's folder.

    What it prints is printed here. Generators are seeded from Python's own in this process.

    Args:
        file: The notebook.
        arguments: Variables to set.
        outputs: Variables to return.

    Returns:
        The notebook as it was run, and the variables.

    Raises:
        NotebookError: A cell failed, or a variable was not set.
        ConfigError: What runs notebooks is not installed.
    """
    from windlass.execution.notebook_run import execute_notebook, page_of

    with tempfile.TemporaryDirectory(prefix="windlass-") as name:
        folder = Path(name)
        write_given(folder, arguments, random.getrandbits(63))
        notebook = execute_notebook(file, folder, GIVE, keep_cell(outputs), _TAG, arguments)
        return page_of(notebook, file.stem), read_kept(folder, file.name)
