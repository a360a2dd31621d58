"""Sound comes back bit for bit, in files that other programs play."""

from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from windlass import Audio
from windlass.artifacts.audio import DTYPES, HIGHEST_RATE
from windlass.artifacts.formats import sounds
from windlass.artifacts.formats.sounds import AudioFormat
from windlass.errors import CorruptError, FormatError
from windlass.values import to_text

from .box import Box
from .hostile import survives
from .roundtrip import MemorySource, back, content, outputs_elsewhere, written

soundfile = pytest.importorskip("soundfile", reason="soundfile is not installed")

SOUNDS = AudioFormat()
LAWS = settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
HUM = np.sin(np.arange(8000) / 20)
STEREO = (np.stack([HUM, -HUM / 2], 1) * 30_000).astype("int16")


@st.composite
def _sounds(draw: Any) -> Audio:
    shape = draw(
        st.tuples(st.integers(0, 9))
        | st.tuples(st.integers(0, 9), st.sampled_from([1, 2, 3, 8, 9, 20]))
    )
    samples = draw(hnp.arrays(draw(st.sampled_from(DTYPES)), shape))
    rate = draw(st.sampled_from([1, 7, 8000, 44_100, 655_350, 655_351, HIGHEST_RATE]))
    return Audio(samples, rate)


def _bits(audio: Audio) -> Any:
    samples = audio.samples
    return audio.rate, samples.dtype, samples.shape, np.ascontiguousarray(samples).tobytes()


@LAWS
@given(_sounds())
@example(Audio(np.array([np.nan, -np.nan, -0.0, 0.0, np.inf, 5e-324, 7]), 8000))
def test_sounds_come_back_bit_for_bit(audio: Audio) -> None:
    again = back(SOUNDS, audio)
    assert type(again) is Audio
    assert _bits(again) == _bits(audio)
    assert again == audio
    assert content(SOUNDS, again) == content(SOUNDS, audio)
    assert written(SOUNDS, again) == written(SOUNDS, audio)
    to_text(SOUNDS.summary(audio))
    assert SOUNDS.summary(again) == SOUNDS.summary(audio)
    assert SOUNDS.preview(again) == SOUNDS.preview(audio)


@LAWS
@given(_sounds(), _sounds())
def test_contents_are_equal_only_where_sounds_are(one: Audio, other: Audio) -> None:
    assert (content(SOUNDS, one) == content(SOUNDS, other)) == (one == other)
    assert (one == other) == (_bits(one) == _bits(other))


def test_look_alikes_stay_apart() -> None:
    zeros = np.zeros(12)
    made = [Audio(zeros.astype(dtype), 8000) for dtype in DTYPES]
    made += [Audio(zeros.reshape(6, 2), 8000), Audio(zeros.reshape(2, 6), 8000)]
    made += [Audio(zeros, 8001), Audio(-zeros, 8000), Audio(zeros[:11], 8000)]
    assert len({content(SOUNDS, audio) for audio in made}) == len(made)
    assert all(one != other for one in made for other in made if one is not other)
    assert made[0] != zeros.tolist()


def test_one_channel_is_an_array_of_frames() -> None:
    assert Audio(HUM[:, None], 8000).samples.shape == HUM.shape
    assert Audio(HUM[:, None], 8000) == Audio(HUM, 8000)


def test_samples_in_any_order_of_memory_are_the_same() -> None:
    turned = Audio(np.asfortranarray(STEREO), 8000)
    every_other = Audio(np.repeat(STEREO, 2, axis=0)[::2], 8000)
    assert Audio(STEREO, 8000) == turned == every_other
    assert len({Audio(STEREO, 8000), turned, every_other}) == 1
    assert len({written(SOUNDS, audio) for audio in (turned, every_other)}) == 1


