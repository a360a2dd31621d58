"""References to secrets: ``${env:NAME}`` and ``${file:PATH}``.

Settings hold the references. They are resolved where a store is opened, and what comes out is
never stored, printed or sent.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

from windlass.errors import ConfigError

_REFERENCE = re.compile(r"\$\{([^}]*)\}")
_PASSWORD = re.compile("(\\w://[^/?#:@]*):(?!\0\\d+\0@)\\S*@")
_SECRET_FIELD = re.compile(
    "([?&][^=&]*(?:key|token|secret|password|passwd|sig)[^=&]*=)(?!\0\\d+\0(?:&|$))[^&#]+",
    re.IGNORECASE,
)


def resolve(text: str, *, root: Path | None = None, where: str = "the settings") -> str:
    """A text with every reference replaced by what it stands for.

    Args:
        text: May hold any number of references.
        root: The folder that relative paths of files start from.
        where: Names the setting, for errors.

    Raises:
        ConfigError: A variable is not set, a file cannot be read, or a reference is of no known
            kind.
    """
    return _REFERENCE.sub(lambda match: _value(match[1], root or Path(), where), text)


def references(text: str) -> list[tuple[str, str]]:
    """The kind and the name of each reference in a text, such as ``("env", "PASSWORD")``."""
    parts = (match.partition(":") for match in _REFERENCE.findall(text))
    return [(kind, name) for kind, _, name in parts]


def masked(text: str) -> str:
    """A text that can be shown: passwords and secret query fields are hidden, references stay."""
    references = _REFERENCE.findall(text)
    numbers = iter(range(len(references)))
    text = _REFERENCE.sub(lambda _: f"\0{next(numbers)}\0", text)  # they look like parts of a URL
    text = _PASSWORD.sub(r"\1:***@", text)
    text = _SECRET_FIELD.sub(r"\1***", text)
    return re.sub("\0(\\d+)\0", lambda match: f"${{{references[int(match[1])]}}}", text)


def is_reference(text: str) -> bool:
    """Whether a text is a reference and nothing besides."""
    return _REFERENCE.fullmatch(text) is not None


def _value(reference: str, root: Path, where: str) -> str:
    kind, _, name = reference.partition(":")
    if kind == "env" and name:
        return _variable(name, where)
    if kind == "file" and name:
        return _file(root / Path(name).expanduser(), where)
    raise ConfigError(
        f"{where} holds ${{{reference}}}, which is no reference",
        hint="Write ${env:NAME} for an environment variable, ${file:PATH} for a file.",
    )


def _variable(name: str, where: str) -> str:
    value = os.environ.get(name)
    if value is None:
        raise ConfigError(
            f"{where} needs the environment variable {name}, which is not set",
            hint=f"Set {name} where Windlass is started.",
        )
    return value


def _file(path: Path, where: str) -> str:
    try:
        return path.read_text().rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not text"
        raise ConfigError(
            f"{where} needs the file {path}, which cannot be read: {reason}"
        ) from error
