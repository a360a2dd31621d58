"""The dashboard as an ASGI application."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from importlib.resources import files
from typing import Any, TypeAlias, TypeVar

import anyio.to_thread
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import (
    HTMLResponse,
    JSONResponse,
    RedirectResponse,
    Response,
    StreamingResponse,
)
from starlette.routing import BaseRoute, Mount

from windlass.errors import NotFoundError, ProtocolError
from windlass.web.action import Action
from windlass.web.actions import ACTIONS
from windlass.web.failing import ErrorDocument, error_document
from windlass.web.guard import Access, Caller, Door, Guard
from windlass.web.headers import SafeHeaders
from windlass.web.live import changes, following
from windlass.web.openapi import openapi
from windlass.web.page import Address, Ask, Body, Page, Query
from windlass.web.pages import ADDRESSES, PAGES
from windlass.web.rendering import render, show, style_sheet
from windlass.web.site import Site, Sites

_THREADS = 8
"""How many pages are made at once: each has a connection to the record of its own."""

AGAIN = 5
"""Seconds after which a page asks again for a record that is away."""

T = TypeVar("T")
Answer: TypeAlias = Callable[[Request], Awaitable[Response]]


def make_app(sites: Sites, guard: Guard | None = None) -> Any:
    """The application that shows some projects.

    Args:
        sites: The projects.
        guard: Decides on who may ask; None for whoever is on this machine.
    """
    guard = guard or Guard()
    app = make_routes(sites, guard)
    return SafeHeaders(guard.over(app))


def make_routes(sites: Sites, guard: Guard) -> Starlette:
    """The paths of the application, each with who may ask it."""
    dashboard = _Dashboard(sites, guard)
    guard.refuse = dashboard.refused
    several = len(sites.all) > 1
    own: list[BaseRoute] = dashboard.routes()
    routes: list[BaseRoute] = [
        dashboard.door("anyone", "/static/style.css", dashboard.style),
        dashboard.door("anyone", "/static/page.js", dashboard.script),
        dashboard.door("anyone", "/favicon.ico", dashboard.icon),  # asked for beside plain text
        dashboard.door("anyone", "/login", dashboard.login),
        dashboard.door("anyone", "/login", dashboard.log_in, "POST"),
        dashboard.door("reading", "/logout", dashboard.log_out, "POST"),
        dashboard.door("reading", "/openapi.json", dashboard.description),
    ]
    if several:
        routes += [dashboard.door("reading", "/", dashboard.projects)]
        routes += [Mount("/p/{project}", routes=own)]
    else:
        routes += own
    return Starlette(
        routes=routes,
        exception_handlers={404: dashboard.not_found, 405: dashboard.not_found},
    )


class _Dashboard:
    """What answers."""

    def __init__(self, sites: Sites, guard: Guard) -> None:
        self._sites = sites
        self._guard = guard
        self._threads = anyio.CapacityLimiter(_THREADS)

    def routes(self) -> list[BaseRoute]:
        """The paths of one project."""
        found: list[BaseRoute] = [
            self.door(
                "reading",
                each.path,
                partial(self._events if each.follows else self._beside, each),
            )
            for each in ADDRESSES
        ]
        for action in ACTIONS:
            found += [
                self.door("acting", action.path, partial(self._question, action)),
                self.door("acting", action.path, partial(self._act, action), "POST"),
            ]
        for page in PAGES:
            below = "" if page.path == "/" else page.path
            found += [
                self.door("reading", f"/api{below or '/runs'}", partial(self._document, page)),
                self.door("reading", f"/live{below}", partial(self._live, page)),
                self.door("reading", page.path, partial(self._page, page)),
            ]
        return found

    def door(self, access: Access, path: str, endpoint: Answer, method: str = "GET") -> Door:
        """A path that some may ask."""
        return Door(self._guard, access, path, endpoint, method)

    async def _page(self, page: Page, request: Request) -> Response:
        make = partial(self._html, page, request)
        site, html = await self._told(page, request, make)
        if isinstance(html, Exception):
            return self._failed(request, site, error_document(html))
        return HTMLResponse(html)

    def _html(self, page: Page, request: Request, ask: Ask[Any]) -> str:
        """The page itself, made in one go with its document."""
        base = ask.site.base
        below = request.url.path.removeprefix(base).rstrip("/")
        query = f"?{request.url.query}" if request.url.query else ""
        around = {
            **self._around(request, ask.site),
            "live": f"{base}/live{below}{query}",
            "document_at": f"{base}/api{below or '/runs'}{query}",
        }
        return show(page, ask, **around)

    def _around(self, request: Request, site: Site | None) -> dict[str, Any]:
        """What every page has around what it shows."""
        caller: Caller | None = getattr(request.state, "caller", None)
        return {
            "site": site,
            "base": site.base if site else "",
            "sites": self._sites.all if caller else [],
            "caller": caller,
            "has_login": self._guard.tokens is not None,
            "form_token": self._guard.form_token(caller),
            "live": "",
            "document_at": "",
            "again": 0,
        }

    async def _question(self, action: Action, request: Request) -> Response:
        """Asks whether something is to be done."""
        return await self._asked(action, request, None)

    async def _asked(self, action: Action, request: Request, problem: Exception | None) -> Response:
        site, question = await self._told(action, request, action.ask)
        if isinstance(question, Exception):
            return self._failed(request, site, error_document(question))
        document = error_document(problem) if problem else None
        names = {"page": question, "problem": document, "sent": request.state.form}
        html = render("confirm.html", **names, **self._around(request, site))
        return HTMLResponse(html, document["status"] if document else 200)

    async def _act(self, action: Action, request: Request) -> Response:
        """Does it, and leads to what came of it."""
        form, who = request.state.form, request.state.caller.who
        site, place = await self._told(action, request, lambda ask: action.act(ask, form, who))
        if isinstance(place, Exception):
            return await self._asked(action, request, place)
        return RedirectResponse(f"{site.base if site else ''}{place}", 303)

    async def _document(self, page: Page, request: Request) -> Response:
        _, told = await self._told(page, request, page.view)
        if isinstance(told, Exception):
            document = error_document(told)
            return JSONResponse(document, document["status"])
        return Response(as_json(told), media_type="application/json")

    async def _live(self, page: Page, request: Request) -> Response:
        async def look() -> bytes:
            told = (await self._told(page, request, page.view))[1]
            return repr(told).encode() if isinstance(told, Exception) else as_json(told)

        return StreamingResponse(
            changes(look, request.is_disconnected),
            media_type="text/event-stream",
            headers={"Cache-Control": "no-store"},
        )

    async def _beside(self, address: Address, request: Request) -> Response:
        site, body = await self._told(address, request, address.answer)
        if isinstance(body, Exception):
            return self._failed(request, site, error_document(body))
        assert isinstance(body, Body)
        if isinstance(body.data, bytes):
            return Response(body.data, media_type=body.media_type, headers=dict(body.headers))
        return StreamingResponse(body.data, media_type=body.media_type, headers=dict(body.headers))

    async def _events(self, address: Address, request: Request) -> Response:
        site, look = await self._told(address, request, address.answer)
        if isinstance(look, Exception):
            return self._failed(request, site, error_document(look))
        return StreamingResponse(
            following(partial(self._work, look), request.is_disconnected),  # type: ignore[arg-type]
            media_type="text/event-stream",
            headers={"Cache-Control": "no-store"},
        )

    async def _told(
        self, page: Page | Address | Action, request: Request, make: Callable[[Ask[Any]], T]
    ) -> tuple[Site | None, T | Exception]:
        """What is made of a request in a thread, or why it cannot be."""
        site = None
        try:
            site = self._sites.find(request.path_params.get("project"))
            asked = Query if isinstance(page, Action) else page.query
            query = asked.model_validate(_items(request))
            return site, await self._work(partial(make, Ask(site, _path(request), query)))
        except Exception as error:  # noqa: BLE001 (whatever it is, the reader is told)
            return site, error

    async def _work(self, call: Callable[[], T]) -> T:
        return await anyio.to_thread.run_sync(call, limiter=self._threads)

    def _failed(self, request: Request, site: Site | None, document: ErrorDocument) -> Response:
        is_new = site is not None and document["status"] == 400 and site.is_empty
        is_away = document["status"] == 503
        around = self._around(request, site) | {"again": AGAIN if is_new or is_away else 0}
        html = render("empty.html" if is_new else "error.html", page=document, **around)
        headers = {"Retry-After": str(AGAIN)} if is_away else {}
        return HTMLResponse(html, 200 if is_new else document["status"], headers)

    def refused(self, request: Request, error: Exception) -> Response:
        """The page for who may not ask."""
        return self._failed(request, None, error_document(error))

    async def login(self, request: Request) -> Response:
        """Asks for a token."""
        return self._login(request, None)

    def _login(self, request: Request, problem: ErrorDocument | None) -> Response:
        names: dict[str, Any] = {"page": {"next": _local(request)}, "problem": problem}
        html = render("login.html", **names, **self._around(request, None))
        headers = {"Cache-Control": "no-store"}
        return HTMLResponse(html, problem["status"] if problem else 200, headers)

    async def log_in(self, request: Request) -> Response:
        """Takes a token for a session."""
        form = request.state.form
        try:
            session = self._guard.log_in(request, form.get("token", ""), form.get("name", ""))
        except ProtocolError as error:
            return self._login(request, error_document(error))
        return self._guard.give(request, RedirectResponse(_local(request), 303), session)

    async def log_out(self, _: Request) -> Response:
        """Ends a session."""
        return self._guard.forget(RedirectResponse("/login", 303))

    async def projects(self, request: Request) -> Response:
        """The first page of several projects."""
        return HTMLResponse(render("projects.html", page={}, **self._around(request, None)))

    async def not_found(self, request: Request, error: Exception) -> Response:
        """An address that leads nowhere, or that cannot be asked so."""
        status = getattr(error, "status_code", 404)
        told = "there is no such page" if status == 404 else "this cannot be asked in that way"
        document = ErrorDocument(status=status, error=told, hint=None, id=None)
        if "/api/" in request.url.path:
            return JSONResponse(document, status)
        return self._failed(request, None, document)

    async def style(self, _: Request) -> Response:
        """The one style sheet."""
        return Response(style_sheet(), media_type="text/css")

    async def script(self, _: Request) -> Response:
        """The one script."""
        source = files("windlass.web").joinpath("static/page.js").read_bytes()
        return Response(source, media_type="text/javascript")

    async def icon(self, _: Request) -> Response:
        """The sign in a browser's tab."""
        source = files("windlass.web").joinpath("static/icon.svg").read_bytes()
        return Response(source, media_type="image/svg+xml")

    async def description(self, _: Request) -> Response:
        """What there is below ``/api``."""
        return JSONResponse(openapi(PAGES, several=len(self._sites.all) > 1))


