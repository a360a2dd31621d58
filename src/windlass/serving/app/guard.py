"""Who may ask: the host that a request names, the page that it comes from, and its token."""

from __future__ import annotations

import hmac
from collections.abc import Collection, Mapping

from windlass.errors import ProtocolError
from windlass.serving.app.hosts import Hosts, is_local
from windlass.serving.app.reply import Scope


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
        self._hosts = Hosts(hosts, origins)
        self._token = None if token is None else token.encode()

    def check(self, headers: Mapping[bytes, bytes]) -> None:
        """Refuses a request under a name that is not ours, or from a page of another.

        Raises:
            ProtocolError: 421 for the name, 403 for the page.
        """
        host = headers.get(b"host", b"")
        if not self._hosts.allow(host):
            raise ProtocolError(
                "this server does not answer under the name that the request has for its host",
                status=421,
                hint="Start it with that name among its hosts.",
            )
        origin = headers.get(b"origin")
        if origin is not None and not self._hosts.is_own_page(origin, host):
            raise ProtocolError("pages of other hosts may not ask here", status=403)

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
