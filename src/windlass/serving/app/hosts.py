"""Under which names a server is asked, and from where.

A page on the web can have a browser ask a server on its user's machine, under a name that it lets
point there (DNS rebinding). So every request must name a host that is ours, whatever its method.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Collection, Mapping
from typing import Any

_LETTERS = frozenset("abcdefghijklmnopqrstuvwxyz0123456789-_")
_KNOWN = 1024
"""Host headers whose verdict is kept."""
_FORWARDED = (b"forwarded", b"x-forwarded-for", b"x-real-ip")
"""Set by proxies: the request is from farther than the connection."""


class Hosts:
    """The names that a server has.

    Args:
        hosts: Names beside those of this machine, IP addresses and names without a dot:
            ``models.example.com``, ``*.example.com``, or ``*`` for any.
        origins: Pages of other hosts that may ask, such as ``https://app.example.com``.
    """

    def __init__(self, hosts: Collection[str] = (), origins: Collection[str] = ()) -> None:
        self._hosts = {host.lower().rstrip(".") for host in (*hosts, socket.gethostname())}
        wild = (host[1:] for host in self._hosts if host.startswith("*."))
        self._suffixes = (".localhost", *wild)
        self._origins = {origin.encode() for origin in origins}
        self._verdicts: dict[bytes, bool] = {}

    def allow(self, host: bytes) -> bool:
        """Whether a Host header names this server."""
        verdict = self._verdicts.get(host)
        return self._decide(host) if verdict is None else verdict

    def is_own_page(self, origin: bytes, host: bytes) -> bool:
        """Whether an Origin header names a page that may ask."""
        return origin in self._origins or origin.partition(b"://")[2] == host

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