def _path(request: Request) -> dict[str, str]:
    """What stands in the path, by name.

    Raises:
        NotFoundError: It is what no database holds as a name.
    """
    if any("\0" in part for part in request.path_params.values()):
        raise NotFoundError("there is no such page")
    return {name: part for name, part in request.path_params.items() if name != "project"}


def _local(request: Request) -> str:
    """Where to go on after the login: a path of this server, whatever was asked for."""
    path = request.query_params.get("next", "/")
    is_here = path.startswith("/") and not path.startswith(("//", "/\\")) and path.isprintable()
    return path if is_here else "/"


def _items(request: Request) -> dict[str, Any]:
    """What stands behind the ``?``: a list where a name stands there more than once."""
    parts = request.query_params
    found: dict[str, Any] = {}
    for name in parts:
        values = [value for value in parts.getlist(name) if value]  # forms send what is empty
        if values:
            found[name] = values if len(values) > 1 else values[0]
    return found


def as_json(document: Mapping[str, Any]) -> bytes:
    """A document as JSON, which knows no infinity and no not-a-number: they are null."""
    return json.dumps(_finite(document), ensure_ascii=False, allow_nan=False).encode()


def _finite(value: Any) -> Any:
    if isinstance(value, float):
        return value if abs(value) < float("inf") else None
    if isinstance(value, Mapping):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return value
