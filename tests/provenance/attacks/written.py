"""What classes, functions and values hold that their source does not say."""

from __future__ import annotations

from provenance.attacks.case import Cases

CASES = Cases()

for name, text, value, old, new in (
    (
        "a new type",
        """
import typing
T = typing.NewType('T', int)
""",
        "str(T.__supertype__)",
        "'T', int",
        "'T', float",
    ),
    (
        "a timezone of the project in a datetime with a name",
        """
import datetime as d
from helper import T
# --- helper.py
import datetime as d
class Z(d.tzinfo):
    def utcoffset(self, t):
        return d.timedelta(hours=3)
    def __repr__(self):
        return 'Z'
T = d.datetime(2020, 1, 1, tzinfo=Z())
""",
        "str(T.utcoffset())",
        "=3",
        "=4",
    ),
    (
        "a dtype with metadata",
        """
from helper import D
# --- helper.py
import numpy as np
D = np.dtype('f8', metadata={'k': 3})
""",
        "D.metadata['k'] * x",
        "3}",
        "4}",
    ),
    (
        "__add__ compiled by a loop over texts",
        """
from helper import C
# --- helper.py
TEXTS = {'__add__': 'lambda self, x: x * 3'}
class C:
    pass
for name, text in TEXTS.items():
    setattr(C, name, eval(text))
""",
        "C() + x",
        "* 3",
        "* 4",
    ),
    (
        "an array in an Annotated",
        """
from helper import C
# --- helper.py
import typing, numpy as np
C = typing.Annotated[int, np.array([3, 1])]
""",
        "int(C.__metadata__[0].sum())",
        "[3, 1]",
        "[4, 1]",
    ),
):
    CASES.attack(name, text, value, old, new)
CASES.attack(
    "a timezone of the project in a datetime, nothing changed",
    """
import datetime as d
from helper import T
# --- helper.py
import datetime as d
class Z(d.tzinfo):
    def utcoffset(self, t):
        return d.timedelta(hours=3)
T = d.datetime(2020, 1, 1, tzinfo=Z())
""",
    "str(T.utcoffset())",
    "class Z",
    "# c\nclass Z",
    is_needless=True,
)
CASES.attack(
    "a method with two underscores compiled in a class that another file tells",
    """
from helper import C
# --- helper.py
class C:
    exec('def __call__(self, x): return x * %d' % int(open("c.txt").read()))
""",
    "C()(x)",
    files={"c.txt": "3"},
    added={"c.txt": "4"},
)
CASES.attack(
    "a default of a dataclass with slots that another file tells",
    """
from helper import C
# --- helper.py
import dataclasses
@dataclasses.dataclass(slots=True)
class C:
    k: int = int(open("c.txt").read())
""",
    "C().k * x",
    files={"c.txt": "3"},
    added={"c.txt": "4"},
)
CASES.attack(
    "a default by field of a dataclass with slots that another file tells",
    """
from helper import C
# --- helper.py
import dataclasses
@dataclasses.dataclass(slots=True)
class C:
    k: int = dataclasses.field(default=int(open("c.txt").read()))
""",
    "C().k * x",
    files={"c.txt": "3"},
    added={"c.txt": "4"},
)
CASES.attack(
    "a validation alias that another file tells",
    """
from helper import C
# --- helper.py
import pydantic
class C(pydantic.BaseModel):
    k: int = pydantic.Field(1, validation_alias='k%d' % int(open("c.txt").read()))
""",
    "C(k3=x).k",
    files={"c.txt": "3"},
    added={"c.txt": "4"},
)
CASES.attack(
    "a description of a field that another file tells",
    """
from helper import C
# --- helper.py
import pydantic
class C(pydantic.BaseModel):
    k: int = pydantic.Field(1, description='k%d' % int(open("c.txt").read()))
""",
    "C.model_fields['k'].description",
    files={"c.txt": "3"},
    added={"c.txt": "4"},
)
CASES.attack(
    "an exclusion of a field that another file tells",
    """
from helper import C
# --- helper.py
import pydantic
class C(pydantic.BaseModel):
    k: int = pydantic.Field(1, exclude=int(open("c.txt").read()) == 3)
""",
    "C().model_dump()",
    files={"c.txt": "3"},
    added={"c.txt": "4"},
)
CASES.attack(
    "a base's argument that another file tells",
    """
from helper import C
import typing
# --- helper.py
import typing
T = typing.TypeVar('T')
class B(typing.Generic[T]):
    pass
class C(B[typing.Literal[int(open("c.txt").read())]]):
    pass
""",
    "str(typing.get_args(C.__orig_bases__[0]))",
    files={"c.txt": "3"},
    added={"c.txt": "4"},
)
CASES.attack(
    "a literal type of a field that another file tells",
    """
from helper import C
# --- helper.py
import pydantic, typing
class C(pydantic.BaseModel):
    k: typing.Literal[int(open("c.txt").read())]
""",
    """
try:
    return C(k=3).k
except ValueError:
    return 'no'
""",
    files={"c.txt": "3"},
    added={"c.txt": "4"},
)
