"""What `mlflow server` does, once for each line that is read: the servers share what they import.

It runs in an environment of MLflow's own. Each server is a child, which is forked once most of what
MLflow is has been imported; it goes through MLflow's command line, but starts no further process
for uvicorn. All end with the standard input.
"""

import os
import signal
import sys

import mlflow.server
import mlflow.server.fastapi_app
import uvicorn
from mlflow.cli import cli


def _serve(command: list[str], extra_env: dict[str, str], **_: object) -> None:
    os.environ.update(extra_env)
    uvicorn.main(command[command.index("uvicorn") + 1 :])


def main() -> None:
    """Prints the process of each server that it starts."""
    mlflow.server._exec_cmd = _serve
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody asks how they ended
    process = 0
    for line in sys.stdin:
        process = os.fork()
        if not process:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            os.dup2(2, 1)
            cli(["server", *line.split()])
        print(process, flush=True)
    if process:
        os.kill(process, signal.SIGKILL)


if __name__ == "__main__":
    main()
