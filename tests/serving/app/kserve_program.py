"""Asks a server by KServe's client, in an interpreter that has it; prints what came as JSON."""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Any

import numpy as np
from kserve import InferenceRESTClient, InferInput, InferRequest, RESTConfig
from kserve.protocol.infer_type import RequestedOutput


async def main(address: str, flight: dict[str, list[Any]]) -> dict[str, Any]:
    base = f"http://{address}"
    client = InferenceRESTClient(RESTConfig(protocol="v2", retries=0))
    told: dict[str, Any] = {
        "live": await client.is_server_live(base),
        "ready": await client.is_server_ready(base),
        "model": await client.is_model_ready(base, "delay"),
    }
    for binary in (False, True):
        inputs = []
        for name, (value, datatype, dtype) in flight.items():
            inputs.append(InferInput(name, [1], datatype))
            inputs[-1].set_data_from_numpy(np.array([value], dtype), binary_data=binary)
        wished = [RequestedOutput("predict_proba", {"binary_data": binary})]
        request = InferRequest("delay", inputs, request_id="k-1", request_outputs=wished)
        found = await client.infer(base, request, model_name="delay")
        told[f"binary {binary}"] = [found.id, found.outputs[0].as_numpy().tolist()]
    return told


print(json.dumps(asyncio.run(main(sys.argv[1], json.loads(sys.argv[2])))))
