"""A case: a small project, and an edit after which a value from before would be stale."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from provenance.mutations.runner import write_old

Content = str | bytes

_HEAD = "from windlass import pipeline, step\n"
_STEP = "@step\ndef a(x: int):\n{}\n"
_PIPELINE = "@pipeline\ndef everything():\n    return a(5)\n"
CHAIN = "@pipeline\ndef everything():\n    return a(m(5))\n"
"""A pipeline of two steps: `a` is given what `m` returns."""


@dataclass(frozen=True)
class Case:
    """One attack.

    Args:
        name: What changes.
        files: Those of the project; its step is `a` of ``flow.py``, if it has no other pipeline.
        changed: Those that are other after the edit, or new.
        removed: Those that are gone after the edit.
        environ: What a variable ``MODE`` says before and after.
        is_plain: Whether the step gives the same value when it is called again as a function.
        is_needless: Whether the edit must not make anything run.
    """

    name: str
    files: Mapping[str, Content]
    changed: Mapping[str, Content]
    removed: tuple[str, ...] = ()
    environ: tuple[str, str] = ("", "")
    is_plain: bool = True
    is_needless: bool = False


@dataclass
class Cases:
    """Cases, as they are written down."""

    found: list[Case] = field(default_factory=list)

    def attack(
        self,
        name: str,
        text: str,
        value: str = "",
        old: str = "",
        new: str = "",
        *,
        pipeline: str = _PIPELINE,
        files: Mapping[str, Content] | None = None,
        added: Mapping[str, Content] | None = None,
        removed: tuple[str, ...] = (),
        modes: tuple[str, str] = ("", ""),
        is_plain: bool = True,
        is_needless: bool = False,
    ) -> None:
        """Notes a case.

        Args:
            name: What changes.
            text: The start of ``flow.py``; then other files, each after a line ``# --- its name``.
            value: What the step returns, or the lines of it; empty if the text has the step.
            old: What stands once in one of the files, and is edited.
            new: What stands there after.
            pipeline: The end of ``flow.py``.
            files: Further files.
            added: Files that the edit writes.
            removed: Files that the edit removes.
            modes: What a variable ``MODE`` says before and after.
            is_plain: Whether the step gives the same value when it is called as a function.
            is_needless: Whether the edit must not make anything run.
        """
        written = {**_split(text, value, pipeline), **(files or {})}
        changed = {**(_edited(name, written, old, new) if old else {}), **(added or {})}
        plain = is_plain and pipeline == _PIPELINE
        case = Case(name, written, changed, removed, modes, plain, is_needless)
        assert changed or removed or modes[0] != modes[1], name
        self.found.append(case)


def write(folder: Path, files: Mapping[str, Content]) -> None:
    """Writes files as if long ago."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        write_old(path, content)


def _split(text: str, value: str, pipeline: str) -> dict[str, Content]:
    flow, *others = re.split(r"^# --- (.+)\n", text.lstrip("\n"), flags=re.MULTILINE)
    lines = value.strip("\n").split("\n")
    body = "\n".join(f"    {line}" for line in lines) if len(lines) > 1 else f"    return {value}"
    step = _STEP.format(body) if value else ""
    files: dict[str, Content] = {"windlass.toml": ""}
    files["flow.py"] = f"{_HEAD}{flow.rstrip()}\n\n{step}\n{pipeline}"
    return {**files, **dict(zip(others[::2], others[1::2], strict=True))}


def _edited(name: str, files: Mapping[str, Content], old: str, new: str) -> dict[str, Content]:
    """The one file where it stands, with it replaced."""
    texts = {key: text for key, text in files.items() if isinstance(text, str) and old in text}
    assert len(texts) == 1, f"{name}: in {list(texts)}"
    ((file, text),) = texts.items()
    assert text.count(old) == 1, f"{name}: more than once in {file}"
    return {file: text.replace(old, new)}
