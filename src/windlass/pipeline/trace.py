"""Tracing: a pipeline's function is called once with symbols, and every step call is noted."""

from __future__ import annotations

import contextlib
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Union

from windlass import modules, values
from windlass.errors import (
    DefinitionError,
    EdgeTypeError,
    FormatError,
    WindlassError,
)
from windlass.pipeline import types
from windlass.pipeline.annotations import annotations_of
from windlass.pipeline.edges import UNEVEN_HINT, check_edge, item_of, known_length, uneven
from windlass.pipeline.graph import (
    Branch,
    Choice,
    Constant,
    Each,
    FromChoice,
    FromNode,
    FromParameter,
    Gathered,
    Graph,
    Keyed,
    Mode,
    Node,
    Ref,
)
from windlass.pipeline.guards import borders_of, refuse_checks
from windlass.pipeline.identity import refuse_identity
from windlass.pipeline.marks import check_marks, marks_of
from windlass.pipeline.symbols import (
    MARK,
    EachItem,
    Symbol,
    about,
    annotation_of,
    definition_line,
    fields_of,
    holds_symbol,
    namedtuple_of,
    user_line,
)

if TYPE_CHECKING:
    from windlass.pipeline.step import Step

_active: ContextVar[Tracer | None] = ContextVar("windlass_tracer", default=None)


def active_tracer() -> Tracer | None:
    """The tracer of the pipeline that is being traced here, if one is."""
    return _active.get()


