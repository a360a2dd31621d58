"""Which files of a folder are not its code: git's ignore rules, and what never is.

The rules of ``.gitignore`` are read here too, because a folder need be no git checkout, and its
bundle must be the same when it is one.
"""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass

GENERATED_FOLDERS = (
    *(".git", ".hg", ".svn", ".bzr", ".windlass"),
    *(".venv", "__pycache__", "__pypackages__", "node_modules", "*.egg-info", ".eggs"),
    *(".tox", ".nox", ".mypy_cache", ".ruff_cache", ".pytest_cache", ".hypothesis"),
    *(".ipynb_checkpoints", ".idea", ".vscode"),
)
"""Folders that tools make, by the pattern of their names."""

GENERATED_FILES = (".git", "*.py[co]", "*.swp", "*~", ".DS_Store", "Thumbs.db", ".coverage")
"""Files that tools make, by the pattern of their names."""

SECRETS = (
    *(".env", ".env.*", ".envrc", "*.pem", "*.key", "*.p12", "*.pfx", "*.jks", "*.keystore"),
    *("*.kdbx", "*.ppk", "id_rsa", "id_dsa", "id_ecdsa", "id_ed25519", ".netrc", "_netrc"),
    *(".pypirc", ".pgpass", ".htpasswd", ".git-credentials", ".dockercfg", "kubeconfig"),
    *("credentials.json", "client_secret*.json", "service[-_]account*.json"),
    *("secrets.toml", "secrets.yaml", "secrets.yml", "secrets.json", "secrets.ini"),
)
"""Files that hold secrets, by the pattern of their names."""

SECRET_FOLDERS = (".ssh", ".aws", ".gnupg", ".kube", ".docker")
NOT_SECRET = (".env.example", ".env.sample", ".env.template", ".env.dist")


@dataclass(frozen=True, slots=True)
class Rule:
    """One line of a ``.gitignore``.

    Args:
        pattern: Matches a path relative to the folder of that file.
        negated: Whether it takes back an earlier rule.
        folders_only: Whether it is for folders alone.
    """

    pattern: re.Pattern[str]
    negated: bool
    folders_only: bool


def parse_rules(text: str) -> list[Rule]:
    """The rules of a ``.gitignore``, in order: the last that matches decides."""
    return [rule for line in text.split("\n") if (rule := _parse_line(line)) is not None]


def decide(rules: list[Rule], path: str, *, is_folder: bool) -> bool | None:
    """Whether rules ignore a path relative to their folder; None where none speaks of it."""
    for rule in reversed(rules):
        if (is_folder or not rule.folders_only) and rule.pattern.fullmatch(path):
            return not rule.negated
    return None


@functools.cache
def _any_of(patterns: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile("|".join(_translate(pattern) for pattern in patterns), re.DOTALL)


def is_generated_folder(name: str) -> bool:
    """Whether tools make a folder of that name."""
    return _any_of(GENERATED_FOLDERS).fullmatch(name) is not None


def is_generated_file(name: str) -> bool:
    """Whether tools make a file of that name."""
    return _any_of(GENERATED_FILES).fullmatch(name) is not None


def is_secret(path: str) -> bool:
    """Whether a relative path looks like that of a secret."""
    *folders, name = path.split("/")
    if any(folder in SECRET_FOLDERS for folder in folders):
        return True
    return _any_of(SECRETS).fullmatch(name) is not None and name not in NOT_SECRET


def _parse_line(line: str) -> Rule | None:
    line = re.sub(r"(?<!\\)[ \t]+$", "", line.removesuffix("\r"))
    if not line or line.startswith("#"):
        return None
    negated = line.startswith("!")
    pattern = line[1:] if negated else line
    folders_only = pattern.endswith("/")
    pattern = pattern.removesuffix("/")
    if not pattern:
        return None
    anchored = "/" in pattern  # else it matches at any depth
    source = _translate(pattern.removeprefix("/"))
    prefix = "" if anchored else "(?:.*/)?"
    try:
        return Rule(re.compile(prefix + source, re.DOTALL), negated, folders_only)
    except re.error:  # a class that is not one, such as [z-a], matches nothing in git either
        return None


_TOKEN = re.compile(r"\\.|\[!?\]?[^\]]*\]|\*+|.", re.DOTALL)


def _translate(pattern: str) -> str:
    *folders, last = _parts(pattern)
    leading = ("(?:.*/)?" if part == "**" else f"{_translate_part(part)}/" for part in folders)
    return "".join(leading) + (".+" if last == "**" else _translate_part(last))


def _parts(pattern: str) -> list[str]:
    """What stands between the slashes; one within brackets is no separator."""
    parts = [""]
    for match in _TOKEN.finditer(pattern):
        if match[0] == "/":
            parts.append("")
        else:
            parts[-1] += match[0]
    return parts


def _translate_part(pattern: str) -> str:
    return "".join(_translate_token(match[0]) for match in _TOKEN.finditer(pattern))


def _translate_token(token: str) -> str:
    if token.startswith("*"):
        return "[^/]*"
    if token in ("[", "\\"):  # never closed, or escaping nothing: git matches nothing either
        return "(?!)"
    if token == "?":  # noqa: S105 - a wildcard, not a password
        return "[^/]"
    if token.startswith("["):
        inner = token[1:-1].replace("\\", "\\\\").replace("[", "\\[")
        return f"(?!/)[{'^' + inner[1:] if inner[0] in '!^' else inner}]"
    return re.escape(token[1:] if token.startswith("\\") else token)
