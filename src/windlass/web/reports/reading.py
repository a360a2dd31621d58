"""Pages, and what belongs to them, read by their addresses as a browser does, without a server."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, TypeVar
from urllib.parse import parse_qs, unquote, urlsplit

from windlass.errors import NotFoundError, WindlassError
from windlass.web.page import Address, Ask, Body, Page
from windlass.web.pages import ADDRESSES, PAGES
from windlass.web.rendering import show
from windlass.web.site import Site

P = TypeVar("P", Page, Address)


@dataclass(frozen=True)
class _Nobody:
    """Whoever opens a file: no action is offered to them."""

    may_act: bool = False


@dataclass
class Reader:
    """Reads the pages of a project; those of one run share what they look up of it.

    Args:
        site: The project, which has no other beside it.
    """

    site: Site
    _looked_up: dict[str, dict[Any, Any]] = field(default_factory=dict, repr=False)
    _bodies: dict[str, Body | None] = field(default_factory=dict, repr=False)

    def page(self, path: str, **query: Any) -> str:
        """What stands on a page between its head and its foot, as HTML.

        Raises:
            NotFoundError: There is no such page, or not what it would show.
            WindlassError: It cannot be made.
        """
        page, parts = found(PAGES, path)
        shared = self._looked_up.setdefault(parts.get("run", path), {})
        ask = Ask(self.site, parts, page.query(**query), shared)
        return show(page, ask, lasting=True, base=self.site.base, caller=_Nobody())

    def body(self, address: str) -> Body | None:
        """What stands at an address beside the pages; None if there is nothing to be had."""
        if address not in self._bodies:
            self._bodies[address] = self._body(address)
        return self._bodies[address]

    def _body(self, address: str) -> Body | None:
        told = urlsplit(address)
        try:
            place, parts = found(ADDRESSES, told.path)
            query = {k: v if v[1:] else v[0] for k, v in parse_qs(told.query).items()}
            body = place.answer(Ask(self.site, parts, place.query.model_validate(query)))
        except WindlassError:  # a value that is gone must not hide the rest
            return None
        return body if isinstance(body, Body) else None


def found(places: Sequence[P], path: str) -> tuple[P, dict[str, str]]:
    """The page or address of a path, and what stands in it by name.

    Raises:
        NotFoundError: There is none.
    """
    for place in places:
        if match := _pattern(place.path).fullmatch(path):
            return place, {name: unquote(part) for name, part in match.groupdict().items()}
    raise NotFoundError(f"there is no page {path}")


@cache
def _pattern(path: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", path))
