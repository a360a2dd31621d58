"""The processor, the graphics cards and the numeric libraries, as far as files of /proc tell.

Nothing is started or imported for it: a run asks on every start.
"""

from __future__ import annotations

import contextlib
import re
from pathlib import Path

from windlass.values import Json

_PROC = Path("/proc")
_DECIDING = re.compile(r"sse4_[12]|avx\w*|fma4?|f16c|amx_\w+|asimd\w*|sve\w*|neon|bf16|i8mm|vsx")
"""Instructions that numeric libraries choose their code by, and with it the last digits."""
_BLAS = re.compile(r"lib(\w*openblas|mkl_rt|mkl_core|blis|flexiblas|armpl|atlas|blas\b|cblas\b)")


def processor_facts(proc: Path = _PROC) -> dict[str, Json]:
    """The processor's name, and those of its instructions that decide numeric results."""
    facts = _first_processor(proc / "cpuinfo")
    flags = facts.get("flags") or facts.get("Features") or ""  # as x86 and ARM call them
    found: list[Json] = [*sorted(filter(_DECIDING.fullmatch, set(flags.split())))]
    return {"cpu": facts.get("model name"), "cpu_features": found}


def _first_processor(file: Path) -> dict[str, str]:
    facts: dict[str, str] = {}
    with contextlib.suppress(OSError), file.open(encoding="utf-8", errors="replace") as lines:
        for line in lines:  # of 200 processors, the first alone is read
            if not line.strip():
                break
            name, _, value = line.partition(":")
            facts[name.strip()] = value.strip()
    return facts


def graphics_facts(proc: Path = _PROC) -> dict[str, Json]:
    """The names of NVIDIA's cards, and the version of its driver; None where there is none."""
    driver = proc / "driver" / "nvidia"
    version = re.search(r"\s(\d+\.\d+(\.\d+)?)\s", _text(driver / "version"))
    cards = sorted(driver.glob("gpus/*/information")) if version else []
    names = [re.search(r"^Model:\s*(.+)$", _text(card), re.MULTILINE) for card in cards]
    found: list[Json] = [name[1] for name in names if name]
    return {"gpus": found, "gpu_driver": version[1] if version else None}


def blas_libraries(proc: Path = _PROC) -> list[str]:
    """The files of the BLAS libraries that this process has loaded."""
    maps = _text(proc / "self" / "maps").splitlines()
    files = {line.rpartition("/")[2] for line in maps if ".so" in line or ".dylib" in line}
    return sorted(filter(_BLAS.match, files))


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
