"""Training and judging a model."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from features import FEATURES, LABEL
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import average_precision_score, brier_score_loss, log_loss, roc_auc_score


@dataclass(frozen=True)
class Scores:
    """How well probabilities fit what happened.

    Args:
        auc: How often a late flight is ranked above one in time; 0.5 is chance.
        average_precision: Area under precision and recall; the share of late flights is chance.
        log_loss: Mean surprise, in nats; lower is better.
        brier: Mean squared error of the probabilities; lower is better.
    """

    auc: float
    average_precision: float
    log_loss: float
    brier: float


def fit(table: pd.DataFrame, depth: int, rate: float = 0.1) -> HistGradientBoostingClassifier:
    """Gradient boosting on the features, categories as they are."""
    model = HistGradientBoostingClassifier(
        max_depth=depth,
        learning_rate=rate,
        max_iter=100,
        min_samples_leaf=200,
        l2_regularization=5.0,
        categorical_features="from_dtype",
        early_stopping=False,
        random_state=0,
    )
    return model.fit(table[FEATURES], table[LABEL])


def probabilities(
    model: HistGradientBoostingClassifier, table: pd.DataFrame
) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """The probability of each flight to be late."""
    found: np.ndarray[tuple[int], np.dtype[np.float64]] = model.predict_proba(table[FEATURES])[:, 1]
    return found


def base_rates(
    train: pd.DataFrame, table: pd.DataFrame
) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """What a schedule alone tells: the share of late flights by carrier and hour, smoothed.

    A model is worth its trouble only if it does better than this.
    """
    strength = 50
    overall = float(train[LABEL].mean())
    keys = [train["carrier"], np.floor(train["departure"]).rename("hour")]
    groups = train.groupby(keys, observed=True)[LABEL].agg(["sum", "count"])
    rates = (groups["sum"] + strength * overall) / (groups["count"] + strength)
    rates.index = pd.MultiIndex.from_tuples([(str(carrier), hour) for carrier, hour in rates.index])
    wanted = pd.MultiIndex.from_arrays([table["carrier"].astype(str), np.floor(table["departure"])])
    return rates.reindex(wanted).fillna(overall).to_numpy(dtype=np.float64)


def judge(truth: pd.Series[bool], chance: np.ndarray[tuple[int], np.dtype[np.float64]]) -> Scores:
    """The scores of probabilities against what happened."""
    return Scores(
        auc=float(roc_auc_score(truth, chance)),
        average_precision=float(average_precision_score(truth, chance)),
        log_loss=float(log_loss(truth, chance)),
        brier=float(brier_score_loss(truth, chance)),
    )
