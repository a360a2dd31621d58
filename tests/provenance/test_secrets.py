from __future__ import annotations

from pathlib import Path

import pytest

from windlass.errors import ConfigError
from windlass.provenance.secrets import masked, resolve


def test_references_are_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DB_USER", "me")
    monkeypatch.setenv("ODD", "${env:DB_USER}")
    (tmp_path / "password").write_text("hunter2\n")
    text = "postgresql://${env:DB_USER}:${file:password}@host/db"
    assert resolve(text, root=tmp_path) == "postgresql://me:hunter2@host/db"
    assert resolve("${env:ODD}") == "${env:DB_USER}"  # what comes out is not looked into
    assert resolve("$HOME {x} 100%") == "$HOME {x} 100%"


def test_an_empty_variable_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EMPTY", "")
    assert resolve("a${env:EMPTY}b") == "ab"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            "${env:WINDLASS_NOT_SET}",
            "the stack 'x' needs the environment variable WINDLASS_NOT_SET",
        ),
        ("${file:gone.txt}", r"gone\.txt.*No such file"),
        ("${file:binary}", "binary.*it is not text"),
        ("${vault:x}", r"\$\{vault:x\}, which is no reference"),
        ("${env:}", "no reference"),
        ("${}", "no reference"),
    ],
)
def test_what_cannot_be_resolved_is_named(tmp_path: Path, text: str, told: str) -> None:
    (tmp_path / "binary").write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigError, match=told):
        resolve(text, root=tmp_path, where="the stack 'x'")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("postgresql://u:hunter2@host/db", "postgresql://u:***@host/db"),
        ("postgresql://u:hun/t@er2@host/db", "postgresql://u:***@host/db"),
        ("postgresql://u@host/db", "postgresql://u@host/db"),
        ("s3://bucket/a:b", "s3://bucket/a:b"),
        ("s3://b?access_key=x&Secret=y&region=z", "s3://b?access_key=***&Secret=***&region=z"),
        ("a://${env:U}:${env:P}@h/${env:D}", "a://${env:U}:${env:P}@h/${env:D}"),
        ("a://u:x${env:P}@h/${env:D}", "a://u:***@h/${env:D}"),
        ("a://h?token=${file:t}&key=k", "a://h?token=${file:t}&key=***"),
        ("/plain/path", "/plain/path"),
    ],
)
def test_shown_texts_are_masked(text: str, shown: str) -> None:
    assert masked(text) == shown
