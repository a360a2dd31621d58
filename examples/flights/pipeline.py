"""Late flights: load, check, join, split by time, train a few models, choose, judge, tell.

windlass run examples/flights/pipeline.py:training -p depths=4,6,8
"""

from __future__ import annotations

from typing import NamedTuple

import altair as alt
import pandas as pd
from checks import FLIGHTS, WEATHER, checked
from data import read_flights, read_weather
from features import LABEL, arrived, join_weather, make_features
from matplotlib.figure import Figure
from modelling import Scores, base_rates, fit, judge, probabilities
from report import by_month, draw_days, draw_quality, write_page
from sklearn.ensemble import HistGradientBoostingClassifier

from windlass import Markdown, each, either, log_metrics, pipeline, step

LEAST_GAIN = 0.02
"""By how much the average precision must be above the base rates' to be worth a model."""


class Split(NamedTuple):
    """The flights by time: what is learnt from, chosen on, judged on."""

    train: pd.DataFrame
    validate: pd.DataFrame
    test: pd.DataFrame


class Best(NamedTuple):
    """The chosen model and its setting."""

    model: HistGradientBoostingClassifier
    depth: int


class Judgement(NamedTuple):
    """The test months with their probabilities, and the scores of model and base rates."""

    table: pd.DataFrame
    model: Scores
    base: Scores


@step
def load_flights() -> pd.DataFrame:
    return checked(read_flights(), FLIGHTS)


@step
def load_weather() -> pd.DataFrame:
    return checked(read_weather(), WEATHER)


@step
def prepare(flights: pd.DataFrame, weather: pd.DataFrame) -> pd.DataFrame:
    table = make_features(join_weather(arrived(flights), weather))
    print(f"{len(table):,} of {len(flights):,} flights arrived; {table[LABEL].mean():.1%} late")
    return table


@step
def split(table: pd.DataFrame) -> Split:
    month = table["month"]
    return Split(table[month <= 9], table[month == 10], table[month >= 11])


@step
def train(data: pd.DataFrame, depth: int = 6) -> HistGradientBoostingClassifier:
    return fit(data, depth)


@step
def score(model: HistGradientBoostingClassifier, data: pd.DataFrame) -> Scores:
    scores = judge(data[LABEL], probabilities(model, data))
    log_metrics({"validation_log_loss": scores.log_loss, "validation_auc": scores.auc})
    return scores


@step
def pick(
    models: list[HistGradientBoostingClassifier], scores: list[Scores], depths: list[int]
) -> Best:
    best = min(range(len(models)), key=lambda place: scores[place].log_loss)
    for depth, found in zip(depths, scores, strict=True):
        print(f"depth {depth}: log loss {found.log_loss:.4f} on October")
    return Best(models[best], depths[best])


@step
def evaluate(
    model: HistGradientBoostingClassifier, train: pd.DataFrame, test: pd.DataFrame
) -> Judgement:
    table = test[["month", "day", LABEL]].copy()
    table["model"] = probabilities(model, test)
    table["base"] = base_rates(train, test)
    found = judge(table[LABEL], table["model"].to_numpy())
    base = judge(table[LABEL], table["base"].to_numpy())
    log_metrics({"auc": found.auc, "average_precision": found.average_precision})
    return Judgement(table, found, base)


@step
def plot_quality(table: pd.DataFrame) -> Figure:
    return draw_quality(table)


@step
def plot_days(table: pd.DataFrame) -> alt.Chart:
    return draw_days(table)


@step
def good_enough(model: Scores, base: Scores) -> bool:
    return model.average_precision > base.average_precision + LEAST_GAIN


@step
def publish(
    judgement: Judgement, depth: int, flights: pd.DataFrame, table: pd.DataFrame
) -> Markdown:
    counts = {
        "flights": len(flights),
        "arrived": len(table),
        "late": int(table[LABEL].sum()),
        "test": len(judgement.table),
    }
    months = by_month(judgement.table)
    return write_page(judgement.model, judgement.base, depth, counts, months)


@step
def explain_why(model: Scores, base: Scores) -> Markdown:
    return Markdown(
        f"No model is published: its average precision of {model.average_precision:.4f} is not "
        f"{LEAST_GAIN} above the {base.average_precision:.4f} that carrier and hour give alone.\n"
    )


@pipeline
def training(depths: list[int] = [3, 5, 8]) -> Markdown:  # noqa: B006 (never changed)
    """Trains one model for each depth and tells how the best of them does."""
    flights = load_flights()
    table = prepare(flights, load_weather())
    parts = split(table)
    models = train.map(parts.train, depth=each(depths))
    scores = score.map(each(models), parts.validate)
    best = pick(models, scores, depths)
    judgement = evaluate(best.model, parts.train, parts.test)
    plot_quality(judgement.table)
    plot_days(judgement.table)
    return either(
        good_enough(judgement.model, judgement.base),
        lambda: publish(judgement, best.depth, flights, table),
        lambda: explain_why(judgement.model, judgement.base),
    )


if __name__ == "__main__":
    print(training.run().result())
