"""The language in which runs are asked for: against a plain evaluation, and against ill will."""

from __future__ import annotations

import contextlib
import datetime as dt
import math
import operator
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from windlass import values
from windlass.errors import NotFoundError, QueryError
from windlass.records import Records
from windlass.records.asking.fields import PARTS
from windlass.records.asking.grammar import (
    AllOf,
    AnyOf,
    Comparison,
    Not,
    Question,
    comparisons,
    read_order,
    read_question,
)
from windlass.records.model import Param, RunParameter

from .making import new_run, series

TEXTS = ["a", "B", "it's", 'say "x"', "50%", "_", "ü", "", "x" * 300, "true", "--", "\\"]
NUMBERS = [0, 1, 6, -2, 0.5, 0.8, 1e300, -1e-9, math.inf]
NAMES = ["auc", "loss", "val/f 1", "min", "depth", "x.y", "select", "'; DROP TABLE runs; --"]


@dataclass
class Facts:
    """A run, as the plain evaluation sees it."""

    id: str
    plain: dict[str, Any]
    tags: dict[str, str] = field(default_factory=dict)
    params: dict[str, list[Any]] = field(default_factory=dict)
    metrics: dict[str, list[float]] = field(default_factory=dict)


COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "=": operator.eq,
    "in": operator.eq,
    "~": lambda have, want: want in have,
}


def is_true(question: Question, run: Facts) -> bool:
    match question:
        case Not(of):
            return not is_true(of, run)
        case AllOf(of):
            return all(is_true(each, run) for each in of)
        case AnyOf(of):
            return any(is_true(each, run) for each in of)
        case Comparison():
            have = found_in(question, run)
            if question.sign == "null":
                return not have
            return any(
                fits(question.sign, one, value.first, value.end)
                for one in have
                for value in question.values
            )


def found_in(asked: Comparison, run: Facts) -> list[Any]:
    name = asked.field.name
    if asked.field.group == "tags":
        return [run.tags[name]] if name in run.tags else []
    if asked.field.group == "params":
        return [value for value in run.params.get(name, ()) if value is not None]
    if asked.field.group == "metrics":
        told = [value for value in run.metrics.get(name, ()) if not math.isnan(value)]
        if asked.field.part == "last":
            last = run.metrics.get(name, [math.nan])[-1]
            return [] if math.isnan(last) else [last]
        return [min(told) if asked.field.part == "low" else max(told)] if told else []
    have = run.plain[name]
    return [] if have is None else [have]


def fits(sign: str, have: Any, want: Any, end: float | None) -> bool:
    if isinstance(have, str) != isinstance(want, str):
        return False
    if isinstance(have, str):
        return COMPARE[sign](have[:200], want[:200])
    if end is None or end == want:
        return COMPARE[sign](have, want)
    found: dict[str, bool] = {
        "=": want <= have < end,
        "in": want <= have < end,
        "<": have < want,
        "<=": have < end,
        ">": have >= end,
        ">=": have >= want,
    }
    return found[sign]


def quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def plain_number(number: float) -> str:
    return repr(number)


TEXT_VALUES = st.sampled_from(TEXTS).map(quoted)
NUMBER_VALUES = st.sampled_from(NUMBERS).map(plain_number)
ORDERED = st.sampled_from(["=", "!=", "<", "<=", ">", ">="])
TEXT_SIGNS = st.sampled_from(["=", "!=", "~", "!~"])
NAMED = st.sampled_from(NAMES).map(quoted)


def compared(left: st.SearchStrategy[str], signs: Any, right: Any) -> st.SearchStrategy[str]:
    one = st.builds("{} {} {}".format, left, signs, right)
    many = st.lists(right, min_size=1, max_size=3).map(", ".join)
    listed = st.builds("{} {} ({})".format, left, st.sampled_from(["in", "not in"]), many)
    return st.one_of(one, listed)


def metric_fields() -> st.SearchStrategy[str]:
    parts = st.sampled_from(["", *(f".{part}" for part in PARTS)])
    return st.builds(lambda name: f"metrics.{name}", NAMED) | st.builds(
        "metrics.{}{}".format, st.sampled_from(["auc", "loss", "x.y"]), parts
    )


