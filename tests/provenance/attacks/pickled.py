"""Inputs that are pickled."""

from __future__ import annotations

from provenance.attacks.case import CHAIN, Cases

CASES = Cases()

CASES.attack(
    "a pickled input, a pipeline with a function transformer",
    """
import helper
@step(allow_pickle=True)
def m(x: int):
    return helper.make()
@step
def a(v):
    return v.transform([[1]])
# --- helper.py
def f(x):
    return x * 3
from sklearn.preprocessing import FunctionTransformer
from sklearn.pipeline import make_pipeline
def make():
    return make_pipeline(FunctionTransformer(f))
""",
    "",
    "* 3",
    "* 4",
    pipeline=CHAIN,
)
CASES.attack(
    "a pickled input, a torch sequence of the project's modules",
    """
import helper
@step(allow_pickle=True)
def m(x: int):
    return helper.make()
@step
def a(v):
    import torch
    return v(torch.tensor(5)).item()
# --- helper.py
import torch
class N(torch.nn.Module):
    def forward(self, x):
        return x * 3
def make():
    return torch.nn.Sequential(N())
""",
    "",
    "* 3",
    "* 4",
    pipeline=CHAIN,
)
CASES.attack(
    "a pickled input, a torch dataset in a loader",
    """
import helper
@step(allow_pickle=True)
def m(x: int):
    return helper.make()
@step
def a(v):
    return next(iter(v)).tolist()
# --- helper.py
import torch
class D(torch.utils.data.Dataset):
    def __len__(self):
        return 1
    def __getitem__(self, i):
        return 3
def make():
    return torch.utils.data.DataLoader(D())
""",
    "",
    "return 3",
    "return 4",
    pipeline=CHAIN,
)
