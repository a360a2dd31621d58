"""Our reading of .gitignore, held against git's own."""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from windlass.provenance.ignore import decide, parse_rules
from windlass.provenance.listing import list_files, walk

TREE = (
    *("a", "b.py", "ab", "a b", "build/x", "build/y.py", "src/a", "src/b.py", "src/build/x"),
    *("src/deep/er/a", "src/deep/er/b.log", "src/deep/x", "#a", "!a", "b.log", "src/[a]"),
)
WORDS = st.sampled_from(
    [
        "a",
        "b",
        "*",
        "?",
        "src",
        "build",
        "deep",
        "er",
        "x",
        ".py",
        "*.log",
        "[ab]",
        "[!a]",
        "[",
        "\\a",
        "b\\",
    ]
)
PATTERNS = st.builds(
    lambda bang, slash, parts, tail: bang + slash + "/".join(parts) + tail,
    st.sampled_from(["", "", "", "!"]),
    st.sampled_from(["", "", "/", "**/"]),
    st.lists(WORDS | st.just("**") | st.builds(str.__add__, WORDS, WORDS), min_size=1, max_size=3),
    st.sampled_from(["", "", "/", "/**", "/*", " "]),
)
FILES = st.lists(PATTERNS, max_size=4).map("\n".join)


@given(FILES, FILES)
@settings(max_examples=60, deadline=None)
@example("*.log\n!b.log\n", "!*.log")
@example("src/\n!src/a", "")
@example("/*\n!/src\n/src/*\n!/src/deep", "b*")
@example("\\#a\n\\!a\na\\ b\nsrc/[[]a]", "[!b]")
@example("", "[a/[ab]")
@example("**/build/**\n# a comment\n\n", "deep/**/a")
def test_the_walk_lists_what_git_lists(outer: str, inner: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        for name in TREE:
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).touch()
        (root / ".gitignore").write_text(outer)
        (root / "src" / ".gitignore").write_text(inner)
        walked = sorted(walk(root))
        subprocess.run(["git", "init", "-q"], cwd=root, check=True)
        listed = subprocess.run(
            ["git", "ls-files", "-oz", "--exclude-standard"], cwd=root, check=True, stdout=-1
        ).stdout
        assert walked == sorted(filter(None, listed.decode().split("\0")))
        assert walked == list_files(root, 100) or not walked


@pytest.mark.parametrize(
    ("rules", "path", "is_folder", "expected"),
    [
        ("*.log", "x/y.log", False, True),
        ("*.log", "x/y.txt", False, None),
        ("*.log\n!y.log", "y.log", False, False),
        ("data/", "data", True, True),
        ("data/", "data", False, None),
        ("/data", "sub/data", True, None),
        ("a/**/b", "a/b", False, True),
        ("a/**/b", "a/x/y/b", False, True),
        ("data  ", "data", False, True),
        ("data\\ ", "data ", False, True),
        ("a.log\r\nb.log\r\n", "b.log", False, True),
        ("[", "[", False, None),
    ],
)
def test_rules(rules: str, path: str, is_folder: bool, expected: bool | None) -> None:
    assert decide(parse_rules(rules), path, is_folder=is_folder) is expected
