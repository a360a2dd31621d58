"""Pillow's images come back pixel for pixel, in every mode, and bombs are not unpacked."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from windlass import values
from windlass.artifacts.formats.images import ImageFormat
from windlass.errors import CorruptError, FormatError
from windlass.values import to_text

from .box import Box
from .hostile import survives
from .roundtrip import MemorySource, back, content, outputs_elsewhere, written

pytest.importorskip("PIL.Image", reason="Pillow is not installed")

from PIL import Image, ImageOps

IMAGES = ImageFormat()
LAWS = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
MODES = (
    *("1", "L", "LA", "La", "P", "PA", "RGB", "RGBA", "RGBa", "RGBX", "CMYK", "YCbCr", "HSV"),
    *("LAB", "I", "F", "I;16", "I;16B", "I;16L"),
)


def _bytes_per_row(mode: str, width: int) -> int:
    return len(Image.new(mode, (width, 1)).tobytes())


@st.composite
def _images(draw: Any) -> Image.Image:
    mode = draw(st.sampled_from(MODES))
    width, height = draw(st.integers(0, 5)), draw(st.integers(0, 4))
    count = height * _bytes_per_row(mode, width) if width else 0
    pixels = draw(st.binary(min_size=count, max_size=count))
    image = (
        Image.frombytes(mode, (width, height), pixels)
        if pixels
        else Image.new(mode, (width, height))
    )
    if mode in ("P", "PA"):
        layout = draw(st.sampled_from(["RGB", "RGBA"] if mode == "P" else ["RGB"]))
        size = len(layout) * draw(st.sampled_from([0, 1, 2, 5, 256]))
        if size:
            image.putpalette(draw(st.binary(min_size=size, max_size=size)), layout)
    image.info.update(draw(_infos(mode)))
    return image


def _infos(mode: str) -> Any:
    clear: dict[str, Any] = {
        "P": st.integers(0, 255) | st.binary(max_size=6),
        "RGB": st.tuples(*[st.integers(0, 255)] * 3),
        "L": st.integers(0, 255),
    }
    entries: dict[str, Any] = {
        "dpi": st.tuples(*[st.floats(1, 600) | st.integers(1, 600)] * 2),
        "icc_profile": st.binary(max_size=9),
        "exif": st.binary(max_size=9),
        "comment": st.text(max_size=3),
    }
    if mode in clear:
        entries["transparency"] = clear[mode]
    return st.fixed_dictionaries({}, optional=entries)


def _seen(image: Image.Image) -> Any:
    """What an image looks like and says, as its users get at it."""
    look = image.convert("RGBA").tobytes() if image.mode == "P" and all(image.size) else b""
    kept = {name: image.info.get(name) for name in ("dpi", "icc_profile", "exif", "transparency")}
    return image.mode, image.size, image.tobytes(), image.getpalette(), look, kept


@LAWS
@given(_images())
def test_images_come_back_as_they_were(image: Image.Image) -> None:
    first = content(IMAGES, image)
    again = back(IMAGES, image)
    assert type(again) is Image.Image
    assert _seen(again) == _seen(image)
    assert content(IMAGES, again) == content(IMAGES, image) == first
    assert written(IMAGES, again) == written(IMAGES, image)
    to_text(IMAGES.summary(again))
    assert IMAGES.summary(again) == IMAGES.summary(image)
    assert IMAGES.preview(again) == IMAGES.preview(image)
    assert content(IMAGES, image) == first  # looking at it changed nothing


@LAWS
@given(_images(), _images())
def test_contents_are_equal_only_where_images_are(one: Image.Image, other: Image.Image) -> None:
    assert (content(IMAGES, one) == content(IMAGES, other)) == (_seen(one) == _seen(other))


def test_look_alikes_stay_apart() -> None:
    grey = Image.new("L", (2, 3), 7)
    dotted, profiled, clear = grey.copy(), grey.copy(), grey.copy()
    dotted.info["dpi"] = (72, 72)
    profiled.info["icc_profile"] = b"profile"
    clear.info["transparency"] = 7
    wide = Image.new("L", (3, 2), 7)
    values_ = [grey, wide, dotted, profiled, clear, grey.convert("RGB"), grey.convert("P")]
    values_ += [Image.new(mode, (2, 3)) for mode in MODES]
    assert len({content(IMAGES, value) for value in values_}) == len(values_)


def test_what_is_not_kept_is_no_part_of_the_content() -> None:
    one, other = Image.new("RGB", (2, 2)), Image.new("RGB", (2, 2))
    other.info |= {"comment": b"x", "gamma": 0.4, "dpi": (float("nan"), 72), "icc_profile": None}
    assert written(IMAGES, one) == written(IMAGES, other)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP"])
def test_images_of_files_come_back_plain(kind: str, tmp_path: Path) -> None:
    file = tmp_path / "image"
    gradient = Image.linear_gradient("L").resize((40, 30))
    colours = Image.merge("RGB", [gradient, ImageOps.mirror(gradient), ImageOps.flip(gradient)])
    colours.save(file, kind, dpi=(300, 300))
    with Image.open(file) as opened:  # not yet loaded
        again = back(IMAGES, opened)
        assert type(again) is Image.Image
        assert _seen(again)[:4] == _seen(opened)[:4]
        assert content(IMAGES, again) == content(IMAGES, opened)
    with Image.open(file) as closed:
        closed.load()
    assert content(IMAGES, closed) == content(IMAGES, again)


def test_a_file_that_was_closed_or_cut_is_told(tmp_path: Path) -> None:
    file = tmp_path / "image.png"
    Image.effect_noise((50, 50), 9).save(file)
    with Image.open(file) as closed:
        pass
    with pytest.raises(FormatError, match="cannot be read from its file"):
        written(IMAGES, closed)
    file.write_bytes(file.read_bytes()[:900])
    with Image.open(file) as cut, pytest.raises(FormatError, match="cannot be read from its file"):
        written(IMAGES, cut)


@pytest.mark.parametrize("kind", ["GIF", "PNG", "TIFF", "WEBP"])
def test_several_frames_are_refused_and_one_of_them_is_not(kind: str, tmp_path: Path) -> None:
    file = tmp_path / "film"
    frames = [Image.new("L", (4, 4), shade) for shade in (0, 90, 200)]
    frames[0].save(file, kind, save_all=True, append_images=frames[1:])
    with Image.open(file) as film:
        with pytest.raises(FormatError, match="3 frames") as told:
            written(IMAGES, film)
        assert "Path" in str(told.value.hint)
        film.seek(2)
        frame = film.copy()
    assert _seen(back(IMAGES, frame)) == _seen(frame)


def test_exif_and_profile_of_a_file_are_kept(tmp_path: Path) -> None:
    file = tmp_path / "image.jpg"
    exif = Image.Exif()
    exif[0x010F] = "maker"
    Image.new("CMYK", (4, 4), (9, 8, 7, 6)).save(file, exif=exif, icc_profile=b"x" * 200)
    with Image.open(file) as opened:
        again = back(IMAGES, opened)
    assert again.mode == "CMYK"
    assert again.getexif()[0x010F] == "maker"
    assert again.info["icc_profile"] == b"x" * 200


def test_images_are_packed() -> None:
    for mode in ("1", "L", "P", "RGB", "RGBA", "I;16"):
        assert len(written(IMAGES, Image.new(mode, (500, 500)))) < 5_000


class Mine(Image.Image):
    """More than an image."""


def test_subclasses_are_left_to_other_formats() -> None:
    assert IMAGES.accepts(Image.new("L", (1, 1)))
    assert not IMAGES.accepts(Mine())


def test_images_are_found_and_shown(tmp_path: Path) -> None:
    box = Box(tmp_path)
    value = Image.radial_gradient("L")
    saved = box.save({"image": value, "name": "x"})
    assert box.load(saved.artifact.content)["image"] == value
    assert {child.format for child in saved.children} == {"pillow.image"}


@pytest.mark.parametrize("mode", MODES)
def test_previews_are_pictures_of_a_sensible_size(mode: str) -> None:
    image = Image.new(mode, (2000, 10), 1 if mode in ("1", "F", "I") else None)
    shown = IMAGES.preview(image)
    assert shown.media_type == "image/png"
    assert isinstance(shown.data, bytes)
    with Image.open(io.BytesIO(shown.data)) as seen:
        assert seen.size == (640, 3)


def test_numbers_are_shown_from_black_to_white() -> None:
    for mode, ends in {"F": (-0.5, 0.5), "I": (-70_000, 70_000), "I;16": (3, 40_000)}.items():
        image = Image.new(mode, (2, 1))
        for place, end in enumerate(ends):
            image.putpixel((place, 0), end)
        shown: Any = IMAGES.preview(image).data
        with Image.open(io.BytesIO(shown)) as seen:
            assert [seen.getpixel((place, 0)) for place in (0, 1)] == [0, 255]


def test_numbers_that_are_none_are_shown_somehow() -> None:
    for odd in (float("nan"), float("inf"), -float("inf")):
        image = Image.new("F", (2, 2), 0.5)
        image.putpixel((0, 0), odd)
        assert IMAGES.preview(image).media_type == "image/png"
        assert content(IMAGES, back(IMAGES, image)) == content(IMAGES, image)


def test_what_is_transparent_is_shown_so() -> None:
    image = Image.new("P", (2, 1))
    image.putpalette([9, 9, 9, 8, 8, 8])
    image.putpixel((1, 0), 1)
    image.info["transparency"] = 0
    shown: Any = IMAGES.preview(image).data
    with Image.open(io.BytesIO(shown)) as seen:
        assert seen.mode == "RGBA"
        assert seen.getchannel("A").tobytes() == b"\0\xff"


def test_bombs_are_refused_before_they_are_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    stored = written(IMAGES, Image.new("L", (300, 300)))
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 44_000)
    with pytest.raises(FormatError, match="300 × 300 pixels is larger"):
        IMAGES.read(MemorySource(stored))
    with pytest.raises(FormatError, match="300 × 300 pixels is larger") as told:
        written(IMAGES, Image.new("L", (300, 300)))
    assert "MAX_IMAGE_PIXELS" in str(told.value.hint)
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 46_000)  # Pillow itself warns of those
    assert IMAGES.read(MemorySource(stored)).size == (300, 300)
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", None)
    assert IMAGES.read(MemorySource(stored)).size == (300, 300)


def test_a_size_that_the_head_made_up_is_refused() -> None:
    for size in ((10**6, 10**6), (0, 2**31 - 1)):
        with pytest.raises(FormatError, match="larger than Pillow reads"):
            IMAGES.read(MemorySource(_forged(size=size)))


def _forged(body: bytes | None = None, **changed: Any) -> bytes:
    line, _, png = written(IMAGES, Image.new("L", (2, 2))).partition(b"\n")
    facts = {**values.loads(line), **changed}
    return values.dumps(facts).encode() + b"\n" + (png if body is None else body)


@pytest.mark.parametrize(
    "changed",
    [
        *({"mode": mode} for mode in ("RGB", "LA", "I", "P", "no such", 3, None)),
        *({"size": size} for size in ((2, 3), (-2, -2), (2.0, 2), [2, 2], (2,), None)),
        *({"palette": palette} for palette in (("RGB", b"123"), 7)),
        {"mode": "P", "palette": ("RGB", b"12")},
        {"mode": "P", "palette": ("RGB", b"123" * 257)},
        {"mode": "P", "palette": ("CMYK", b"1234")},
        {"mode": "P", "palette": ("RGB", "123")},
        {"mode": "P", "palette": b"123"},
        {"info": {"exif": "text"}},
        {"info": {"transparency": [1]}},
        {"info": {"transparency": (1.5, 2, 3)}},
        {"info": None},
        {"png": False},
        {"body": b"\x89PNG"},
        {"body": b""},
    ],
)
def test_forged_heads_are_refused(changed: dict[str, Any]) -> None:
    with pytest.raises(CorruptError):
        IMAGES.read(MemorySource(_forged(**changed)))


@pytest.mark.parametrize("mode", ["L", "CMYK", "P", "I;16", "1"])
def test_bytes_that_were_cut_are_refused(mode: str) -> None:
    stored = written(IMAGES, Image.new(mode, (9, 9)))
    for end in range(len(stored)):
        with pytest.raises(CorruptError):
            IMAGES.read(MemorySource(stored[:end]))
    for bad in (stored + b"x", b"[]\n", b"{}\n", b'{"$type":"os:system"}\n', b"\xff\n"):
        with pytest.raises(CorruptError):
            IMAGES.read(MemorySource(bad))


def test_an_entry_that_pillow_never_makes_is_refused() -> None:
    image = Image.new("L", (1, 1))
    image.info["exif"] = Image.Exif()
    with pytest.raises(FormatError, match=r"info\['exif'\] is a Exif"):
        written(IMAGES, image)


def test_altered_bytes_are_refused_and_end_no_process() -> None:
    for mode in ("P", "F"):
        make = (
            "from PIL import Image\n"
            f"value = Image.effect_noise((30, 20), 50).convert({mode!r})\n"
            "value.info |= {'dpi': (72, 72), 'exif': b'123'}"
        )
        told = survives("images", "ImageFormat", make)
        assert told.startswith("refused"), told
        assert int(told.split()[1]) > 50


_CONTENT = """
from PIL import Image
from artifacts.roundtrip import content
from windlass.artifacts.formats.images import ImageFormat
image = Image.linear_gradient("L").convert("P")
image.info |= {"exif": b"1", "dpi": (72, 72), "icc_profile": b"2", "transparency": 1}
print(content(ImageFormat(), image))
"""


def test_contents_are_equal_in_every_process() -> None:
    assert len(set(outputs_elsewhere(_CONTENT))) == 1
