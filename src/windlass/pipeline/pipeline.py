"""A pipeline: a Python function that calls steps."""

from __future__ import annotations

import functools
import inspect
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, ParamSpec, TypeVar, Unpack, cast, overload

from windlass import modules
from windlass.errors import DefinitionError, ParameterError
from windlass.pipeline import types
from windlass.pipeline.annotations import annotations_of
from windlass.pipeline.edges import bound
from windlass.pipeline.graph import Graph
from windlass.pipeline.parameters import Parameter, named, parameters_of
from windlass.pipeline.settings import RunOptions
from windlass.pipeline.symbols import Symbol, user_line
from windlass.pipeline.trace import Tracer, active_tracer

if TYPE_CHECKING:
    from windlass.execution.run import Run
    from windlass.pipeline.keywords import RunKeywords

P = ParamSpec("P")
R = TypeVar("R")
A = TypeVar("A")
B = TypeVar("B")


class Pipeline(Generic[P, R]):
    """A function that calls steps; made by `pipeline`.

    Called, it just runs, and nothing is recorded. Called in another pipeline, it becomes a group
    of that pipeline's graph.

    Attributes:
        function: The function itself.
        name: Its name; runs are named after it.
        settings: How its runs are made.
    """

    def __init__(self, function: Callable[P, R], settings: RunOptions) -> None:
        functools.update_wrapper(self, function)
        self.function = function
        self.name = function.__name__
        self.settings = settings
        self._is_changed = False

    def __repr__(self) -> str:
        return f"<pipeline {self.reference}>"

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        """Runs it as the plain function it is; in a pipeline that is traced, notes the call."""
        __tracebackhide__ = True  # in IPython and pytest, where the function raises
        tracer = active_tracer()
        if tracer is None:
            return self.function(*args, **kwargs)
        if self._is_changed:
            raise DefinitionError(
                f"{user_line()}'{self.name}' is called in a pipeline with options for its runs",
                hint="Here it is a part of another run: give the options to that one.",
            )
        arguments = bound(inspect.signature(self.function), self.name, args, kwargs)
        return cast("R", tracer.group(self.name, self.function, arguments))

    def graph(self) -> Graph:
        """The traced DAG. It is the same whatever the parameters: they are not known in it.

        Raises:
            DefinitionError: The pipeline is written wrong.
        """
        annotations = {name: parameter.annotation for name, parameter in self.parameters.items()}
        return Tracer().trace(self.name, self.function, annotations)

    def run(self, *args: P.args, **kwargs: P.kwargs) -> Run[R]:
        """Runs the pipeline with a record, and waits for it.

        Args:
            *args: Parameters of the pipeline, as for a plain call.
            **kwargs: The same, by name.

        Returns:
            The finished run; its `status` tells whether it succeeded.

        Raises:
            ParameterError: A parameter is unknown, missing or of the wrong type.
            DefinitionError: The pipeline is written wrong.
        """
        if active_tracer() is not None:
            raise DefinitionError(
                f"{user_line()}'{self.name}' is run in a pipeline that is traced",
                hint=f"Call it, {self.name}(…): it becomes a part of this pipeline.",
            )
        # The floor that launches runs is named, not imported: this one knows nothing of stores.
        launch = cast("Callable[..., Run[R]]", modules.resolve("windlass.targets.launch:launch"))
        given = named(self.name, self.parameters, args, kwargs)
        self._refuse_options(given)
        return launch(self, given, self.settings)

    def _refuse_options(self, given: Mapping[str, Any]) -> None:
        for name in given.keys() - self.parameters.keys() & RunOptions.__dataclass_fields__.keys():
            raise ParameterError(
                f"{self.name} has no parameter '{name}': it is an option of the run",
                hint=f"Write {self.name}.options({name}=…).run(…).",
            )

    def options(self, **changes: Unpack[RunKeywords]) -> Pipeline[P, R]:
        """The same pipeline, its runs made otherwise: see `RunOptions` for what there is.

        Raises:
            DefinitionError: There is no such option, or its value is out of range.
        """
        changed = Pipeline(self.function, self.settings.but(**changes))
        changed._is_changed = True
        return changed

    @property
    def reference(self) -> str:
        """The ``module:qualname`` by which a worker finds it."""
        return modules.reference(self.function)

    @property
    def file(self) -> Path | None:
        """The file that it is written in; None at a prompt or in a notebook."""
        module = sys.modules.get(self.function.__module__)
        file = getattr(module, "__file__", None)
        return Path(file).resolve() if file else None

    @property
    def returns(self) -> Any:
        """The annotation of what it returns; Any if there is none."""
        return annotations_of(self.function).get("return", Any)

    @functools.cached_property
    def parameters(self) -> dict[str, Parameter]:
        """What it takes, by name."""
        return parameters_of(self.function)


@overload
def pipeline(function: Callable[P, R], /) -> Pipeline[P, R]: ...


@overload
def pipeline(
    **options: Unpack[RunKeywords],
) -> Callable[[Callable[P, R]], Pipeline[P, R]]: ...


def pipeline(function: Callable[..., Any] | None = None, /, **options: Any) -> Any:
    """Makes a function that calls steps a pipeline.

    Use it bare, ``@pipeline``, or with options for its runs, ``@pipeline(seed=7)``.

    Args:
        function: A function with named, annotated parameters.
        **options: See `windlass.pipeline.settings.RunOptions`.

    Raises:
        DefinitionError: The function cannot be a pipeline, or an option is unknown.
    """
    if function is None:
        return functools.partial(_make, settings=RunOptions().but(**options))
    return _make(function, RunOptions())


def _make(function: Callable[P, R], settings: RunOptions) -> Pipeline[P, R]:
    if not inspect.isfunction(function) or not function.__name__.isidentifier():
        raise DefinitionError(f"{function!r} cannot be a pipeline", hint="Decorate a function.")
    if inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function):
        raise DefinitionError(
            f"the pipeline '{function.__name__}' is async", hint="Write def, without async."
        )
    if inspect.isgeneratorfunction(function):
        raise DefinitionError(
            f"the pipeline '{function.__name__}' yields", hint="Return a list of outputs."
        )
    for parameter in inspect.signature(function).parameters.values():
        if parameter.kind not in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY):
            raise DefinitionError(
                f"the pipeline '{function.__name__}' takes {parameter}, which has no name",
                hint="Name every parameter.",
            )
    return Pipeline(function, settings)


def either(condition: bool, then: Callable[[], A], otherwise: Callable[[], B]) -> A | B:
    """Runs one of two branches.

    Args:
        condition: The output of a step that returns a bool, or a bool parameter.
        then: Calls steps; what it calls runs only if the condition is true.
        otherwise: The same, if it is false.

    Returns:
        What the branch that ran returned.

    Raises:
        DefinitionError: The condition is no bool, or a branch no function.
    """
    for branch in (then, otherwise):
        if isinstance(branch, Symbol) or not callable(branch):
            raise DefinitionError(
                f"{user_line()}a branch of either() has been called already: it is {branch!r:.100}",
                hint="Pass functions, of which one will be called: lambda: publish(best)",
            )
    tracer = active_tracer()
    if tracer is not None and isinstance(condition, Symbol | bool):
        return cast("A | B", tracer.choose(condition, then, otherwise))
    problem = types.check(condition, bool)
    if problem is not None:
        raise DefinitionError(
            f"{user_line()}the condition of either() {problem}", hint="Pass a bool."
        )
    return then() if condition else otherwise()
