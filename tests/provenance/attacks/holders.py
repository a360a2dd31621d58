"""Objects that hold code or values."""

from __future__ import annotations

from provenance.attacks.case import Cases

CASES = Cases()

_FROM = "from helper import A\n# --- helper.py\n"
for name, text, value in (
    (
        "reduce",
        """
import functools
def A(x):
    return functools.reduce(lambda u, v: u + v * 3, range(x))
""",
        "A(x)",
    ),
    (
        "itemgetter",
        """
import operator
A = operator.itemgetter(3)
""",
        "A('abcdef')",
    ),
    ("a compiled code", "A = compile('x * 3', 'f', 'eval')", "eval(A)"),
    (
        "an exception's message",
        """
class A(Exception):
    def __str__(self):
        return '3'
""",
        "str(A())",
    ),
    (
        "a group of a pattern",
        """
import re
A = re.compile('a{3}')
""",
        "bool(A.match('aaa'))",
    ),
    (
        "an iterator that is held",
        "A = iter([3, 5])",
        """
import copy
return next(copy.copy(A)) * x
""",
    ),
    (
        "itertools that are held",
        """
import itertools
A = itertools.repeat(3)
""",
        "next(A) * x",
    ),
    ("a memoryview", "A = memoryview(b'3')", "A[0] * x"),
    (
        "a dict of classes",
        """
class K: ...
A = {K: 3}
""",
        "list(A.values())[0] * x",
    ),
    ("a generic alias", "A = dict[str, tuple[int, 'K3']]", "str(A)"),
    (
        "a struct",
        """
import struct
A = struct.Struct('3s')
""",
        "A.size * x",
    ),
    (
        "a string formatter",
        """
import string
class K(string.Formatter):
    def get_value(self, k, a, w):
        return 3
A = K()
""",
        "A.format('{q}')",
    ),
    (
        "a json encoder",
        """
import json
class A(json.JSONEncoder):
    def default(self, o):
        return 3
""",
        """
import json
return json.dumps(object(), cls=A)
""",
    ),
    (
        "an abstract method",
        """
import abc
class B(abc.ABC):
    @abc.abstractmethod
    def f(self):
        return 3
class A(B):
    def f(self):
        return super().f()
""",
        "A().f() * x",
    ),
    (
        "a user-defined list",
        """
import collections
A = collections.UserList([3])
""",
        "A[0] * x",
    ),
    (
        "a chain of maps",
        """
import collections
A = collections.ChainMap({}, {'k': 3})
""",
        "A['k'] * x",
    ),
    (
        "a queue",
        """
import queue
A = queue.Queue(maxsize=3)
""",
        "A.maxsize * x",
    ),
    (
        "a date format",
        """
import datetime
A = datetime.timedelta(days=3)
""",
        "A.days * x",
    ),
    ("a bound builtin", "A = [1, 3].index", "A.__self__[1] * x"),
    (
        "an address",
        """
import ipaddress
A = ipaddress.ip_address('10.0.0.3')
""",
        "str(A)",
    ),
    (
        "a semaphore",
        """
import threading
A = threading.Semaphore(3)
""",
        "A._value * x",
    ),
    (
        "a logger's level by name",
        """
import logging
logging.getLogger('wlx').setLevel(30)
A = 'wlx'
""",
        """
import logging
return logging.getLogger(A).level * x
""",
    ),
):
    CASES.attack(name, f"{_FROM}{text}", value, "3", "4")
