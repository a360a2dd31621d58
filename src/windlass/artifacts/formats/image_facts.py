"""What belongs to an image besides its pixels: what is kept of ``info``, and its palette."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from windlass.errors import FormatError

if TYPE_CHECKING:
    from PIL import Image

_NUMBERS = ("F", "I", "I;16", "I;16B", "I;16L", "I;16N")


def kept_info(info: Mapping[Any, Any]) -> dict[str, Any]:
    """What is kept of an image's ``info``, its types checked.

    A resolution that is not two numbers, as broken files have it, is left out.

    Raises:
        FormatError: An entry is of a type that Pillow never gives it.
    """
    kept: dict[str, Any] = {}
    if (dpi := _dpi(info.get("dpi"))) is not None:
        kept["dpi"] = dpi
    for name, is_right in _KEPT.items():
        value = info.get(name)
        if value is not None and not is_right(value):
            raise FormatError(
                f"image.info[{name!r}] is a {type(value).__name__}, as Pillow never has it",
                hint="Delete it, or set it to bytes.",
            )
        if value is not None:
            kept[name] = value
    return kept


def palette_of(image: Image.Image) -> tuple[str, bytes] | None:
    """The layout and the bytes of a palette; None if the image has none.

    Pillow works what ``info`` says of transparency into the palette when the image is first
    converted, so it is always worked in here; a palette without any is RGB.
    """
    if image.mode not in ("P", "PA"):
        return None
    colours, own = bytes(image.getpalette() or ()), bytes(image.getpalette(None) or ())
    opacity = bytearray(own[3::4] if len(own) != len(colours) else b"\xff" * (len(own) // 3))
    _make_transparent(opacity, image.info.get("transparency"))
    if opacity.count(255) == len(opacity):
        return "RGB", colours
    with_opacity = bytearray(4 * len(opacity))
    for band in range(3):
        with_opacity[band::4] = colours[band::3]
    with_opacity[3::4] = opacity
    return "RGBA", bytes(with_opacity)


def previewed(image: Image.Image) -> Image.Image:
    """A copy of an image in a mode that PNG holds and people can look at."""
    if image.mode in _NUMBERS:
        return _as_grey(image)
    if image.mode == "LAB":
        return image.getchannel("L")  # its colours would need a profile
    if image.mode == "La":
        image = image.convert("LA")  # the only one that it converts to
    try:
        plain = image.convert("RGBA")
    except (TypeError, ValueError):  # what `info` says of transparency is not of this mode
        plain = image.convert("RGB")
    plain.info.clear()  # or it would all go into the PNG
    opaque = plain.mode == "RGB" or plain.getchannel("A").getextrema() == (255, 255)
    return plain.convert("RGB") if opaque else plain


def _as_grey(image: Image.Image) -> Image.Image:
    numbers = image if image.mode in ("F", "I") else image.convert("I")
    ends: Any = numbers.getextrema()
    least, greatest = map(float, ends)
    reach = greatest - least
    scale = 255 / reach if reach and math.isfinite(reach) else 0.0
    return numbers.convert("F").point(lambda value: value * scale - least * scale).convert("L")


def _dpi(dpi: Any) -> tuple[float, float] | None:
    try:
        across, down = (float(number) for number in dpi)
    except (TypeError, ValueError, ZeroDivisionError, OverflowError):
        return None
    return (across, down) if math.isfinite(across) and math.isfinite(down) else None


def _is_transparency(value: Any) -> bool:
    """An index or a shade, the opacity of every colour of a palette, or one colour."""
    if type(value) is tuple:
        return len(value) <= 4 and all(type(part) is int for part in value)
    return type(value) in (int, bytes)


def _make_transparent(opacity: bytearray, transparency: Any) -> None:
    if type(transparency) is bytes:
        opacity[: len(transparency)] = transparency[: len(opacity)]
    elif type(transparency) is int and 0 <= transparency < len(opacity):
        opacity[transparency] = 0


def _is_bytes(value: Any) -> bool:
    return type(value) is bytes


_KEPT = {"transparency": _is_transparency, "icc_profile": _is_bytes, "exif": _is_bytes}
