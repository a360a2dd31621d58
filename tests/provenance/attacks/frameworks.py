"""Objects of libraries for models and tables."""

from __future__ import annotations

from provenance.attacks.case import Cases

CASES = Cases()

for name, text, value, old, new in (
    (
        "a torch sequence at module level",
        """
import torch
from helper import N
# --- helper.py
import torch
class M(torch.nn.Module):
    def forward(self, x):
        return x * 3
N = torch.nn.Sequential(M())
""",
        "N(torch.tensor(x)).item()",
        "* 3",
        "* 4",
    ),
    (
        "a module list of torch",
        """
import torch
from helper import N
# --- helper.py
import torch
class M(torch.nn.Module):
    def forward(self, x):
        return x * 3
N = torch.nn.ModuleList([M()])
""",
        "N[0](torch.tensor(x)).item()",
        "* 3",
        "* 4",
    ),
    (
        "a function transformer in a pipeline",
        """
from helper import T
# --- helper.py
from sklearn.preprocessing import FunctionTransformer
from sklearn.pipeline import make_pipeline
def f(x):
    return x * 3
T = make_pipeline(FunctionTransformer(f), 'passthrough')
""",
        "T.transform(x)",
        "* 3",
        "* 4",
    ),
    (
        "keyword arguments of a function transformer",
        """
from helper import T
# --- helper.py
from sklearn.preprocessing import FunctionTransformer
def f(x, k):
    return x * k
T = FunctionTransformer(f, kw_args={'k': 3})
""",
        "T.transform(x)",
        "3}",
        "4}",
    ),
    (
        "a column transformer with a selecting function",
        """
from helper import T
# --- helper.py
from sklearn.compose import ColumnTransformer
def pick(df):
    return ['a'][:1]
T = ColumnTransformer([('p', 'passthrough', pick)])
""",
        """
import pandas as pd
return T.fit_transform(pd.DataFrame({'a': [x], 'b': [2]})).tolist()
""",
        "['a'][:1]",
        "['b'][:1]",
    ),
    (
        "a grid search with a scoring function",
        """
from helper import G
# --- helper.py
from sklearn.model_selection import GridSearchCV
from sklearn.linear_model import Ridge
def f(e, X, y):
    return 3.0
G = GridSearchCV(Ridge(), {'alpha': [1]}, scoring=f, cv=2)
""",
        """
import numpy as np
return G.fit(np.arange(8).reshape(4, 2), np.arange(4)).best_score_
""",
        "3.0",
        "4.0",
    ),
    (
        "a torch module at module level",
        """
import torch
from helper import N
# --- helper.py
import torch
class M(torch.nn.Module):
    def forward(self, x):
        return x * 3
N = M()
""",
        "N(torch.tensor(x)).item()",
        "* 3",
        "* 4",
    ),
    (
        "weights of a torch module by a constant",
        """
import torch
from helper import N
# --- helper.py
import torch
N = torch.nn.Linear(1, 1)
def init(n, k):
    torch.nn.init.constant_(n.weight, k)
    torch.nn.init.zeros_(n.bias)
init(N, 3.0)
""",
        "N(torch.ones(1)).item() * x",
        "3.0",
        "4.0",
    ),
    (
        "a patched forward of a library's instance",
        """
import torch
from helper import N
# --- helper.py
import torch
def h(x):
    return x * 3
N = torch.nn.Linear(1, 1)
N.forward = h
""",
        "N(torch.tensor(x)).item()",
        "* 3",
        "* 4",
    ),
    (
        "a torch sequence inside a project's module",
        """
import torch
from helper import N
# --- helper.py
import torch
class M(torch.nn.Module):
    def forward(self, x):
        return x * 3
class T(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.net = torch.nn.Sequential(M())
    def forward(self, x):
        return self.net(x)
N = T()
""",
        "N(torch.tensor(x)).item()",
        "* 3",
        "* 4",
    ),
    (
        "a stacked estimator with the project's",
        """
from helper import N
# --- helper.py
from sklearn.ensemble import VotingRegressor
from sklearn.base import BaseEstimator, RegressorMixin
import numpy as np
class R(RegressorMixin, BaseEstimator):
    def fit(self, X, y):
        self.k_ = 1
        return self
    def predict(self, X):
        return np.full(len(X), 3.0)
N = VotingRegressor([('r', R())])
""",
        "float(N.fit([[1], [2]], [1, 2]).predict([[1]])[0])",
        "3.0",
        "4.0",
    ),
):
    CASES.attack(name, text, value, old, new)
CASES.attack(
    "a categorical dtype a file tells",
    """
from helper import D
import pandas as pd
# --- helper.py
import pandas as pd
D = pd.CategoricalDtype(open('c.txt').read().split())
""",
    "pd.Series(['p', 'q'], dtype=D).cat.codes.tolist()",
    files={"c.txt": "p q"},
    added={"c.txt": "q p"},
)
CASES.attack(
    "a business day of holidays",
    """
from helper import D
import pandas as pd
# --- helper.py
import pandas as pd
D = pd.offsets.CustomBusinessDay(holidays=open('c.txt').read().split())
""",
    "str(pd.Timestamp('2024-01-01') + D)",
    files={"c.txt": "2024-01-02"},
    added={"c.txt": "2024-01-03"},
)
CASES.attack(
    "an argument of a torch module, of a file",
    """
import torch
from helper import N
# --- helper.py
import torch
N = torch.nn.LeakyReLU(float(open('c.txt').read()))
""",
    "round(N(-torch.ones(1)).item(), 3)",
    files={"c.txt": "0.3"},
    added={"c.txt": "0.4"},
)
