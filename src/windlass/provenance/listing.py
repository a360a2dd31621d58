"""Which files a folder holds: as git sees it in a checkout, by its ignore rules elsewhere.

Both ways list the same files, so a bundle is one whether or not its folder is a checkout. What
tools make (``__pycache__``, virtual environments, …) is never listed.
"""

from __future__ import annotations

import os
import stat
import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TypeAlias

from windlass.provenance import git, ignore

_Rules: TypeAlias = tuple[tuple[str, list[ignore.Rule]], ...]
"""The rules of every ``.gitignore`` that speaks of a folder, each with the folder it lies in."""


class TooManyFilesError(Exception):
    """A folder holds more files than were asked for; `seen` are the paths of some."""

    def __init__(self, seen: list[str]) -> None:
        super().__init__(f"more than {len(seen)} files")
        self.seen = seen


def list_files(root: Path, limit: int) -> list[str]:
    """The relative paths of the files below a folder, sorted, with ``/`` between names.

    Symbolic links are listed and not followed. Names that are no UTF-8 come with surrogates.

    Raises:
        TooManyFilesError: There are more than `limit`.
    """
    listed = git.finish(start_listing(root)) if git.in_checkout(root) else None
    return finish_listing(root, listed, limit)


def start_listing(root: Path) -> subprocess.Popen[bytes] | None:
    """Starts git listing the files of a folder, for `finish_listing`."""
    folders = [f"{name}/" for name in ignore.GENERATED_FOLDERS]
    excluded = [f"--exclude={pattern}" for pattern in (*folders, *ignore.GENERATED_FILES)]
    return git.start(
        root, "ls-files", "-z", "--cached", "--others", "--exclude-standard", *excluded
    )


def finish_listing(root: Path, listed: bytes | None, limit: int) -> list[str]:
    """The files of a folder, from what git printed, or by a walk if it printed nothing."""
    if not listed:  # no checkout, refused, or a folder that an outer checkout ignores
        return sorted(_at_most(walk(root), limit))
    # A submodule that was never checked out lists itself, as if it held itself.
    names = set(os.fsdecode(listed).split("\0")) - {"", ".", "./"}
    kept = _without_generated(names)
    return sorted(_at_most(_expand_nested(root, kept, limit), limit))


def near_files(root: Path) -> list[str]:
    """The Python files in a folder, and the packages right below it with all they hold."""
    found = []
    for entry in _entries(root):
        if entry.name.endswith(".py") and not entry.is_dir():
            found.append(entry.name)
        elif entry.is_dir(follow_symlinks=False) and (Path(entry.path) / "__init__.py").exists():
            found += [f"{entry.name}/{name}" for name in walk(Path(entry.path))]
    return sorted(found)


def walk(root: Path) -> Iterator[str]:
    """The relative paths of the files below a folder, by its own ``.gitignore`` files."""
    pending: list[tuple[str, _Rules]] = [("", ())]
    while pending:
        folder, rules = pending.pop()
        entries = _entries(root / folder)
        if folder and _is_environment(entries):
            continue
        rules = (*_own_rules(root, folder, entries), *rules)
        for entry in entries:
            path = folder + entry.name
            is_folder = entry.is_dir(follow_symlinks=False)
            if _is_left(entry.name, is_folder) or _is_ignored(rules, path, is_folder):
                continue
            if is_folder:
                pending.append((f"{path}/", rules))
            elif entry.is_symlink() or entry.is_file():
                yield path


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return list(entries)
    except OSError:  # gone meanwhile, or not ours to read: no step can import from it either
        return []


def _is_environment(entries: list[os.DirEntry[str]]) -> bool:
    """Whether a folder with these entries is a virtual or conda environment."""
    return any(
        entry.name == "pyvenv.cfg"
        or (entry.name == "conda-meta" and (Path(entry.path) / "history").exists())
        for entry in entries
    )


def _own_rules(root: Path, folder: str, entries: list[os.DirEntry[str]]) -> _Rules:
    if all(entry.name != ".gitignore" for entry in entries):
        return ()
    try:
        text = (root / folder / ".gitignore").read_text(errors="surrogateescape")
    except OSError:
        return ()
    return ((folder, ignore.parse_rules(text)),)


def _is_left(name: str, is_folder: bool) -> bool:
    return ignore.is_generated_folder(name) if is_folder else ignore.is_generated_file(name)


def _is_ignored(rules: _Rules, path: str, is_folder: bool) -> bool:
    for base, own in rules:  # the deepest .gitignore comes first and has the last word
        verdict = ignore.decide(own, path.removeprefix(base), is_folder=is_folder)
        if verdict is not None:
            return verdict
    return False


def _without_generated(names: set[str]) -> list[str]:
    # Generated files that are tracked by mistake change with every run all the same.
    marks = [f"/{mark}" for mark in ("pyvenv.cfg", "conda-meta/history")]
    environments = tuple(
        name.removesuffix(mark) + "/" for name in names for mark in marks if name.endswith(mark)
    )
    return [name for name in names if not _is_generated(name) and not name.startswith(environments)]


def _is_generated(path: str) -> bool:
    *folders, name = path.split("/")
    return any(map(ignore.is_generated_folder, folders)) or ignore.is_generated_file(name)


def _expand_nested(root: Path, names: Iterable[str], limit: int) -> Iterator[str]:
    """Lists the checkouts inside this one too: git names each (a submodule, say) as one entry."""
    for name in names:
        folder = name.removesuffix("/")
        if _is_folder(f"{root}/{folder}"):
            yield from (f"{folder}/{path}" for path in _list_nested(root / folder, limit))
        else:
            yield name


def _list_nested(root: Path, limit: int) -> Iterable[str]:
    # Without a .git of its own git would answer for the outer checkout.
    return list_files(root, limit) if (root / ".git").exists() else walk(root)


def _is_folder(path: str) -> bool:
    try:
        return stat.S_ISDIR(os.lstat(path).st_mode)
    except OSError:
        return False


def _at_most(paths: Iterable[str], limit: int) -> list[str]:
    found = []
    for path in paths:
        found.append(path)
        if len(found) > limit:
            raise TooManyFilesError(found)
    return found
