"""What is told of the result: two pictures and a page."""

from __future__ import annotations

import altair as alt
import numpy as np
import pandas as pd
from features import LABEL
from matplotlib.figure import Figure
from modelling import Scores
from sklearn.calibration import calibration_curve
from sklearn.metrics import precision_recall_curve

from windlass import Markdown

INK, ACCENT, SOFT = "#22303c", "#c8553d", "#9fb1bd"


def draw_quality(table: pd.DataFrame) -> Figure:
    """Calibration, and precision against recall, of the model and of the base rates.

    Args:
        table: Columns `late`, `model` and `base`.
    """
    figure = Figure(figsize=(9, 3.8), layout="constrained", facecolor="white")
    left, right = figure.subplots(1, 2)
    left.plot([0, 1], [0, 1], color=SOFT, linewidth=1, linestyle="--")
    for name, colour in (("base", SOFT), ("model", ACCENT)):
        share, chance = calibration_curve(table[LABEL], table[name], n_bins=12, strategy="quantile")
        left.plot(chance, share, color=colour, marker="o", markersize=4, label=_NAMES[name])
        precision, recall, _ = precision_recall_curve(table[LABEL], table[name])
        few = max(1, len(recall) // 400)  # points enough for a line of this size
        right.plot(recall[::few], precision[::few], color=colour, label=_NAMES[name])
    right.axhline(table[LABEL].mean(), color=SOFT, linewidth=1, linestyle="--")
    left.set(xlabel="probability told", ylabel="share that was late", xlim=(0, 0.8), ylim=(0, 0.8))
    left.set_title("When it says 40 %, is it 40 %?", loc="left", color=INK, fontsize=11)
    right.set(xlabel="late flights found", ylabel="alarms that were right", ylim=(0, 1))
    right.set_title("Precision against recall", loc="left", color=INK, fontsize=11)
    for axes in (left, right):
        axes.spines[["top", "right"]].set_visible(False)
        axes.legend(frameon=False)
    return figure


_NAMES = {"model": "gradient boosting", "base": "carrier and hour"}


def draw_days(table: pd.DataFrame) -> alt.Chart:
    """Each day of the test months: the share late, and the share expected.

    Args:
        table: Columns `month`, `day`, `late`, `model`.
    """
    days = table.groupby(["month", "day"], as_index=False)[[LABEL, "model"]].mean()
    date = pd.to_datetime({"year": 2013, "month": days["month"], "day": days["day"]})
    days["date"] = date.dt.strftime("%Y-%m-%d")
    long = days.melt("date", [LABEL, "model"], var_name="what", value_name="share")
    long["what"] = long["what"].map({LABEL: "were late", "model": "expected to be"})
    long["share"] = long["share"].round(4)
    chart: alt.Chart = (
        alt.Chart(long, title="Late flights a day", width=640, height=220)
        .mark_line()
        .encode(
            x=alt.X("date:T", title=None),
            y=alt.Y("share:Q", axis=alt.Axis(format="%"), title=None),
            color=alt.Color("what:N", title=None, scale=alt.Scale(range=[ACCENT, INK])),
        )
    )
    return chart


def write_page(
    model: Scores, base: Scores, depth: int, counts: dict[str, int], months: pd.DataFrame
) -> Markdown:
    """The page that the pipeline returns."""
    told = (
        f"{counts['flights']:,} flights were planned in 2013; {counts['arrived']:,} arrived, "
        f"{counts['late'] / counts['arrived']:.1%} of them late. Trained on January to September, "
        f"depth {depth} chosen on October, judged on November and December: "
        f"{counts['test']:,} flights that no choice has seen."
    )
    lines = ["# Will this flight from New York arrive more than 15 minutes late?", "", told, ""]
    lines += ["| | gradient boosting | carrier and hour |", "|---|---|---|"]
    for name in ("auc", "average_precision", "log_loss", "brier"):
        shown = name.replace("_", " ").replace("auc", "AUC")
        lines.append(f"| {shown} | **{getattr(model, name):.4f}** | {getattr(base, name):.4f} |")
    lines += ["", "| month | flights | late | expected |", "|---|---|---|---|"]
    for row in months.itertuples():
        lines.append(f"| {row.month} | {row.flights:,} | {row.late:.1%} | {row.model:.1%} |")
    return Markdown("\n".join(lines) + "\n")


def by_month(table: pd.DataFrame) -> pd.DataFrame:
    """How many flights a month, the share late, and the share expected."""
    groups = table.groupby("month", as_index=False)
    found = groups.agg(flights=(LABEL, "size"), late=(LABEL, "mean"), model=("model", "mean"))
    return found.astype({"flights": np.int64})
