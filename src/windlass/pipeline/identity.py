"""What a symbol cannot refuse by itself: ``parameter is None`` in a pipeline's function.

Python asks no object about ``is``: while the pipeline is traced, a parameter would never be None,
and the wrong branch would be recorded without a word. So the function's own code is looked at.
"""

from __future__ import annotations

import dis
from collections.abc import Callable, Iterator, Mapping
from itertools import pairwise
from typing import Any

from windlass.pipeline.symbols import Symbol, no_value

_HINT = "To choose, write: either(condition, lambda: …, lambda: …). Or decide inside a step."


def refuse_identity(function: Callable[..., Any], arguments: Mapping[str, Any]) -> None:
    """Refuses a pipeline's function that asks whether a parameter that is a symbol is None.

    Raises:
        SymbolicError: It does, with the line.
    """
    symbols = {name: value for name, value in arguments.items() if isinstance(value, Symbol)}
    for name, line in _asked(function) if symbols else ():
        if name in symbols:
            file = function.__code__.co_filename.replace("\\", "/").rpartition("/")[2]
            why = "whether it 'is None' cannot be known"
            raise no_value(symbols[name], why, _HINT, f"{file}:{line}: ")


def _asked(function: Callable[..., Any]) -> Iterator[tuple[str, int | None]]:
    """The names that a function compares with ``is``, and their lines; not those that it sets."""
    told = list(dis.get_instructions(function))
    changed = {it.argval for it in told if it.opname.startswith(("STORE_FAST", "STORE_DEREF"))}
    for this, following in pairwise(told):
        loads = this.opname.startswith(("LOAD_FAST", "LOAD_DEREF"))
        if loads and this.argval not in changed and _asks(following, told):
            yield this.argval, this.positions.lineno if this.positions else None


def _asks(instruction: dis.Instruction, told: list[dis.Instruction]) -> bool:
    if instruction.opname.startswith("POP_JUMP"):
        return instruction.opname.endswith("NONE")
    following = told[told.index(instruction) + 1 :][:1]
    is_none = instruction.opname == "LOAD_CONST" and instruction.argval is None
    return is_none and any(it.opname == "IS_OP" for it in following)
