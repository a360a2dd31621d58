"""Calls in a project's code that give another value each time: clocks, and generators unseeded.

Found by names alone, in the source of what a step can reach. So it can miss one, and one that it
finds need not matter: it is asked only about a step that was seen to diverge.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple, TypeAlias

from windlass.places import Place, place
from windlass.provenance.fingerprint.model import Piece

CLOCK, RANDOM, ORDER = "clock", "randomness", "order"
_SEEDED = "seeded"
_CELL = "In ["
_Function: TypeAlias = ast.FunctionDef | ast.AsyncFunctionDef


class Chance(NamedTuple):
    """A call that gives another value each time.

    Args:
        kind: `CLOCK`, `RANDOM` or `ORDER`.
        call: Such as ``time.time()``.
        place: ``features.py:12``.
    """

    kind: str
    call: str
    place: str

    def __str__(self) -> str:
        return f"{self.place}: {self.call}"


_DATE = "datetime.datetime"
_CALLS: dict[str, str] = {
    **dict.fromkeys(
        (
            *("time.time", "time.time_ns", "time.monotonic", "time.monotonic_ns", "time.ctime"),
            *("time.perf_counter", "time.perf_counter_ns", "time.process_time"),
            *("time.localtime", "time.gmtime", "time.strftime", "time.asctime"),
            *(f"{_DATE}.now", f"{_DATE}.utcnow", f"{_DATE}.today", "datetime.date.today"),
            *("pandas.Timestamp.now", "pandas.Timestamp.utcnow", "pandas.Timestamp.today"),
        ),
        CLOCK,
    ),
    **dict.fromkeys(
        (
            *("os.urandom", "os.getrandom", "os.getpid", "uuid.uuid1", "uuid.uuid4"),
            *("secrets.choice", "secrets.randbelow", "secrets.randbits", "secrets.token_bytes"),
            *("secrets.token_hex", "secrets.token_urlsafe", "secrets.SystemRandom"),
            *("random.SystemRandom", "torch.seed", "builtins.id"),
        ),
        RANDOM,
    ),
    **dict.fromkeys(
        (
            *("os.listdir", "os.scandir", "os.walk", "glob.glob", "glob.iglob"),
            "concurrent.futures.as_completed",
        ),
        ORDER,
    ),
}
_UNSEEDED = (
    *("numpy.random.default_rng", "numpy.random.RandomState", "numpy.random.SeedSequence"),
    *("numpy.random.PCG64", "numpy.random.MT19937", "numpy.random.seed"),
    *("random.Random", "random.seed"),
)
"""What is random only where it is given no seed, or None."""
_GLOBAL = ("random", "numpy.random", "torch.rand", "torch.randn", "torch.randint", "torch.randperm")
"""What draws from the generators that a step has seeded, unless it opts out."""
_METHODS = dict.fromkeys(("iterdir", "imap_unordered"), ORDER)
_SORTED = "sorted"


def find_chance(pieces: Iterable[Piece], root: Path, *, seeded: bool = True) -> list[Chance]:
    """The calls that give another value each time, in the code that a step can reach.

    Args:
        pieces: What it can reach.
        root: The folder that holds the project's code.
        seeded: Whether the generators are seeded for it.
    """
    known: dict[str, set[int | str]] = {}
    for piece in pieces:
        if piece.file is not None and piece.file.startswith(_CELL):  # its module tells of its lines
            module, _, name = piece.name.partition(".")
            known.setdefault(f"{module}.py", set()).add(name)
        elif piece.file is not None and piece.file.endswith(".py"):
            known.setdefault(piece.file, set()).add(piece.line or 0)
    found = [chance for file in sorted(known) for chance in _of_file(root, file, known[file])]
    if seeded:
        return [each for each in found if each.kind != _SEEDED]
    return [each._replace(kind=RANDOM) if each.kind == _SEEDED else each for each in found]


def _of_file(root: Path, file: str, reached: set[int | str]) -> Iterator[Chance]:
    try:
        tree = ast.parse((root / file).read_bytes())
    except (OSError, SyntaxError, ValueError):
        return
    names, lines = _imported(tree), _lines(tree, reached)
    is_cells = any(isinstance(each, str) for each in reached)
    for call in _calls(tree, lines):
        name = _name(call.func, names)
        kind = _kind(call, name)
        if kind is not None:
            told = f"{ast.unparse(call.func)}()" + (" without a seed" if name in _UNSEEDED else "")
            seen = place(str(root / file), call.lineno) if is_cells else Place(file, call.lineno)
            yield Chance(kind, told, str(seen))


def _lines(tree: ast.Module, reached: set[int | str]) -> set[int]:
    """The lines at which what is reached begins, some of which is told by its name."""
    named = {
        node.lineno for node in tree.body if isinstance(node, _Function) and node.name in reached
    }
    return named | {each for each in reached if isinstance(each, int)}


def _calls(tree: ast.Module, lines: set[int]) -> Iterator[ast.Call]:
    """The calls in functions that begin at one of some lines, and in no function at all.

    Not those whose results are sorted at once.
    """
    waiting: list[tuple[ast.AST, bool]] = [(tree, False)]
    while waiting:
        node, is_within = waiting.pop(0)
        if isinstance(node, _Function) and not is_within:
            if not _spans(node, lines):
                continue
            is_within = _begins(node) in lines or node.lineno in lines
        if isinstance(node, ast.Call):
            if isinstance(node.func, ast.Name) and node.func.id == _SORTED:
                continue
            yield node
        waiting.extend((child, is_within) for child in ast.iter_child_nodes(node))


def _begins(node: _Function) -> int:
    return min([node.lineno, *(each.lineno for each in node.decorator_list)])


def _spans(node: _Function, lines: set[int]) -> bool:
    return any(_begins(node) <= line <= (node.end_lineno or line) for line in lines)


def _imported(tree: ast.Module) -> Mapping[str, str]:
    """What the names of a file stand for that are imported anywhere in it."""
    names: dict[str, str] = {"id": "builtins.id"}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for each in node.names:
                top = each.name.partition(".")[0]
                names[each.asname or top] = each.name if each.asname else top
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            for each in node.names:
                names[each.asname or each.name] = f"{node.module}.{each.name}"
    return names


def _name(func: ast.expr, names: Mapping[str, str]) -> str:
    """The full name of what is called; of a method, only ``.name``."""
    if isinstance(func, ast.Name):
        return names.get(func.id, func.id)
    if isinstance(func, ast.Attribute):
        inner = _name(func.value, names)
        return f"{inner}.{func.attr}"
    return ""


def _kind(call: ast.Call, name: str) -> str | None:
    if name in _CALLS:
        return _CALLS[name]
    if name in _UNSEEDED:
        return None if _has_seed(call) else RANDOM
    if name.startswith(tuple(f"{each}." for each in _GLOBAL)) or name in _GLOBAL:
        return _SEEDED
    return _METHODS.get(name.rpartition(".")[2]) if "." in name else None


def _has_seed(call: ast.Call) -> bool:
    given = [*call.args, *(keyword.value for keyword in call.keywords)]
    return any(not (isinstance(each, ast.Constant) and each.value is None) for each in given)
