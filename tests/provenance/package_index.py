"""A private package index: a server that asks for a name and a password."""

from __future__ import annotations

import base64
import hashlib
import http.server
import io
import threading
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

USER, PASSWORD = "windy", "pa55-of-the-index"


def wheel(name: str, version: str, *requires: str) -> bytes:
    """The smallest wheel: a module that knows its version."""
    info = f"{name}-{version}.dist-info"
    needs = "".join(f"Requires-Dist: {each}\n" for each in requires)
    entries = {
        f"{name}.py": f"__version__ = {version!r}\n",
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{needs}",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    entries[f"{info}/RECORD"] = "".join(f"{path},,\n" for path in (*entries, f"{info}/RECORD"))
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for path, text in entries.items():
            archive.writestr(zipfile.ZipInfo(path), text)
    return out.getvalue()


@dataclass
class Index:
    """What is served, and how it is reached."""

    files: dict[str, bytes] = field(default_factory=dict)
    port: int = 0

    def add(self, name: str, version: str, *requires: str) -> None:
        self.files[f"{name}-{version}-py3-none-any.whl"] = wheel(name, version, *requires)

    @property
    def place(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        return f"http://{USER}:{PASSWORD}@{self.place}/simple"

    def page(self, path: str) -> bytes | None:
        name = path.strip("/").rpartition("/")[2]
        if path.startswith("/files/"):
            return self.files.get(name)
        found = [each for each in self.files if each.startswith(f"{name}-")]
        links = (f'<a href="/files/{f}#sha256={_sha(self.files[f])}">{f}</a>' for f in found)
        return "<br>".join(links).encode() or None


@contextmanager
def serving() -> Iterator[Index]:
    """An index, reachable for as long as this lasts."""
    index = Index()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            given = self.headers.get("Authorization", "")
            wanted = "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
            page = index.page(self.path) if given == wanted else None
            self.send_response(401 if given != wanted else 404 if page is None else 200)
            if given != wanted:
                self.send_header("WWW-Authenticate", "Basic")
            whole = page or b""
            kind = "text/html" if "/simple" in self.path else "application/octet-stream"
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(whole)))
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(whole)

        do_HEAD = do_GET

        def log_message(self, *arguments: object) -> None:
            """Nothing."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        index.port = server.server_port
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield index
        finally:
            server.shutdown()
            thread.join()


def _sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
