"""What ``windlass.toml`` says of a model.

[models.delay]
tests = "release_tests/delay"          # the folder of its release tests
description = "For the desk at JFK."   # for its model card
capabilities = ["weather", "schedule"] # what rows of its tables of tests may be about
onnx = true                            # whether each version is converted to ONNX
pipeline = "pipeline.py:training"      # what makes its next version
parameters = {months = 3}              # of that pipeline
promotion = "tests"                    # promoted if its tests pass; or "person": it waits for one

[models.delay.scorecard]               # what is done by hand for lines of the ML Test Score
"data.5" = "no column names a person: docs/privacy.md"

[models.delay.triggers]                # what begins the next turn
schedule = "7 days"                    # after the last one
data = ["data/*.parquet"]              # files that have changed, from the project's folder
drift = true                           # an alert of drift
quality = true                         # an alert of falling quality

[models.delay.monitor]
window = "1 day"                       # over what counts are taken together
minimum = 200                          # rows of a window below which nothing is said
persistence = 2                        # windows in a row that must be off
false_alarms = 0.01                    # how often a window that is like the reference is off
score = "log_loss"                     # what its quality is measured by
margin = 0.05                          # how much worse than on its holdout it may be
webhook = "${env:ALERTS_URL}"          # where alerts are sent
hosts = ["10.0.0.7"]                   # private addresses that a webhook may have

[models.delay.serving]
log = "s3://bucket/predictions"        # where predictions are logged; the state folder if not given
sample = 1.0                           # the share of requests that is logged
redact = ["name"]                      # columns that are not
keep = "30 days"                       # how long
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple, TypeVar, get_args

from windlass.errors import DefinitionError
from windlass.pipeline.settings import parse_duration
from windlass.stacks.toml import Document, Key, did_you_mean

Promotion = Literal["tests", "person"]
T = TypeVar("T")
Number = TypeVar("Number", int, float)

_MODEL = (
    *("tests", "description", "capabilities", "scorecard", "onnx"),
    *("pipeline", "parameters", "promotion", "triggers", "monitor", "serving"),
)
_DAY = 86400.0


class _Bound(NamedTuple):
    """What a number must be."""

    holds: Callable[[float], bool]
    words: str


_AT_LEAST_ONE = _Bound(lambda n: n >= 1, "1 or more")
_NOT_NEGATIVE = _Bound(lambda n: n >= 0, "0 or more")
_SHARE = _Bound(lambda n: 0 <= n <= 1, "from 0 to 1")
_CHANCE = _Bound(lambda n: 0 < n < 1, "between 0 and 1")


@dataclass(frozen=True, slots=True)
class Triggers:
    """What begins the next turn of a model.

    Args:
        schedule: Seconds after the last turn; None for never.
        data: Patterns of files, from the project's folder, of which a change does.
        drift: Whether an alert of drift does.
        quality: Whether an alert of falling quality does.
    """

    schedule: float | None = None
    data: tuple[str, ...] = ()
    drift: bool = False
    quality: bool = False

    def __bool__(self) -> bool:
        return self != Triggers()


@dataclass(frozen=True, slots=True)
class MonitorSettings:
    """How a model is watched.

    Args:
        window: Seconds over which counts are taken together.
        minimum: Rows of a window below which nothing is said of it.
        persistence: How many windows in a row must be off before there is an alert.
        false_alarms: The chance that a window which is like the reference is off, all columns
            taken together.
        score: What quality is measured by; None for what suits the task.
        margin: How much worse than on its holdout the score may be, in its unit; None for a
            twentieth of it.
        webhook: Where alerts are sent, which may refer to a secret; None for nowhere.
        hosts: Private addresses that the webhook may have all the same.
    """

    window: float = _DAY
    minimum: int = 200
    persistence: int = 2
    false_alarms: float = 0.01
    score: str | None = None
    margin: float | None = None
    webhook: str | None = None
    hosts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ServingSettings:
    """How a model is served.

    Args:
        log: The folder or URL where predictions are logged; None for the project's state folder.
        sample: The share of requests that is logged.
        redact: Columns that are not logged.
        keep: Seconds that predictions are kept.
    """

    log: str | None = None
    sample: float = 1.0
    redact: tuple[str, ...] = ()
    keep: float = 30 * _DAY


@dataclass(frozen=True, slots=True)
class ModelSettings:
    """What is said of a model.

    Args:
        tests: The folder of its release tests, from the project's; None for where one looks else.
        description: What its card says of whom it serves and what it is not for.
        scorecard: What is done by hand for lines of the ML Test Score, and where that is written.
        capabilities: What rows of its tables of tests may be about; None for anything.
        onnx: Whether each version is converted to ONNX when it is made.
        pipeline: What makes its next version, such as ``pipeline.py:training``.
        parameters: Those of that pipeline.
        promotion: ``tests`` if a version that passes them is promoted; ``person`` if it waits.
        triggers: What begins its next turn.
        monitor: How it is watched.
        serving: How it is served.
    """

    tests: str | None = None
    description: str | None = None
    scorecard: Mapping[str, str] = field(default_factory=dict)
    capabilities: tuple[str, ...] | None = None
    onnx: bool = False
    pipeline: str | None = None
    parameters: Mapping[str, Any] = field(default_factory=dict)
    promotion: Promotion = "tests"
    triggers: Triggers = Triggers()
    monitor: MonitorSettings = MonitorSettings()
    serving: ServingSettings = ServingSettings()


def model_settings(document: Document, name: str) -> ModelSettings:
    """What a document says of a model.

    Raises:
        ConfigError: Something is not as it must be; the message names the line.
    """
    table = ("models", name)
    document.allow(table, _MODEL)
    by_hand = (*table, "scorecard")
    told = {line: document.get(by_hand, line, str, "") for line in document.table(by_hand)}
    is_named = "capabilities" in document.table(table)
    return ModelSettings(
        _text(document, table, "tests"),
        _text(document, table, "description"),
        told,
        document.texts(table, "capabilities") if is_named else None,
        document.get(table, "onnx", bool, False),
        _text(document, table, "pipeline"),
        document.table((*table, "parameters")),
        _promotion(document, table),
        _triggers(document, (*table, "triggers")),
        _monitor(document, (*table, "monitor")),
        _serving(document, (*table, "serving")),
    )


def _promotion(document: Document, table: Key) -> Promotion:
    found: Any = document.get(table, "promotion", str, "tests")
    known = get_args(Promotion)
    if found not in known:
        raise document.error(
            (*table, "promotion"), f"unknown promotion '{found}'", did_you_mean(found, known)
        )
    return found  # type: ignore[no-any-return]


def _triggers(document: Document, table: Key) -> Triggers:
    document.allow(table, Triggers.__slots__)
    return Triggers(
        _seconds(document, table, "schedule", None),
        document.texts(table, "data"),
        document.get(table, "drift", bool, False),
        document.get(table, "quality", bool, False),
    )


def _monitor(document: Document, table: Key) -> MonitorSettings:
    document.allow(table, MonitorSettings.__slots__)
    usual = MonitorSettings()
    return MonitorSettings(
        _seconds(document, table, "window", usual.window),
        _number(document, table, "minimum", usual.minimum, _AT_LEAST_ONE),
        _number(document, table, "persistence", usual.persistence, _AT_LEAST_ONE),
        _number(document, table, "false_alarms", usual.false_alarms, _CHANCE),
        _text(document, table, "score"),
        _margin(document, table),
        _text(document, table, "webhook"),
        document.texts(table, "hosts"),
    )


def _margin(document: Document, table: Key) -> float | None:
    if "margin" not in document.table(table):
        return None
    return _number(document, table, "margin", 0.0, _NOT_NEGATIVE)


def _serving(document: Document, table: Key) -> ServingSettings:
    document.allow(table, ServingSettings.__slots__)
    usual = ServingSettings()
    return ServingSettings(
        _text(document, table, "log"),
        _number(document, table, "sample", usual.sample, _SHARE),
        document.texts(table, "redact"),
        _seconds(document, table, "keep", usual.keep),
    )


def _text(document: Document, table: Key, key: str) -> str | None:
    return document.get(table, key, str, "") or None


def _seconds(document: Document, table: Key, key: str, usual: T) -> float | T:
    text = document.get(table, key, str, "")
    try:
        return parse_duration(text) if text else usual
    except DefinitionError as error:
        raise document.error((*table, key), f"{key}: {error.message}", error.hint) from error


def _number(document: Document, table: Key, key: str, usual: Number, bound: _Bound) -> Number:
    """A number, whole if the usual one is; a whole one may stand for any."""
    kind: Any = int if type(document.table(table).get(key)) is int else type(usual)
    found = document.get(table, key, kind, usual)
    if type(found) is not type(usual):
        found = type(usual)(found)
    if not bound.holds(found):
        raise document.error((*table, key), f"'{'.'.join((*table, key))}' must be {bound.words}")
    return found