@pytest.mark.parametrize(
    ("samples", "rate", "words"),
    [
        ([0.5], 8000, "of list"),
        (HUM.astype("float16"), 8000, "float16"),
        (HUM.astype(">f8"), 8000, ">f8"),
        (np.zeros(3, bool), 8000, "bool"),
        (np.zeros(()), 8000, r"array of \(\)"),
        (np.zeros((2, 2, 2)), 8000, r"array of \(2, 2, 2\)"),
        (np.zeros((5, 0)), 8000, r"array of \(5, 0\)"),
        (np.zeros((2, 48_000)), 48_000, r"array of \(2, 48000\)"),
        (HUM, 0, "rate of an Audio is 0"),
        (HUM, -1, "rate"),
        (HUM, 2**31, "rate"),
        (HUM, 44_100.0, "rate"),
        (HUM, True, "rate"),
        (HUM, None, "rate"),
    ],
)
def test_what_is_no_sound_is_refused_where_it_is_made(samples: Any, rate: Any, words: str) -> None:
    with pytest.raises(FormatError, match=words):
        Audio(samples, rate)


def test_what_a_sound_says_of_itself() -> None:
    audio = Audio(STEREO, np.int64(16_000))  # type: ignore[arg-type]
    assert type(audio.rate) is int
    assert (audio.channels, audio.seconds) == (2, 0.5)
    assert repr(audio) == "<Audio: 0.5 s at 16,000 Hz, 2 channels, int16>"
    assert SOUNDS.summary(audio) == {
        "seconds": 0.5,
        "channels": 2,
        "rate": 16_000,
        "dtype": "int16",
        "peak": float(abs(STEREO.astype(int)).max()) / 32_768,
    }


def test_peaks_are_of_full_scale() -> None:
    for samples, peak in (
        (np.array([-(2**15), 3], "i2"), 1.0),
        (np.array([-(2**31), 3], "i4"), 1.0),
        (np.array([-0.25, np.nan, 0.125]), 0.25),
        (np.array([], "f4"), 0.0),
    ):
        assert SOUNDS.summary(Audio(samples, 8000))["peak"] == peak


@pytest.mark.parametrize(
    ("dtype", "begins", "subtype"),
    [
        ("int16", b"fLaC", "PCM_16"),
        ("int32", b"RIFF", "PCM_32"),
        ("float32", b"RIFF", "FLOAT"),
        ("float64", b"RIFF", "DOUBLE"),
    ],
)
def test_what_is_stored_is_a_file_that_others_play(dtype: str, begins: bytes, subtype: str) -> None:
    stored = written(SOUNDS, Audio((HUM * 2**14).astype(dtype), 8000))
    assert stored.startswith(begins)
    info = soundfile.info(io.BytesIO(stored))
    assert (info.subtype, info.frames, info.samplerate) == (subtype, 8000, 8000)


def test_a_wav_tells_no_time_of_day() -> None:
    audio = Audio(HUM, 8000)
    plain = io.BytesIO()
    soundfile.write(plain, audio.samples, 8000, "DOUBLE", format="WAV")
    place = plain.getvalue().index(b"PEAK") + 12
    assert plain.getvalue()[place : place + 4] != bytes(4)  # the library does
    assert written(SOUNDS, audio)[place : place + 4] == bytes(4)
    peaks = Audio(np.frombuffer(b"PEAK" * 100, "f4"), 8000)  # those in samples are left alone
    assert back(SOUNDS, peaks) == peaks


def test_sounds_that_are_longer_than_wav_are_rf64(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sounds, "LONGEST_WAV", 10_000)
    for dtype in ("int32", "float32", "float64"):
        audio = Audio(HUM.astype(dtype), 8000)
        stored = written(SOUNDS, audio)
        assert stored.startswith(b"RF64")
        assert back(SOUNDS, audio) == audio
        assert written(SOUNDS, audio) == stored
        for bad in (stored[:-1], stored[:40], stored + b"1"):
            with pytest.raises(CorruptError):
                SOUNDS.read(MemorySource(bad))


def test_sounds_are_found_and_played(tmp_path: Path) -> None:
    box = Box(tmp_path)
    value = {"sound": Audio(np.tile(STEREO, (9, 1)), 8000), "text": "x"}
    saved = box.save(value)
    assert box.load(saved.artifact.content) == value
    assert {child.format for child in saved.children} == {"audio"}


