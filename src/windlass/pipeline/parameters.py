"""What a pipeline takes: its parameters, and the values that they are given."""

from __future__ import annotations

import dataclasses
import inspect
import pathlib
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from windlass import values
from windlass.errors import FormatError, ParameterError
from windlass.pipeline.annotations import annotations_of, describe
from windlass.pipeline.refusal import RefusedError, close_to, short

__all__ = [
    "Parameter",
    "annotations_of",
    "bind",
    "coerce",
    "named",
    "parameters_of",
    "parse",
    "schema",
]


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of a pipeline.

    Args:
        name: Its name.
        annotation: What it takes; `Any` if it does not say.
        required: Whether it has no default.
        default: The default, as it stands in the code; None if it has none.
        positional: Whether a plain call may give it by its place.
    """

    name: str
    annotation: Any = Any
    required: bool = True
    default: Any = None
    positional: bool = True


def parameters_of(function: Callable[..., Any]) -> dict[str, Parameter]:
    """The parameters of a pipeline's function, by name."""
    annotations = annotations_of(function)
    found = {}
    for name, parameter in inspect.signature(function).parameters.items():
        required = parameter.default is parameter.empty
        found[name] = Parameter(
            name=name,
            annotation=annotations.get(name, Any),
            required=required,
            default=None if required else parameter.default,
            positional=parameter.kind is not parameter.KEYWORD_ONLY,
        )
    return found


def coerce(name: str, annotation: Any, value: Any) -> Any:
    """A Python value, as the annotation of the parameter `name` asks for it.

    Raises:
        ParameterError: It is not of that type and cannot be made so without a guess.
    """
    from windlass.pipeline.converting import convert

    try:
        return convert(annotation, value)
    except RefusedError as refusal:
        from windlass.pipeline.samples import sample

        example = f"{name}={sample(annotation)!r}"
        raise _refused(name, annotation, refusal, example) from None


def parse(name: str, annotation: Any, text: str) -> Any:
    """The value that the text of ``-p name=text`` stands for.

    Raises:
        ParameterError: It stands for none of that type.
    """
    from windlass.pipeline.reading import read

    try:
        return read(annotation, text)
    except RefusedError as refusal:
        from windlass.pipeline.samples import as_text, sample

        example = f"-p {name}={as_text(sample(annotation))}"
        raise _refused(name, annotation, refusal, example) from None


def _refused(name: str, annotation: Any, refusal: RefusedError, example: str) -> ParameterError:
    return ParameterError(
        refusal.told_of(f"the parameter '{name}'"),
        hint=f"It takes {describe(annotation)}, such as {example}",
    )


def named(
    pipeline: str,
    parameters: Mapping[str, Parameter],
    args: Sequence[Any],
    kwargs: Mapping[str, Any],
) -> dict[str, Any]:
    """The arguments of a call by name; names that there are not stay for `bind` to refuse.

    Raises:
        ParameterError: There are too many, or one is given twice.
    """
    names = [parameter.name for parameter in parameters.values() if parameter.positional]
    if len(args) > len(names):
        raise ParameterError(
            f"{pipeline} takes {len(names)} parameters by place, but {len(args)} were given",
            hint=_all_told(parameters),
        )
    by_place = dict(zip(names, args, strict=False))
    for name in by_place.keys() & kwargs.keys():
        raise ParameterError(f"{pipeline}: the parameter '{name}' is given twice")
    return {**by_place, **kwargs}