FIELDS = st.one_of(
    metric_fields(), NAMED.map("params.{}".format), NAMED.map("tags.{}".format)
) | st.sampled_from(["seconds", "status", "created", "seed"])
LEAVES = st.one_of(
    compared(metric_fields(), ORDERED, NUMBER_VALUES),
    compared(NAMED.map("params.{}".format), ORDERED, NUMBER_VALUES),
    compared(NAMED.map("params.{}".format), TEXT_SIGNS, TEXT_VALUES),
    compared(NAMED.map("tags.{}".format), TEXT_SIGNS, TEXT_VALUES),
    compared(st.sampled_from(["name", "pipeline", "target", "stack"]), TEXT_SIGNS, TEXT_VALUES),
    compared(st.just("status"), st.sampled_from(["=", "!="]), st.sampled_from(["failed", "lost"])),
    compared(st.just("seed"), ORDERED, st.sampled_from(["0", "7", "9223372036854775807", "1e30"])),
    compared(st.just("seconds"), ORDERED, st.sampled_from(["5", "1m", "1m30s", "2 hours", "90ms"])),
    compared(
        st.just("created"),
        ORDERED,
        st.sampled_from(["2026-03-01", "'2026-03-02 10:30'", "2026-03-02T10:30:05", "3 days ago"]),
    ),
    st.builds("{} {}".format, FIELDS, st.sampled_from(["is null", "is not null"])),
)
QUESTIONS = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        inner.map("not ({})".format),
        st.builds("({}) and ({})".format, inner, inner),
        st.builds("({}) OR {}".format, inner, inner),
    ),
    max_leaves=5,
)
ORDERS = st.builds(
    "{} {}".format,
    st.one_of(FIELDS, st.sampled_from(["name", "pipeline"])),
    st.sampled_from(["", "asc", "desc"]),
)
RUNS = 40
LOST = {3, 17}


def fill(records: Records) -> list[Facts]:
    """Runs that have some of everything, each in its own mixture."""
    made, start = [], dt.datetime(2026, 3, 1).timestamp()
    for number in range(RUNS):
        created = start + number * 4000
        own = {
            name: TEXTS[(number + at) % len(TEXTS)]
            if (number + at) % 2
            else NUMBERS[(number * 3 + at) % len(NUMBERS)]
            for at, name in enumerate(NAMES)
            if (number + at) % 3
        }
        some = enumerate(NAMES[number % 7 :])
        tags = {name: TEXTS[(number * 5 + at) % len(TEXTS)] for at, name in some}
        run = records.create_run(
            new_run(
                pipeline=f"p{number % 3}",
                seed=(0, 7, 2**63 - 1)[number % 3],
                tags=tags,
                created=created,
                parameters=tuple(RunParameter(k, values.encode(v)) for k, v in own.items()),
            )
        )
        facts = Facts(run.id, {}, tags, {name: [value] for name, value in own.items()})
        for at, name in enumerate(NAMES):
            if (number + at) % 4:
                told = [NUMBERS[(number + at + k) % len(NUMBERS)] for k in range(number % 3 + 1)]
                told += [math.nan] if (number + at) % 7 == 0 else []
                facts.metrics[name] = [float(value) for value in told]
        records.add_series([series(run, "n", name, *told) for name, told in facts.metrics.items()])
        if number % 5 == 0:
            records.add_params([Param(run.id, "n", "depth", True)])
            facts.params.setdefault("depth", []).append("true")
        status, ended = "running", None
        if number not in LOST and number % 4:
            status, ended = ("succeeded", "failed")[number % 2], created + number * 3
            records.finish_run(run.id, status, None)
            records.change(
                "UPDATE runs SET ended = :ended WHERE id = :id", {"ended": ended, "id": run.id}
            )
        facts.plain = {
            **{name: getattr(run, name) for name in ("name", "pipeline", "target", "stack")},
            "seed": run.seed,
            "created": created,
            "status": "lost" if number in LOST else status,
            "seconds": None if ended is None else ended - created,
        }
        made.append(facts)
    return made


class Filled(NamedTuple):
    """A record, and what is in it."""

    records: Records
    made: list[Facts]

    def __repr__(self) -> str:
        return f"<{len(self.made)} runs>"


@pytest.fixture(scope="module")
def on_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Filled]:
    path = tmp_path_factory.mktemp("asked") / "records.db"
    with contextlib.closing(Records.open(path)) as records:
        yield Filled(records, fill(records))


@pytest.fixture(scope="module")
def on_postgresql(postgres: str) -> Iterator[Filled]:
    import psycopg

    name = "asked"
    address = postgres.replace("+psycopg", "") + "/postgres"
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}".encode())
    with contextlib.closing(Records.open(f"{postgres}/{name}")) as records:
        yield Filled(records, fill(records))


