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
from starlette.responses import HTMLResponse, JSONResponse, Response, StreamingResponse
from starlette.routing import BaseRoute, Mount, Route

from windlass.errors import NotFoundError
from windlass.web.failing import ErrorDocument, error_document
from windlass.web.headers import SafeHeaders
from windlass.web.live import changes, following
from windlass.web.openapi import openapi
from windlass.web.page import Address, Ask, Body, Page
from windlass.web.pages import ADDRESSES, PAGES
from windlass.web.rendering import render, style_sheet
from windlass.web.site import Site, Sites

_THREADS = 8
"""How many pages are made at once: each has a connection to the record of its own."""

T = TypeVar("T")
Answer: TypeAlias = Callable[[Request], Awaitable[Response]]


def make_app(sites: Sites) -> Any:
    """The application that shows some projects."""
    dashboard = _Dashboard(sites)
    several = len(sites.all) > 1
    own: list[BaseRoute] = dashboard.routes()
    routes: list[BaseRoute] = [
        Route("/static/style.css", dashboard.style),
        Route("/static/page.js", dashboard.script),
        Route("/favicon.ico", dashboard.icon),  # which browsers ask for beside plain text
        Route("/openapi.json", dashboard.description),
    ]
    if several:
        routes += [Route("/", dashboard.projects), Mount("/p/{project}", routes=own)]
    else:
        routes += own
    app = Starlette(
        routes=routes,
        exception_handlers={404: dashboard.not_found, 405: dashboard.not_found},
    )
    return SafeHeaders(app)


class _Dashboard:
    """What answers."""

    def __init__(self, sites: Sites) -> None:
        self._sites = sites
        self._threads = anyio.CapacityLimiter(_THREADS)

    def routes(self) -> list[BaseRoute]:
        """The paths of one project."""
        found: list[BaseRoute] = [
            Route(each.path, partial(self._events if each.follows else self._beside, each))
            for each in ADDRESSES
        ]
        for page in PAGES:
            below = "" if page.path == "/" else page.path
            found += [
                Route(f"/api{below or '/runs'}", partial(self._document, page)),
                Route(f"/live{below}", partial(self._live, page)),
                Route(page.path, partial(self._page, page)),
            ]
        return found

    async def _page(self, page: Page, request: Request) -> Response:
        make = partial(self._html, page, request)
        site, html = await self._told(page, request, make)
        if isinstance(html, Exception):
            return self._failed(site, error_document(html))
        return HTMLResponse(html)

    def _html(self, page: Page, request: Request, ask: Ask[Any]) -> str:
        """The page itself, made in one go with its document."""
        told = page.view(ask)
        drawn = page.drawings(ask, told) if page.drawings else {}
        base = ask.site.base
        below = request.url.path.removeprefix(base).rstrip("/")
        query = f"?{request.url.query}" if request.url.query else ""
        around = {**self._around(ask.site), "live": f"{base}/live{below}{query}"}
        return render(page.template, page=told, **drawn, **around)

    def _around(self, site: Site | None) -> dict[str, Any]:
        return {"site": site, "base": site.base if site else "", "sites": self._sites.all}

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
            return self._failed(site, error_document(body))
        assert isinstance(body, Body)
        if isinstance(body.data, bytes):
            return Response(body.data, media_type=body.media_type, headers=dict(body.headers))
        return StreamingResponse(body.data, media_type=body.media_type, headers=dict(body.headers))

    async def _events(self, address: Address, request: Request) -> Response:
        site, look = await self._told(address, request, address.answer)
        if isinstance(look, Exception):
            return self._failed(site, error_document(look))
        return StreamingResponse(
            following(partial(self._work, look), request.is_disconnected),  # type: ignore[arg-type]
            media_type="text/event-stream",
            headers={"Cache-Control": "no-store"},
        )

    async def _told(
        self, page: Page | Address, request: Request, make: Callable[[Ask[Any]], T]
    ) -> tuple[Site | None, T | Exception]:
        """What is made of a request in a thread, or why it cannot be."""
        site = None
        try:
            site = self._sites.find(request.path_params.get("project"))
            query = page.query.model_validate(_items(request))
            return site, await self._work(partial(make, Ask(site, _path(request), query)))
        except Exception as error:  # noqa: BLE001 (whatever it is, the reader is told)
            return site, error

    async def _work(self, call: Callable[[], T]) -> T:
        return await anyio.to_thread.run_sync(call, limiter=self._threads)

    def _failed(self, site: Site | None, document: ErrorDocument) -> Response:
        is_new = site is not None and document["status"] == 400 and site.is_empty
        template = "empty.html" if is_new else "error.html"
        html = render(template, page=document, **self._around(site), live="")
        return HTMLResponse(html, 200 if is_new else document["status"])

    async def projects(self, _: Request) -> Response:
        """The first page of several projects."""
        return HTMLResponse(render("projects.html", page={}, **self._around(None), live=""))

    async def not_found(self, request: Request, error: Exception) -> Response:
        """An address that leads nowhere, or that cannot be asked so."""
        status = getattr(error, "status_code", 404)
        told = "there is no such page" if status == 404 else "this cannot be asked in that way"
        document = ErrorDocument(status=status, error=told, hint=None, id=None)
        if "/api/" in request.url.path:
            return JSONResponse(document, status)
        return self._failed(None, document)

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
