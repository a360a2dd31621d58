"""A figure as it was drawn."""

from __future__ import annotations

from pathlib import Path


class Picture:
    """What a stored matplotlib figure comes back as: its drawing, no longer its axes.

    A figure cannot be stored as itself, since nothing but unpickling, which runs code, would make
    it again. Shown in a notebook, it looks as the figure did.

    Args:
        png: The drawing in pixels.
        svg: The drawing in lines; None where it would have too many.
    """

    __slots__ = ("png", "svg")

    def __init__(self, png: bytes, svg: str | None = None) -> None:
        self.png = png
        self.svg = svg

    def save(self, path: str | Path) -> None:
        """Writes a file: SVG if its name ends so, else PNG.

        Raises:
            ValueError: It is to be SVG, and the drawing has too many lines for it.
        """
        path = Path(path)
        if path.suffix.lower() != ".svg":
            path.write_bytes(self.png)
        elif self.svg is None:
            raise ValueError("this picture has too many lines for SVG; save it as PNG")
        else:
            path.write_text(self.svg, "utf-8")

    def _repr_png_(self) -> bytes:
        return self.png

    def _repr_svg_(self) -> str | None:
        return self.svg

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Picture):
            return NotImplemented
        return (self.png, self.svg) == (other.png, other.svg)

    def __hash__(self) -> int:
        return hash((self.png, self.svg))

    def __repr__(self) -> str:
        lines = "no SVG" if self.svg is None else f"{len(self.svg):,} characters of SVG"
        return f"<Picture: {len(self.png):,} bytes of PNG, {lines}>"
