"""Objects that cannot be looked into, changed by functions that are given them."""

from __future__ import annotations

from provenance.attacks.case import Cases

CASES = Cases()

for name, text, value, old, new in (
    (
        "a generator of Python's seeded by a function it is given to",
        """
import conf
# --- conf.py
import random
R = random.Random(1)
def warm(r):
    r.seed(3)
warm(R)
""",
        """
import conf, copy
return copy.copy(conf.R).random()
""",
        "seed(3)",
        "seed(4)",
    ),
    (
        "a database filled by a function it is given to",
        """
from conf import DB
# --- conf.py
import sqlite3
DB = sqlite3.connect(':memory:', check_same_thread=False)
def fill(db):
    db.execute('create table t as select 3 as k')
fill(DB)
""",
        "DB.execute('select k from t').fetchall()",
        "3 as",
        "4 as",
    ),
    (
        "a jinja environment filled by a function it is given to: global",
        """
from conf import ENV
# --- conf.py
import jinja2
ENV = jinja2.Environment()
def fill(env):
    env.globals['k'] = 3
fill(ENV)
""",
        "ENV.from_string('{{ k }}').render(x=x)",
        "= 3",
        "= 4",
    ),
    (
        "an argument parser filled by functions",
        """
from conf import P
# --- conf.py
import argparse
P = argparse.ArgumentParser()
def add(p):
    p.add_argument('--k', default=3)
add(P)
""",
        "P.parse_args([]).k",
        "=3",
        "=4",
    ),
    (
        "an sqlalchemy metadata filled by models",
        """
import models
from base import Base
# --- base.py
from sqlalchemy.orm import DeclarativeBase
class Base(DeclarativeBase):
    pass
# --- models.py
from base import Base
from sqlalchemy.orm import mapped_column, Mapped
class T(Base):
    __tablename__ = 't3'
    id: Mapped[int] = mapped_column(primary_key=True)
""",
        "sorted(Base.metadata.tables)",
        "t3",
        "t4",
    ),
    (
        "a seeded generator advanced by another module",
        """
from helper import R
import other
# --- helper.py
import numpy as np
R = np.random.default_rng(3)
# --- other.py
from helper import R
def warm(r, n):
    r.random(n)
warm(R, 3)
""",
        """
import copy
return copy.deepcopy(R).random()
""",
        "R, 3",
        "R, 4",
    ),
    (
        "an array that is not writeable",
        """
from helper import N
# --- helper.py
import numpy as np
N = np.ones(2)
def put(n, v):
    n.setflags(write=v)
put(N, False)
""",
        "N.flags.writeable",
        "N, False",
        "N, True",
    ),
    (
        "a jinja environment filled by a function it is given to: filter",
        """
from conf import ENV
# --- conf.py
import jinja2
ENV = jinja2.Environment()
def f(x):
    return x * 3
def fill(env):
    env.filters['f'] = f
fill(ENV)
""",
        "ENV.from_string('{{ x|f }}').render(x=x)",
        "x * 3",
        "x * 4",
    ),
    (
        "a hook of a torch module in another module",
        """
import torch, hooks
from helper import N
# --- helper.py
import torch
N = torch.nn.Identity()
# --- hooks.py
from helper import N
def h(m, i, o):
    return o * 3
def put(n):
    n.register_forward_hook(h)
put(N)
""",
        "N(torch.tensor(x)).item()",
        "* 3",
        "* 4",
    ),
    (
        "parameters of a pipeline set by a function of another module",
        """
import tune
from helper import T
# --- helper.py
from sklearn.pipeline import make_pipeline
from sklearn.linear_model import Ridge
T = make_pipeline(Ridge())
# --- tune.py
from helper import T
def put(t):
    t.set_params(ridge__alpha=3)
put(T)
""",
        "T[-1].alpha * x",
        "=3",
        "=4",
    ),
    (
        "a tensor at module level changed in place",
        """
import torch, other
from helper import W
# --- helper.py
import torch
W = torch.tensor([3.0, 1.0])
# --- other.py
from helper import W
def put(w):
    w[0] = 5.0
put(W)
""",
        "W[0].item() * x",
        "5.0",
        "6.0",
    ),
):
    CASES.attack(name, text, value, old, new)
