"""Projects made at random, and random edits of them."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from pathlib import Path

from provenance.mutations.runner import write_old

MODULES = 5
FUNCTIONS = 6  # of each module
STEPS = 8
STYLES = (
    *("call", "call", "module", "alias", "local", "local module", "registry", "partial", "lambda"),
    *("default", "closure", "class", "decorated", "getattr", "constant", "cached", "nested"),
    *("property", "keyword", "comprehension", "late"),
)


@dataclass
class Function:
    """A function of the project; it calls functions before it, each in the function's style."""

    module: int
    number: int
    style: str
    callees: list[int]
    comment: str = ""
    docstring: str = ""
    spare: int = 0


@dataclass
class Project:
    """A project whose text follows from what is in here.

    Args:
        seed: Of the generator of it and of its edits.
    """

    seed: int
    functions: list[Function] = field(default_factory=list)
    steps: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.random = random.Random(self.seed)
        for place in range(MODULES * FUNCTIONS):
            callees = self._some_before(place)
            style = self.random.choice(STYLES)
            self.functions.append(Function(place // FUNCTIONS, self._number(), style, callees))
        last = range(FUNCTIONS, len(self.functions))
        self.steps = [self.random.choice(last) for _ in range(STEPS)]

    def _number(self) -> int:
        return self.random.randrange(1, 10_000)

    def _some_before(self, place: int) -> list[int]:
        count = min(place, self.random.choice((0, 1, 1, 2)))
        return self.random.sample(range(place), count)

    def edit(self) -> str:
        """Changes something at random; returns what: ``nothing`` if no result can change."""
        place = self.random.randrange(len(self.functions))
        function = self.functions[place]
        kind = self.random.choice(("number", "number", "number", "callee", "style", "nothing"))
        match kind:
            case "number":
                function.number = self._number()
            case "callee":
                function.callees = self._some_before(place)
            case "style":
                function.style = self.random.choice(STYLES)
            case "nothing":
                what = self.random.choice(("comment", "docstring", "spare"))
                word = f"{what} {self._number()}"
                if what == "spare":
                    function.spare = self._number()
                    return what  # in a module that is looked into by getattr, it counts
                setattr(function, what, word)
        return kind

    def write(self, folder: Path) -> None:
        """Writes the files that differ from those that are there."""
        files = {f"pkg/m{each}.py": self._module(each) for each in range(MODULES)}
        files |= {"windlass.toml": "", "pkg/__init__.py": "", "pkg/tools.py": _TOOLS}
        files["flow.py"] = self._flow()
        for name, text in files.items():
            path = folder / name
            path.parent.mkdir(exist_ok=True)
            if not path.exists() or path.read_text() != text:
                write_old(path, text)

    def _flow(self) -> str:
        lines = ["from windlass import pipeline, step", "from pkg import " + _modules(MODULES), ""]
        for place, function in enumerate(self.steps):
            call = f"m{self.functions[function].module}.f{function}(x)"
            lines += ["@step", f"def s{place}(x: int) -> int:", f"    return {call}", ""]
        lines += ["@pipeline", "def everything(x: int = 3) -> int:"]
        lines += [f"    s{place}(x)" for place in range(1, STEPS)]
        return "\n".join([*lines, "    return s0(x)", ""])

    def _module(self, module: int) -> str:
        lines = [f'"""Module {module}."""', "import functools", "import sys"]
        lines.append("from pkg.tools import CACHE, REGISTRY, Part, make, plus, register")
        lines += [f"import pkg.m{other} as z{other}" for other in range(module)]
        if module:
            lines.append("from pkg import " + _modules(module))
        lines.append(f"HERE = sys.modules[__name__]\nTABLE = {{'n': [{module}, 2]}}")
        for place, function in enumerate(self.functions):
            if function.module == module:
                lines += self._imports(place)
        for place, function in enumerate(self.functions):
            if function.module == module:
                lines += self._function(place, function)
        return "\n".join([*lines, ""])

    def _imports(self, place: int) -> list[str]:
        function = self.functions[place]
        others = [c for c in function.callees if self.functions[c].module != function.module]
        return [f"from pkg.m{self.functions[c].module} import f{c}" for c in others]

    def _function(self, place: int, function: Function) -> list[str]:
        lines, name, n = [], f"f{place}", function.number
        before: list[str] = []
        calls: list[str] = []
        for callee in function.callees:
            made, call = self._call(place, callee, function)
            before += made
            calls.append(call)
        lines += [line for line in before if not line.startswith("    ")]
        lines.append(f"@register('{name}')")
        if function.style == "decorated":
            lines.append(f"@plus({n})")
        if function.style == "cached":
            lines.append("@functools.lru_cache")
        default = f", scale={n}" if function.style == "keyword" else ""
        lines.append(f"def {name}(x{default}):")
        if function.docstring:
            lines.append(f'    """{function.docstring}"""')
        lines += [line for line in before if line.startswith("    ")]
        if function.comment:
            lines.append(f"    # {function.comment}")
        own = "scale" if default else "0" if function.style == "decorated" else str(n)
        lines += [f"    return {' + '.join(['x', own, *calls])}", ""]
        if function.spare:
            lines += [f"def spare{place}(x):", f"    return x - {function.spare}", ""]
        return lines

    def _call(  # noqa: C901 (one case a style)
        self, place: int, callee: int, function: Function
    ) -> tuple[list[str], str]:
        """Statements before the function, or indented in it, and a call of another function."""
        module, n = self.functions[callee].module, function.number
        near = module == function.module
        where = "HERE" if near else f"m{module}"
        own, f = f"{place}_{callee}", f"f{callee}"
        match function.style:
            case "module" if not near:
                return [], f"m{module}.{f}(x)"
            case "alias" if not near:
                return [], f"z{module}.{f}(x)"
            case "local" if not near:
                return [f"    from pkg.m{module} import {f} as here{callee}"], f"here{callee}(x)"
            case "local module" if not near:
                return [f"    from pkg import m{module} as here{callee}"], f"here{callee}.{f}(x)"
            case "registry":
                return [], f"REGISTRY['{f}'](x)"
            case "partial":
                return [f"P{own} = functools.partial({f})"], f"P{own}(x)"
            case "lambda":
                return [f"L{own} = lambda x: {f}(x) + {n}"], f"L{own}(x)"
            case "default":
                return [f"def D{own}(x, g={f}):", f"\treturn g(x) * {n}"], f"D{own}(x)"
            case "closure":
                return [f"C{own} = make({f}, {n})"], f"C{own}(x)"
            case "class":
                return [
                    f"class K{own}(Part):",
                    f"\tFACTOR = {n}",
                    "\tdef part(self, x):",
                    f"\t\treturn {f}(x)",
                ], f"K{own}().run(x)"
            case "property":
                return [
                    f"class Q{own}:",
                    "\t@property",
                    "\tdef part(self):",
                    f"\t\treturn {f}(2) + {n}",
                    f"Q{own}_ONE = Q{own}()",
                ], f"Q{own}_ONE.part"
            case "getattr":
                return [], f"getattr({where}, 'f' + '{callee}')(x)"
            case "constant":
                return [
                    f"T{own} = {{'k': [{f}, ({n}, 2)]}}"
                ], f"T{own}['k'][0](x) + T{own}['k'][1][0]"
            case "nested":
                return [
                    f"    def inner{callee}(y):",
                    f"        return {f}(y) + {n}",
                ], f"inner{callee}(x)"
            case "comprehension":
                return [], f"sum({f}(y) for y in range(2))"
            case "late":
                return [f"V{own} = {f}(1) + {n}"], f"V{own}"
        return [], f"{f}(x)"


_TOOLS = """
REGISTRY = {}
CACHE = {}


def register(name):
    def keep(function):
        REGISTRY[name] = function
        return function
    return keep


def plus(number):
    def decorate(function):
        def wrapper(x):
            return function(x) + number
        return wrapper
    return decorate


def make(function, number):
    def made(x):
        return function(x) * number
    return made


class Part:
    FACTOR = 1

    def run(self, x):
        return self.part(x) * self.FACTOR

    def part(self, x):
        return x
"""


def _modules(count: int) -> str:
    return ", ".join(f"m{each}" for each in range(count))
