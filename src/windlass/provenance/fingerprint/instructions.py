"""The instructions of code that can run, and the names that they use.

Of statements that never run, as in ``if False``, and of ``pass``, the compiler leaves instructions
that do nothing, and numbers for names that nothing uses. So those are left out here, and names
stand by themselves.
"""

from __future__ import annotations

import dis
from bisect import bisect_left
from collections.abc import Iterator
from itertools import compress
from types import CodeType
from typing import NamedTuple, TypeAlias

Handler: TypeAlias = tuple[int, int, int, int]
"""Of a ``try``: where it begins, how many instructions it has, where its handler is, and more."""

_NOP, _EXTENDED = dis.opmap["NOP"], dis.EXTENDED_ARG
_JUMPS = frozenset((*dis.hasjrel, *dis.hasjabs))
_PAIRS = frozenset(op for name, op in dis.opmap.items() if name.count("_FAST") == 2)
"""From 3.13 on some instructions name two variables, each in half of their argument."""
_SHIFTS = {
    **dict.fromkeys(dis.hasname, 0),
    dis.opmap["LOAD_GLOBAL"]: 1,
    **({dis.opmap["LOAD_ATTR"]: 1} if "LOAD_SUPER_ATTR" in dis.opmap else {}),  # from 3.12 on
    **{op: 2 for name, op in dis.opmap.items() if name == "LOAD_SUPER_ATTR"},
}
"""By how many bits the number of a name is shifted in an instruction's argument."""
_MOST_NAMES, _MOST_VARIABLES = 63, 255
"""With more, an argument does not tell by itself which one it is."""


def _table(ops: frozenset[int]) -> bytes:
    return bytes(int(op in ops) for op in range(256))


def _by_shift(shift: int) -> tuple[bytes, bytes, bytes]:
    ops = frozenset(op for op, by in _SHIFTS.items() if by == shift)
    bits = bytes(arg & ((1 << shift) - 1) for arg in range(256))
    return _table(ops), bytes(arg >> shift for arg in range(256)), bits


_OF_NAMES = [_by_shift(shift) for shift in sorted(set(_SHIFTS.values()))]
_OF_VARIABLES = _table(frozenset((*dis.haslocal, *dis.hasfree)) - _PAIRS)
_OF_PAIRS = _table(_PAIRS)
_FIRST, _SECOND = bytes(arg >> 4 for arg in range(256)), bytes(arg & 15 for arg in range(256))
_NUMBERED = frozenset((*_SHIFTS, *dis.haslocal, *dis.hasfree, *_PAIRS))
_KEPT = bytes(255 * (op not in _NUMBERED) for op in range(256))
"""A mask over the arguments."""


class Instructions(NamedTuple):
    """Instructions in order, without the caches after them.

    Args:
        ops: What each does.
        args: The argument of each.
        places: Where each is in the code.
        handlers: For exceptions.
    """

    ops: bytes
    args: bytes
    places: list[int]
    handlers: tuple[Handler, ...]

    def uses(self, code: CodeType) -> tuple[bytes, object]:
        """The arguments without the numbers of names, and the names by themselves."""
        names = code.co_names
        cells = [each for each in code.co_cellvars if each not in code.co_varnames]
        variables = (*code.co_varnames, *cells, *code.co_freevars)
        if len(names) > _MOST_NAMES or len(variables) > _MOST_VARIABLES:
            return self.args, (names, variables)
        found: list[object] = []
        for table, numbers, bits in _OF_NAMES:
            picked = bytes(compress(self.args, self.ops.translate(table)))
            found += map(names.__getitem__, picked.translate(numbers))
            found.append(picked.translate(bits))
        found += map(variables.__getitem__, compress(self.args, self.ops.translate(_OF_VARIABLES)))
        if _PAIRS:
            picked = bytes(compress(self.args, self.ops.translate(_OF_PAIRS)))
            found += map(variables.__getitem__, picked.translate(_FIRST))
            found += map(variables.__getitem__, picked.translate(_SECOND))
        found.append(variables[: _parameters(code)])
        return _masked(self.args, self.ops.translate(_KEPT)), tuple(found)


def _masked(data: bytes, mask: bytes) -> bytes:
    both = int.from_bytes(data, "little") & int.from_bytes(mask, "little")
    return both.to_bytes(len(data), "little")


def instructions_of(code: CodeType) -> Instructions:
    """The instructions of code that can run."""
    raw = code.co_code
    every = raw[::2]
    found = Instructions(
        every.translate(None, b"\0"),
        bytes(compress(raw[1::2], every)),
        list(compress(range(len(every)), every)),
        tuple(_handlers(code.co_exceptiontable)) if code.co_exceptiontable else (),
    )
    return _without_idle(code, found) if _NOP in found.ops else found


def _parameters(code: CodeType) -> int:
    flags = bool(code.co_flags & 4) + bool(code.co_flags & 8)  # *args, **kwargs
    return code.co_argcount + code.co_kwonlyargcount + flags


def _without_idle(code: CodeType, every: Instructions) -> Instructions:
    args = bytearray(every.args)
    idle = [at for at, op in zip(every.places, every.ops, strict=True) if op == _NOP]

    def before(place: int) -> int:
        return bisect_left(idle, place)

    for each in dis.get_instructions(code):
        if each.opcode in _JUMPS:
            begin, end = sorted((each.offset // 2, each.argval // 2))
            at = bisect_left(every.places, each.offset // 2)
            _write(args, every.ops, at, (each.arg or 0) - before(end) + before(begin))
    kept = [op != _NOP for op in every.ops]
    return Instructions(
        every.ops.translate(None, bytes([_NOP])),
        bytes(compress(args, kept)),
        list(compress(every.places, kept)),
        tuple(
            (at - before(at), count - before(at + count) + before(at), to - before(to), more)
            for at, count, to, more in every.handlers
        ),
    )


def _write(args: bytearray, ops: bytes, at: int, argument: int) -> None:
    """Writes an argument, also into the instructions before it that extend it."""
    args[at] = argument & 255
    while at and ops[at - 1] == _EXTENDED:
        at, argument = at - 1, argument >> 8
        args[at] = argument & 255


def _handlers(table: bytes) -> Iterator[Handler]:
    """The entries of a table of exception handlers.

    Source of the form: Objects/exception_handling_notes.txt of CPython.
    """
    numbers: list[int] = []
    number = 0
    for byte in table:
        number = number << 6 | byte & 63
        if not byte & 64:
            numbers.append(number)
            number = 0
    rows = iter(numbers)
    yield from zip(rows, rows, rows, rows, strict=False)
