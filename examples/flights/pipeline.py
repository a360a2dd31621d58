"""Late flights: load, check, join, split by time, train a few models, choose, judge, tell.

windlass run examples/flights/pipeline.py:training -p depths=4,6,8
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, NamedTuple

import altair as alt
import pandas as pd
from checks import Flights, Weather
from data import read_flights, read_weather, without_errors
from features import LABEL, arrived, join_weather, make_features, with_recent, with_traffic
from matplotlib.figure import Figure
from modelling import Scores, base_rates, fit, judge, probabilities
from report import Facts, draw_days, draw_quality, survey, write_page, write_refusal
from sklearn.ensemble import HistGradientBoostingClassifier

from windlass import Holdout, Markdown, Model, Reference, each, either, log_metrics, pipeline, step

LEAST_GAIN = 0.02
"""By how much the average precision must be above the base rates' to be worth a model."""


class Prepared(NamedTuple):
    """Features and label of the flights that arrived, and what the year was like."""

    table: pd.DataFrame
    facts: Facts


class Split(NamedTuple):
    """The flights by time: what is learnt from, chosen on, judged on."""

    train: Annotated[pd.DataFrame, Reference("delay")]
    validate: pd.DataFrame
    test: Annotated[pd.DataFrame, Holdout("delay")]


class Judgement(NamedTuple):
    """The test months with their probabilities, and the scores of model and base rates."""

    table: pd.DataFrame
    model: Scores
    base: Scores


@step
def load_flights(days: int = 31) -> Annotated[pd.DataFrame, Flights]:
    return read_flights(days)


@step
def load_weather() -> Annotated[pd.DataFrame, Weather]:
    weather = read_weather()
    cleaned = without_errors(weather)
    dropped = cleaned["wind_speed"].isna().sum() - weather["wind_speed"].isna().sum()
    print(f"{dropped} wind of {weather['wind_speed'].max():,.0f} miles an hour left out")
    return cleaned


@step
def prepare(flights: pd.DataFrame, weather: pd.DataFrame, lag: int = 1, last: int = 12) -> Prepared:
    flown = arrived(with_traffic(flights))
    table = make_features(join_weather(flown, with_recent(weather), lag))
    # Cut only here: of later months the schedule is known, and so where one can fly to.
    table = table[table["month"] <= last]
    facts = survey(flights[flights["month"] <= last], table)
    print(f"{len(table):,} of {facts.planned:,} flights arrived; {facts.late:.1%} of them late")
    return Prepared(table, facts)


@step
def split(table: pd.DataFrame, until: int = 9) -> Split:
    month = table["month"]
    return Split(table[month <= until], table[month == until + 1], table[month >= 11])


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
    models: list[HistGradientBoostingClassifier], scores: list[Scores]
) -> Annotated[HistGradientBoostingClassifier, Model("delay", target=LABEL)]:
    for model, found in zip(models, scores, strict=True):
        print(f"depth {model.max_depth}: log loss {found.log_loss:.4f}")
    best = min(range(len(models)), key=lambda place: scores[place].log_loss)
    return models[best]


@step
def evaluate(
    model: HistGradientBoostingClassifier, train: pd.DataFrame, test: pd.DataFrame
) -> Judgement:
    table = test[["month", "day", "origin", LABEL]].copy()
    table["model"] = probabilities(model, test)
    table["base"] = base_rates(train, test)
    found = judge(table[LABEL], table["model"].to_numpy())
    base = judge(table[LABEL], table["base"].to_numpy())
    log_metrics(asdict(found))
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
def publish(facts: Facts, best: HistGradientBoostingClassifier, judgement: Judgement) -> Markdown:
    table, model, base = judgement
    return write_page(facts, best.max_depth, model, base, table)


@step
def explain_why(model: Scores, base: Scores) -> Markdown:
    return write_refusal(model, base, LEAST_GAIN)


@pipeline
def training(
    depths: tuple[int, ...] = (4, 6, 8), days: int = 31, until: int = 9, lag: int = 1
) -> Markdown:
    """Trains one model for each depth and tells how the best of them does.

    Args:
        depths: Of the trees, one model each.
        days: How many days of each month to use; fewer are quicker.
        until: The last month to learn from; the next one is chosen on, November and on judged on.
        lag: How many hours before a flight's own the weather was observed.
    """
    prepared = prepare(load_flights(days), load_weather(), lag)
    return best_of(depths, prepared, split(prepared.table, until))


def best_of(depths: tuple[int, ...], prepared: Prepared, parts: Split) -> Markdown:
    """What follows the split: a model for each depth, the best of them, and a page on it."""
    models = train.map(parts.train, depth=each(depths))
    scores = score.map(each(models), parts.validate)
    best = pick(models, scores)
    judgement = evaluate(best, parts.train, parts.test)
    plot_quality(judgement.table)
    plot_days(judgement.table)
    return either(
        good_enough(judgement.model, judgement.base),
        lambda: publish(prepared.facts, best, judgement),
        lambda: explain_why(judgement.model, judgement.base),
    )


if __name__ == "__main__":
    print(training.run().result())
