"""Reads compiled files through the protobuf of KFP's IR, in kfp's interpreter; prints them as JSON.

What differs between machines or changes with every edit is masked.
"""

from __future__ import annotations

import json
import sys
from typing import Any

import yaml
from google.protobuf import json_format
from kfp.pipeline_spec import pipeline_spec_pb2 as specs

_SHAPES = {"pipelineInfo": specs.PipelineSpec, "platforms": specs.PlatformSpec}


def parsed(document: Any) -> Any:
    shape = next(shape for key, shape in _SHAPES.items() if key in document)
    message = json_format.ParseDict(document, shape())
    return json_format.MessageToDict(message)


def masked(document: Any) -> Any:
    document.pop("sdkVersion", None)
    for executor in document.get("deploymentSpec", {}).get("executors", {}).values():
        container = executor["container"]
        container["command"][-1] = "THE TASK"
        container["args"][1] = sorted(json.loads(container["args"][1]))
    return document


def main() -> None:
    found = {}
    for file in sys.argv[1:]:
        with open(file, encoding="utf-8") as stream:
            found[file] = [masked(parsed(each)) for each in yaml.safe_load_all(stream)]
    print(json.dumps(found))


if __name__ == "__main__":
    main()
