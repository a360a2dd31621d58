"""The two tokens of a dashboard that others can reach: made once, and kept as digests alone.

A token is 256 random bits, which nobody can guess: so a plain digest hides it as well as a slow one
would.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import secrets
import time
from collections import OrderedDict, deque
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

from windlass.errors import ConfigError

Right: TypeAlias = Literal["reading", "acting"]
"""What somebody may do; who may act may read, too."""
RIGHTS: tuple[Right, ...] = ("reading", "acting")

FILE = "dashboard-tokens.json"
_PATIENCE, _SECONDS = 5, 60.0
_MOST_ADDRESSES = 1024


@dataclass(frozen=True)
class Tokens:
    """The digests of both tokens, in hexadecimal."""

    digests: dict[Right, str]

    def right_of(self, token: str) -> Right | None:
        """What a token gives a right to; None if it is neither of them."""
        told = _digest(token)
        found = [right for right in RIGHTS if hmac.compare_digest(told, self.digests[right])]
        return found[0] if found else None


def make_tokens(folder: Path) -> tuple[Tokens, dict[Right, str]]:
    """New tokens, whose digests take the place of those that a folder has.

    Args:
        folder: Of the project's state.

    Returns:
        Their digests, and the tokens themselves, which are kept nowhere.
    """
    made: dict[Right, str] = {right: f"wl_{right}_{secrets.token_urlsafe(32)}" for right in RIGHTS}
    tokens = Tokens({right: _digest(token) for right, token in made.items()})
    _write(folder / FILE, json.dumps(tokens.digests))
    return tokens, made


def kept_tokens(folder: Path) -> Tokens | None:
    """The tokens that a folder has; None if none were made yet.

    Raises:
        ConfigError: Their file cannot be read.
    """
    path = folder / FILE
    try:
        digests = json.loads(path.read_text(encoding="ascii"))
        return Tokens({right: str(digests[right]) for right in RIGHTS})
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ConfigError(
            f"the tokens in {path} cannot be read: {error}", hint="Make others: --new-tokens"
        ) from error


def _write(path: Path, text: str) -> None:
    """Writes a file that its owner alone may read, from its first byte on."""
    partial = path.with_suffix(f".{os.getpid()}")
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(text)
    partial.replace(path)


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).hexdigest()


class Attempts:
    """Counts wrong tokens by the address they come from: five a minute, and then none is heard."""

    def __init__(self) -> None:
        self._wrong: OrderedDict[str, deque[float]] = OrderedDict()

    def wait(self, address: str) -> float:
        """Seconds until a token from there is looked at; 0 for now."""
        wrong = self._wrong.get(address)
        if wrong is None or len(wrong) < _PATIENCE:
            return 0.0
        return max(0.0, wrong[0] + _SECONDS - time.monotonic())

    def note(self, address: str) -> None:
        """Notes a wrong one."""
        wrong = self._wrong.setdefault(address, deque(maxlen=_PATIENCE))
        wrong.append(time.monotonic())
        self._wrong.move_to_end(address)
        if len(self._wrong) > _MOST_ADDRESSES:
            self._wrong.popitem(last=False)
