"""Why a notebook's cells cannot be run anew, and what to do about it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from windlass.errors import DefinitionError
from windlass.provenance.cells.statements import Statement, magics_in

_LONGEST = 60
_IN_A_STEP = "make it in a step, whose result is given to others"
_RESTART = f"Restart the kernel and run all cells; or {_IN_A_STEP}."
_CHANCE = re.compile(r"rand|shuffle|sample|train_test_split|uuid|\bnow\(|\btime\(", re.IGNORECASE)
"""What is in most statements that give another value each time. It only orders guesses."""


def of_run(statement: Statement, root: str) -> DefinitionError:
    """The refusal of what a run of a pipeline gave."""
    return DefinitionError(
        f"a step needs what a run of a pipeline gave, by '{root}' ({statement.where})",
        hint="Give the value to the pipeline as an argument; or take it in the step, with "
        "windlass.open_run(…).",
    )


def of_magic(statement: Statement, magic: str) -> DefinitionError:
    """The refusal of what only IPython can run."""
    return DefinitionError(
        f"a step needs {statement.where}, and only a notebook can run its {magic}",
        hint="Write it in Python, such as with subprocess.run(…); or keep what it gives as plain "
        "data: text, numbers, a list.",
    )


def of_await(statement: Statement) -> DefinitionError:
    """The refusal of a statement that awaits something."""
    return DefinitionError(
        f"a step needs {statement.where}, and only a notebook can await: {shown(statement)}",
        hint="Do it in a step, by asyncio.run(…); or keep what it gives as plain data: text, "
        "numbers, a list.",
    )


def of_unknown(name: str, statements: Sequence[Statement]) -> DefinitionError:
    """The refusal of a name that no cell defines, with the magic that perhaps did."""
    told = f"a step needs '{name}', which no cell of this notebook defines"
    magics = [(magic, each) for each in statements for magic in magics_in(each.node)]
    named = [pair for pair in magics if re.search(rf"\b{re.escape(name)}\b", pair[0])]
    files = [pair for pair in magics if pair[0].startswith("%run ")]
    for magic, statement in reversed(named or files):
        module = Path(magic.split()[-1]).stem if magic.startswith("%run ") else ""
        how = f"Import it: from {module} import {name}" if module else "Write it without the magic."
        return DefinitionError(f"{told}, but perhaps {magic} ({statement.where})", hint=how)
    return DefinitionError(told, hint="Define it in a cell, or in a file that a cell imports.")


def of_another(
    name: str, value: object, made: Sequence[Statement], suspect: Statement | None
) -> DefinitionError:
    """The refusal of a global that is another one when the cells are run anew.

    Args:
        name: Its name.
        value: What it stands for in the notebook.
        made: What was run anew, as far as the last statement that made it.
        suspect: What perhaps changed it.
    """
    return DefinitionError(
        f"'{name}' is not the same in the notebook and where its cells are run anew",
        hint=_guess(name, value, made, suspect),
    )


def _guess(name: str, value: object, made: Sequence[Statement], suspect: Statement | None) -> str:
    if isinstance(value, Iterator):
        return "It is read only once, and nobody can tell how far it was: make a list of it."
    last = made[-1]
    if isinstance(last.node, ast.ImportFrom):
        return f"Its module was loaded again since. Run again {last.where}, which imports it."
    chance = [each for each in made if _draws(each) and _CHANCE.search(each.text)]
    if chance or (suspect is None and _draws(last)):
        each = (chance or [last])[-1]
        return (
            f"Perhaps this gives something else each time: {shown(each)} ({each.where}). Seed it, "
            f"such as by random_state=0 or default_rng(0); or {_IN_A_STEP}."
        )
    if suspect is None:
        return _RESTART
    return (
        f"Perhaps this changed it, which is not run anew: {shown(suspect)} ({suspect.where}). Do "
        f"it in a step, whose result is given to others; or, if it gives {name} changed, assign "
        "that."
    )


def _draws(statement: Statement) -> bool:
    """Whether a statement calls something when it is run."""
    is_definition = isinstance(statement.node, ast.FunctionDef | ast.ClassDef | ast.Import)
    return not is_definition and any(isinstance(it, ast.Call) for it in ast.walk(statement.node))


def of_failure(
    error: BaseException, where: str, statements: Sequence[Statement]
) -> DefinitionError:
    """The refusal of cells that fail when they are run anew."""
    moved = [
        f"{magic} ({each.where})"
        for each in statements
        for magic in magics_in(each.node)
        if magic.startswith("%cd")
    ]
    hint = "Restart the kernel and run all cells."
    if moved and isinstance(error, OSError | ImportError):
        hint = f"Perhaps the folder was another one then: {moved[-1]}. Name files in full."
    return DefinitionError(
        f"the cells that the pipeline needs cannot be run anew: {where}{type(error).__name__}: "
        f"{error}",
        hint=hint,
    )


def shown(statement: Statement) -> str:
    """The first line of a statement."""
    row = statement.text.strip().partition("\n")[0]
    return row if len(row) <= _LONGEST else f"{row[:_LONGEST]}…"
