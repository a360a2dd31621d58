"""Who may ask: the host that a request names, the page that it comes from, and its token.

A page on the web can have a browser ask a server on its user's machine, under a name that it lets
point there (DNS rebinding). So every request must name a host that is ours, whatever its method.
"""

from __future__ import annotations

import hmac
import ipaddress
import socket
from collections.abc import Collection, Mapping
from typing import Any

from windlass.errors import ProtocolError
from windlass.serving.app.reply import Scope

_LETTERS = frozenset("abcdefghijklmnopqrstuvwxyz0123456789-_")
_KNOWN = 1024
"""Host headers whose verdict is kept."""
_FORWARDED = (b"forwarded", b"x-forwarded-for", b"x-real-ip")
"""Set by proxies: the request is from farther than the connection."""


class Guard:
    """Decides on hosts, pages and tokens.

    Args:
        hosts: Names that the server has, beside those of this machine, IP addresses and names
            without a dot: ``models.example.com``, ``*.example.com``, or ``*`` for any.
        token: What opens the admin plane from elsewhere; None if nothing does.
        origins: Pages of other hosts that may ask, such as ``https://app.example.com``.
    """

    def __init__(
        self,
        hosts: Collection[str] = (),
        token: str | None = None,
        origins: Collection[str] = (),
    ) -> None:
        self._hosts = {host.lower().rstrip(".") for host in (*hosts, socket.gethostname())}
        wild = (host[1:] for host in self._hosts if host.startswith("*."))
        self._suffixes = (".localhost", *wild)
        self._token = None if token is None else token.encode()
        self._origins = {origin.encode() for origin in origins}
        self._verdicts: dict[bytes, bool] = {}

    def check(self, headers: Mapping[bytes, bytes]) -> None:
        """Refuses a request under a name that is not ours, or from a page of another.

        Raises:
            ProtocolError: 421 for the name, 403 for the page.
        """
        host = headers.get(b"host", b"")
        if (allowed := self._verdicts.get(host)) is None:
            allowed = self._decide(host)
        if not allowed:
            raise ProtocolError(
                "this server does not answer under the name that the request has for its host",
                status=421,
                hint="Start it with that name among its hosts.",
            )
        origin = headers.get(b"origin")
        if origin is not None and not self._is_own_page(origin, host):
            raise ProtocolError("pages of other hosts may not ask here", status=403)

    def _decide(self, host: bytes) -> bool:
        verdict = self._is_ours(host)
        if len(self._verdicts) < _KNOWN:
            self._verdicts[host] = verdict
        return verdict

    def _is_ours(self, header: bytes) -> bool:
        if "*" in self._hosts:
            return True
        name = host_name(header)
        if name is None:
            return False
        return (
            name in self._hosts
            or _is_single_label(name)  # localhost among them
            or _is_address(name)
            or name.endswith(self._suffixes)
        )

    def _is_own_page(self, origin: bytes, host: bytes) -> bool:
        return origin in self._origins or origin.partition(b"://")[2] == host

    def check_admin(self, scope: Scope, headers: Mapping[bytes, bytes]) -> None:
        """Refuses who is neither on this machine nor has the token.

        Raises:
            ProtocolError: 401 where a token would do, 403 where there is none.
        """
        if is_local(scope.get("client"), headers):
            return
        if self._token is None:
            raise ProtocolError(
                "this is told on the server's own machine alone",
                status=403,
                hint="Start the server with a token to ask from elsewhere.",
            )
        scheme, _, given = headers.get(b"authorization", b"").partition(b" ")
        if scheme.lower() != b"bearer" or not hmac.compare_digest(given.strip(), self._token):
            raise ProtocolError("this needs the server's token", status=401)


def is_local(client: Any, headers: Mapping[bytes, bytes]) -> bool:
    """Whether a request is from this machine, and by no proxy."""
    if not client or any(name in headers for name in _FORWARDED):
        return False
    try:
        return ipaddress.ip_address(client[0]).is_loopback
    except ValueError:
        return False


def host_name(header: bytes) -> str | None:
    """The name of a Host header, without its port; None if it is none."""
    try:
        text = header.decode("ascii").lower()
    except UnicodeDecodeError:
        return None
    if text.startswith("["):
        name, bracket, port = text[1:].partition("]")
        return name if bracket and _is_port(port.removeprefix(":")) else None
    name, _, port = text.partition(":")
    return name.removesuffix(".") if name and _is_port(port) else None


def _is_port(text: str) -> bool:
    return not text or (text.isdigit() and len(text) <= 5)


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _is_single_label(name: str) -> bool:
    """Nobody can have such a name point here, as the public names all have a dot."""
    return 0 < len(name) <= 63 and _LETTERS.issuperset(name)
