"""Edits of the project, each with the steps that must run after it; no other may."""

from __future__ import annotations

from typing import NamedTuple

from provenance.mutations.project import STEPS, WHOLE


class Edit(NamedTuple):
    """One edit.

    Args:
        name: What is edited.
        file: In which file.
        old: What stands there once.
        new: What stands there after.
        runs: The steps that must run, besides those that could reach anything.
        tells: A part of the reason that one of them is given.
    """

    name: str
    file: str
    old: str
    new: str
    runs: frozenset[str]
    tells: str = ""


def edit(
    name: str,
    file: str,
    old: str,
    new: str,
    runs: str = "",
    tells: str = "",
    *,
    bundle: bool = True,
) -> Edit:
    """An edit; `bundle` tells whether the project's files say something else after it."""
    return Edit(name, file, old, new, frozenset(runs.split()) | (WHOLE if bundle else set()), tells)


LAG = "plain before"
F, S, M = "shop/features.py", "shop/settings.py", "shop/models.py"
SHAPES = "make_shape make_shapes area areas of_item given"
H = "shop/shapes.py"
D, C, T = "shop/decorators.py", "shop/closures.py", "shop/transforms.py"

EDITS = [
    # functions and what they call
    edit("the step", "flow.py", "return lag(x)", "return lag(x) + 1", "plain", "the step itself"),
    edit("a helper", F, "+ shift +", "- shift +", LAG, "helper shop.features.lag changed"),
    edit("a helper's helper", "shop/helpers.py", "return 100", "return 99", f"{LAG} aliased"),
    edit("a function in a helper", F, "return y + 1", "return y + 2", f"{LAG} aliased"),
    edit("an alias's target", F, "clip as bounded", "cut as bounded", f"{LAG} aliased"),
    edit("a default", F, "shift=1", "shift=2", LAG),
    edit("a parameter's kind", F, "(x, shift=1)", "(x, *, shift=1)", LAG),
    edit("a re-exported function", "shop/scaling.py", "return 2", "return 3", "reexported"),
    edit(
        "a re-export",
        "shop/__init__.py",
        "import scale",
        "import unused_scale as scale",
        "reexported",
    ),
    edit("an unreachable helper", F, "return x - settings", "return x + settings"),
    edit("an unreachable caller", "shop/helpers.py", "* 7", "* 8"),
    edit("an unreachable re-export", "shop/scaling.py", "x * settings", "x + settings"),
    edit("a new function", F, "def unused(x):", "def fresh(x):\n    return 1\n\ndef unused(x):"),
    edit(
        "a function removed",
        "shop/helpers.py",
        "def never_called(x):\n    return clip(x) * 7\n",
        "",
    ),
    # what says nothing
    edit("a comment", F, "# a comment", "# another comment"),
    edit("a docstring", F, '"""Lags by some."""', '"""Lags by one or more."""'),
    edit("a docstring gone", F, '    """Lags by some."""\n', ""),
    edit("a step's docstring", "flow.py", '"""A step."""', '"""Another."""'),
    edit("a class's docstring", M, '"""A model."""', '"""Another."""'),
    edit("a module's docstring", S, '"""Settings."""', '"""All settings."""'),
    edit("blank lines", F, "def helper(x):", "\n\n\ndef helper(x):"),
    edit(
        "a longer layout",
        F,
        "return helper(x) + shift + settings.LIMIT",
        "return (\n        helper(x)\n        + shift\n        + settings.LIMIT\n    )",
    ),
    edit("parentheses", "shop/helpers.py", "if x > 100:", "if (x > 100):"),
    edit("a guard", F, "# a comment", 'if __name__ == "__main__":\n    print(1)'),
    edit(
        "a TYPE_CHECKING import",
        F,
        "# a comment",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import decimal",
    ),
    edit("an import that nothing uses", F, "# a comment", "import decimal"),
    # constants
    edit(
        "a constant",
        S,
        "LIMIT = 3",
        "LIMIT = 4",
        f"{LAG} by_names by_class",
        "constant shop.settings.LIMIT",
    ),
    edit("a constant written otherwise", S, "LIMIT = 3", "LIMIT = 1 + 2"),
    edit(
        "a constant of another type",
        S,
        "LIMIT = 3",
        "LIMIT = 3.0",
        f"{LAG} after by_names by_class",
    ),
    edit("an unused constant", S, "UNUSED = 4", "UNUSED = 5"),
    edit("a list", S, '["a", "b"]', '["a", "c"]', "by_names"),
    edit("a nested dict", S, "0.5", "0.6", "by_names"),
    edit("a derived constant", S, "LIMIT * 2", "LIMIT * 3", "by_names"),
    edit(
        "a constant of the step's file", "flow.py", 'WHICH = "one"', 'WHICH = "two"', "by_getattr"
    ),
    # registries
    edit("a registered function", T, "return times(x, 2)", "return times(x, 5)", "registered"),
    edit("a helper of one", T, "return x * n", "return x * n + 1", "registered"),
    edit("another in the registry", T, "return times(x, 3)", "return times(x, 6)", "registered"),
    edit("the name in the registry", T, '@register("triple")', '@register("thrice")', "registered"),
    edit("a lambda in the registry", T, "lambda x: x", "lambda x: x + 0", "registered"),
    edit("the other registry", T, "x * 11", "x * 12"),
    edit(
        "two swapped in the registry",
        T,
        '@register("double")\ndef double(x):\n    return times(x, 2)\n\n@register("triple")\n',
        '@register("triple")\ndef double(x):\n    return times(x, 2)\n\n@register("double")\n',
        "registered",
    ),
    # classes
    edit(
        "a method",
        M,
        "self.alpha * self.power",
        "self.alpha + self.power",
        "by_class",
        "shop.models.Linear.weight",
    ),
    edit("a base's method", M, "self.weight() * x", "self.weight() + x", "by_class"),
    edit("a base's attribute", M, "offset = 1", "offset = 2", "by_class"),
    edit("a class attribute", M, "power = 2", "power = 3", "by_class"),
    edit("a property", M, "return 4\n\n    @static", "return 5\n\n    @static", "by_class"),
    edit("a static method", M, "return 5", "return 6", "by_class"),
    edit("a class method", M, "cls.power +", "cls.power -", "by_class"),
    edit("an initial value", M, "alpha=0.5", "alpha=0.6", "by_class"),
    edit("the base", M, "class Linear(Base):", "class Linear(Base, object):", "by_class"),
    edit("an unused class", M, "return 0\n", "return 1\n"),
    edit("a dataclass's default", M, "rate: float = 0.25", "rate: float = 0.5", "by_data"),
    edit(
        "a dataclass's factory",
        M,
        "def make_depth():\n    return 4",
        "def make_depth():\n    return 5",
        "by_data",
    ),
    edit("a dataclass's decorator", M, "frozen=True", "frozen=False", "by_data"),
    edit("an instance", M, "Config(rate=0.75)", "Config(rate=0.5)", "by_data"),
    edit("a pydantic default", M, "default=3", "default=4", "by_data"),
    edit("a pydantic constraint", M, "ge=0", "ge=1", "by_data"),
    edit("a pydantic validator", M, "value.upper()", "value.lower()", "by_data"),
    edit("an enum's value", M, "RED = 1", "RED = 3", "by_enum"),
    edit("an enum's method", M, "self.value * 10", "self.value * 11", "by_enum"),
    # decorators and closures
    edit("a decorator's argument", D, "times=3", "times=4", "decorated"),
    edit("a decorator", D, "x = function(x)", "x = function(x) + 1", "decorated"),
    edit(
        "what is decorated",
        D,
        "def grow(x):\n    return x + 1",
        "def grow(x):\n    return x + 2",
        "decorated",
    ),
    edit(
        "a step's decorator",
        D,
        "return function(*args, **kwargs)",
        "return function(*args, **kwargs) + 1",
        "wrapped",
    ),
    edit(
        "a step under a decorator",
        "flow.py",
        "def wrapped(x: int) -> int:\n    return x + 1",
        "def wrapped(x: int) -> int:\n    return x + 2",
        "wrapped",
    ),
    edit("a context manager", D, "yield x + 8", "yield x + 9", "in_scope"),
    edit(
        "a dispatched function",
        D,
        "def _(x: int):\n    return 1",
        "def _(x: int):\n    return 2",
        "dispatched",
    ),
    edit("what is remembered", M, "return x + 6", "return x + 7", "remembering"),
    edit("a closure's value", C, "make_adder(5)", "make_adder(6)", "enclosed"),
    edit("a closure's code", C, "return x + n", "return x - n", "enclosed"),
    edit("a lambda", C, "lambda x: x * x\n", "lambda x: x + x\n", "enclosed"),
    edit("another lambda", C, "x * x * x", "x + x + x"),
    edit("a partial's argument", C, "exp=2", "exp=3", "enclosed"),
    edit("a default of a default", C, "scale=3", "scale=4", "by_default"),
    edit("a keyword's default", C, "bias=1", "bias=2", "by_default"),
    # modules that are imported
    edit("a module imported late", "shop/lazy.py", "base(x) + 1", "base(x) + 2", "lazy"),
    edit("what that imports", "shop/lazier.py", "x + 20", "x + 21", "lazy"),
    edit("a comment in it", "shop/lazier.py", "def base", "# here\ndef base"),
    edit(
        "a module looked up by name",
        "shop/dynamic.py",
        "return x + 1",
        "return x + 3",
        "by_getattr",
    ),
    edit(
        "another import",
        "flow.py",
        "from shop import features as f",
        "from shop import helpers as f\nf.helper = f.clip",
        "aliased",
    ),
    # classes of what is passed, which those who are given it do not name
    edit("a method of an input", H, "measure(self.side)", "measure(self.side) + 1", SHAPES),
    edit("what that calls", H, "side * side", "side + side", SHAPES, "helper shop.shapes.measure"),
    edit("its base class", H, "self.area() * 2", "self.area() * 3", SHAPES),
    edit(
        "a method added",
        H,
        "def measure(side)",
        "    def more(self):\n        return 1\n\ndef measure(side)",
        SHAPES,
    ),
    edit(
        "a comment in a method",
        H,
        "        return measure",
        "        # of a side\n        return measure",
    ),
    edit("a method of an enum that is passed", H, "* 5", "* 6", "make_shade shaded"),
    edit("a method of what was pickled", H, "* 13", "* 14", "make_opaque opaque"),
    # arrays, patterns, objects of libraries, effects
    edit("an array", "shop/tables.py", "3.0]", "4.0]", "weighted"),
    edit("a pattern", "shop/tables.py", '"a+"', '"a*"', "matched"),
    edit("an estimator", "shop/tables.py", "with_mean=False", "with_mean=True", "scaled"),
    edit("an unused object", "shop/tables.py", '"float64"', '"float32"'),
    # every step's module imports it, so that it comes before every step
    edit(
        "an effect of importing", "shop/tables.py", 'over="ignore"', 'over="warn"', " ".join(STEPS)
    ),
    edit("where a file is", "shop/runtime.py", "here = __file__", "here = __file__ + ''"),
]
