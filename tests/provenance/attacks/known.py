"""Attacks that the cache does not withstand as yet, by what is behind them."""

from __future__ import annotations

_GONE, _LINE = "by a constant that is gone", "in one line"
_OPAQUE = (
    *("a configparser", "a template", "a namespace", "an array.array"),
    *("a generator of numbers", "a dict with an open file", "an instance with an open file"),
)
_OF_CLASSES = (
    *("a class's attribute like one of abc's", "a class's annotation", "the type of a base"),
    *("the metadata of a field", "the factory of a field", "an option of a dataclass"),
    *("a field of a model", "a constraint of a model", "a field of attrs", "the text of a method"),
)
_BY_REASON: dict[str, tuple[str, ...]] = {
    "some of Python's objects count as without state, though they have it": (
        "a default of a context variable",
        "a semaphore",
    ),
    "types of C that are on the heap are taken to hold nothing": (
        "an instance of a subclass of array.array",
    ),
    "of what cannot be looked into, only the statement counts, not what it reads": (
        *(f"{each} read from a file {way}" for each in _OPAQUE for way in (_GONE, _LINE)),
        "an instance with an open file, of a variable",
    ),
    "what other modules do to what cannot be looked into is not seen": (
        "a registry by weak references",
        "an instance with an open file changed by another module: settings.S",
    ),
    "a function under its own name is taken for one that was followed, though a library made it": (
        "the types of two dispatched functions swapped: import base",
        "the type of a dispatched function: import base",
        "the type of a dispatched function of another module: import base",
    ),
    "of a class that is defined twice, all definitions count, not the one that is there": (
        "a class defined twice, by a variable",
    ),
    "what a decorator of the project does when it decorates is not looked at": (
        "an effect of a decorator",
    ),
    "calls in defaults and in what an `if` tests are not looked at": (
        "an effect of a default",
        "an effect of a walrus",
    ),
    "what runs code of the project without a call is not looked at": (
        "an effect of a property",
        "an effect of an operator",
        "an effect of a subscript",
    ),
    "of an enum, what has a name that `enum` uses is skipped, though its author wrote it": (
        "a missing member of an enum",
        "the format of an enum",
    ),
    "what a class statement runs is not looked at": (
        "an effect of a metaclass",
        "an effect of __init_subclass__",
        "an effect of __set_name__",
    ),
    "a function that only changes the builtins counts as pure": ("an effect on a builtin",),
    "what a decorator of a library replaced by None is not followed": ("an effect on a codec",),
    "what is remembered tells a module by its name, not by its file": (
        "a module of Python's that is shadowed",
    ),
    "eval is only seen under a name": ("a function reached by eval in a dict",),
    "a path that is added when a step runs is not looked in": (
        "a path added when it runs, sys imported within",
        "a path added when it runs, sys imported outside",
    ),
    "late imports are only looked for in files of source": (
        "a late function in an archive",
        "a late function of a compiled file",
    ),
    "what is compiled of code that never runs, or says nothing, counts": ("dead code", "a pass"),
    "how an object was made is only looked for where it is used, not where it comes from": (
        "a file that nothing imports, beside what cannot be looked into",
    ),
    "where a class has a source, that counts, not what its fields, annotations and bases became": (
        *(f"{each} that a file tells" for each in _OF_CLASSES),
    ),
    "what is remembered tells a member of an enum by its name": (
        "a member of an enum that a file tells",
    ),
    "a type variable is told by how it is shown": ("a type variable that a file tells",),
    "of an effect, the statement counts, not the values in it": (
        *(f"an effect{way} that a file tells" for way in ("", " in a call", " in a function")),
    ),
}
KNOWN = {name: reason for reason, names in _BY_REASON.items() for name in names}
"""Why, by the name of the case."""
