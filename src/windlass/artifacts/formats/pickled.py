"""The last resort: cloudpickle, where a step allows it."""

from __future__ import annotations

import io
from types import FunctionType
from typing import Any

from windlass.artifacts.format import Format, Sink, Source
from windlass.artifacts.wording import words_for
from windlass.errors import FormatError
from windlass.values import Json

_PROTOCOL = 5  # fixed, since the bytes are the content
_TRIED = 1 << 24


class PickleFormat(Format[Any]):
    """Whatever can be pickled. Reading it runs code that it names, so it must be trusted."""

    name = "pickle"
    types = ()  # of no class by itself: `save` asks for it where it is allowed
    pickles = True

    def write(self, value: Any, sink: Sink) -> None:
        """Pickles by cloudpickle, which also takes functions and classes of notebooks."""
        try:
            sink.write(_pickled(value, sink))
        except Exception as error:
            raise FormatError(
                f"a value of type {type(value).__qualname__} cannot even be pickled: {error}",
                hint="Return what it is made from, and make it again where it is used.",
            ) from error

    def read(self, source: Source) -> Any:
        """Unpickles; the caller has made sure that the bytes are trusted."""
        import pickle

        return pickle.loads(source.bytes())  # noqa: S301

    def summary(self, value: Any) -> dict[str, Json]:
        """That it is pickled."""
        return {"pickled": True, "value": words_for(value, 80)}


def can_be_pickled(value: object) -> bool:
    """Whether `allow_pickle` would help; of a large value, as far as its first part tells."""
    import cloudpickle

    try:
        cloudpickle.Pickler(_Scrap(), protocol=_PROTOCOL).dump(value)
    except _EnoughError:
        return True
    except Exception:  # noqa: BLE001 (whatever the value's own methods raise)
        return False
    return True


class _EnoughError(Exception):
    """So much could be pickled that the rest is taken on trust."""


class _Scrap(io.RawIOBase):
    """Takes bytes and forgets them."""

    def __init__(self) -> None:
        super().__init__()
        self._left = _TRIED

    def write(self, data: Any) -> int:
        self._left -= len(data)
        if self._left < 0:
            raise _EnoughError
        return len(data)


def _pickled(value: Any, sink: Sink) -> bytes:
    """The pickle; the sink is told of every class and function in it."""
    import cloudpickle

    class Pickler(cloudpickle.Pickler):  # type: ignore[misc]
        def reducer_override(self, obj: Any) -> Any:
            sink.uses(obj if isinstance(obj, type | FunctionType) else type(obj))
            return super().reducer_override(obj)

    file = io.BytesIO()
    Pickler(file, protocol=_PROTOCOL).dump(value)
    return file.getvalue()
