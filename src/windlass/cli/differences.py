"""How ``diff`` tells what differs between two runs, for a person."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from windlass.cli.provenance import print_diff
from windlass.cli.tables import print_words
from windlass.words import number_text, seconds_text, shortened, size_text, type_text

if TYPE_CHECKING:
    from rich.console import Console

_MOST = 20
"""Entries of a section that are told; --json has them all."""
_MOST_LINES = 60
_NOTABLE = 0.1
"""Seconds, and the part of the time, by which a node must be quicker or slower to be told."""
_LONGEST = 200
_COLUMNS = 5

_FINE = ("5%", "25%", "75%", "95%")
"""Quantiles that --json alone has."""

Entry = dict[str, Any]


def tell_differences(out: Console, told: dict[str, Any], *, stat: bool = False) -> None:
    """Prints the document of `windlass.execution.comparison.compare_runs`.

    Args:
        out: Where.
        told: The document.
        stat: Whether of code only the numbers of lines are told.
    """
    from rich.text import Text

    print_words(out, Text(f"{told['before']} → {told['after']}", "bold"))
    for section in told["differ"]:
        entries = told[section]
        out.print()
        out.print(Text.assemble((section, "bold"), (_counted(section, entries), "dim")))
        if section == "code":
            _tell_code(out, entries, stat=stat)
        else:
            tell = {"nodes": _tell_node, "metrics": _tell_metric, "outputs": _tell_output}
            _tell_each(out, entries, tell.get(section, _tell_fact))
    if slower := _notable(told.get("seconds", ())):
        out.print(Text("\ntook", "bold"))
        _tell_each(out, slower, _tell_seconds)
    if told["equal"]:
        print_words(out, Text(f"\nthe same: {', '.join(told['equal'])}", "dim"))


_NOUNS = {"code": "file", "nodes": "node", "outputs": "output", "metrics": "metric"}


def _counted(section: str, entries: Sequence[Entry]) -> str:
    noun = _NOUNS.get(section)
    return f"  {len(entries):,} {noun}{'s' * (len(entries) != 1)}" if noun else ""


def _tell_each(
    out: Console, entries: Sequence[Entry], tell: Callable[[Console, Entry], None]
) -> None:
    for entry in entries[:_MOST]:
        tell(out, entry)
    if len(entries) > _MOST:
        out.print(f"  … {len(entries) - _MOST:,} more; --json has them all", style="dim")


def _tell_code(out: Console, entries: Sequence[Entry], *, stat: bool) -> None:
    left = _MOST_LINES * 5
    for entry in entries[: _MOST * 5]:
        _line(out, entry["path"], _file_text(entry))
        if not stat and entry["diff"] and left > 0:
            print_diff(out, entry["diff"][2:], most=min(_MOST_LINES, left), indent=4)
            left -= len(entry["diff"])


def _file_text(entry: Entry) -> str:
    words = [entry["change"] if entry["change"] != "mode" else "", entry["note"]]
    if entry["was"]:
        words[0] += f" from {entry['was']}"
    if entry["diff"]:
        words.append(f"+{entry['added']} -{entry['removed']}")
    return ", ".join(filter(None, words))


def _line(out: Console, name: str, what: str, *, indent: int = 2) -> None:
    from rich.text import Text

    print_words(out, Text.assemble((name, "cyan"), f"  {what}"), indent=indent)


def _tell_fact(out: Console, entry: Entry) -> None:
    if entry.get("note"):
        _line(out, entry["name"], f"{_value(entry['before'])}: {entry['note']}")
    elif isinstance(entry["before"], list) and isinstance(entry["after"], list):
        _line(out, entry["name"], _list_change(entry["before"], entry["after"]))
    else:
        _line(out, entry["name"], _change(entry["before"], entry["after"]))


def _list_change(old: list[Any], new: list[Any]) -> str:
    """What is no more in a list, and what is new in it."""
    gone = [f"-{each}" for each in old if each not in new]
    come = [f"+{each}" for each in new if each not in old]
    return shortened(", ".join([*gone, *come]) or _change(old, new), _LONGEST)


def _change(old: Any, new: Any) -> str:
    return f"{_value(old)} → {_value(new)}"


def _value(value: Any) -> str:
    if value is None:
        return "none"
    return shortened(value if isinstance(value, str) else repr(value), _LONGEST)


def _tell_node(out: Console, entry: Entry) -> None:
    old, new = entry["before"] or {}, entry["after"] or {}
    if entry["change"] in ("added", "removed"):
        what = f"only in the {'second' if entry['change'] == 'added' else 'first'} run"
    else:
        key = entry["change"]
        what = _change(old.get(key), new.get(key))
    error = new.get("error") or old.get("error")
    _line(out, entry["node"], what + (f"  {shortened(error, _LONGEST)}" if error else ""))


def _tell_metric(out: Console, entry: Entry) -> None:
    old, new, difference = entry["before"], entry["after"], entry["difference"]
    what = f"{_number(old)} → {_number(new)}"
    if difference is not None:
        what += f"  {difference:+.4g}"
    _line(out, f"{entry['name']} of {entry['node']}", what)


def _number(value: Any) -> str:
    return "none" if value is None else number_text(value)


def _notable(entries: Sequence[Entry]) -> list[Entry]:
    """The nodes that took notably more or less time, the greatest change first."""
    changes = [(abs(each["after"] - each["before"]), each) for each in entries]
    found = [
        pair for pair in changes if pair[0] > _NOTABLE and pair[0] > _NOTABLE * pair[1]["before"]
    ]
    return [each for _, each in sorted(found, key=lambda pair: -pair[0])][:_COLUMNS]


def _tell_seconds(out: Console, entry: Entry) -> None:
    told = f"{seconds_text(entry['before'])} → {seconds_text(entry['after'])}"
    _line(out, entry["node"], told)


def _tell_output(out: Console, entry: Entry) -> None:
    name = entry["node"] + ("" if entry["output"] == "output" else f".{entry['output']}")
    _tell_artifact(out, name, entry, indent=2)


def _tell_artifact(out: Console, name: str, entry: Entry, *, indent: int) -> None:
    old, new = entry["before"], entry["after"]
    kind = type_text(old["type"])
    if old["type"] != new["type"]:
        kind = f"{old['type']} → {new['type']}"
    size = f"  {size_text(old['bytes'])} → {size_text(new['bytes'])}"
    _line(out, name, kind + (size if old["bytes"] != new["bytes"] else ""), indent=indent)
    tell = {"table": _tell_table, "array": _tell_array, "plain": _tell_plain, "parts": _tell_parts}
    tell.get(entry["kind"], _tell_summary)(out, entry, indent + 2)
    if entry.get("note"):
        print_words(out, entry["note"], indent=indent + 2)


def _tell_parts(out: Console, entry: Entry, indent: int) -> None:
    print_words(out, f"{entry['differing']:,} of {entry['of']:,} parts differ", indent=indent)
    for part in entry["parts"]:
        _tell_artifact(out, part["part"], part, indent=indent)


def _tell_summary(out: Console, entry: Entry, indent: int) -> None:
    for fact in entry["summary"][:_COLUMNS]:
        old, new = (_fact_text(fact[side]) for side in ("before", "after"))
        _line(out, fact["name"], _change(old, new), indent=indent)


def _fact_text(value: Any) -> Any:
    """Of a count, its text; all other facts as they are."""
    return f"{value:,}" if type(value) is int else value


def _tell_plain(out: Console, entry: Entry, indent: int) -> None:
    print_diff(out, entry["diff"], most=_MOST_LINES, indent=indent)


def _tell_array(out: Console, entry: Entry, indent: int) -> None:
    for name in ("shape", "dtype"):
        old, new = entry[name]
        if old != new:
            _line(out, name, _change(old, new), indent=indent)
    if entry["differing"] is not None:
        what = f"{entry['differing']:,} of {entry['elements']:,} elements differ"
        if entry["largest"] is not None:
            what += f", by at most {number_text(entry['largest'])} at {entry['at']}"
        print_words(out, what, indent=indent)


def _tell_table(out: Console, entry: Entry, indent: int) -> None:
    old, new = entry["rows"]
    if old != new:
        _line(out, "rows", f"{old:,} → {new:,}", indent=indent)
    for change in ("added", "removed"):
        if entry[change]:
            _line(out, f"{change} columns", ", ".join(entry[change]), indent=indent)
    for column in entry["columns"][:_MOST]:
        _line(out, column["name"], _column_text(column), indent=indent)
    if len(entry["columns"]) > _MOST:
        more = f"… {len(entry['columns']) - _MOST:,} more columns; --json has them all"
        print_words(out, more, indent=indent)


def _column_text(column: Entry) -> str:
    told = []
    if column["dtype"][0] != column["dtype"][1]:
        told.append(_change(*column["dtype"]))
    if column["cells"]:
        told.append(f"{column['cells']:,} cell{'s' * (column['cells'] != 1)}")
    statistics = column["statistics"]
    told += [_statistic(name, *pair) for name, pair in statistics.items() if name not in _FINE]
    return ", ".join(told) or "other values, distributed alike"


def _statistic(name: str, old: Any, new: Any) -> str:
    if name == "most":
        return f"most often {_frequent(old)} → {_frequent(new)}"
    if isinstance(old, float) and isinstance(new, float):
        return f"{name} {number_text(old)} → {number_text(new)}"
    return f"{name} {_change(old, new)}"


def _frequent(values: Sequence[Sequence[Any]]) -> str:
    return " ".join(f"{value} ({count:,})" for value, count in values[:3]) or "none"
