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


def masked(text: str) -> str:
    """A text that can be shown: the password in a URL and secrets in its query are hidden."""
    text = re.sub(r"(\w://[^/?#:@]*):\S*@", r"\1:***@", text)
    return re.sub(
        r"(?i)([?&][^=&]*(?:key|token|secret|password|passwd|sig)[^=&]*=)[^&#]*", r"\1***", text
    )


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
