"""Classes that only an annotation names, as a text."""

from __future__ import annotations

from provenance.attacks.case import Cases

CASES = Cases()

for name, text, value, old, new in (
    (
        "a model's field by a forward text",
        """
import pydantic

class Outer(pydantic.BaseModel):
    k: 'Item'
class Item(pydantic.BaseModel):
    v: int
    @pydantic.field_validator('v')
    def c(cls, v):
        return v * 3
Outer.model_rebuild()
""",
        "Outer(k={'v': x}).k.v",
        "* 3",
        "* 4",
    ),
    (
        "a model's field by a forward text in a list",
        """
import pydantic

class Outer(pydantic.BaseModel):
    k: list['Item']
class Item(pydantic.BaseModel):
    v: int
    @pydantic.field_validator('v')
    def c(cls, v):
        return v * 3
Outer.model_rebuild()
""",
        "Outer(k=[{'v': x}]).k[0].v",
        "* 3",
        "* 4",
    ),
    (
        "a forward reference in an optional",
        """
from helper import f
# --- helper.py
import typing
class C:
    def g(self, x): return x * 3
class D:
    k: typing.Optional['C'] = None
def f(x): return typing.get_type_hints(D)['k'].__args__[0]().g(x)
""",
        "f(x)",
        "* 3",
        "* 4",
    ),
    (
        "injection by type hints of a function, of the future",
        """
from helper import f
# --- helper.py
from __future__ import annotations
import typing
from other import C
def want(c: C): return c
def f(x): return typing.get_type_hints(want)['c']().g(x)
# --- other.py
class C:
    def g(self, x): return x * 3
""",
        "f(x)",
        "* 3",
        "* 4",
    ),
    (
        "injection by type hints, given to a helper",
        """
from helper import f
# --- helper.py
from __future__ import annotations
from other import C
from inject import call
def want(c: C, x): return c.g(x)
def f(x): return call(want, x)
# --- other.py
class C:
    def g(self, x): return x * 3
# --- inject.py
import typing
def call(g, x): return g(typing.get_type_hints(g)['c'](), x)
""",
        "f(x)",
        "* 3",
        "* 4",
    ),
    (
        "injection of the type by a text",
        """
from helper import f
# --- helper.py
from other import C
from inject import call
def want(c: 'C', x): return c.g(x)
def f(x): return call(want, x)
# --- other.py
class C:
    def g(self, x): return x * 3
# --- inject.py
import inspect
def call(g, x): return g(inspect.signature(g, eval_str=True).parameters['c'].annotation(), x)
""",
        "f(x)",
        "* 3",
        "* 4",
    ),
    (
        "a model's field, annotations of the future",
        """
from helper import Outer
# --- helper.py
from __future__ import annotations
import pydantic

class Item(pydantic.BaseModel):
    v: int
    @pydantic.field_validator('v')
    def c(cls, v):
        return v * 3
class Outer(pydantic.BaseModel):
    k: list[Item]
""",
        "Outer(k=[{'v': x}]).k[0].v",
        "* 3",
        "* 4",
    ),
    (
        "a validator in an alias, annotations of the future",
        """
from helper import Outer
# --- helper.py
from __future__ import annotations
from typing import Annotated
import pydantic
def v(x):
    return x * 3
Pos = Annotated[int, pydantic.AfterValidator(v)]
class Outer(pydantic.BaseModel):
    k: dict[str, list[Pos]]
""",
        "Outer(k={'a': [x]}).k['a'][0]",
        "* 3",
        "* 4",
    ),
    (
        "type hints of a class with annotations of the future",
        """
from helper import f
# --- helper.py
from __future__ import annotations
import typing
from other import C
class D:
    k: C
def f(x): return typing.get_type_hints(D)['k']().g(x)
# --- other.py
class C:
    def g(self, x): return x * 3
""",
        "f(x)",
        "* 3",
        "* 4",
    ),
):
    CASES.attack(name, text, value, old, new)
