"""Requirements as uv writes them: one to a line, pinned, each with the hashes of its files."""

from __future__ import annotations

import re
from pathlib import Path

from windlass.provenance.distributions import normalised
from windlass.provenance.git import clean_url
from windlass.provenance.wheel import NAME

_COMMENT = re.compile(r"(^|\s)#(?!sha256=|subdirectory=|egg=).*$", re.MULTILINE)
_NAME = re.compile(r"([A-Za-z0-9][\w.-]*)(?:\[[^\]]*\])?\s*(==|@)\s*(\S+)")


def requirements_of(text: str) -> tuple[str, ...]:
    """Requirements as uv wrote them, each on one line, those that need no path of this machine."""
    joined = _COMMENT.sub("", text).replace("\\\n", " ")
    lines = (" ".join(line.split()) for line in joined.splitlines())
    own = (line for line in lines if line and not line.startswith("-") and not _is_path(line))
    cleaned = (_without_credentials(line) for line in own if pin(line)[0] != NAME)
    return tuple(sorted(cleaned, key=pin))


def paths_of(text: str) -> list[str]:
    """The names of the requirements that are folders or files of this machine."""
    lines = _COMMENT.sub("", text).replace("\\\n", " ").splitlines()
    own = (line for line in lines if line.startswith("-e ") or _is_path(line))
    names = (pin(line)[0] if "@" in line else Path(line.split()[-1]).name for line in own)
    return [name for name in names if name != NAME]


def applies(line: str, python: str) -> bool:
    """Whether a requirement is one on this machine, for a minor version of Python."""
    from packaging.markers import Marker

    _, semicolon, rest = line.partition(" ;")
    if not semicolon:
        return True
    marker = Marker(rest.partition(" --hash")[0].strip())
    return marker.evaluate({"python_version": python, "python_full_version": f"{python}.0"})


def without_marker(line: str) -> str:
    """A requirement without its condition, which holds."""
    told, _, rest = line.partition(" ;")
    _, dash, hashes = rest.partition(" --hash")
    return f"{told}{dash}{hashes}".replace("  ", " ")


def _is_path(line: str) -> bool:
    return "file://" in line or line.startswith(("./", "../", "/"))


def pin(line: str) -> tuple[str, str]:
    """The name in a requirement, and its version or where it comes from."""
    found = _NAME.match(line)
    return (normalised(found[1]), found[3]) if found else (line, "")


def _without_credentials(line: str) -> str:
    """A requirement from an address without the user, password and query in it."""
    found = re.match(r"(\S+ @ )(git\+)?(\w[^\s#]*)(#\S+)?(.*)", line)
    if found is None:
        return line
    name, git, url, fragment, rest = (part or "" for part in found.groups())
    return f"{name}{git}{clean_url(url) or url}{fragment}{rest}"