def bind(
    pipeline: str,
    parameters: Mapping[str, Parameter],
    given: Mapping[str, Any],
    *,
    text: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """The value of every parameter, defaults included, in the order of the parameters.

    Args:
        pipeline: Its name, for the message.
        parameters: What it takes.
        given: Python values by name.
        text: Values as text, from a command line.

    Raises:
        ParameterError: Something is unknown, missing, given twice, of the wrong type, or the path
            of no file; all that is wrong is told at once.
    """
    text = text or {}
    problems = [*_wrong_names(parameters, given, text)]
    bound = {}
    for name, parameter in parameters.items():
        try:
            if not parameter.required or name in given or name in text:
                bound[name] = _value(parameter, given, text)
        except ParameterError as problem:
            problems.append(problem)
    if problems:
        raise _together(pipeline, problems)
    return bound


def schema(parameters: Mapping[str, Parameter]) -> values.Json:
    """What a pipeline takes, as it stands in a plan.

    Raises:
        ParameterError: A default is not plain data.
    """
    return [_parameter_to_json(parameter) for parameter in parameters.values()]


def _parameter_to_json(parameter: Parameter) -> values.Json:
    document: dict[str, values.Json] = {
        "name": parameter.name,
        "type": describe(parameter.annotation),
        "required": parameter.required,
    }
    if parameter.required:
        return document
    try:
        return {**document, "default": values.encode(parameter.default)}
    except FormatError as error:
        raise ParameterError(
            f"the default of the parameter '{parameter.name}' cannot stand in a plan: "
            f"{error.message}",
            hint="Let it be None, and make the value in a step.",
        ) from None


def _value(parameter: Parameter, given: Mapping[str, Any], text: Mapping[str, str]) -> Any:
    name, annotation = parameter.name, parameter.annotation
    if name in text:
        value = parse(name, annotation, text[name])
    else:
        value = coerce(name, annotation, given.get(name, parameter.default))
    for path in _paths(value, set()):
        if not _exists(path):
            raise _no_such(name, path)
    return value


def _no_such(name: str, path: pathlib.Path) -> ParameterError:
    where = "" if path.is_absolute() else f" in {pathlib.Path.cwd()}"
    return ParameterError(
        f"the parameter '{name}' names {short(str(path))}: there is no such file or folder{where}",
        hint="A Path is an input. Declare it as str if a step creates it.",
    )


def _paths(value: Any, seen: set[int]) -> Iterator[pathlib.Path]:
    if isinstance(value, pathlib.Path):
        yield value
        return
    parts = _held(value)
    if parts and id(value) not in seen:
        seen.add(id(value))
        for part in parts:
            yield from _paths(part, seen)


def _held(value: Any) -> Collection[Any]:
    if isinstance(value, dict):
        return [*value.keys(), *value.values()]
    if isinstance(value, list | tuple | set | frozenset):
        return value
    if not isinstance(value, type) and (
        dataclasses.is_dataclass(value) or hasattr(value, "model_fields_set")
    ):
        return [*vars(value).values()] if hasattr(value, "__dict__") else _slots(value)
    return ()


def _slots(value: Any) -> list[Any]:
    return [getattr(value, field.name) for field in dataclasses.fields(value)]


def _exists(path: pathlib.Path) -> bool:
    try:
        return path.exists()
    except OSError:  # such as a name that is too long
        return False


def _wrong_names(
    parameters: Mapping[str, Parameter], given: Mapping[str, Any], text: Mapping[str, str]
) -> Iterator[ParameterError]:
    for name in (*given, *(name for name in text if name not in given)):
        if name not in parameters:
            yield ParameterError(
                f"there is no parameter '{name}'{close_to(name, parameters)}",
                hint=_all_told(parameters),
            )
        elif name in given and name in text:
            yield ParameterError(f"the parameter '{name}' is given twice")
    missing = [
        parameter
        for name, parameter in parameters.items()
        if parameter.required and name not in given and name not in text
    ]
    if missing:
        names = " and ".join(f"'{parameter.name}'" for parameter in missing)
        one = len(missing) == 1
        yield ParameterError(
            f"the parameter{'' if one else 's'} {names} {'is' if one else 'are'} missing",
            hint=f"Give {_told(missing)}.",
        )


def _all_told(parameters: Mapping[str, Parameter]) -> str:
    return f"It takes {_told(parameters.values())}." if parameters else "It takes none."


def _told(parameters: Iterable[Parameter]) -> str:
    return ", ".join(f"{it.name} ({describe(it.annotation)})" for it in parameters)


def _together(pipeline: str, problems: Sequence[ParameterError]) -> ParameterError:
    if len(problems) == 1:
        return ParameterError(f"{pipeline}: {problems[0].message}", hint=problems[0].hint)
    lines = [f"  {_in_one_line(problem)}" for problem in problems]
    return ParameterError("\n".join((f"{pipeline}: {len(problems)} things are wrong", *lines)))


def _in_one_line(problem: ParameterError) -> str:
    end = "" if problem.message.endswith("?") else "."
    return f"{problem.message}{end} {problem.hint}" if problem.hint else problem.message
