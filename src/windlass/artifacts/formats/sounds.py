"""`windlass.Audio`: sound as FLAC or WAV, sample for sample."""

from __future__ import annotations

import io
import shutil
import tempfile
from typing import IO, TYPE_CHECKING, Any, BinaryIO

from windlass.artifacts.audio import Audio
from windlass.artifacts.format import Format, Preview, Sink, Source
from windlass.artifacts.formats.arrays import plain_number
from windlass.artifacts.formats.memory import bytes_of
from windlass.errors import CorruptError, FormatError
from windlass.hashing import digest, digest_bytes
from windlass.values import Json

if TYPE_CHECKING:
    from numpy.typing import NDArray

LONGEST_WAV = (1 << 32) - 4096
"""Bytes of samples from which WAV, whose lengths have 32 bits, is RF64."""

SHOWN_SECONDS = 60
"""How much of a sound a page is given to play."""

_SUBTYPES = {"int16": "PCM_16", "int32": "PCM_32", "float32": "FLOAT", "float64": "DOUBLE"}
_DTYPES = {subtype: dtype for dtype, subtype in _SUBTYPES.items()}
_FLAC_CHANNELS, _FLAC_RATE = 8, 655_350
_AT_ONCE = 1 << 20  # frames
_IN_MEMORY = 1 << 26  # bytes


class AudioFormat(Format[Audio]):
    """Sound as a file that other programs play: int16 as FLAC, all else as WAV.

    FLAC holds neither no frames, nor more than 8 channels or 655,350 Hz: such int16 is WAV too.
    """

    name = "audio"
    types = ("windlass.artifacts.audio.Audio",)

    def write(self, value: Audio, sink: Sink) -> str:
        """Writes the file.

        Raises:
            FormatError: soundfile, which writes it, is not installed.
        """
        with tempfile.SpooledTemporaryFile(_IN_MEMORY) as file:  # libsndfile goes back to the head
            write_sound(value, file)
            file.seek(0)
            shutil.copyfileobj(file, sink, 1 << 20)
        return _content(value)

    def read(self, source: Source) -> Audio:
        """The sound.

        Raises:
            CorruptError: The stored bytes are none, or not all of it.
            FormatError: soundfile, which reads it, is not installed.
        """
        soundfile = _soundfile()
        with source.open() as stream:
            try:
                _check_length(stream)
                with soundfile.SoundFile(stream) as file:
                    return _read(file)
            except (soundfile.SoundFileError, FormatError, LookupError, ValueError) as error:
                raise CorruptError(f"stored bytes are not a sound: {error}") from error

    def summary(self, value: Audio) -> dict[str, Json]:
        """Seconds, channels, rate, dtype, and the peak, of which 1.0 is full scale."""
        return {
            "seconds": value.seconds,
            "channels": value.channels,
            "rate": value.rate,
            "dtype": str(value.samples.dtype),
            "peak": plain_number(_peak(value.samples)),
        }

    def preview(self, value: Audio) -> Preview:
        """The first minute in 16 bits, which all browsers play."""
        heard = Audio(_in_16_bits(value.samples[: SHOWN_SECONDS * value.rate]), value.rate)
        buffer = io.BytesIO()
        write_sound(heard, buffer)
        return Preview(f"audio/{_container(heard).lower()}", buffer.getvalue())


def ending_of(audio: Audio) -> str:
    """The ending of the name of the file that a sound is stored as."""
    return ".flac" if _container(audio) == "FLAC" else ".wav"


def write_sound(audio: Audio, file: IO[bytes], *, packed: bool = True) -> None:
    """Writes a sound into an empty file, the same every time.

    Args:
        audio: The sound.
        file: To be written and read.
        packed: Whether as FLAC where that holds it.
    """
    subtype = _SUBTYPES[str(audio.samples.dtype)]
    form = _container(audio, packed=packed)
    _soundfile().write(file, audio.samples, audio.rate, subtype, format=form)
    _remove_time(file)


def _container(audio: Audio, *, packed: bool = True) -> str:
    samples = audio.samples
    fits = len(samples) and audio.channels <= _FLAC_CHANNELS and audio.rate <= _FLAC_RATE
    if packed and fits and samples.dtype == "int16":
        return "FLAC"
    return "WAV" if samples.nbytes <= LONGEST_WAV else "RF64"


def _remove_time(file: IO[bytes]) -> None:
    """Blanks the time of day that libsndfile notes beside the peaks of floats."""
    file.seek(0)
    head = file.read(256)
    place = head.find(b"PEAK", 0, head.find(b"data"))
    if head.startswith(b"RIFF") and place >= 0:
        file.seek(place + 12)  # behind its name, its length and its version
        file.write(bytes(4))


def _check_length(stream: BinaryIO) -> None:
    """Refuses a WAV of another length than it says, which libsndfile would read as it is."""
    head = stream.read(28)
    size = stream.seek(0, io.SEEK_END)
    stream.seek(0)
    told = {b"RIFF": head[4:8], b"RF64": head[20:28]}.get(head[:4])
    if told is not None and int.from_bytes(told, "little") + 8 != size:
        raise ValueError(f"{size} bytes, not as many as it says")


def _read(file: Any) -> Audio:
    import numpy as np

    if file.format not in ("FLAC", "WAV", "WAVEX", "RF64"):
        raise ValueError(f"a file of {file.format}")
    # In pieces: the number of frames in the head may be made up.
    pieces = [file.read(_AT_ONCE, _DTYPES[file.subtype])]
    while len(pieces[-1]):
        pieces.append(file.read(_AT_ONCE, _DTYPES[file.subtype]))
    samples = np.concatenate(pieces)
    if len(samples) != file.frames:
        raise ValueError(f"{len(samples)} frames, not {file.frames}")
    return Audio(samples, file.samplerate)


def _content(audio: Audio) -> str:
    import numpy as np

    samples = bytes_of(np.ascontiguousarray(audio.samples)).data
    dtype = str(audio.samples.dtype)
    return digest("audio", dtype, audio.channels, audio.rate, digest_bytes(samples))


def _peak(samples: NDArray[Any]) -> float:
    import numpy as np

    if not samples.size:
        return 0.0
    # Both ends: the least integer has no opposite. fmax leaves out what is not a number.
    ends = (np.fmin.reduce(samples, axis=None), np.fmax.reduce(samples, axis=None))
    peak = max(abs(float(end)) for end in ends)
    return peak / (np.iinfo(samples.dtype).max + 1) if samples.dtype.kind == "i" else peak


def _in_16_bits(samples: NDArray[Any]) -> NDArray[Any]:
    import numpy as np

    if samples.dtype == "int16":
        return samples
    if samples.dtype == "int32":
        return np.asarray(samples >> 16, "int16")
    loud: NDArray[Any] = np.nan_to_num(samples).clip(-1, 1) * 32_767
    return loud.round().astype("int16")


def _soundfile() -> Any:
    try:
        import soundfile
    except (ImportError, OSError) as error:  # OSError: the library in C that it loads is not there
        raise FormatError(
            f"an Audio is written and read by soundfile, which cannot be imported: {error}",
            hint="Install it: pip install 'windlass[audio]'",
        ) from error
    return soundfile
