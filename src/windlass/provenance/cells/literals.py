"""Values of a notebook that are written as they are now, rather than made anew."""

from __future__ import annotations

import ast
import math

from windlass.provenance.cells.kernel import is_shell_list

_SLIST = "from IPython.utils.text import SList"
_LONGEST = 20_000
_DEEPEST = 50


def literal(name: str, value: object) -> str | None:
    """``NAME = value`` where the value is plain data; None where it is not."""
    if _is_scalar_of_numpy(value):
        plain = value.item()  # type: ignore[attr-defined]
        return f"{name} = __import__('numpy').{type(value).__name__}({plain!r})"
    is_lines = is_shell_list(value)
    if not is_lines and not _is_plain(value):
        return None
    text = repr(value)
    if len(text) > _LONGEST or not _says_the_same(text):
        return None
    return f"{_SLIST}\n{name} = SList({text})" if is_lines else f"{name} = {text}"


def _says_the_same(text: str) -> bool:
    """Whether a value that is read from its text is shown by the same text; NaN is not."""
    try:
        return repr(ast.literal_eval(text)) == text
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return False


def _is_plain(value: object, depth: int = 0) -> bool:
    """Whether a value can be shown without running code of the notebook."""
    if type(value) in (list, tuple, set, frozenset) and depth < _DEEPEST:
        return all(_is_plain(each, depth + 1) for each in value)  # type: ignore[attr-defined]
    if type(value) is dict and depth < _DEEPEST:
        return all(_is_plain(each, depth + 1) for pair in value.items() for each in pair)
    return value is None or type(value) in (bool, int, float, complex, str, bytes)


def _is_scalar_of_numpy(value: object) -> bool:
    """Whether it is a finite number or a truth value of numpy, such as the mean of a column."""
    kind = type(value)
    name = kind.__name__.rstrip("_0123456789")
    if kind.__module__ != "numpy" or name not in ("bool", "int", "uint", "float"):
        return False
    return math.isfinite(value)  # type: ignore[arg-type]
