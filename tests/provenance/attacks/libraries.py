"""What libraries make of code and values of the project."""

from __future__ import annotations

from provenance.attacks.case import Cases

CASES = Cases()

_FROM = "from helper import A\n# --- helper.py\n"
for name, text, value in (
    (
        "a validator of a model",
        """
import pydantic
class A(pydantic.BaseModel):
    k: int
    @pydantic.field_validator('k')
    @classmethod
    def check(cls, v):
        return v * 3
""",
        "A(k=x).k",
    ),
    (
        "a validator in an annotation",
        """
import typing, pydantic
K = typing.Annotated[int, pydantic.AfterValidator(lambda v: v * 3)]
class A(pydantic.BaseModel):
    k: K
""",
        "A(k=x).k",
    ),
    (
        "a computed field",
        """
import pydantic
class A(pydantic.BaseModel):
    @pydantic.computed_field
    @property
    def k(self) -> int:
        return 3
""",
        "A().model_dump()['k'] * x",
    ),
    (
        "a serializer of a model",
        """
import pydantic
class A(pydantic.BaseModel):
    k: int
    @pydantic.field_serializer('k')
    def told(self, v):
        return v * 3
""",
        "A(k=x).model_dump()['k']",
    ),
    (
        "a root model",
        """
import pydantic
class A(pydantic.RootModel):
    root: list[int] = [3]
""",
        "A().root[0] * x",
    ),
    (
        "the models that a discriminator tells apart",
        """
import typing, pydantic
class P(pydantic.BaseModel):
    kind: typing.Literal['p'] = 'p'
    k: int = 3
class Q(pydantic.BaseModel):
    kind: typing.Literal['q'] = 'q'
class A(pydantic.BaseModel):
    v: P | Q = pydantic.Field(discriminator='kind')
""",
        "A(v={'kind': 'p'}).v.k * x",
    ),
    (
        "an adapter of a type",
        """
import typing, pydantic
A = pydantic.TypeAdapter(typing.Annotated[int, pydantic.AfterValidator(lambda v: v * 3)])
""",
        "A.validate_python(x)",
    ),
    (
        "a private attribute of a model",
        """
import pydantic
class A(pydantic.BaseModel):
    _k: int = pydantic.PrivateAttr(default=3)
""",
        "A()._k * x",
    ),
    (
        "the configuration of a model",
        """
import pydantic
class A(pydantic.BaseModel):
    model_config = pydantic.ConfigDict(str_max_length=3)
    k: str
""",
        """
try:
    return A(k='four').k
except ValueError:
    return 'too long'
""",
    ),
    (
        "a factory that a model calls",
        """
import pydantic
class A(pydantic.BaseModel):
    k: int = pydantic.Field(default_factory=lambda: 3)
""",
        "A().k * x",
    ),
    (
        "a function with validated arguments",
        """
import pydantic
@pydantic.validate_call
def A(x: int):
    return x * 3
""",
        "A(x)",
    ),
    (
        "a dataclass of pydantic",
        """
import pydantic.dataclasses
@pydantic.dataclasses.dataclass
class A:
    k: int = 3
""",
        "A().k * x",
    ),
    (
        "a converter of attrs",
        """
import attrs
@attrs.define
class A:
    k: int = attrs.field(converter=lambda v: v * 3)
""",
        "A(x).k",
    ),
    (
        "a default of attrs by a method",
        """
import attrs
@attrs.define
class A:
    k: int = attrs.field()
    @k.default
    def _k(self):
        return 3
""",
        "A().k * x",
    ),
    (
        "a class made by attrs",
        "import attrs\nA = attrs.make_class('A', {'k': attrs.field(default=3)})",
        "A().k * x",
    ),
    (
        "a vectorized function",
        "import numpy as np\ndef f(x):\n    return x * 3\nA = np.vectorize(f)",
        "A([x]).tolist()",
    ),
    (
        "a vectorized function by a decorator",
        "import numpy as np\n@np.vectorize\ndef A(x):\n    return x * 3",
        "A([x]).tolist()",
    ),
    (
        "a universal function",
        "import numpy as np\ndef f(x):\n    return x * 3\nA = np.frompyfunc(f, 1, 1)",
        "int(A(x))",
    ),
    (
        "a universal function of a lambda",
        "import numpy as np\nA = np.frompyfunc(lambda x: x * 3, 1, 1)",
        "int(A(x))",
    ),
    ("a polynomial", "import numpy as np\nA = np.poly1d([3, 1])", "int(A(x))"),
    ("a generator of numpy", "import numpy as np\nA = np.random.RandomState(3)", "A.randint(999)"),
    ("a scalar of numpy", "import numpy as np\nA = np.float16(3)", "float(A) * x"),
    ("a record of numpy", "import numpy as np\nA = np.rec.array([(3,)], names='k')", "int(A.k[0])"),
    ("an array of objects", "import numpy as np\nA = np.array([3, 'a'], dtype=object)", "A[0] * x"),
    (
        "a function in an array of objects",
        "import numpy as np\ndef f(x):\n    return x * 3\nA = np.array([f, None], dtype=object)",
        "A[0](x)",
    ),
    ("a masked constant", "import numpy as np\nA = np.ma.masked_equal([1, 3], 1)", "int(A.sum())"),
    ("a series", "import pandas as pd\nA = pd.Series([1], name='k3')", "A.name"),
    ("a timestamp", "import pandas as pd\nA = pd.Timestamp(3)", "A.value * x"),
    ("an interval", "import pandas as pd\nA = pd.Interval(0, 3)", "A.right * x"),
    (
        "a function in a frame",
        "import pandas as pd\ndef f(x):\n    return x * 3\nA = pd.Series([f, None])",
        "A[0](x)",
    ),
    (
        "a group of a frame",
        "import pandas as pd\nA = pd.DataFrame({'a': [1, 1], 'b': [1, 3]}).groupby('a')",
        "int(A.b.sum().iloc[0])",
    ),
    (
        "an expression of polars",
        "import polars as pl\nA = pl.col('a') * 3",
        "import polars as pl\nreturn pl.DataFrame({'a': [x]}).select(A)['a'][0]",
    ),
    (
        "a function in an expression of polars",
        """
import polars as pl
def f(v):
    return v * 3
A = pl.col('a').map_elements(f, return_dtype=pl.Int64)
""",
        "import polars as pl\nreturn pl.DataFrame({'a': [x]}).select(A)['a'][0]",
    ),
    (
        "a lazy frame",
        "import polars as pl\nA = pl.LazyFrame({'a': [1]}).with_columns(b=pl.lit(3))",
        "A.collect()['b'][0] * x",
    ),
    (
        "a namespace of polars",
        """
import polars as pl
@pl.api.register_dataframe_namespace('geo')
class Geo:
    def __init__(self, df):
        self.df = df
    def area(self):
        return 3
A = 1
""",
        "import polars as pl\nreturn pl.DataFrame({'a': [1]}).geo.area() * x",
    ),
    (
        "a pipeline of estimators",
        """
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer
def f(x):
    return x * 3
A = Pipeline([('f', FunctionTransformer(f))])
""",
        "A.transform(x)",
    ),
    (
        "an estimator of the project",
        """
import sklearn.base
class K(sklearn.base.BaseEstimator):
    def __init__(self, k=1):
        self.k = k
A = K(3)
""",
        "A.k * x",
    ),
    ("a sparse matrix", "import scipy.sparse as s\nA = s.csr_matrix([[0, 3]])", "int(A.sum()) * x"),
    ("a distribution", "import scipy.stats as s\nA = s.norm(3)", "float(A.mean()) * x"),
    (
        "a spline",
        "import scipy.interpolate as s\nA = s.interp1d([0, 9], [0, 3])",
        "float(A(x))",
    ),
):
    plain = "RandomState" not in text
    CASES.attack(name, f"{_FROM}{text}", value, "3", "4", is_plain=plain)
