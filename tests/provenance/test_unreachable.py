"""Statements that can never run change nothing; others do, however code is laid out."""

from __future__ import annotations

from types import CodeType
from typing import Any

import pytest

from windlass.provenance.fingerprint.bytecode import read_code

BODIES = {
    "a loop": "y = g(x)\nfor i in y:\n    x += i\nreturn x + 1",
    "handlers": (
        "y = g(x)\ntry:\n    z = y.k\nexcept ValueError as e:\n    z = e\nfinally:\n    g(y)\n"
        "with y as q:\n    z = q\nwhile z:\n    z -= 1\n    if z == x:\n        break\n"
        "return [a for a in z if a.k]"
    ),
    "a closure": "y = g(x)\ndef inner(k):\n    return [each + y for each in k]\nreturn inner(x)",
    "a generator": "for i in g(x):\n    y = yield i\n    if y:\n        return h(y)",
}
NEVER = {
    "pass": ["pass"],
    "a text": ["'text'"],
    "a number": ["5"],
    "if False": ["if False:", "    new = h(3)"],
    "while 0": ["while 0:", "    v()"],
    "not debug": ["if not __debug__:", "    import os", "    os.x = 1"],
    "an annotation": ["note: int"],
}


def code_of(body: str) -> CodeType:
    rows = "\n".join(f"    {row}" for row in body.split("\n"))
    space: dict[str, Any] = {}
    exec(f"def f(x):\n{rows}\n", space)
    code: CodeType = space["f"].__code__
    return code


def with_rows(body: str, at: int, new: list[str]) -> str:
    rows = body.split("\n")
    indent = rows[at][: len(rows[at]) - len(rows[at].lstrip())]
    return "\n".join([*rows[:at], *(indent + each for each in new), *rows[at:]])


def places(body: str) -> list[int]:
    rows = body.split("\n")
    return [at for at, row in enumerate(rows) if not row.startswith(("except", "finally"))]


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
@pytest.mark.parametrize("new", NEVER.values(), ids=NEVER)
def test_what_never_runs_changes_nothing(body: str, new: list[str]) -> None:
    code = code_of(body)
    for at in places(body):
        again = code_of(with_rows(body, at, new))
        assert read_code(again).digest == read_code(code).digest, at


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_what_follows_a_return_changes_nothing(body: str) -> None:
    last = body.rsplit("\n", maxsplit=1)[-1]
    again = code_of(f"{body}\n{last[: -len(last.lstrip())]}return k(x), 7")
    assert read_code(again).digest == read_code(code_of(body)).digest


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_what_runs_counts_wherever_it_stands(body: str) -> None:
    digests = {read_code(code_of(body)).digest}
    for at in places(body):
        digests.add(read_code(code_of(with_rows(body, at, ["if not x: k()"]))).digest)
    assert len(digests) == len(places(body)) + 1


def test_many_names_and_long_jumps() -> None:
    rows = [f"    v{n} = n{n}.a{n}" for n in range(200)]
    body = "\n".join(["for i in x:", *rows, "return v7"])
    late = body.replace("    v9 = n9.a9", "    if 0: k()\n    v9 = n9.a9")
    other = body.replace("n9.a9", "n9.a8")
    assert read_code(code_of(other)).digest != read_code(code_of(body)).digest
    assert read_code(code_of(late)).digest != read_code(code_of(other)).digest
