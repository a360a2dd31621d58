"""Predictions for rows of JSON, named as the model names them, and what was true of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from windlass.errors import BusyError, ModelError, ProtocolError
from windlass.models.tables.column import Label
from windlass.serving.app.call import Call
from windlass.serving.app.identity import check_id
from windlass.serving.app.reply import Reply
from windlass.serving.exchange import Answer, Arrays
from windlass.serving.protocol.binding import Binding

if TYPE_CHECKING:
    from numpy.typing import NDArray

_TRUTHS = {bool, float, int, str, type(None)}
_LONGEST = 1000
"""Letters of a label."""


async def predict(call: Call) -> Reply:
    """What the model predicts for rows: ``{"rows": [{…}, …]}``, or one row by itself."""
    binding = _binding(call)

    def read(document: dict[str, Any]) -> tuple[Arrays, int]:
        rows = _rows(document, call.limits.rows)
        return binding.rows(rows), len(rows)

    body, (inputs, rows) = await call.read(read)
    call.take_id(None)
    answer = await call.ask(inputs, rows)
    known = call.deployed.binding_of(answer, binding) or binding
    return await call.work(body, _reply, call, answer, known)


def _reply(call: Call, answer: Answer, binding: Binding) -> Reply:
    told: dict[str, Any] = {"model": call.model, "version": answer.version, "id": call.id}
    return Reply.json({**told, **_told(answer, binding)}, version=answer.version)


def _rows(document: dict[str, Any], most: int) -> list[Any]:
    rows = document.get("rows")
    if type(rows) is not list:
        return [document]
    if not rows:
        raise ProtocolError("there are no rows")
    if len(rows) > most:
        raise ProtocolError(f"there are more than {most:,} rows", status=413)
    return rows


def _binding(call: Call) -> Binding:
    binding = call.deployed.binding(call.version)
    if binding is not None:
        return binding
    raise ProtocolError(
        f"the model '{call.model}' has no signature that would name its fields",
        status=501,
        hint=f"Send tensors to /v2/models/{call.model}/infer.",
    )


def _told(answer: Answer, binding: Binding) -> dict[str, Any]:
    """Predictions, and probabilities by the names of the classes."""
    told: dict[str, Any] = {"predictions": _plain(answer.outputs["predict"])}
    probabilities = answer.outputs.get("predict_proba")
    if probabilities is None:
        return told
    classes = binding.signature.classes
    if classes is None or len(classes) != probabilities.shape[1]:
        raise ModelError("the probabilities are not of the classes that the signature names")
    names = [class_name(label) for label in classes]
    told["probabilities"] = [dict(zip(names, row, strict=True)) for row in probabilities.tolist()]
    return told


def class_name(label: Label) -> str:
    """A class as a key of JSON."""
    return str(label).lower() if isinstance(label, bool) else str(label)


def _plain(values: NDArray[Any]) -> Any:
    """Labels as the model has them, and not as text."""
    return values.tolist()


async def feedback(call: Call) -> Reply:
    """Takes what was true of the rows of a request: ``{"id": …, "truth": […]}``.

    Of some rows it may never be known: a null, as of a flight that was cancelled.
    """
    _, (request, truth) = await call.read(lambda document: _truth(document, call.limits.rows))
    call.take_id(None)
    if not call.served.feedback(request, truth):
        raise BusyError(
            "feedback is not taken at the moment: there is no room, or no log", retry_after=1.0
        )
    return Reply.json({"id": request, "rows": len(truth)}, 202)


def _truth(document: dict[str, Any], most: int) -> tuple[str, list[Any]]:
    given, truth = document.get("id"), document.get("truth")
    if type(given) is not str:
        raise ProtocolError("'id' is not the id of a request")
    if type(truth) is not list or not truth or not set(map(type, truth)) <= _TRUTHS:
        raise ProtocolError("'truth' is no list of labels or numbers, one of each row")
    if all(each is None for each in truth):
        raise ProtocolError("'truth' tells nothing: every row has null")
    if len(truth) > most:
        raise ProtocolError(f"there are more than {most:,} rows", status=413)
    if any(type(each) is str and len(each) > _LONGEST for each in truth):
        raise ProtocolError(f"'truth' has a label of more than {_LONGEST:,} letters", status=413)
    return check_id(given), truth
