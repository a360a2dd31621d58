"""The floor of serving: a model of ONNX behind the barest endpoint, which checks and notes nothing.

A request in JSON, or with its rows in binary behind it, as the server takes them too.
"""

from __future__ import annotations

import json
import os
from typing import Any

import numpy as np
import onnxruntime

SESSION = onnxruntime.InferenceSession(os.environ["MODEL"])
INPUT = SESSION.get_inputs()[0].name
NAMES = [each.name for each in SESSION.get_outputs()]


async def app(scope: dict[str, Any], receive: Any, send: Any) -> None:
    if scope["type"] != "http":
        return
    body = b""
    while True:
        message = await receive()
        body += message["body"]
        if not message.get("more_body"):
            break
    headers = dict(scope["headers"])
    length = int(headers.get(b"inference-header-content-length", len(body)))
    tensor = json.loads(body[:length])["inputs"][0]
    if "data" in tensor:
        rows = np.array(tensor["data"], np.float32).reshape(tensor["shape"])
    else:
        rows = np.frombuffer(body, np.float32, offset=length).reshape(tensor["shape"])
    found = SESSION.run(NAMES, {INPUT: rows})
    outputs = [
        {"name": name, "shape": list(each.shape), "data": each.ravel().tolist()}
        for name, each in zip(NAMES, found, strict=True)
    ]
    text = json.dumps({"model_name": "m", "outputs": outputs}).encode()
    await send(
        {
            "type": "http.response.start",
            "status": 200,
            "headers": [
                (b"content-type", b"application/json"),
                (b"content-length", str(len(text)).encode()),
            ],
        }
    )
    await send({"type": "http.response.body", "body": text})
