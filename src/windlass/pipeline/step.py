"""A step: a typed Python function that can be run, recorded, cached and retried."""

from __future__ import annotations

import functools
import inspect
import itertools
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Generic, ParamSpec, TypeVar, Unpack, cast, overload

from windlass import modules
from windlass.errors import DefinitionError
from windlass.pipeline.annotations import annotations_of
from windlass.pipeline.edges import UNEVEN_HINT, bound, uneven
from windlass.pipeline.graph import Mode
from windlass.pipeline.settings import Settings
from windlass.pipeline.symbols import EachItem, user_line
from windlass.pipeline.trace import active_tracer

if TYPE_CHECKING:
    from windlass.pipeline.keywords import StepKeywords

P = ParamSpec("P")
R = TypeVar("R")


_local: dict[str, Step[..., Any]] = {}
"""Steps that are defined in a function, by reference: only this process can find them."""


class Step(Generic[P, R]):
    """A function that a pipeline runs as one unit; made by `step`.

    Called outside a pipeline it is that function and nothing more.

    Attributes:
        function: The function itself.
        name: Its name; the node's too.
        settings: What it asks of the place where it runs.
        upstream: What it comes after, though no value passes.
    """

    def __init__(
        self, function: Callable[P, R], settings: Settings, upstream: tuple[object, ...] = ()
    ) -> None:
        self.signature = _signature(function)
        functools.update_wrapper(self, function)
        self.function = function
        self.name = function.__name__
        self.settings = settings
        self.upstream = upstream
        if _is_local(self.reference):
            _local.setdefault(self.reference, self)

    def __repr__(self) -> str:
        return f"<step {self.reference}>"

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        """Runs it as the plain function it is; in a pipeline that is traced, notes the call."""
        __tracebackhide__ = True  # in IPython and pytest, where the function raises
        tracer = active_tracer()
        if tracer is not None:
            self._check_name()
            return cast("R", tracer.call(self, self._bind(args, kwargs), "single"))
        _refuse_each(self.name, args, kwargs)
        return self.function(*args, **kwargs)

    def map(self, *args: P.args, **kwargs: P.kwargs) -> list[R]:
        """Runs the step once for each item of the `each` arguments, side by side.

        The others are the same for every item. Lists of different lengths are refused.
        """
        return self._mapped("zip", args, kwargs)

    def product(self, *args: P.args, **kwargs: P.kwargs) -> list[R]:
        """Runs the step once for every combination of the `each` arguments, the last fastest."""
        return self._mapped("product", args, kwargs)

    def after(self, *upstream: object) -> Step[P, R]:
        """The same step, to be called after these outputs of other steps, which it doesn't take."""
        return Step(self.function, self.settings, (*self.upstream, *upstream))

    def options(self, **changes: Unpack[StepKeywords]) -> Step[P, R]:
        """The same step with other settings: those of `step`.

        Raises:
            DefinitionError: There is no such setting, or its value is out of range.
        """
        return Step(self.function, self.settings.but(**changes), self.upstream)

    @property
    def reference(self) -> str:
        """The ``module:qualname`` by which a worker finds it."""
        return modules.reference(self.function)

    @property
    def returns(self) -> Any:
        """The annotation of what it returns; Any if there is none."""
        return annotations_of(self.function).get("return", Any)

    def annotation(self, parameter: str) -> Any:
        """The annotation of a parameter; Any if there is none."""
        return annotations_of(self.function).get(parameter, Any)

    def call_with(self, arguments: Mapping[str, Any]) -> R:
        """Calls the function with arguments by name, positional-only ones included."""
        rest = dict(arguments)
        positional = [
            rest.pop(name)
            for name, parameter in self.signature.parameters.items()
            if parameter.kind is parameter.POSITIONAL_ONLY and name in rest
        ]
        return cast("Callable[..., R]", self.function)(*positional, **rest)

    def _bind(self, args: Any, kwargs: Any) -> dict[str, Any]:
        return bound(self.signature, self.name, args, kwargs)

    def _check_name(self) -> None:
        """Refuses a step whose name is that of another by now: a worker would find the other."""
        if _is_local(self.reference):
            _local[self.reference] = self  # of several that one function made, the one that is run
            return
        if self.function.__module__ == "__main__" and modules.notebook_module() is not None:
            return  # a cell's: what runs is the module that the cells become
        try:
            found = step_of(self.reference)
        except (ImportError, AttributeError):
            return  # the target says whether it can do without
        if found.function is not self.function:
            raise DefinitionError(
                f"{user_line()}the name '{self.reference}' is not that of this step any more, but "
                "of one that was defined later",
                hint="Give every step a name of its own.",
            )

    def _mapped(self, mode: Mode, args: Any, kwargs: Any) -> list[R]:
        arguments = self._bind(args, kwargs)
        tracer = active_tracer()
        if tracer is not None:
            self._check_name()
            return cast("list[R]", tracer.call(self, arguments, mode))
        lists = {k: v.values for k, v in arguments.items() if type(v) is EachItem}
        if not lists:
            raise DefinitionError(
                f"nothing to map '{self.name}' over",
                hint=f"Mark at least one argument: {self.name}.map(each(values)).",
            )
        combinations = _combinations(self.name, mode, lists)
        return [self.call_with({**arguments, **items}) for items in combinations]