class Tracer:
    """Collects the nodes and choices of one graph."""

    def __init__(self) -> None:
        self._nodes: dict[str, Node] = {}
        self._choices: dict[str, Choice] = {}
        self._names: set[str] = set()
        self._functions: dict[str, object] = {}
        self._counts: dict[str, int] = {}
        self._groups: tuple[str, ...] = ()
        self._calling: list[object] = []
        self._defined: str | None = None
        self._when: tuple[Branch, ...] = ()

    def trace(
        self, name: str, function: Callable[..., Any], parameters: Mapping[str, Any]
    ) -> Graph:
        """The graph of a pipeline's function, its parameters given by name and annotation."""
        symbols = {
            key: Symbol(FromParameter(key), annotation, f"the parameter '{key}'", self)
            for key, annotation in parameters.items()
        }
        token = _active.set(self)
        try:
            with _telling(name):
                result = self.enter(function, symbols)
        finally:
            _active.reset(token)
        self._defined = definition_line(function)
        check_marks(self._nodes.values())
        return Graph(name, self._nodes, self._choices, self._ref(result, "the pipeline's result"))

    def enter(self, function: Callable[..., Any], arguments: Mapping[str, Any]) -> Any:
        """Calls a pipeline's function; checks what it takes and returns as annotated."""
        if function in self._calling:
            raise DefinitionError(
                f"{user_line()}the pipeline '{function.__name__}' calls itself, which cannot end "
                "while it is traced",
                hint="Repeat inside a step, or map a step over a list.",
            )
        refuse_identity(function, arguments)
        refuse_checks(function)
        self._calling.append(function)
        try:
            result = function(**arguments)
        finally:
            self._calling.pop()
        returns = annotations_of(function).get("return", Any)
        where, line = f"the result of '{function.__name__}'", definition_line(function)
        check_edge(where, result, returns, "promises", line)
        return result

    def call(self, step: Step[..., Any], arguments: Mapping[str, Any], mode: Mode) -> Symbol:
        """Notes one call of a step; returns the symbol of what it will give."""
        inputs = {
            name: self._argument(step, name, value, mode) for name, value in arguments.items()
        }
        self._check_lengths(step, inputs, mode)
        if self._functions.setdefault(step.reference, step.function) is not step.function:
            raise DefinitionError(
                f"{user_line()}two different steps are called '{step.reference}'",
                hint="Define each at the top of a file, under a name of its own.",
            )
        returns = step.returns
        borders_of(step.function)
        node = Node(
            name=self._unique(step.name),
            step=step.reference,
            inputs=inputs,
            mode=mode,
            after=self._after(step),
            when=self._when,
            settings=step.settings.to_json(),
            outputs=fields_of(returns) or ("output",),
            marks=marks_of(returns, namedtuple_of(returns)),
        )
        self._nodes[node.name] = node
        annotation = list[returns] if mode != "single" else returns  # type: ignore[valid-type]
        return Symbol(FromNode(node.name), annotation, f"the output of '{node.name}'", self)

    def choose(
        self, condition: Any, then: Callable[[], Any], otherwise: Callable[[], Any]
    ) -> Symbol:
        """Notes an `either`; both branches are traced, each under its condition."""
        ref = self._ref(condition, "the condition of either()")
        kind = annotation_of(condition)
        if not types.assignable(kind, bool):
            raise EdgeTypeError(
                f"{user_line()}the condition of either() is {types.describe(kind)}, not a bool",
                hint="Pass the output of a step that returns a bool.",
            )
        name = self._unique("either")
        # Its place is taken before its branches are traced, so that an outer choice comes first.
        self._choices[name] = Choice(name, ref, ref, ref, self._when)
        then_ref, then_kind = self._branch(name, True, then)
        else_ref, else_kind = self._branch(name, False, otherwise)
        self._choices[name] = Choice(name, ref, then_ref, else_ref, self._when)
        kind = Union[then_kind, else_kind]  # noqa: UP007 (they are values here, not syntax)
        return Symbol(FromChoice(name), kind, f"the value of '{name}'", self)

    def group(self, name: str, function: Callable[..., Any], arguments: Mapping[str, Any]) -> Any:
        """Calls a nested pipeline's function; nodes that it notes belong to a group of its name."""
        for key, annotation in annotations_of(function).items():
            if key in arguments:
                check_edge(f"{name}({key}=…)", arguments[key], annotation)
        full = self._unique(name)
        groups, self._groups = self._groups, (*self._groups, full.rpartition(".")[2])
        try:
            return self.enter(function, arguments)
        finally:
            self._groups = groups

    def _branch(self, name: str, taken: bool, branch: Callable[[], Any]) -> tuple[Ref, Any]:
        when, self._when = self._when, (*self._when, Branch(name, taken))
        try:
            value = branch()
            return self._ref(value, f"a branch of '{name}'"), annotation_of(value)
        finally:
            self._when = when

    def _unique(self, name: str) -> str:
        base = ".".join((*self._groups, name))
        count = self._counts.get(base, 0)
        while True:
            count += 1
            full = base if count == 1 else f"{base}_{count}"
            if full not in self._names:
                break
        self._counts[base] = count
        self._names.add(full)
        return full

    def _after(self, step: Step[..., Any]) -> tuple[str, ...]:
        found: list[str] = []
        for upstream in step.upstream:
            ref = self._ref(upstream, f"{step.name}.after(…)")
            graph = Graph("", self._nodes, self._choices, ref)
            nodes = graph.nodes_of(ref)
            if not nodes:
                raise DefinitionError(
                    f"{user_line()}'{step.name}' cannot come after {upstream!r}",
                    hint="Pass .after() what a step returned in this pipeline.",
                )
            found += sorted(nodes)
        return tuple(dict.fromkeys(found))

    def _argument(self, step: Step[..., Any], name: str, value: Any, mode: Mode) -> Ref:
        where = f"{step.name}({name}=…)"
        target = step.annotation(name)
        if type(value) is not EachItem:
            check_edge(where, value, target)
            return self._ref(value, where)
        if mode == "single":
            raise DefinitionError(
                f"{user_line()}each() in a plain call of '{step.name}'",
                hint=f"Write {step.name}.map(…) to run it on each item.",
            )
        if isinstance(value.values, Symbol):
            check_edge(where, item_of(value.values, where), target)
        else:
            for index, item in enumerate(value.values):
                check_edge(f"{where}, item {index}", item, target)
        return Each(self._ref(value.values, where))

    def _check_lengths(self, step: Step[..., Any], inputs: Mapping[str, Ref], mode: Mode) -> None:
        mapped = {name: ref.of for name, ref in inputs.items() if isinstance(ref, Each)}
        if mode != "single" and not mapped:
            raise DefinitionError(
                f"{user_line()}nothing to map '{step.name}' over",
                hint=f"Mark at least one argument: {step.name}.map(each(values)).",
            )
        lengths = {name: known_length(ref) for name, ref in mapped.items()}
        known = {length for length in lengths.values() if length is not None}
        if mode == "zip" and len(known) > 1:
            raise DefinitionError(user_line() + uneven(step.name, lengths), hint=UNEVEN_HINT)

    def _line(self) -> str:
        """Where to look: at the call that is traced; once it has ended, at the pipeline itself."""
        return user_line() if self._defined is None else self._defined

    def _ref(self, value: Any, where: str) -> Ref:
        if isinstance(value, Symbol):
            if about(value).tracer is not self:
                raise DefinitionError(
                    f"{self._line()}{where} is given {about(value).label} of another pipeline",
                    hint="Call the step in this one. Nothing traced may be kept for later.",
                )
            return about(value).ref
        if type(value) is EachItem:
            raise DefinitionError(
                f"{self._line()}each() can only be an argument of map() or product(), not {where}"
            )
        if holds_symbol(value):
            return self._container(value, where)
        try:
            document = values.encode(value)
        except FormatError as error:
            raise self._not_plain(value, where, error) from None
        if MARK in str(document):
            raise DefinitionError(
                f"{self._line()}{where} is given text made of what has no value yet: "
                f"{value!r:.200}",
                hint="Make the text inside a step.",
            )
        return Constant(document)

    def _not_plain(self, value: Any, where: str, error: FormatError) -> DefinitionError:
        told, hint = error.message, "Return it from a step and pass that step's output."
        if callable(getattr(value, "map", None)) and hasattr(value, "after"):
            told, hint = f"the step '{value.name}' itself", f"Call it: {value.name}(…)"
        elif "Symbol" in told:
            told = f"a {type(value).__name__} that holds what has no value yet"
            hint = "Lists, tuples, dicts and named tuples may hold outputs; or make it in a step."
        return DefinitionError(
            f"{self._line()}{where} is given what a plan cannot hold: {told}", hint=hint
        )

    def _container(self, value: Any, where: str) -> Ref:
        if isinstance(value, dict):
            return Keyed(tuple((key, self._ref(item, where)) for key, item in value.items()))
        if values.is_namedtuple_class(type(value)):
            pairs = zip(value._fields, value, strict=True)
            items = tuple((key, self._ref(item, where)) for key, item in pairs)
            return Keyed(items, modules.reference(type(value)))
        kind: Any = "list" if isinstance(value, list) else "tuple"
        return Gathered(kind, tuple(self._ref(item, where) for item in value))


@contextlib.contextmanager
def _telling(name: str) -> Iterator[None]:
    """Says of a user's own error that it arose while their pipeline was traced."""
    try:
        yield
    except WindlassError:
        raise
    except Exception as error:
        place = next(
            (
                f"{frame.filename.rpartition('/')[2]}:{frame.lineno}: "
                for frame in reversed(traceback.extract_tb(error.__traceback__))
                if modules.is_user_file(frame.filename)
            ),
            "",
        )
        raise DefinitionError(
            f"{place}the pipeline '{name}' cannot be traced: {type(error).__name__}: {error}",
            hint="Parameters and outputs have no value in it yet: what needs one goes in a step.",
        ) from error
