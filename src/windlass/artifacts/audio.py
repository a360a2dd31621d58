"""Sound, as samples and their rate."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from windlass.errors import FormatError

if TYPE_CHECKING:
    from numpy.typing import NDArray

DTYPES = ("int16", "int32", "float32", "float64")
MOST_CHANNELS = 1024
HIGHEST_RATE = 2**31 - 1


@dataclass(frozen=True, eq=False, repr=False)
class Audio:
    """Sound to be stored, played and compared sample for sample.

    Equal are those of the same rate, dtype and samples, bit for bit.

    Args:
        samples: An array of frames, or of frames × channels: int16, int32, float32 or float64,
            where 1.0 is full scale. One channel becomes an array of frames alone.
        rate: Frames a second.

    Raises:
        FormatError: They are none of that.
    """

    samples: NDArray[Any]
    rate: int

    def __post_init__(self) -> None:
        object.__setattr__(self, "rate", _checked_rate(self.rate))
        object.__setattr__(self, "samples", _checked_samples(self.samples))

    @property
    def channels(self) -> int:
        """How many sounds are heard at once."""
        return self.samples.shape[1] if self.samples.ndim == 2 else 1

    @property
    def seconds(self) -> float:
        """How long it takes to hear."""
        return len(self.samples) / self.rate

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Audio):
            return NotImplemented
        return _facts(self) == _facts(other) and _same_bits(self.samples, other.samples)

    def __hash__(self) -> int:
        return hash(_facts(self))  # not the samples, which may be written to

    def __repr__(self) -> str:
        many = "channel" if self.channels == 1 else "channels"
        told = f"{self.seconds:.6g} s at {self.rate:,} Hz, {self.channels} {many}"
        return f"<Audio: {told}, {self.samples.dtype}>"


def _checked_rate(rate: Any) -> int:
    import operator

    try:
        number = operator.index(rate)
    except TypeError:
        number = 0
    if isinstance(rate, bool) or not 0 < number <= HIGHEST_RATE:
        raise FormatError(
            f"the rate of an Audio is {rate!r}", hint="Give whole frames a second, such as 44100."
        )
    return number


def _checked_samples(samples: Any) -> NDArray[Any]:
    import numpy as np

    if not isinstance(samples, np.ndarray) or samples.dtype not in map(np.dtype, DTYPES):
        told = f"{samples.dtype!r}" if isinstance(samples, np.ndarray) else type(samples).__name__
        raise FormatError(
            f"the samples of an Audio are of {told}",
            hint=f"Give a NumPy array of {', '.join(DTYPES[:-1])} or {DTYPES[-1]}.",
        )
    channels = samples.shape[1] if samples.ndim == 2 else 1
    if samples.ndim not in (1, 2) or not 0 < channels <= MOST_CHANNELS:
        raise FormatError(
            f"the samples of an Audio are an array of {samples.shape}",
            hint=f"Give frames, or frames × channels of at most {MOST_CHANNELS:,} channels; "
            "samples.T turns channels × frames around.",
        )
    plain = np.asarray(samples)  # not a memory map, nor what else adds to an array
    return plain[:, 0] if plain.ndim == 2 and channels == 1 else plain


def _facts(audio: Audio) -> tuple[Any, ...]:
    return audio.rate, audio.samples.dtype, audio.samples.shape


def _same_bits(one: NDArray[Any], other: NDArray[Any]) -> bool:
    import numpy as np

    bits = f"u{one.itemsize}"  # as numbers, NaN is never equal, and -0.0 is 0.0
    return np.array_equal(one.view(bits), other.view(bits))
