"""What a symbol cannot refuse by itself: ``parameter is None`` in a pipeline's function.

Python asks no object about ``is``: while the pipeline is traced, a parameter would never be None,
and the wrong branch would be recorded without a word. So the function's own code is looked at.
"""

from __future__ import annotations

import dis
import functools
from collections.abc import Callable, Mapping
from types import CodeType
from typing import Any

from windlass.pipeline.symbols import Symbol, line_of, no_value

_HINT = "To choose, write: either(condition, lambda: …, lambda: …). Or decide inside a step."


def refuse_identity(function: Callable[..., Any], arguments: Mapping[str, Any]) -> None:
    """Refuses a pipeline's function that asks whether a parameter that is a symbol is None.

    Raises:
        SymbolicError: It does, with the line.
    """
    symbols = {name: value for name, value in arguments.items() if isinstance(value, Symbol)}
    code = function.__code__
    for name, line in _asked(code) if symbols else ():
        if name in symbols:
            why = "whether it 'is None' cannot be known"
            raise no_value(symbols[name], why, _HINT, line_of(code, line))


@functools.lru_cache(1024)  # a nested pipeline may be called many times
def _asked(code: CodeType) -> tuple[tuple[str, int | None], ...]:
    """The names that a function compares with ``is``, and their lines; not those that it sets."""
    told = list(dis.get_instructions(code))
    changed = {it.argval for it in told if it.opname.startswith(("STORE_FAST", "STORE_DEREF"))}
    return tuple(
        (this.argval, this.positions.lineno if this.positions else None)
        for this, second, third in zip(told, told[1:], told[2:], strict=False)
        if this.opname.startswith(("LOAD_FAST", "LOAD_DEREF"))
        and this.argval not in changed
        and _asks(second, third)
    )


def _asks(second: dis.Instruction, third: dis.Instruction) -> bool:
    """Whether what follows the loading of a name asks if it is None."""
    if second.opname.startswith("POP_JUMP"):
        return second.opname.endswith("NONE")
    return second.opname == "LOAD_CONST" and second.argval is None and third.opname == "IS_OP"