@pytest.fixture(scope="module", params=["on_sqlite", "on_postgresql"])
def filled(request: pytest.FixtureRequest) -> Filled:
    found: Filled = request.getfixturevalue(request.param)
    return found


def ask(filled: Filled, where: str | None = None, **more: Any) -> list[str]:
    records, made = filled
    lost = [made[number].id for number in sorted(LOST)]
    found = records.find_runs(where, lost=lost, **{"limit": 1000, **more})
    return [run.id for run in found]


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(where=QUESTIONS)
def test_what_is_found_is_what_a_plain_evaluation_finds(filled: Filled, where: str) -> None:
    question = read_question(where)  # once: "3 days ago" is another moment each time
    wanted = [run.id for run in reversed(filled[1]) if is_true(question, run)]
    records, made = filled
    lost = [made[number].id for number in sorted(LOST)]
    assert [run.id for run in records.find_runs(question, limit=1000, lost=lost)] == wanted


@settings(max_examples=60, deadline=None)
@given(order=ORDERS, where=LEAVES, size=st.integers(1, 9))
def test_pages_of_any_order_are_the_whole_and_each_once(
    filled: Filled, order: str, where: str, size: int
) -> None:
    whole = ask(filled, where, sort=order)
    assert sorted(whole) == sorted(ask(filled, where))
    paged: list[str] = []
    while page := ask(filled, where, sort=order, limit=size, after=paged[-1] if paged else None):
        assert len(page) <= size
        paged += page
    assert paged == whole
    keys = keys_of(filled, order, whole)
    assert keys == sorted(keys)


def keys_of(filled: Filled, order: str, found: list[str]) -> list[Any]:
    """What each run is sorted by, so that the keys of a right order ascend."""
    asked, facts = read_order(order), {run.id: run for run in filled[1]}
    keys = []
    for run in found:
        have = found_in(Comparison(asked.field, "="), facts[run])
        first = have[0] if have else None
        group = 2 if first is None else int(isinstance(first, str))
        way = -1 if asked.descending else 1
        if isinstance(first, str):
            text = [way * byte for byte in first[:200].encode()]
            key: Any = (group, [*text, way * -1])
        else:
            key = (group, [0.0 if first is None else way * first])
        keys.append(key)
    return keys


@pytest.mark.parametrize(
    ("text", "place", "message", "hint"),
    [
        ("metrics.auc >> 0.8", "> 0.8", "here a value is wanted", "Such as 0.8"),
        ("metric.auc > 1", "metric", "there is no field 'metric.auc'", "Is it 'metrics'?"),
        ("staus = failed", "staus", "there is no field 'staus'", "Is it 'status'?"),
        ("zzz = 1", "zzz", "no field 'zzz'", "There is name, pipeline"),
        ("metrics > 1", "metrics", "which of the metrics", "metrics.depth"),
        ("status = faild", "faild", "no run is 'faild'", "Is it 'failed'?"),
        ("status < failed", "<", "'<' cannot be asked", "Use =, !=, ~"),
        ("metrics.auc ~ 3", "~", "'~' cannot be asked", "Use =, !=, <"),
        ("metrics.auc > high", "high", "'high' is not a number", "Such as 0.8"),
        ("metrics.auc = nan", "nan", "nothing is equal to no number", "is null"),
        ("created > soon", "soon", "'soon' is no time", "yesterday"),
        ("created > 2026-13-01", "2026-13", "is no time", "2026-01-31"),
        ("seconds > blue", "blue", "is not a number", "5m"),
        ("name = 'open", "'open", "quote is not closed", "Close it"),
        ("name = 1.2.3", "1.2.3", "neither a number nor a date", "quotes"),
        ("name = a; drop", "; drop", "';' is no word", "Quote"),
        ("(name = a", "", "a parenthesis is not closed", "Close it"),
        ("name = a)", ")", "does not go on like this", "Join"),
        ("name = a name = b", "name = b", "does not go on", "'and' or 'or'"),
        ("", "", "here the name of a field is wanted", "metrics.auc"),
        ("name in (a, b", "", "the list is not closed", ")"),
        ("name in a", "a", "here a list is wanted", "in (1, 2, 3)"),
        ("name is a", "a", "here 'null' is wanted", "is not null"),
        ("tags.'' = a.b", ".b", "does not go on", "Join"),
    ],
)
def test_what_is_written_wrong_is_pointed_at(
    text: str, place: str, message: str, hint: str
) -> None:
    with pytest.raises(QueryError) as caught:
        read_question(text)
    assert message in caught.value.message
    assert hint in (caught.value.hint or "")
    _, shown, pointer = caught.value.message.splitlines()
    where = pointer.index("^") - 2
    assert shown[2:] == text
    assert text[where:].startswith(place)


