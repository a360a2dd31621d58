"""Models as ONNX: converted in an environment of its own, and measured against themselves.

    outcome = convert(version)      # Converted, with its parity; or NotConverted, with the reason

The stack of converters is touchy, so that it is pinned and runs apart: see `pins`. A model goes
there as its library's own file (`packing`), and a program that knows nothing of Windlass converts
it and runs the result on real rows (`program`). What comes back is compared with what the model
gives here (`parity`), and is of use only if it gives the same.
"""

from __future__ import annotations

from windlass.models.conversion.converting import convert
from windlass.models.conversion.outcome import KIND, Converted, NotConverted

__all__ = ["KIND", "Converted", "NotConverted", "convert"]
