"""What this machine is told of package indexes, to be used by uv in another place for a while.

uv's own settings count: ``UV_*`` variables, ``uv.toml``, ``[tool.uv]``. Where they name no index,
those of pip do, in uv's words: ``PIP_*`` variables and ``pip.conf``. Passwords may be among them,
so what is found here goes only where it leaves no trace.
"""

from __future__ import annotations

import configparser
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote, urlsplit

from windlass.provenance import uv

_OF_INDEXES = re.compile(
    r"UV_(DEFAULT_INDEX|INDEX(_URL|_STRATEGY|_[A-Z0-9_]+_(USERNAME|PASSWORD))?|EXTRA_INDEX_URL"
    r"|FIND_LINKS|NO_INDEX|INSECURE_HOST|HTTP_TIMEOUT|HTTP_RETRIES|NATIVE_TLS|SYSTEM_CERTS)"
)
_NAMING = ("UV_DEFAULT_INDEX", "UV_INDEX", "UV_INDEX_URL", "UV_EXTRA_INDEX_URL", "UV_FIND_LINKS")
_PROXIES = ("http_proxy", "https_proxy", "no_proxy", "all_proxy")
_CERTIFICATES = ("SSL_CERT_FILE", "PIP_CERT", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
_PIP = {
    "index-url": "UV_DEFAULT_INDEX",
    "extra-index-url": "UV_INDEX",
    "find-links": "UV_FIND_LINKS",
    "no-index": "UV_NO_INDEX",
    "trusted-host": "UV_INSECURE_HOST",
}
"""What pip calls a setting, and the variable by which uv knows it."""
_LISTS = {"UV_FIND_LINKS": ","}
"""What stands between two entries, where that is not a space."""


@dataclass(frozen=True, slots=True)
class Indexes:
    """Where packages come from.

    Args:
        variables: By which uv is told.
        files: Texts that it reads, by what they are: ``user`` and ``system`` for a ``uv.toml``,
            ``uv.toml`` and ``pyproject.toml`` for those of the project, ``netrc``, ``ca.pem``.
        folders: Those of this machine that the variables name.
    """

    variables: Mapping[str, str] = field(repr=False)
    files: Mapping[str, bytes] = field(repr=False)
    folders: tuple[Path, ...]

    def without_folders(self) -> Indexes:
        """The same for a place that sees no folder of this machine."""
        told = dict(self.variables)
        for name in told.keys() & {*_NAMING}:
            words = [word for word in _words(told[name]) if _path(word) is None]
            told[name] = _LISTS.get(name, " ").join(words)
        return Indexes({name: value for name, value in told.items() if value}, self.files, ())


def find_indexes(project: Path) -> Indexes:
    """What this machine, and a project, say of indexes."""
    files = dict(_files(project))
    told = {name: value for name, value in os.environ.items() if _OF_INDEXES.fullmatch(name)}
    pip = _pip_settings()
    names_one = any(name in told for name in _NAMING) or {"user", "system", "uv.toml"} & {*files}
    if not names_one and "pyproject.toml" not in files:
        # To pip all indexes are one. That is safe: everything is pinned by its hash.
        told = {**_as_uv(pip), "UV_INDEX_STRATEGY": "unsafe-best-match", **told}
    certificates = _certificates(pip)
    if certificates is not None:
        files["ca.pem"] = certificates
    for name in _PROXIES:
        told |= {each: os.environ[each] for each in (name, name.upper()) if each in os.environ}
    return Indexes(told, files, tuple(_folders(told)))


def _files(project: Path) -> Iterator[tuple[str, bytes]]:
    settings = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config")
    places = {
        "user": settings / "uv" / "uv.toml",
        "system": Path("/etc/uv/uv.toml"),
        "netrc": Path(os.environ.get("NETRC") or Path.home() / ".netrc"),
    }
    if uv.index_folder(project) == project:
        places |= {name: project / name for name in ("uv.toml", "pyproject.toml")}
    for name, place in places.items():
        data = _bytes(place)
        if data is not None:
            yield name, data


def _pip_settings() -> dict[str, str]:
    """What pip is told: the later of its files counts, and before all of them a variable."""
    found: dict[str, str] = {}
    for file in _pip_files():
        parser = configparser.RawConfigParser()
        try:
            parser.read(file, encoding="utf-8")
        except (configparser.Error, UnicodeDecodeError):  # pip tells that better
            continue
        for section in ("global", "install"):
            found |= parser[section] if parser.has_section(section) else {}
    for name in (*_PIP, "cert"):
        value = os.environ.get(f"PIP_{name.upper().replace('-', '_')}")
        found |= {name: value} if value else {}
    return found


def _pip_files() -> list[Path]:
    named = os.environ.get("PIP_CONFIG_FILE")
    if named == os.devnull:
        return []
    home = Path.home()
    settings = Path(os.environ.get("XDG_CONFIG_HOME") or home / ".config")
    places = [Path("/etc/xdg/pip/pip.conf"), Path("/etc/pip.conf"), home / ".pip" / "pip.conf"]
    return [*places, settings / "pip" / "pip.conf", *([Path(named)] if named else [])]


def _as_uv(pip: Mapping[str, str]) -> dict[str, str]:
    found = {}
    for name, variable in _PIP.items():
        words = pip.get(name, "").split()
        if words and not (name == "no-index" and words[0].lower() in ("0", "false", "no")):
            found[variable] = _LISTS.get(variable, " ").join(words)
    return found


def _certificates(pip: Mapping[str, str]) -> bytes | None:
    """The certificates that this machine trusts beside those that everybody does."""
    named = [os.environ.get(name) for name in _CERTIFICATES] + [pip.get("cert")]
    return next((data for name in named if name and (data := _bytes(Path(name)))), None)


def _folders(variables: Mapping[str, str]) -> Iterator[Path]:
    for name in _NAMING:
        for word in _words(variables.get(name, "")):
            path = _path(word)
            if path is not None and path.exists():
                # The files of an index lie beside its pages, as in simple/ and files/.
                yield path if name == "UV_FIND_LINKS" or path.parent == Path("/") else path.parent


def _words(value: str) -> list[str]:
    return value.replace(",", " ").split()


def _path(word: str) -> Path | None:
    """The folder of this machine that an entry names, as in ``name=file:///folder``; or None."""
    place = word.partition("=")[2] if re.match(r"[\w.-]+=", word) else word
    path = Path(unquote(urlsplit(place).path)) if place.startswith("file:") else Path(place)
    return path if path.is_absolute() else None


def _bytes(place: Path) -> bytes | None:
    try:
        return place.read_bytes()
    except OSError:
        return None
