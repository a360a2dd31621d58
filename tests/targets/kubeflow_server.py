"""A small server of the tests' own that speaks as much of KFP's API as its client asks for.

It is no Kubeflow: none can be had here. But what it is sent it really runs, by KFP's local runner,
so that a run that is submitted to it is executed from the IR that was submitted, and by nothing
else.
"""

from __future__ import annotations

import contextlib
import json
import threading
import urllib.parse
import uuid
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from windlass.errors import WindlassError
from windlass.targets.kubeflow.sdk import Sdk

TOKEN = "let-me-in"
_PREFIX = "/apis/v2beta1/"


class Server:
    """What was submitted, and how it stands.

    Args:
        python: An interpreter that has kfp.
        folder: Where what is submitted is kept.
    """

    def __init__(self, python: Path, folder: Path) -> None:
        self._python = python
        self._folder = folder
        self._running: dict[str, Sdk] = {}
        self._threads: list[threading.Thread] = []
        self.experiments: dict[str, Any] = {}
        self.runs: dict[str, Any] = {}
        self.url = ""

    def answer(self, method: str, path: str, body: Any) -> Any:
        """What a request is answered with; None where there is no such thing."""
        match (method, *path.removeprefix(_PREFIX).split("/")):
            case "GET", "healthz":
                return {"multi_user": False}
            case "GET", "experiments":
                return {"experiments": list(self.experiments.values())}
            case "POST", "experiments":
                made = {"experiment_id": str(uuid.uuid4()), **body}
                return self.experiments.setdefault(body["display_name"], made)
            case "POST", "runs":
                return self._begin(body)
            case "GET", "runs", run if run in self.runs:
                return self.runs[run]
            case "POST", "runs", asked if asked.endswith(":terminate"):
                return self._terminate(asked.removesuffix(":terminate"))
        return None

    def _begin(self, body: Any) -> Any:
        run = str(uuid.uuid4())
        file = self._folder / f"{run}.yaml"
        spec = body["pipeline_spec"]
        file.write_text(json.dumps(spec.get("pipeline_spec", spec)))
        given = body["runtime_config"]["parameters"]
        self.runs[run] = {"run_id": run, "display_name": body["display_name"], "state": "RUNNING"}
        sdk = self._running[run] = Sdk(str(self._python))
        thread = threading.Thread(target=self._execute, args=(run, sdk, file, given))
        self._threads.append(thread)
        thread.start()
        return self.runs[run]

    def _execute(self, run: str, sdk: Sdk, file: Path, given: Any) -> None:
        with sdk, contextlib.suppress(WindlassError):  # it was ended
            told = sdk.ask("trial", file=str(file), parameters=given)
            if not told["succeeded"]:
                self.runs[run]["error"] = {"code": 2, "message": "a task failed"}
            self.runs[run]["state"] = "SUCCEEDED" if told["succeeded"] else "FAILED"
        del self._running[run]

    def close(self) -> None:
        """Ends all that still runs."""
        for sdk in list(self._running.values()):
            sdk.kill()
        for thread in self._threads:
            thread.join()

    def _terminate(self, run: str) -> Any:
        self.runs[run]["state"] = "CANCELED"
        self._running[run].kill()
        return {}


@contextlib.contextmanager
def kfp_server(python: Path, folder: Path) -> Iterator[Server]:
    """A server that is up while the block lasts."""
    server = Server(python, folder)

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_: Any) -> None:
            """It is quiet."""

        def do_GET(self) -> None:
            self._answer("GET")

        def do_POST(self) -> None:
            self._answer("POST")

        def _answer(self, method: str) -> None:
            data = self.rfile.read(int(self.headers.get("content-length") or 0))
            if self.headers.get("authorization") != f"Bearer {TOKEN}":
                self._send(401, {"error": "who is that?"})
                return
            path = urllib.parse.urlsplit(self.path).path
            found = server.answer(method, path, json.loads(data) if data else None)
            self._send(404 if found is None else 200, found)

        def _send(self, status: int, document: Any) -> None:
            body = json.dumps(document).encode()
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as listening:
        server.url = f"http://127.0.0.1:{listening.server_address[1]}"
        thread = threading.Thread(target=listening.serve_forever)
        thread.start()
        try:
            yield server
        finally:
            listening.shutdown()
            thread.join()
            server.close()
