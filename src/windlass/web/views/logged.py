"""The figures, tables and texts that steps logged."""

from __future__ import annotations

from typing import TYPE_CHECKING

from typing_extensions import TypedDict  # pydantic reads no other before Python 3.12

from windlass.web.views.preview import PreviewDocument, preview_document

if TYPE_CHECKING:
    from windlass.execution.job import Stores
    from windlass.records.tracked import Logged

_PREVIEWS = 6
"""Of a node, so many are shown with what is in them; of more, their own pages show it."""
_MOST = 200


class LoggedLine(TypedDict):
    """What was logged under a name: the last of it, and how many there are.

    ``kind`` is ``figure``, ``table`` or ``text``; ``step`` is null outside a series.
    """

    name: str
    node: str
    kind: str
    step: int | None
    count: int
    content: str
    preview: PreviewDocument | None


def logged_lines(stores: Stores, run: str, node: str | None = None) -> list[LoggedLine]:
    """What a run's steps logged, or one node: the last under each name, the first names first."""
    series: dict[tuple[str, str], list[Logged]] = {}
    for each in stores.records.logged(run, node):
        series.setdefault((each.node, each.name), []).append(each)
    shown = _PREVIEWS if node is not None else 0
    some = list(series.values())[:_MOST]
    return [_line(stores, each, is_shown=place < shown) for place, each in enumerate(some)]


def _line(stores: Stores, series: list[Logged], *, is_shown: bool) -> LoggedLine:
    last = series[-1]
    artifact = last.artifact if is_shown else None
    return LoggedLine(
        name=last.name,
        node=last.node,
        kind=last.kind,
        step=last.step,
        count=len(series),
        content=last.content,
        preview=None if artifact is None else preview_document(artifact, stores),
    )
