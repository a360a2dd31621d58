"""What holds for models, drawings, files and texts, whatever they were made of.

Each comes back doing the same, has the same content however often it goes there and back, and
another content where it is another. Other formats have their laws beside their other tests.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from windlass.artifacts.documents import HTML, Markdown
from windlass.artifacts.format import Format
from windlass.artifacts.formats.figures import ChartFormat, FigureFormat
from windlass.artifacts.formats.plain import HtmlFormat, MarkdownFormat

from .box import Box
from .roundtrip import back, content

FEW = settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
"""To fit a model takes a while."""


@st.composite
def tables(draw: st.DrawFn) -> tuple[pd.DataFrame, pd.Series]:
    """A table of numbers, with gaps, and a column of two kinds that rests on it."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    rows, columns = draw(st.integers(30, 80)), draw(st.integers(1, 4))
    table = pd.DataFrame(rng.normal(size=(rows, columns))).add_prefix("c")
    target = (table["c0"] + rng.normal(size=rows) > 0).astype(int)
    target.iloc[0], target.iloc[1] = 0, 1
    return table.mask(rng.random(table.shape) < draw(st.sampled_from([0, 0.2]))), target


TASKS = st.sampled_from(["Classifier", "Regressor"])
SIZES = st.tuples(st.integers(1, 4), st.integers(1, 4))


def holds(form: Format[Any], model: Any, table: pd.DataFrame) -> None:
    """That a model comes back predicting the same to the bit, under the same content."""
    again = back(form, model)
    assert np.array_equal(again.predict(table), model.predict(table))
    assert repr(again.get_params()) == repr(model.get_params())
    assert content(form, again) == content(form, model)
    assert content(form, back(form, again)) == content(form, model)


@FEW
@given(tables(), TASKS, SIZES)
def test_xgboost(data: tuple[Any, Any], task: str, size: tuple[int, int]) -> None:
    xgboost = pytest.importorskip("xgboost", reason="XGBoost is not installed")
    from windlass.artifacts.formats.xgboost_models import XGBoostModelFormat

    model = getattr(xgboost, f"XGB{task}")(n_estimators=size[0], max_depth=size[1], n_jobs=1)
    holds(XGBoostModelFormat(), model.fit(*data), data[0])


@FEW
@given(tables(), TASKS, SIZES)
def test_lightgbm(data: tuple[Any, Any], task: str, size: tuple[int, int]) -> None:
    lightgbm = pytest.importorskip("lightgbm", reason="LightGBM is not installed")
    from windlass.artifacts.formats.lightgbm_models import LightGBMModelFormat

    make = getattr(lightgbm, f"LGBM{task}")
    model = make(n_estimators=size[0], max_depth=size[1], min_child_samples=5, verbose=-1, n_jobs=1)
    holds(LightGBMModelFormat(), model.fit(*data), data[0])


@FEW
@given(tables(), TASKS, SIZES)
def test_catboost(data: tuple[Any, Any], task: str, size: tuple[int, int]) -> None:
    catboost = pytest.importorskip("catboost", reason="CatBoost is not installed")
    from windlass.artifacts.formats.catboost_models import CatBoostFormat

    make = getattr(catboost, f"CatBoost{task}")
    model = make(
        iterations=size[0], depth=size[1], verbose=0, allow_writing_files=False, thread_count=1
    )
    holds(CatBoostFormat(), model.fit(*data), data[0])


@FEW
@given(tables(), st.sampled_from(["forest", "boosting", "pipeline", "search"]), SIZES)
def test_estimators(data: tuple[Any, Any], kind: str, size: tuple[int, int]) -> None:
    from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestRegressor
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import GridSearchCV
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    from sklearn.tree import DecisionTreeClassifier

    from windlass.artifacts.formats.estimators import EstimatorFormat

    many, deep = size
    makers: dict[str, Any] = {
        "forest": lambda: RandomForestRegressor(many, max_depth=deep, random_state=0),
        "boosting": lambda: HistGradientBoostingClassifier(max_iter=many, max_depth=deep),
        "pipeline": lambda: make_pipeline(SimpleImputer(), StandardScaler(), LogisticRegression()),
        "search": lambda: GridSearchCV(
            DecisionTreeClassifier(random_state=0), {"max_depth": [deep]}, cv=2
        ),
    }
    model, form = makers[kind]().fit(*data), EstimatorFormat()
    again = back(form, model)
    assert np.array_equal(again.predict(data[0]), model.predict(data[0]))
    assert content(form, again) == content(form, model)
    assert content(form, back(form, again)) == content(form, model)


POINTS = st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=6)


@FEW
@given(POINTS, st.text(st.characters(categories=["L", "N"], max_codepoint=255), max_size=8))
def test_figures(points: list[float], title: str) -> None:
    from matplotlib.figure import Figure

    def drawn(values: list[float]) -> Any:
        figure = Figure(figsize=(1, 1), dpi=40)
        figure.add_subplot().plot(values)
        figure.suptitle(title)
        return figure

    form = FigureFormat()
    first = content(form, drawn(points))
    assert content(form, drawn(points)) == first
    assert content(form, back(form, drawn(points))) == first
    assert content(form, drawn([*points, max(points) + 1])) != first


@FEW
@given(POINTS, st.text(max_size=8))
def test_charts(points: list[float], title: str) -> None:
    import altair

    def drawn(values: list[float]) -> Any:
        table = pd.DataFrame({"x": values, "kind": title})
        return altair.Chart(table, title=title).mark_line().encode(x="x:Q", color="kind:N")

    form = ChartFormat()
    again = back(form, drawn(points))
    assert again.to_dict() == drawn(points).to_dict()
    assert content(form, again) == content(form, drawn(points))
    assert content(form, drawn([*points, 0.5])) != content(form, again)


NAMES = st.text(st.characters(exclude_characters="/\0", codec="utf-8"), min_size=1, max_size=12)
FILES = st.dictionaries(
    NAMES.filter(lambda name: name.strip(".") != ""), st.binary(max_size=40), max_size=4
)


@settings(max_examples=40)
@given(FILES, FILES)
def test_folders(files: dict[str, bytes], inner: dict[str, bytes]) -> None:
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "data"
        (folder / "inner").mkdir(parents=True)
        for name, data in files.items():
            if name != "inner":
                (folder / name).write_bytes(data)
        for name, data in inner.items():
            (folder / "inner" / name).write_bytes(data)
        box = Box(Path(place) / "store")
        saved = box.save(folder).artifact.content
        found = box.load(saved)
        assert told(found) == told(folder)
        assert box.save(found).artifact.content == saved
        (folder / "one more than before").write_bytes(b"")
        assert box.save(folder).artifact.content != saved


def told(root: Path) -> dict[str, bytes | None]:
    """What a folder holds."""
    return {
        path.relative_to(root).as_posix(): None if path.is_dir() else path.read_bytes()
        for path in root.rglob("*")
    }


@given(st.text(), st.sampled_from([(HtmlFormat(), HTML), (MarkdownFormat(), Markdown)]))
def test_texts(text: str, kind: tuple[Format[Any], Any]) -> None:
    form, make = kind
    again = back(form, make(text))
    assert type(again) is make
    assert again == make(text)
    assert content(form, again) == content(form, make(text))
    assert content(form, make(f"{text}.")) != content(form, again)
