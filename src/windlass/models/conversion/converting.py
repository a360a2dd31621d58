"""Converting a version: the model is packed, converted apart, compared, and kept if it holds."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from windlass import artifacts
from windlass.errors import ConversionError, ModelError, WindlassError
from windlass.models.conversion.apart import Place, prepare, run_program
from windlass.models.conversion.outcome import KIND, Converted, NotConverted, read_outcome
from windlass.models.conversion.packing import Packed, pack
from windlass.models.conversion.parity import TOLERANCE, Parity, parity_of
from windlass.models.conversion.rows import as_inputs, in_single_precision, some_rows

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from windlass.models.version import Version

    Outputs = Mapping[str, NDArray[Any]]

SECONDS = 300.0
"""How long a conversion may take, without the building of its environment."""


def convert(version: Version, *, seconds: float = SECONDS) -> Converted | NotConverted:
    """Converts a version to ONNX, and measures what comes out; once.

    What holds is kept as the version's ``onnx``; and what is known of it, or the reason why there
    is none, as evidence. A reason that may be gone tomorrow, such as no network, is not kept.

    Args:
        version: The version; its reference or its holdout tells the inputs' names and types.
        seconds: How long it may take, once its environment is there.
    """
    if KIND in version.evidence:
        return read_outcome(version.evidence[KIND])
    try:
        outcome: Converted | NotConverted = _converted(version, seconds)
    except ConversionError as error:
        outcome = NotConverted(error.message, error.hint)
    except TimeoutError as error:
        outcome = NotConverted(str(error), is_final=False)
    except WindlassError as error:  # no environment, or the model or its rows cannot be read here
        outcome = NotConverted(error.message, error.hint, is_final=False)
    except Exception as error:  # noqa: BLE001 - whatever a model's library raises
        outcome = NotConverted(f"{type(error).__name__}: {error}", is_final=False)
    if isinstance(outcome, NotConverted) and outcome.is_final:
        version.keep(KIND, outcome.document)
    return outcome


def _converted(version: Version, seconds: float) -> Converted:
    started = time.monotonic()
    role = _role(version)
    rows = some_rows(version.conform(_inputs(version, role)))
    single = in_single_precision(rows)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        packed = pack(version.model, folder / "model", lambda: _array(rows))
        place = prepare(packed.kind, version.stores)
        arrays = {
            "float64": as_inputs(rows, by_column=packed.by_column),
            "float32": as_inputs(single, by_column=packed.by_column),
        }
        answer = run_program(place, folder, packed, arrays, seconds)
        native = {"float64": _native(version, rows), "float32": _native(version, single)}
        best = _best(folder, answer["tries"], native)
        document = {
            **_facts(packed, answer, place, best),
            "data": {"role": role, "content": version.row.artifacts[role]},
            "seconds": round(time.monotonic() - started, 3),
        }
        if document["verdict"] == "pass":
            _keep(version, folder / f"{best[0]}.onnx")
    version.keep(KIND, document)
    return Converted(version.evidence[KIND])


def _role(version: Version) -> str:
    for role in ("holdout", "reference"):
        if version.has(role):
            return role
    raise ConversionError(
        f"{version.name} has neither a holdout nor a reference, which tell what its inputs are",
        hint="Mark the outputs of the steps that make them: Reference(NAME), Holdout(NAME).",
    )


def _inputs(version: Version, role: str) -> Any:
    if "signature" not in version.evidence:
        raise ConversionError(
            f"the signature of {version.name} is not known, which names its inputs",
            hint=f"Be told why: windlass models describe {version.name}",
        )
    return version.value(role)


def _array(rows: Any) -> NDArray[Any]:
    """Rows as a network takes them: one array.

    Raises:
        ConversionError: They are several, or hold text.
    """
    found = as_inputs(rows, by_column=False)
    if len(found) > 1:
        raise ConversionError("a network takes numbers, and some of its columns are text")
    return next(iter(found.values()))


def _native(version: Version, rows: Any) -> Outputs:
    """What the model itself gives; of a network its numbers, from which labels follow."""
    if version.predictor.facts.library != "torch":
        return version.predictor.outputs(rows)
    from windlass.models.adapters.networks import TorchModule

    network = TorchModule(version.model)
    return {"predict": network.raw(network.prepared(rows))}


_Best = tuple[str, Mapping[str, Parity]]


def _best(folder: Path, tries: Mapping[str, Any], native: Mapping[str, Outputs]) -> _Best:
    """The type of numbers that gives what the model gives; or else the one that is the nearest.

    Raises:
        ConversionError: None could be converted.
    """
    found = {
        numbers: {rows: _measured(folder, numbers, rows, native[rows]) for rows in native}
        for numbers, told in tries.items()
        if "error" not in told
    }
    if not found:
        reasons = {told["error"]: numbers for numbers, told in tries.items()}
        raise ConversionError(
            "; ".join(f"{error} ({numbers})" for error, numbers in reasons.items()),
            hint="The version is used as it is. A newer converter may know more.",
        )
    return min(found.items(), key=lambda each: sum(_distance(p) for p in each[1].values()))


def _distance(parity: Parity) -> int:
    return parity.beyond + (parity.labels_differ or 0)


def _measured(folder: Path, numbers: str, rows: str, native: Outputs) -> Parity:
    import numpy as np

    with np.load(folder / f"{numbers}-{rows}.npz") as file:
        found = dict(file.items())
    names = list(found)
    given = {"predict": found[names[0]]}
    if len(native["predict"].shape) == 1:
        given["predict"] = given["predict"].reshape(len(native["predict"]), -1)[:, 0]
    if "predict_proba" in native:
        given["predict_proba"] = found[names[1]]
    return parity_of(native, given)


def _facts(packed: Packed, answer: Mapping[str, Any], place: Place, best: _Best) -> dict[str, Any]:
    numbers, parity = best
    told = answer["tries"][numbers]
    others = {name: each["error"] for name, each in answer["tries"].items() if "error" in each}
    return {
        "converted": True,
        "verdict": "pass" if all(each.holds for each in parity.values()) else "fail",
        "tolerance": TOLERANCE,
        "parity": {rows: each.document() for rows, each in parity.items()},
        "numbers": numbers,
        "why_not": {**packed.why_not, **others},
        "opset": told["opsets"].get("ai.onnx"),
        **{key: told[key] for key in ("opsets", "ir_version", "inputs", "outputs")},
        "versions": answer["versions"],
        "environment": place.lock.digest,
    }


def _keep(version: Version, file: Path) -> None:
    try:
        import onnx
    except ImportError as error:
        raise ModelError(
            "onnx is not installed here, with which a model of ONNX is kept",
            hint="Install it: pip install 'windlass[onnx]'",
        ) from error
    saved = artifacts.save(onnx.load(str(file)), version.stores.artifacts)
    made = [saved.artifact, *saved.children]
    version.stores.records.add_version_artifact(version.row, KIND, made)
