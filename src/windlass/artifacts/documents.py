"""Text that is to be shown as what it is."""

from __future__ import annotations


class HTML(str):
    """A page or a fragment of HTML; shown in a frame without scripts."""

    __slots__ = ()

    def _repr_html_(self) -> str:
        return str(self)


class Markdown(str):
    """A text in Markdown."""

    __slots__ = ()

    def _repr_markdown_(self) -> str:
        return str(self)
