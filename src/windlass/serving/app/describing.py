"""What a server tells of itself: health, metadata, the index of its models, its numbers."""

from __future__ import annotations

from typing import Any

import orjson

from windlass.errors import ProtocolError
from windlass.serving.app.call import Call
from windlass.serving.app.counters import exposition
from windlass.serving.app.reply import Reply
from windlass.version import __version__

EXTENSIONS = ["binary_tensor_data", "model_repository"]
_PROMETHEUS = b"text/plain; version=0.0.4; charset=utf-8"


async def live(_call: Call) -> Reply:
    """That the process answers."""
    return Reply.json({"live": True})


async def ready(call: Call) -> Reply:
    """Whether all models would answer.

    Clients look for ``ready``; the specification's own example has ``live``.
    """
    waiting = [name for name, each in call.app.deployed.items() if not each.served.is_ready()]
    if not waiting and not call.app.troubles():
        return Reply.json({"live": True, "ready": True})
    told = f"not ready: {', '.join(waiting)}" if waiting else "the server is not whole"
    return Reply.json({"live": True, "ready": False, "error": told}, 503)


async def server(_call: Call) -> Reply:
    """The server's metadata."""
    return Reply.json({"name": "windlass", "version": __version__, "extensions": EXTENSIONS})


async def model(call: Call) -> Reply:
    """A model's metadata: what it takes and gives, as tensors."""
    signature = call.served.signature(call.version)  # one that is not here is not found
    versions = (call.version,) if call.version else call.served.versions()
    told: dict[str, Any] = {"name": call.model, "versions": versions, "platform": "windlass"}
    inputs, outputs = ((), ()) if signature is None else signature.tensors()
    told["inputs"] = [tensor.document() for tensor in inputs]
    told["outputs"] = [tensor.document() for tensor in outputs]
    if signature is not None and signature.classes is not None:
        told["properties"] = {"classes": orjson.dumps(signature.classes).decode()}
    return Reply.json(told)


async def model_ready(call: Call) -> Reply:
    """Whether a model would answer."""
    if call.served.is_ready(call.version):
        return Reply.json({"name": call.model, "ready": True})
    if call.served.is_ready():
        call.served.signature(call.version)  # it is this version that is not found
    told = {"name": call.model, "ready": False, "error": "the model cannot answer yet"}
    return Reply.json(told, 503)


async def index(call: Call) -> Reply:
    """All models and their versions, as the extension for repositories tells them."""
    found: list[dict[str, str]] = []
    for name, deployed in call.app.deployed.items():
        served = deployed.served
        for version in served.versions():
            state = "READY" if served.is_ready(version) else "UNAVAILABLE"
            found.append({"name": name, "version": version, "state": state, "reason": ""})
        if not served.versions():
            found.append({"name": name, "version": "", "state": "UNAVAILABLE", "reason": ""})
    return Reply.json(found)


async def load(_call: Call) -> Reply:
    """Says how versions come and go here.

    Raises:
        ProtocolError: Always: 501.
    """
    raise ProtocolError(
        "models are not loaded and unloaded by requests",
        status=501,
        hint="The server follows an alias: windlass promote, windlass rollback.",
    )


async def state(call: Call) -> Reply:
    """What is known of each deployment."""
    models = {name: each.served.state() for name, each in call.app.deployed.items()}
    return Reply.json({"models": models, "troubles": call.app.troubles()})


async def metrics(call: Call) -> Reply:
    """The numbers that Prometheus reads."""
    return Reply(exposition(await call.app.gather()).encode(), kind=_PROMETHEUS)


async def openapi(call: Call) -> Reply:
    """The document of all this."""
    return Reply(call.app.openapi())