@pytest.mark.parametrize("way", ["nested", "wide", "long", "listed", "not"])
def test_endless_questions_are_refused(way: str) -> None:
    text = {
        "nested": "(" * 500 + "name = a" + ")" * 500,
        "wide": " and ".join(["name = a"] * 500),
        "long": f"name = '{'x' * 20_000}'",
        "listed": f"name in ({', '.join(['a'] * 500)})",
        "not": "not " * 500 + "name = a",
    }[way]
    with pytest.raises(QueryError):
        read_question(text)


@settings(max_examples=300, deadline=None)
@given(
    text=st.text(max_size=40) | st.text("()=<>~.,'\"\\ andornotisnull0123metrics-;", max_size=40)
)
def test_any_text_is_understood_or_refused_in_words(text: str) -> None:
    with contextlib.suppress(QueryError):
        list(comparisons(read_question(text)))
    with contextlib.suppress(QueryError):
        read_order(text)


HOSTILE = st.text(min_size=1, max_size=30) | st.sampled_from(
    ["'; DROP TABLE runs; --", "' OR '1'='1", ":v0", "{run}", "%s", "\0", "\udc80", "a' || 'b"]
)


@settings(max_examples=60, deadline=None)
@given(name=HOSTILE, text=HOSTILE)
def test_hostile_text_never_leaves_its_quotes(filled: Filled, name: str, text: str) -> None:
    before = filled[0].counts()
    for group in ("tags", "params"):
        for sign in ("=", "~"):
            assert ask(filled, f"{group}.{quoted(name)} {sign} {quoted('#' + text)}") == []
    assert ask(filled, f"metrics.{quoted('#' + name)} > 0", sort=f"metrics.{quoted(name)}") == []
    assert ask(filled, f"name = {quoted(text)}") == []
    assert filled[0].counts() == before


def test_a_page_begins_after_a_run_that_is_there(filled: Filled) -> None:
    with pytest.raises(NotFoundError, match="after which the page would begin"):
        ask(filled, after="no such run")


def test_a_rare_value_and_a_common_one_are_found_alike(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rows that are few are found first, others are looked up run by run."""
    with contextlib.closing(Records.open(tmp_path / "records.db")) as records:
        made = fill(records)
        told = []
        for rare in (1, 1000):
            monkeypatch.setattr("windlass.records.asking.asked._RARE", rare)
            where = "metrics.auc > 0.5 and not tags.loss = a or params.depth is null"
            told.append([run.id for run in records.find_runs(where, limit=100)])
        assert told[0] == told[1]
        assert len(told[0]) < len(made)


def test_times_are_meant_as_people_write_them() -> None:
    def value(text: str) -> tuple[float, float | None]:
        (found,) = comparisons(read_question(f"created = {text}"))
        (told,) = found.values
        assert isinstance(told.first, float)
        return told.first, told.end

    day = dt.datetime(2026, 3, 1).timestamp()
    assert value("2026-03-01") == (day, day + 86400)
    assert value("'2026-03-01'") == (day, day + 86400)
    assert value("2026-03-01T00:00") == value("2026-03-01 00:00") == (day, day + 60)
    assert value("2026-03-01T00:00:00") == (day, day + 1)
    zoned = dt.datetime(2026, 3, 1, tzinfo=dt.UTC).timestamp()
    assert value("2026-03-01T00:00Z") == (zoned, zoned + 60)
    now = time.time()
    assert value("now")[0] == pytest.approx(now, abs=5)
    assert value("3 days ago")[0] == pytest.approx(now - 3 * 86400, abs=5)
    assert value("1h30m ago")[0] == pytest.approx(now - 5400, abs=5)
    today, tomorrow = value("today")
    assert today <= now < (tomorrow or 0)
    assert value("yesterday")[1] == today


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90", 90),
        ("5m", 300),
        ("1h30m", 5400),
        ("2 hours 5 min", 7500),
        ("1w", 604800),
        ("250 ms", 0.25),
    ],
)
def test_durations_are_meant_as_people_write_them(text: str, seconds: float) -> None:
    (found,) = comparisons(read_question(f"seconds > {text}"))
    assert found.values[0].first == seconds
