"""Who has shown a token, as a signed cookie; and the tokens of forms that are bound to it."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
import time
from dataclasses import asdict, dataclass
from typing import get_args

from windlass.web.tokens import Right

HOURS = 12
"""How long a session lasts."""


@dataclass(frozen=True)
class Session:
    """Who asks, from a browser.

    Args:
        id: Random; forms are bound to it.
        who: What they call themselves.
        right: What they may do.
        until: When it ends, in seconds since 1970, UTC.
    """

    id: str
    who: str
    right: Right
    until: float


class Sessions:
    """Signs sessions and forms with a key that lives as long as the server.

    A new start of the server ends all sessions, and nothing that opens one is ever on a disk.
    """

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)
        self.cookie = f"windlass_{secrets.token_hex(4)}"
        """Its name: cookies know no ports, and two servers of a machine would take each other's."""

    def begin(self, who: str, right: Right) -> Session:
        """A new session."""
        return Session(secrets.token_urlsafe(16), who, right, time.time() + HOURS * 3600)

    def write(self, session: Session) -> str:
        """A session as the value of a cookie."""
        told = base64.urlsafe_b64encode(json.dumps(asdict(session)).encode()).decode()
        return f"{told}.{self._sign('session', told)}"

    def read(self, value: str) -> Session | None:
        """The session of a cookie; None if it is not ours, or over."""
        told, _, signature = value.partition(".")
        if not hmac.compare_digest(signature.encode(), self._sign("session", told).encode()):
            return None
        session = Session(**json.loads(base64.urlsafe_b64decode(told)))
        is_right = session.right in get_args(Right)
        return session if is_right and session.until > time.time() else None

    def form_token(self, session: Session) -> str:
        """What the forms of a session hold, so that no page of others can send one."""
        return self._sign("form", session.id)

    def is_form_of(self, session: Session, token: str) -> bool:
        """Whether a form is one of that session."""
        return hmac.compare_digest(token.encode(), self.form_token(session).encode())

    def _sign(self, purpose: str, text: str) -> str:
        """For one purpose, so that a signature of one is none of another."""
        told = f"{purpose}:{text}".encode()
        return hmac.new(self._key, told, hashlib.sha256).hexdigest()