def step_of(reference: str) -> Step[..., Any]:
    """The step that a node names; its module is imported.

    A name may hold the plain function where the step was made by a call: ``fast = step(slow)``.
    """
    found: Any = _local.get(reference) or modules.resolve(reference)
    while not isinstance(found, Step) and hasattr(found, "__wrapped__"):
        found = found.__wrapped__
    return found if isinstance(found, Step) else Step(found, Settings())


def _is_local(reference: str) -> bool:
    return "<locals>" in reference


def _combinations(name: str, mode: Mode, lists: Mapping[str, list[Any]]) -> list[dict[str, Any]]:
    """The mapped arguments of every item, in the order of the map's results."""
    if mode == "product":
        rows = itertools.product(*lists.values())
    elif len({len(items) for items in lists.values()}) > 1:
        raise DefinitionError(
            uneven(name, {key: len(items) for key, items in lists.items()}), hint=UNEVEN_HINT
        )
    else:
        rows = zip(*lists.values(), strict=True)  # type: ignore[assignment]
    return [dict(zip(lists, row, strict=True)) for row in rows]


def _refuse_each(name: str, args: Any, kwargs: Any) -> None:
    if any(type(value) is EachItem for value in (*args, *kwargs.values())):
        raise DefinitionError(
            f"each() in a plain call of '{name}'",
            hint=f"Write {name}.map(…) to run it on each item.",
        )


def _signature(function: Callable[..., Any]) -> inspect.Signature:
    name = getattr(function, "__name__", repr(function))
    if not inspect.isfunction(function) or not name.isidentifier():
        raise DefinitionError(f"{name} cannot be a step", hint="Decorate a function: def …")
    if next(iter(inspect.signature(function).parameters), None) == "self":
        raise DefinitionError(
            f"'{function.__qualname__}' is a method, which has no meaning without its object",
            hint="Write a function at the top of the file, and pass it what it needs.",
        )
    if inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function):
        raise DefinitionError(
            f"the step '{name}' is async", hint="Call asyncio.run(…) inside a plain function."
        )
    signature = inspect.signature(function)
    for parameter in signature.parameters.values():
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            raise DefinitionError(
                f"the step '{name}' takes {parameter}, which names no argument",
                hint="Name every parameter; a list or a dict takes many values.",
            )
    return signature


@overload
def step(function: Callable[P, R], /) -> Step[P, R]: ...


@overload
def step(
    *,
    retries: int = 0,
    retry_delay: float = 1.0,
    timeout: float | None = None,
    cpus: int = 1,
    memory: str | None = None,
    gpus: int = 0,
    cache: bool | str = True,
    environment: str | None = None,
    allow_pickle: bool = False,
    seeded: bool = True,
    files: Sequence[str] = (),
    variables: Sequence[str] = (),
) -> Callable[[Callable[P, R]], Step[P, R]]: ...


def step(function: Callable[..., Any] | None = None, /, **settings: Any) -> Any:
    """Makes a function a step.

    Use it bare, ``@step``, or with settings, ``@step(retries=2, timeout=600)``.

    Args:
        function: A function with named, annotated parameters.
        **settings: See `windlass.pipeline.settings.Settings`.

    Raises:
        DefinitionError: The function cannot be a step, or a setting is unknown or out of range.
    """
    if function is None:
        return functools.partial(_make, settings=Settings().but(**settings))
    return _make(function, Settings())


def _make(function: Callable[P, R], settings: Settings) -> Step[P, R]:
    if isinstance(function, Step):
        raise DefinitionError(f"{function.name} is a step already")
    return Step(function, settings)
