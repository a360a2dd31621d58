"""What is run by making objects and by decorators."""

from __future__ import annotations

from provenance.attacks.case import Cases

CASES = Cases()

for name, text, value, old, new in (
    (
        "an effect of model_post_init",
        """
import conf
# --- conf.py
import decimal, pydantic
class S(pydantic.BaseModel):
    def model_post_init(self, c):
        decimal.getcontext().prec = 3
X = S()
""",
        """
import decimal
return str(decimal.Decimal(x) / 7)
""",
        "prec = 3",
        "prec = 4",
    ),
    (
        "an effect of a model validator",
        """
import conf
# --- conf.py
import decimal, pydantic
class S(pydantic.BaseModel):
    k: int = 3
    @pydantic.model_validator(mode='after')
    def v(self):
        decimal.getcontext().prec = self.k
        return self
X = S()
""",
        """
import decimal
return str(decimal.Decimal(x) / 7)
""",
        "k: int = 3",
        "k: int = 4",
    ),
    (
        "an effect of attrs' post init",
        """
import conf
# --- conf.py
import decimal, attrs
@attrs.define
class S:
    def __attrs_post_init__(self):
        decimal.getcontext().prec = 3
X = S()
""",
        """
import decimal
return str(decimal.Decimal(x) / 7)
""",
        "prec = 3",
        "prec = 4",
    ),
    (
        "an effect of a metaclass's call",
        """
import conf
# --- conf.py
import decimal
class M(type):
    def __call__(cls):
        decimal.getcontext().prec = 3
        return 1
class S(metaclass=M):
    pass
X = S()
""",
        """
import decimal
return str(decimal.Decimal(x) / 7)
""",
        "prec = 3",
        "prec = 4",
    ),
    (
        "an effect of a decorator's helper",
        """
import conf
# --- conf.py
import decimal
def setup():
    decimal.getcontext().prec = 3
def d(f):
    setup()
    return f
@d
def g():
    return 1
""",
        """
import decimal
return str(decimal.Decimal(x) / 7)
""",
        "prec = 3",
        "prec = 4",
    ),
    (
        "an effect of a decorating instance's method",
        """
import conf
# --- conf.py
import decimal
class App:
    def on(self, f):
        self.setup()
        return f
    def setup(self):
        decimal.getcontext().prec = 3
app = App()
@app.on
def g():
    return 1
""",
        """
import decimal
return str(decimal.Decimal(x) / 7)
""",
        "prec = 3",
        "prec = 4",
    ),
    (
        "an effect of a decorating callable instance",
        """
import conf
# --- conf.py
import decimal
class App:
    def __call__(self, f):
        decimal.getcontext().prec = 3
        return f
app = App()
@app
def g():
    return 1
""",
        """
import decimal
return str(decimal.Decimal(x) / 7)
""",
        "prec = 3",
        "prec = 4",
    ),
    (
        "an effect of a decorating class",
        """
import conf
# --- conf.py
import decimal
class D:
    def __init__(self, f):
        decimal.getcontext().prec = 3
@D
def g():
    return 1
""",
        """
import decimal
return str(decimal.Decimal(x) / 7)
""",
        "prec = 3",
        "prec = 4",
    ),
    (
        "an effect of a dataclass's post init",
        """
import conf
# --- conf.py
import decimal, dataclasses
@dataclasses.dataclass
class S:
    def __post_init__(self):
        decimal.getcontext().prec = 3
X = S()
""",
        """
import decimal
return str(decimal.Decimal(x) / 7)
""",
        "prec = 3",
        "prec = 4",
    ),
    (
        "an effect of a field's factory",
        """
import conf
# --- conf.py
import decimal, dataclasses
def g():
    decimal.getcontext().prec = 3
    return 1
@dataclasses.dataclass
class S:
    k: int = dataclasses.field(default_factory=g)
X = S()
""",
        """
import decimal
return str(decimal.Decimal(x) / 7)
""",
        "prec = 3",
        "prec = 4",
    ),
):
    CASES.attack(name, text, value, old, new)