@pytest.mark.parametrize("dtype", DTYPES)
def test_a_minute_of_16_bits_is_played(dtype: str) -> None:
    scale = {"int16": 2**15 - 1, "int32": 2**31 - 1}.get(dtype, 1)
    audio = Audio((np.tile(HUM, 70) * scale).astype(dtype), 8000)
    shown = SOUNDS.preview(audio)
    assert shown.media_type == "audio/flac"
    heard, rate = soundfile.read(io.BytesIO(shown.data))  # type: ignore[arg-type]
    assert (len(heard), rate) == (60 * 8000, 8000)
    assert np.abs(heard - np.tile(HUM, 60)).max() < 1e-4


def test_what_is_too_loud_or_no_number_is_played() -> None:
    shown = SOUNDS.preview(Audio(np.array([9, -9, np.nan, np.inf]), 8000))
    heard, _ = soundfile.read(io.BytesIO(shown.data), dtype="int16")  # type: ignore[arg-type]
    assert heard.tolist() == [32_767, -32_767, 0, 32_767]
    assert SOUNDS.preview(Audio(np.zeros(0), 8000)).media_type == "audio/wav"


@pytest.mark.parametrize("dtype", DTYPES)
def test_bytes_that_were_cut_are_refused(dtype: str) -> None:
    stored = written(SOUNDS, Audio((STEREO[:200] / 3).astype(dtype), 8000))
    for end in range(len(stored)):
        with pytest.raises(CorruptError):
            SOUNDS.read(MemorySource(stored[:end]))


def test_other_files_of_sound_are_refused() -> None:
    for form, subtype in (("AIFF", "PCM_16"), ("WAV", "PCM_24"), ("OGG", "VORBIS")):
        file = io.BytesIO()
        soundfile.write(file, HUM, 8000, subtype, format=form)
        with pytest.raises(CorruptError):
            SOUNDS.read(MemorySource(file.getvalue()))


def test_frames_that_the_head_made_up_take_no_memory() -> None:
    stored = bytearray(written(SOUNDS, Audio(STEREO, 8000)))
    stored[22:26] = b"\xff" * 4  # FLAC counts them in 36 bits
    with pytest.raises(CorruptError):
        SOUNDS.read(MemorySource(bytes(stored)))


def test_altered_bytes_are_refused_and_end_no_process() -> None:
    for dtype in ("int16", "float32"):
        make = (
            "import numpy as np, windlass\n"
            "noise = np.random.default_rng(0).normal(0, 5000, (900, 2))\n"
            f"value = windlass.Audio(noise.astype({dtype!r}), 8000)"
        )
        told = survives("sounds", "AudioFormat", make)
        assert told.startswith("refused"), told
        assert int(told.split()[1]) >= 50


_WITHOUT = """
import sys
sys.modules["soundfile"] = None
import numpy as np, windlass
from artifacts.roundtrip import written
from windlass.artifacts.formats.sounds import AudioFormat
try:
    written(AudioFormat(), windlass.Audio(np.zeros(9), 8000))
except windlass.WindlassError as error:
    print(error)
"""


def test_without_soundfile_its_extra_is_named() -> None:
    told = outputs_elsewhere(_WITHOUT)[0]
    assert "soundfile" in told
    assert "pip install 'windlass[audio]'" in told


_CONTENT = """
import numpy as np, windlass
from artifacts.roundtrip import content
from windlass.artifacts.formats.sounds import AudioFormat
for dtype in ("int16", "float64"):
    print(content(AudioFormat(), windlass.Audio(np.arange(99).astype(dtype), 8000)))
"""


def test_contents_are_equal_in_every_process() -> None:
    assert len(set(outputs_elsewhere(_CONTENT))) == 1


def test_a_sound_is_named_without_numpy() -> None:
    code = "import sys, windlass; windlass.Audio; print('numpy' in sys.modules)"
    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == "False"
