"""Pillow: images of every mode, pixel for pixel."""

from __future__ import annotations

import io
import struct
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn

from windlass import values
from windlass.artifacts.format import Format, Preview, Sink, Source
from windlass.artifacts.formats.image_facts import kept_info, palette_of, previewed
from windlass.errors import CorruptError, FormatError
from windlass.hashing import digest, digest_bytes
from windlass.values import Json

if TYPE_CHECKING:
    from PIL import Image

_AS_PNG = {mode: mode for mode in ("1", "L", "LA", "RGB", "RGBA", "I;16")} | {"P": "L"}
"""Modes whose pixels PNG holds, and as what. Of a palette it would drop what lies behind its end,
and pack pixels so that those that point there become others: so it gets the indexes alone."""

_PNG_END = b"\0\0\0\0IEND\xaeB`\x82"
_SHOWN = (640, 640)


class ImageFormat(Format["Image.Image"]):
    """Images: a line that says what they are, then their pixels, as PNG where it holds them.

    What comes back is a plain `PIL.Image.Image`, also of one that a file opened as. Of its
    ``info``, what says how its pixels are to be understood is kept: ``dpi`` where it is two
    numbers, ``transparency``, ``icc_profile`` and ``exif``. All else, such as comments, XMP and
    how a file was compressed, is not kept, nor is it a part of the content.
    """

    name = "pillow.image"
    types = ("PIL.Image.Image",)

    def accepts(self, value: object) -> bool:
        """Whether it is an image itself or what a file opened as, and adds nothing to it."""
        from PIL import Image, ImageFile

        return type(value) is Image.Image or isinstance(value, ImageFile.ImageFile)

    def write(self, value: Image.Image, sink: Sink) -> str:
        """Writes the image.

        Raises:
            FormatError: It has several frames, its file is broken, it has more pixels than
                Pillow would read again, or its ``info`` holds what no file would.
        """
        _check_frames(value)
        _check_size(value.size)
        head = _head_of(value)
        pixels = value.tobytes()
        png = head.mode in _AS_PNG and bool(pixels)
        sink.write(values.dumps({**head.facts(), "png": png}).encode() + b"\n")
        sink.write(_png(head, pixels) if png else pixels)
        return digest(self.name, values.dumps(head.facts()), digest_bytes(pixels))

    def read(self, source: Source) -> Image.Image:
        """The image.

        Raises:
            CorruptError: The stored bytes are none.
            FormatError: It has more pixels than Pillow may read here.
        """
        line, _, body = source.bytes().partition(b"\n")
        try:
            head, png = _read_head(line)
        except (FormatError, LookupError, TypeError, ValueError) as error:
            raise CorruptError(f"stored bytes are not an image: {error}") from error
        _check_size(head.size)
        try:
            return _made(head, _pixels(head, body) if png else body)
        except _BROKEN as error:
            raise CorruptError(f"stored bytes are not an image: {error}") from error

    def summary(self, value: Image.Image) -> dict[str, Json]:
        """Mode, width and height, and the names of what is kept of its ``info``."""
        facts: dict[str, Json] = {"mode": value.mode, "pixels": list(value.size)}
        info: list[Json] = [*kept_info(value.info)]
        return {**facts, "info": info} if info else facts

    def preview(self, value: Image.Image) -> Preview:
        """The image as PNG, scaled down where it is large; numbers become shades of grey."""
        if 0 in value.size:
            return Preview("text/plain", f"{value.mode} of {value.width} × {value.height} pixels")
        shown = previewed(value)
        shown.thumbnail(_SHOWN)
        return Preview("image/png", _png_bytes(shown))


_BROKEN = (LookupError, TypeError, ValueError, OSError, SyntaxError, struct.error, zlib.error)
"""How Pillow says that bytes are no image."""


@dataclass(frozen=True, slots=True)
class _Head:
    """What an image is besides its pixels; a palette is its layout and its bytes."""

    mode: str
    size: tuple[int, int]
    palette: tuple[str, bytes] | None
    info: dict[str, Any]

    def facts(self) -> dict[str, Any]:
        return {
            "mode": self.mode,
            "size": self.size,
            "palette": self.palette,
            "info": self.info,
        }


