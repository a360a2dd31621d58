"""A page: what it is asked, what it tells, and how that is shown."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar, get_type_hints

from pydantic import BaseModel, ConfigDict

if TYPE_CHECKING:
    from windlass.execution.job import Stores
    from windlass.records import Records
    from windlass.web.site import Site


class Query(BaseModel):
    """What a page may be asked for behind the ``?``; this one for nothing."""

    model_config = ConfigDict(extra="forbid", frozen=True)


Q = TypeVar("Q", bound=Query)


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

    @property
    def stores(self) -> Stores:
        """The stores of the project."""
        return self.site.stores()

    @property
    def records(self) -> Records:
        """Its record."""
        return self.stores.records


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
