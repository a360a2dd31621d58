"""Training and judging a model."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from features import FEATURES, LABEL
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import average_precision_score, brier_score_loss, log_loss, roc_auc_score

SMOOTHING = 50
"""How many flights of average lateness stand in for those that a carrier's hour lacks."""


@dataclass(frozen=True)
class Scores:
    """How well probabilities fit what happened.

    Args:
        auc: How often a late flight is ranked above one in time; 0.5 is chance.
        average_precision: Area under precision and recall; the share of late flights is chance.
        log_loss: Mean surprise, in nats; lower is better.
        brier: Mean squared error of the probabilities; lower is better.
        top_tenth: The share late of the tenth of the flights that were told likeliest to be.
    """

    auc: float
    average_precision: float
    log_loss: float
    brier: float
    top_tenth: float


def fit(table: pd.DataFrame, depth: int) -> HistGradientBoostingClassifier:
    """Gradient boosting on the features, categories as they are."""
    model = HistGradientBoostingClassifier(
        max_depth=depth,
        learning_rate=0.1,
        max_iter=100,
        min_samples_leaf=200,
        l2_regularization=5.0,
        categorical_features="from_dtype",
        early_stopping=False,  # it would hold out flights at random, of the very days it learns
        random_state=0,
    )
    return model.fit(table[FEATURES], table[LABEL])


def probabilities(
    model: HistGradientBoostingClassifier, table: pd.DataFrame
) -> npt.NDArray[np.float64]:
    """The probability of each flight to be late."""
    found: npt.NDArray[np.float64] = model.predict_proba(table[FEATURES])[:, 1]
    return found


def base_rates(train: pd.DataFrame, table: pd.DataFrame) -> npt.NDArray[np.float64]:
    """What a schedule alone tells: the share of late flights by carrier and hour, smoothed.

    A model is worth its trouble only if it does better than this.
    """
    overall = float(train[LABEL].mean())
    groups = _by_hour(train).groupby(["carrier", "hour"])[LABEL]
    rates = (groups.sum() + SMOOTHING * overall) / (groups.size() + SMOOTHING)
    wanted = _by_hour(table).join(rates.rename("rate"), on=["carrier", "hour"])
    return wanted["rate"].fillna(overall).to_numpy(dtype=np.float64)


def judge(truth: pd.Series[bool], chance: npt.NDArray[np.float64]) -> Scores:
    """The scores of probabilities against what happened."""
    return Scores(
        auc=float(roc_auc_score(truth, chance)),
        average_precision=float(average_precision_score(truth, chance)),
        log_loss=float(log_loss(truth, chance)),
        brier=float(brier_score_loss(truth, chance)),
        top_tenth=float(truth[chance >= np.quantile(chance, 0.9)].mean()),
    )


def _by_hour(table: pd.DataFrame) -> pd.DataFrame:
    return table.assign(carrier=table["carrier"].astype(str), hour=table["departure"] // 1)
