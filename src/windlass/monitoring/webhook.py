"""Telling a webhook of an alert, and nothing else on any network.

The name is resolved once, every address that it has is checked, and one of these is connected to:
a second answer of the name's server is never asked for. No redirect is followed, no proxy asked,
and of what comes back no more is looked at than the status.
"""

from __future__ import annotations

import contextlib
import http.client
import ipaddress
import json
import socket
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeAlias
from urllib.parse import SplitResult, urlsplit

from windlass.errors import AlertError
from windlass.records.production import Alert

Address: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address
Resolve: TypeAlias = Callable[..., Iterable[Any]]

TIMEOUT = 5.0
"""Seconds for each answer of the other side."""
DEADLINE = 10.0
"""Seconds for all of them together."""
_MOST = 64 << 10
_PORTS = {"http": 80, "https": 443}
_PAUSES = (0.5, 2.0)
_SHOWN = 50
_NAT64 = ipaddress.ip_network("64:ff9b::/96")


def send(
    url: str,
    document: Mapping[str, Any],
    *,
    hosts: Iterable[str] = (),
    resolve: Resolve = socket.getaddrinfo,
) -> None:
    """Posts a document as JSON.

    Args:
        url: ``https://…`` or ``http://…``, secrets resolved.
        document: What is told; at most 64 KB of JSON.
        hosts: Addresses, networks or names that may be private.
        resolve: Asks for the addresses of a name, as `socket.getaddrinfo` does.

    Raises:
        AlertError: It may not be sent there, could not be, or was not accepted. The message names
            the host and never the rest of the URL, which may be a secret.
    """
    body = json.dumps(document, default=str).encode()
    if len(body) > _MOST:
        raise AlertError(f"an alert of {len(body):,} bytes is not sent", hint="At most 64 KB are.")
    parts = _parts(url)
    host, port = str(parts.hostname), parts.port or _PORTS[parts.scheme]
    address = _checked(host, port, tuple(hosts), resolve)
    try:
        status = _post(parts, host, port, address, body)
    except (OSError, http.client.HTTPException) as error:
        raise _unanswered(host, str(error) or type(error).__name__) from error
    if status >= 500 or status == 429:
        raise _unanswered(host, f"it answers {status}")
    if not 200 <= status < 300:
        redirects = " (redirects are not followed)" if 300 <= status < 400 else ""
        raise AlertError(
            f"the webhook at {host} answered {status}{redirects}",
            hint="Name the address that takes a POST of JSON itself.",
        )


def send_patiently(url: str, document: Mapping[str, Any], *, hosts: Iterable[str] = ()) -> None:
    """Posts a document, and where that fails twice more; arguments and errors as for `send`."""
    for pause in (*_PAUSES, None):
        try:
            return send(url, document, hosts=tuple(hosts))
        except AlertError as error:
            if pause is None or not error.is_passing:
                raise
        time.sleep(pause)
    return None


def message(alert: Alert) -> dict[str, Any]:
    """What is posted of an alert; ``text`` is what chat services show."""
    about = dict(alert.document.get("about", {}))
    return {
        "text": alert.document["text"],
        "id": alert.id,
        "model": alert.model,
        "version": alert.document["version"],
        "kind": alert.kind,
        "time": alert.time,
        "about": dict(list(about.items())[:_SHOWN]),
    }


def is_public(address: Address) -> bool:
    """Whether an address is one of the public internet; of one within another both must be."""
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour
        if address in _NAT64:
            inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(inner)
    return address.is_global and not (address.is_multicast or address.is_reserved)


def _unanswered(host: str, why: str) -> AlertError:
    error = AlertError(
        f"the webhook at {host} cannot be told: {why}",
        hint="Is its server in order, and does it answer within a few seconds?",
    )
    error.is_passing = True
    return error


def _parts(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        parts = SplitResult("", "", "", "", "")
    if parts.scheme not in _PORTS or not parts.hostname:
        raise AlertError(
            "the address of the webhook is no https:// or http:// URL",
            hint="Look at [models.NAME.monitor] webhook in windlass.toml, and what it refers to.",
        )
    if parts.username is not None:
        raise AlertError(
            f"the webhook at {parts.hostname} has a password in its address, which is not sent",
            hint="Let a secret be a part of its path or query.",
        )
    return parts


def _checked(host: str, port: int, hosts: tuple[str, ...], resolve: Resolve) -> str:
    """An address of a host, all of whose addresses may be connected to."""
    try:
        found = [str(each[4][0]) for each in resolve(host, port, type=socket.SOCK_STREAM)]
    except (OSError, UnicodeError) as error:
        raise AlertError(
            f"the name {host} of the webhook has no address: {error}", hint="Is it spelled right?"
        ) from error
    for text in found:
        address = ipaddress.ip_address(text.partition("%")[0])
        if not _may(host, address, hosts):
            raise AlertError(
                f"the webhook at {host} is at {address}, which is no public address",
                hint=f'If it is meant: [models.NAME.monitor] hosts = ["{address}"]',
            )
    if not found:
        raise AlertError(f"the name {host} of the webhook has no address")
    return found[0]


def _may(host: str, address: Address, hosts: tuple[str, ...]) -> bool:
    if is_public(address) or any(_is_in(address, each) for each in hosts):
        return True
    # A name that is listed may be on one's own network; the metadata of a cloud must be meant.
    return host in hosts and not address.is_link_local


def _is_in(address: Address, network: str) -> bool:
    with contextlib.suppress(ValueError):
        return address in ipaddress.ip_network(network, strict=False)
    return False


def _post(parts: SplitResult, host: str, port: int, address: str, body: bytes) -> int:
    """Posts to an address, and to no other; returns the status."""
    connection = http.client.HTTPConnection(host, port, timeout=TIMEOUT)
    connection.auto_open = 0  # it would ask for the address anew
    raw = socket.create_connection((address, port), timeout=TIMEOUT)
    timer = threading.Timer(DEADLINE, _break, [raw])
    timer.daemon = True
    timer.start()
    try:
        connection.sock = _secured(raw, host) if parts.scheme == "https" else raw
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        headers = {"Content-Type": "application/json", "User-Agent": "windlass"}
        connection.request("POST", path, body, headers)
        return connection.getresponse().status
    finally:
        timer.cancel()
        connection.close()
        raw.close()


def _secured(raw: socket.socket, host: str) -> socket.socket:
    import ssl

    return ssl.create_default_context().wrap_socket(raw, server_hostname=host)


def _break(raw: socket.socket) -> None:
    with contextlib.suppress(OSError):
        raw.shutdown(socket.SHUT_RDWR)
