"""Who may ask for what: every route says so, and is asked through here.

On loopback whoever is on this machine may do all; else a token is shown once to the login page,
which gives a cookie, or with each request of a program, as ``Authorization: Bearer``.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal, TypeAlias
from urllib.parse import parse_qsl, quote

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from windlass.errors import ProtocolError
from windlass.models.promoting import who
from windlass.serving.app.hosts import Hosts, is_local
from windlass.web.failing import error_document
from windlass.web.sessions import HOURS, Session, Sessions
from windlass.web.tokens import Attempts, Right, Tokens

Access: TypeAlias = Literal["anyone", "reading", "acting"]
Answer: TypeAlias = Callable[[Request], Awaitable[Response]]
Refuse: TypeAlias = Callable[[Request, Exception], Response]

FORM = "form_token"
"""The field of a form that shows where it comes from."""
_LARGEST_FORM = 1_000_000
_SAFE = ("GET", "HEAD")
_LONGEST_NAME = 80


@dataclass(frozen=True)
class Caller:
    """Who asks.

    Args:
        who: As histories tell it.
        right: What they may do.
        session: From a browser; None for a program that shows its token.
    """

    who: str
    right: Right
    session: Session | None = None

    @property
    def may_act(self) -> bool:
        """Whether they may do more than look."""
        return self.right == "acting"


class Guard:
    """Decides on who asks.

    Args:
        tokens: Those that open the dashboard; None where only this machine reaches it.
        hosts: Names that the server has, as of `windlass.serving.app.hosts.Hosts`.
        refuse: Makes the answer to who is refused.
    """

    def __init__(
        self,
        tokens: Tokens | None = None,
        hosts: Collection[str] = (),
        refuse: Refuse | None = None,
    ) -> None:
        self.tokens = tokens
        self.sessions = Sessions()
        self.refuse: Refuse = refuse or _as_json
        self._hosts = Hosts(hosts)
        self._attempts = Attempts()

    def over(self, app: Any) -> Any:
        """The application, asked under names that are ours, and by no page of another."""

        async def guarded(scope: Any, receive: Any, send: Any) -> None:
            if scope["type"] == "http":
                try:
                    self._check_place(scope["method"], dict(scope["headers"]))
                except ProtocolError as error:
                    await _as_json(Request(scope), error)(scope, receive, send)
                    return
            await app(scope, receive, send)

        return guarded

    def _check_place(self, method: str, headers: Mapping[bytes, bytes]) -> None:
        host = headers.get(b"host", b"")
        if not self._hosts.allow(host):
            raise ProtocolError(
                "this server does not answer under the name that the request has for its host",
                status=421,
                hint="Start it with that name: --allow-host NAME",
            )
        origin = headers.get(b"origin")
        is_foreign = origin is not None and not self._hosts.is_own_page(origin, host)
        site = headers.get(b"sec-fetch-site", b"same-origin")
        if is_foreign or (method not in _SAFE and site not in (b"same-origin", b"none")):
            raise ProtocolError("pages of other hosts may not ask here", status=403)

    async def admit(self, access: Access, endpoint: Answer, request: Request) -> Response:
        """Asks an endpoint for whoever may ask it, as ``request.state.caller``."""
        try:
            caller = self._caller(request)
            request.state.caller = caller
            if access != "anyone":
                if caller is None:
                    return self._ask_for_token(request)
                _check_right(access, caller)
            request.state.form = {}
            if request.method not in _SAFE:
                request.state.form = await self._form(request, caller, access)
        except ProtocolError as error:
            request.state.caller = getattr(request.state, "caller", None)
            return self._refused(request, error)
        answer = await endpoint(request)
        return answer if access == "anyone" else self._with_cookie(request, caller, answer)

    def form_token(self, caller: Caller | None) -> str:
        """What a form holds for them."""
        session = caller.session if caller else None
        return self.sessions.form_token(session) if session else ""

    def log_in(self, request: Request, token: str, name: str) -> Session:
        """A session for who shows a token.

        Raises:
            ProtocolError: It is none of ours, or too many wrong ones came from there.
        """
        right = self._right_of(request, token)
        shown = " ".join("".join(filter(str.isprintable, name)).split())[:_LONGEST_NAME]
        return self.sessions.begin(f"{shown or 'somebody'} (dashboard)", right)

    def give(self, request: Request, response: Response, session: Session) -> Response:
        """An answer with the cookie of a session."""
        response.set_cookie(
            self.sessions.cookie,
            self.sessions.write(session),
            max_age=HOURS * 3600,
            httponly=True,
            samesite="strict",
            secure=request.url.scheme == "https",
        )
        return response

    def forget(self, response: Response) -> Response:
        """An answer that ends the session."""
        response.delete_cookie(self.sessions.cookie, httponly=True, samesite="strict")
        return response

    def _caller(self, request: Request) -> Caller | None:
        session = self.sessions.read(request.cookies.get(self.sessions.cookie, ""))
        if self.tokens is None:
            return self._of_this_machine(request, session)
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer":
            right = self._right_of(request, token.strip())
            return Caller(f"a program with the token for {right} (dashboard)", right)
        return Caller(session.who, session.right, session) if session else None

    def _of_this_machine(self, request: Request, session: Session | None) -> Caller:
        if not is_local(request.scope.get("client"), dict(request.scope["headers"])):
            raise ProtocolError(
                "this server is for its own machine alone, and the request came by a proxy",
                status=403,
                hint="Start it with --tokens to let others ask through a proxy.",
            )
        session = session or self.sessions.begin(who(), "acting")
        return Caller(session.who, "acting", session)

    def _right_of(self, request: Request, token: str) -> Right:
        address = request.client.host if request.client else ""
        if (seconds := self._attempts.wait(address)) > 0:
            raise ProtocolError(
                "too many wrong tokens came from there",
                status=429,
                hint=f"Try again in {seconds:.0f} seconds.",
            )
        right = self.tokens.right_of(token) if self.tokens else None
        if right is None:
            self._attempts.note(address)
            raise ProtocolError(
                "that is no token of this server",
                status=401,
                hint="They were printed when it was first started; --new-tokens makes others.",
            )
        return right

    def _ask_for_token(self, request: Request) -> Response:
        if _is_for_programs(request) or request.method not in _SAFE:
            error = ProtocolError("this needs a token", status=401, hint="Authorization: Bearer …")
            return self._refused(request, error)
        path = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        return RedirectResponse(f"/login?next={quote(path, safe='')}", 303)

    def _refused(self, request: Request, error: ProtocolError) -> Response:
        answer = _as_json if _is_for_programs(request) else self.refuse
        response = answer(request, error)
        if error.status == 401:
            response.headers["WWW-Authenticate"] = "Bearer"
        return response

    async def _form(
        self, request: Request, caller: Caller | None, access: Access
    ) -> dict[str, str]:
        """The fields of a form that is one of ours."""
        form = await _read_form(request)
        given = form.pop(FORM, "")
        session = caller.session if caller else None
        if access != "anyone" and session and not self.sessions.is_form_of(session, given):
            raise ProtocolError(
                "this form is not one of your session's", status=403, hint="Load its page again."
            )
        return form

    def _with_cookie(self, request: Request, caller: Caller | None, answer: Response) -> Response:
        """On this machine everybody has a session, for the sake of forms."""
        held = self.sessions.read(request.cookies.get(self.sessions.cookie, ""))
        if self.tokens is None and held is None and caller and caller.session:
            return self.give(request, answer, caller.session)
        return answer


class Door(Route):
    """A path, and who may ask it."""

    def __init__(
        self, guard: Guard, access: Access, path: str, endpoint: Answer, method: str = "GET"
    ) -> None:
        super().__init__(path, partial(guard.admit, access, endpoint), methods=[method])
        self.access = access


def _check_right(access: Access, caller: Caller) -> None:
    if access == "acting" and not caller.may_act:
        raise ProtocolError(
            "this needs the token for acting: yours is for reading",
            status=403,
            hint="Log out, and in again with the other one.",
        )


async def _read_form(request: Request) -> dict[str, str]:
    """What a form holds; of a field that is sent twice, the last one."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in ("application/x-www-form-urlencoded", ""):
        raise ProtocolError("a form is sent as application/x-www-form-urlencoded", status=415)
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > _LARGEST_FORM:
            raise ProtocolError("that is too large a form", status=413)
    try:
        return dict(parse_qsl(body.decode(), keep_blank_values=True, strict_parsing=bool(body)))
    except ValueError as error:
        raise ProtocolError(f"that is no form: {error}", status=400) from error


def _is_for_programs(request: Request) -> bool:
    parts = request.url.path.split("/")
    place = 3 if parts[1:2] == ["p"] else 1
    return parts[place : place + 1] in (["api"], ["live"], ["openapi.json"])


def _as_json(_: Request, error: Exception) -> Response:
    document = error_document(error)
    return JSONResponse(document, document["status"])
