"""What is told of the result: two pictures and a page."""

from __future__ import annotations

from calendar import month_name
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields

import altair as alt
import pandas as pd
from features import LABEL
from matplotlib.figure import Figure
from modelling import Scores
from sklearn.calibration import calibration_curve
from sklearn.metrics import precision_recall_curve

from windlass import Markdown

INK, ACCENT, SOFT = "#22303c", "#c8553d", "#9fb1bd"
NAMES = {"base": "carrier and hour", "model": "gradient boosting"}
TITLES = {
    "auc": "AUC",
    "average_precision": "average precision",
    "log_loss": "log loss",
    "brier": "Brier score",
    "top_tenth": "late among the likeliest tenth",
}
NEXT = """## What to look at next

    windlass show latest                         # every step: its state, its time, what it made
    windlass logs latest pick                    # what a step printed
    windlass artifacts list latest               # every value that was made
    windlass lineage latest:publish              # what this page was made from
    windlass artifacts export latest:plot_quality -o /tmp/quality.svg

    # Another try: what is as before isn't run again.
    windlass run examples/flights/pipeline.py:training -p depths=4,6,10
    # Three days a month: too few for a model that is worth its trouble, so that none is published.
    windlass run examples/flights/pipeline.py:training -p days=3
"""


@dataclass(frozen=True)
class Facts:
    """What the year was like. Shares are of the flights that arrived.

    Args:
        planned: Flights in the schedule.
        cancelled: Those that never left.
        diverted: Those that left and never arrived where they should, or not on record.
        late: The share late.
        early: The share late of those scheduled before eight.
        evening: The share late of those scheduled from six in the evening on.
        dry: The share late after three hours without rain.
        wet: The share late after rain in the three hours before.
    """

    planned: int
    cancelled: int
    diverted: int
    late: float
    early: float
    evening: float
    dry: float
    wet: float


def survey(flights: pd.DataFrame, table: pd.DataFrame) -> Facts:
    """Counts the flights, and the share late under a few conditions.

    Args:
        flights: All of the schedule.
        table: Features and label of those that arrived.
    """
    late, hour, rain = table[LABEL], table["departure"], table["precip_3h"]
    cancelled = int(flights["dep_time"].isna().sum())
    return Facts(
        planned=len(flights),
        cancelled=cancelled,
        diverted=len(flights) - cancelled - len(table),
        late=float(late.mean()),
        early=float(late[hour < 8].mean()),
        evening=float(late[hour >= 18].mean()),
        dry=float(late[rain == 0].mean()),
        wet=float(late[rain > 0].mean()),
    )


def draw_quality(table: pd.DataFrame) -> Figure:
    """Calibration, and precision against recall, of the model and of the base rates.

    Args:
        table: Columns `late`, `model` and `base`.
    """
    figure = Figure(figsize=(9, 3.8), layout="constrained")
    left, right = figure.subplots(1, 2)
    left.plot([0, 1], [0, 1], color=SOFT, linewidth=1, linestyle="--")
    for name, colour in (("base", SOFT), ("model", ACCENT)):
        share, chance = calibration_curve(table[LABEL], table[name], n_bins=12, strategy="quantile")
        left.plot(chance, share, color=colour, marker="o", markersize=4, label=NAMES[name])
        precision, recall, _ = precision_recall_curve(table[LABEL], table[name])
        # Without the end that is drawn by convention; and more points than pixels help nobody.
        thin = slice(None, -1, max(1, len(recall) // 400))
        right.plot(recall[thin], precision[thin], color=colour, label=NAMES[name])
    right.axhline(table[LABEL].mean(), color=SOFT, linewidth=1, linestyle="--")
    left.set(xlabel="probability told", ylabel="share that was late", xlim=(0, 0.8), ylim=(0, 0.8))
    left.set_title("When it says 40 %, is it 40 %?", loc="left", color=INK, fontsize=11)
    right.set(xlabel="late flights found", ylabel="alarms that were right", ylim=(0, 1))
    right.set_title("Precision against recall", loc="left", color=INK, fontsize=11)
    for axes in (left, right):
        axes.spines[["top", "right"]].set_visible(False)
        axes.legend(frameon=False)
    return figure


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
    facts: Facts, depth: int, model: Scores, base: Scores, table: pd.DataFrame
) -> Markdown:
    """The page of a model that is good enough.

    Args:
        facts: What the year was like.
        depth: Of the chosen model.
        model: The scores of the chosen model on the test months.
        base: The scores of the base rates there.
        table: Columns `month`, `day`, `origin`, `late`, `model` of those months.
    """
    method = (
        f"Gradient boosting of depth {depth}, judged on {_days(table)}: {len(table):,} flights "
        "that came after all that it learnt from, and that no choice has seen."
    )
    parts = [
        "# Will this flight from New York arrive more than 15 minutes late?",
        _year(facts),
        method,
        _score_table(model, base),
        _group_table(table),
        NEXT,
    ]
    return Markdown("\n\n".join(parts))


def write_refusal(model: Scores, base: Scores, least_gain: float) -> Markdown:
    """Why a model is not good enough."""
    return Markdown(
        "# No model is published\n\n"
        f"Its average precision of {model.average_precision:.3f} on the test months is not "
        f"{least_gain} above the {base.average_precision:.3f} that carrier and hour tell alone.\n\n"
        f"{_score_table(model, base)}\n"
    )


def _days(table: pd.DataFrame) -> str:
    """The first and the last day of a table, in words."""
    dates = table[["month", "day"]].sort_values(["month", "day"])
    (month, day), (last_month, last_day) = dates.iloc[[0, -1]].to_numpy().tolist()
    return f"{day} {month_name[month]} to {last_day} {month_name[last_month]}"


def _year(facts: Facts) -> str:
    return (
        f"{facts.planned:,} flights of 2013 are known. {facts.cancelled:,} were cancelled and "
        f"{facts.diverted:,} diverted; of the others {facts.late:.1%} came late: {facts.early:.0%} "
        f"of those before eight in the morning and {facts.evening:.0%} of those from six in the "
        f"evening on, {facts.dry:.0%} after three dry hours and {facts.wet:.0%} after rain."
    )


def _score_table(model: Scores, base: Scores) -> str:
    rows = [
        [TITLES[field.name], *(f"{getattr(found, field.name):.3f}" for found in (model, base))]
        for field in fields(Scores)
    ]
    return _table(["", NAMES["model"], NAMES["base"]], rows)


def _group_table(table: pd.DataFrame) -> str:
    """How many flights a month and airport, the share late, and the share expected."""
    groups = table.groupby(["month", "origin"], observed=True)
    found = groups.agg(flights=(LABEL, "size"), late=(LABEL, "mean"), model=("model", "mean"))
    rows = [
        [str(month), str(origin), f"{flights:,}", f"{late:.1%}", f"{model:.1%}"]
        for month, origin, flights, late, model in found.reset_index().itertuples(index=False)
    ]
    return _table(["month", "from", "flights", "late", "expected"], rows)


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)
