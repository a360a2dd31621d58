"""Runs a compiled file by KFP's local runner of containers, in kfp's interpreter.

Its argument is JSON: the file, its parameters, a folder for what the runner keeps, folders that the
containers see under their paths.
"""

from __future__ import annotations

import json
import sys

from docker.types import Mount
from kfp import components, local


def main() -> None:
    told = json.loads(sys.argv[1])
    mounts = [Mount(place, place, type="bind") for place in told["mounts"]]
    runner = local.DockerRunner(network_mode="host", mounts=mounts)
    local.init(runner, pipeline_root=told["root"], raise_on_error=True)
    components.load_component_from_file(told["file"])(**told["parameters"])


if __name__ == "__main__":
    main()
