"""A page: what it is asked, what it tells, and how that is shown."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast, get_type_hints

from pydantic import BaseModel, ConfigDict

if TYPE_CHECKING:
    from windlass.execution.job import Stores
    from windlass.records import Records
    from windlass.web.site import Site


class Query(BaseModel):
    """What a page may be asked for behind the ``?``; this one for nothing."""

    model_config = ConfigDict(extra="forbid", frozen=True)


Q = TypeVar("Q", bound=Query)
T = TypeVar("T")


@dataclass(frozen=True)
class Ask(Generic[Q]):
    """What one request asks of a project.

    Args:
        site: The project.
        path: What stands in the path, by name: ``run``, ``node``.
        query: What stands behind the ``?``, checked.
    """

    site: Site
    path: Mapping[str, str]
    query: Q
    _found: dict[Any, Any] = field(default_factory=dict, compare=False, repr=False)

    @property
    def stores(self) -> Stores:
        """The stores of the project."""
        return self.site.stores()

    @property
    def records(self) -> Records:
        """Its record."""
        return self.stores.records

    def once(self, make: Callable[[Ask[Any]], T]) -> T:
        """What a function makes of this request, made once for the document and its drawings."""
        if make not in self._found:
            self._found[make] = make(self)
        return cast("T", self._found[make])


@dataclass(frozen=True)
class Page:
    """One page, and the document at ``/api`` before its path that it is made from.

    Args:
        path: Such as ``/runs/{run}``.
        view: Makes the document, a TypedDict; its docstring describes it.
        template: Shows the document, as ``page``.
        query: What may stand behind the ``?``.
        drawings: What the template draws beside the document, by name.
    """

    path: str
    view: Callable[[Ask[Any]], Mapping[str, Any]]
    template: str
    query: type[Query] = Query
    drawings: Callable[[Ask[Any], Any], Mapping[str, Any]] | None = None

    @property
    def name(self) -> str:
        """What it is called in descriptions."""
        return self.view.__name__

    @property
    def document(self) -> Any:
        """The type of its document."""
        return get_type_hints(self.view)["return"]

    @property
    def summary(self) -> str:
        """The first line of what is said of it."""
        return (self.view.__doc__ or "").strip().partition("\n")[0]


@dataclass(frozen=True)
class Body:
    """What an address answers that is no page: bytes of some kind.

    Args:
        media_type: Their kind.
        data: All of them, or parts that are made as they are sent.
        headers: What is said of them besides; it goes before what every answer says.
    """

    media_type: str
    data: bytes | Iterable[bytes]
    headers: Mapping[str, str] = field(default_factory=dict)


Look = Callable[[], tuple[list[Mapping[str, Any]], bool]]
"""What is new since it was last called, and whether nothing more will come."""


@dataclass(frozen=True)
class Address:
    """Something beside the pages: a picture, a file, lines as they are written.

    Args:
        path: As that of a page.
        answer: Makes it; where `follows`, makes what is asked again and again for what is new.
        query: What may stand behind the ``?``.
        follows: Whether it is a stream of server-sent events.
    """

    path: str
    answer: Callable[[Ask[Any]], Body] | Callable[[Ask[Any]], Look]
    query: type[Query] = Query
    follows: bool = False
