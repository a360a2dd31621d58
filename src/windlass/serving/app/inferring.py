"""Inference by the protocol."""

from __future__ import annotations

from windlass.serving.app.bodies import header_length
from windlass.serving.app.call import Call
from windlass.serving.app.reply import BINARY, HEADER_LENGTH, JSON, Reply
from windlass.serving.exchange import Arrays
from windlass.serving.protocol.binding import Binding
from windlass.serving.protocol.request import InferRequest, read_request
from windlass.serving.protocol.response import Written, chosen, write_answer


async def infer(call: Call) -> Reply:
    """What the model gives for tensors."""
    body = await call.body()
    binding = call.deployed.binding(call.version)
    request, (inputs, rows) = await call.work(body, _read, call, body, binding)
    call.take_id(request.id)
    if binding is not None and request.wishes is not None:
        chosen(request, tuple(binding.datatypes))  # what there is not, before the model has worked
    answer = await call.ask(inputs, rows)
    wishes = chosen(request, tuple(answer.outputs))
    binding = call.deployed.binding_of(answer, binding)
    about = {"model_name": call.model, "model_version": answer.version}
    about["id"] = request.id or call.id
    datatypes = {} if binding is None else binding.datatypes
    written = await call.work(body, write_answer, wishes, about, answer.outputs, datatypes)
    return _reply(written, answer.version)


def _read(
    call: Call, body: bytes, binding: Binding | None
) -> tuple[InferRequest, tuple[Arrays, int]]:
    header = header_length(call.headers)
    if header == 0 and binding is not None:
        request = binding.raw(body)
    else:
        request = read_request(body, header, call.limits)
    return request, _inputs(request, binding)


def _inputs(request: InferRequest, binding: Binding | None) -> tuple[Arrays, int]:
    if binding is not None:
        return binding.arrays(request.tensors)
    tensors = request.tensors  # a model without a signature says itself what it takes
    return {given.name: given.array for given in tensors}, len(tensors[0].array)


def _reply(written: Written, version: str) -> Reply:
    if written.header is None:
        return Reply(written.body, 200, JSON, (), version)
    header = (HEADER_LENGTH, b"%d" % written.header)
    return Reply(written.body, 200, BINARY, (header,), version)