def _head_of(image: Image.Image) -> _Head:
    try:
        image.load()
    except (*_BROKEN, AssertionError, AttributeError) as error:  # the last two of a closed file
        raise FormatError(
            f"an image cannot be read from its file: {error or 'it was closed before'}",
            hint="Call image.load() before its file is closed, and see whether the file is whole.",
        ) from error
    return _Head(image.mode, image.size, palette_of(image), kept_info(image.info))


def _read_head(line: bytes) -> tuple[_Head, bool]:
    facts = values.loads(line, _no_classes)
    mode, size, palette = facts["mode"], facts["size"], facts["palette"]
    if type(mode) is not str or type(size) is not tuple or type(facts["info"]) is not dict:
        raise ValueError(f"mode {mode!r} and size {size!r}")
    if len(size) != 2 or any(type(side) is not int or side < 0 for side in size):
        raise ValueError(f"size {size!r}")
    if (palette is None) == (mode in ("P", "PA")):
        raise ValueError(f"mode {mode} with the palette {palette!r}")
    return _Head(mode, size, palette, kept_info(facts["info"])), facts["png"] is True


def _no_classes(ref: str) -> NoReturn:
    raise FormatError(f"it names the class {ref}")


def _made(head: _Head, pixels: bytes) -> Image.Image:
    from PIL import Image

    wanted = len(Image.new(head.mode, (8, 1)).tobytes())  # of eight: "1" has eight in a byte
    if head.mode != "1" and len(pixels) * 8 != wanted * head.size[0] * head.size[1]:
        raise ValueError(f"{len(pixels)} bytes for {head.size} pixels of mode {head.mode}")
    image = (
        Image.frombytes(head.mode, head.size, pixels) if pixels else Image.new(head.mode, head.size)
    )
    if head.palette is not None:
        layout, colours = head.palette
        _check_palette(layout, colours)
        if colours:
            image.putpalette(colours, layout)
    image.info.update(head.info)
    return image


def _check_palette(layout: str, colours: bytes) -> None:
    if layout not in ("RGB", "RGBA") or type(colours) is not bytes:
        raise ValueError(f"a palette of {layout!r}")
    if len(colours) % len(layout) or len(colours) > 256 * len(layout):
        raise ValueError(f"a palette of {len(colours)} bytes")


def _png(head: _Head, pixels: bytes) -> bytes:
    from PIL import Image

    # A new image: what stands in `info` would go into the PNG, too.
    return _png_bytes(Image.frombytes(_AS_PNG[head.mode], head.size, pixels))


def _png_bytes(image: Image.Image) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()


def _pixels(head: _Head, png: bytes) -> bytes:
    """The pixels in a PNG, which must be of the size and mode that the head says."""
    from PIL.PngImagePlugin import PngImageFile

    # Not Image.open, which warns of half the pixels that it refuses: see _check_size.
    opened: Image.Image = PngImageFile(io.BytesIO(png))
    if opened.size != head.size or not png.endswith(_PNG_END):
        raise ValueError(f"a PNG of {opened.size} pixels, or not all of it")
    if opened.mode == "I" and head.mode == "I;16":  # so Pillow before 10.3 opens it
        opened = opened.convert("I;16")
    if opened.mode != _AS_PNG.get(head.mode):
        raise ValueError(f"a PNG of mode {opened.mode} for an image of mode {head.mode}")
    return opened.tobytes()


def _check_frames(image: Image.Image) -> None:
    try:
        frames = getattr(image, "n_frames", 1)
    except (OSError, ValueError):
        return  # its file is closed: what was loaded is one frame
    if frames > 1:
        raise FormatError(
            f"an image of {frames} frames cannot be stored as one image",
            hint="Return the Path of its file, or one frame: image.copy()",
        )


def _check_size(size: tuple[int, int]) -> None:
    """Refuses what Pillow refuses to open, before memory is taken for it."""
    from PIL import Image

    limit = Image.MAX_IMAGE_PIXELS
    if limit is not None and max(size[0], 1) * max(size[1], 1) > 2 * limit:
        raise FormatError(
            f"an image of {size[0]:,} × {size[1]:,} pixels is larger than Pillow reads: "
            f"{2 * limit:,} pixels",
            hint="If it is meant, raise PIL.Image.MAX_IMAGE_PIXELS where your steps are; or "
            "return the Path of its file.",
        )
