"""The classes of attack that servers of models have fallen to, each with its cases."""

from __future__ import annotations

import ast
import contextlib
import gzip
import json
import subprocess
import sys
import time
import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from serving.asgi import FAR, LOCAL, ask, post
from serving.fakes import FLIGHT, Fake, flights, numbers
from serving.requests import binary_body
from windlass.errors import DefinitionError, ProtocolError
from windlass.serving.app.application import Application
from windlass.serving.app.hosts import host_name
from windlass.serving.app.routes import ROUTES
from windlass.serving.protocol.limits import Limits

PREDICT = "/models/delay/predict"
TOKEN = "s3cret-token"
JSON = ("content-type", "application/json")
OPEN = {
    *("/v2/health/live", "/v2/health/ready", "/v2", "/v2/", "/openapi.json"),
    *("/v2/models/{model}", "/v2/models/{model}/ready", "/v2/models/{model}/infer"),
    "/v2/models/{model}/versions/{version}",
    "/v2/models/{model}/versions/{version}/ready",
    "/v2/models/{model}/versions/{version}/infer",
    *("/models/{model}/predict", "/models/{model}/versions/{version}/predict"),
    "/models/{model}/feedback",
}
"""What was decided to be open to anybody; a new route is not, unless it is added here."""


@pytest.fixture(scope="module")
def app() -> Application:
    return Application({"delay": Fake("delay", flights())}, hosts=["models.example.com", "*.b.org"])


def path_of(template: str) -> str:
    return template.replace("{model}", "delay").replace("{version}", "1")


# Missing authorisation


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: f"{route.method} {route.path}")
def test_every_route_is_open_by_decision_or_closed(route: Any) -> None:
    app = Application({"delay": Fake("delay", flights())})
    assert route.access == ("anyone" if route.path in OPEN else "admin")
    got = ask(app, route.method, path_of(route.path), b"", client=FAR)
    assert (got.status == 403) is (route.access == "admin")


@pytest.mark.parametrize("route", [r for r in ROUTES if r.access == "admin"], ids=lambda r: r.path)
def test_the_admin_plane_takes_the_token_from_afar(route: Any) -> None:
    app = Application({"delay": Fake("delay", flights())}, token=TOKEN)
    path = path_of(route.path)

    def status(*headers: tuple[str, str], client: Any = FAR) -> int:
        return ask(app, route.method, path, b"", headers, client=client).status

    done = 501 if path.endswith("load") else 200
    assert status(("authorization", f"Bearer {TOKEN}")) == done
    assert status(("authorization", f"bearer {TOKEN}")) == done
    for wrong in ("Bearer ", "Bearer x", f"Bearer {TOKEN}x", f"Basic {TOKEN}", TOKEN, "Bearer é"):
        assert status(("authorization", wrong)) == 401
    assert status() == 401
    assert status(client=LOCAL) == status(client=("::1", 1)) == done
    assert status(client=None) == 401
    for name in ("x-forwarded-for", "forwarded", "x-real-ip"):  # a proxy on this very machine
        assert status((name, "127.0.0.1"), client=LOCAL) == 401


def test_who_lacks_the_token_is_told_what_is_asked_for() -> None:
    app = Application({}, token=TOKEN)
    assert ask(app, "GET", "/metrics", client=FAR).headers["www-authenticate"] == "Bearer"


# DNS rebinding, and pages of other hosts


METHODS = ("GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "PROPFIND")


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("path", ["/v2/health/live", PREDICT, "/metrics", "/nowhere"])
def test_a_foreign_host_is_refused_whatever_the_method(
    app: Application, method: str, path: str
) -> None:
    assert ask(app, method, path, b"{}", [("host", "evil.example")]).status == 421


@pytest.mark.parametrize(
    ("host", "allowed"),
    [
        *((name, True) for name in ("localhost", "LOCALHOST:80", "127.0.0.1:8080", "[::1]:8080")),
        *((name, True) for name in ("server", "my_server:1", "10.0.0.3", "a.localhost")),
        *((name, True) for name in ("models.example.com", "Models.Example.com.:443", "a.b.org")),
        *((name, False) for name in ("", "evil.com", "models.example.com.evil.com", "b.org")),
        *((name, False) for name in ("localhost.evil.com", "xmodels.example.com", "a.b.org.evil")),
        *((name, False) for name in ("127.0.0.1.evil.com", "evil.com:127.0.0.1", "localhost:x")),
        *((name, False) for name in ("127.0.0.1@evil.com", "evil.com#localhost", "é", "a b")),
        *((name, False) for name in ("[::1].evil.com", "[::1", "localhost/", "x" * 64)),
    ],
)
def test_hosts(app: Application, host: str, allowed: bool) -> None:
    for _ in range(2):  # the second time by memory
        got = ask(app, "GET", "/v2/health/live", b"", [("host", host)])
        assert got.status == (200 if allowed else 421)


def test_many_hosts_take_no_memory() -> None:
    app = Application({})
    for at in range(3000):
        with pytest.raises(ProtocolError, match="does not answer under the name"):
            app._guard.check({b"host": b"h%d.evil.com" % at})
    assert len(app._guard._hosts._verdicts) <= 1024


def test_any_host_where_that_is_said() -> None:
    app = Application({}, hosts=["*"])
    assert ask(app, "GET", "/v2", b"", [("host", "whatever.example")]).status == 200


def test_hosts_are_read_strictly() -> None:
    assert host_name(b"[::1]:80") == "::1"
    assert host_name(b"a.b.:80") == "a.b"
    assert [host_name(bad) for bad in (b"", b":80", b"a:b", b"a:80:90", b"\xff")] == [None] * 5


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        ("http://localhost:8080", 200),
        ("https://app.example.com", 200),
        ("http://localhost:9", 403),
        ("http://evil.example", 403),
        ("null", 403),
        ("", 403),
    ],
)
def test_pages_of_other_hosts(origin: str, status: int) -> None:
    app = Application({"delay": Fake("delay", flights())}, origins=["https://app.example.com"])
    assert post(app, PREDICT, FLIGHT, ("origin", origin)).status == status


@pytest.mark.parametrize(
    "name", ["host", "content-type", "x-request-id", "authorization", "content-encoding"]
)
def test_a_header_that_counts_comes_once(app: Application, name: str) -> None:
    twice = [(name, "localhost"), (name, "other")]
    assert ask(app, "GET", "/v2", b"", twice).status == 400


# Path traversal in names


@pytest.mark.parametrize(
    "name",
    [
        *("..", ".", "../delay", "..%2fdelay", "%2e%2e", "%252e%252e%252fdelay", "..\\delay"),
        *("delay%00", "delay\0", "delay%2500", "delay#x", "delay%23x", "delay;x", "delay?x"),
        *("./delay", "delay/.", "/delay", "delay%20", "delay ", "DELAY", "del%61y", "déläy"),
        *("file:///etc/passwd", "http://evil.example/", "$(id)", "`id`", "{model}", "a" * 9000),
    ],
)
def test_only_names_that_are_served_lead_anywhere(app: Application, name: str) -> None:
    fake = app.deployed["delay"].served
    fake.asked.clear()  # type: ignore[attr-defined]
    for path in (
        f"/v2/models/{name}",
        f"/v2/models/{name}/infer",
        f"/v2/models/delay/versions/{name}/infer",
        f"/models/{name}/predict",
        f"/models/{name}/feedback",
    ):
        for method in ("GET", "POST"):
            got = ask(app, method, path, b"{}", [JSON])
            assert got.status in (404, 405), path
            assert b"etc" not in got.body
    assert not fake.asked  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", ["../x", "", "a b", "1a", "a" * 65, "a/b", "a\0"])
def test_a_name_that_is_none_is_not_served(name: str) -> None:
    with pytest.raises(DefinitionError):
        Application({name: Fake("delay", flights())})


@pytest.mark.parametrize(
    "path",
    [
        *("", "*", "//", "/v2/models", "/v2/models/", "/models", "/models/predict"),
        *("/v2//models/delay", "/v2/models/delay/", "/v2/models/delay/infer/", "/a" * 5000),
        *("/v2/models/{model}", "/models/delay/versions/predict", "/v2/models//ready"),
    ],
)
def test_paths_that_lead_nowhere(app: Application, path: str) -> None:
    assert ask(app, "GET", path).status == 404


# Work amplification


def test_a_body_that_is_too_long(app: Application) -> None:
    small = Application({"delay": Fake("delay", flights())}, limits=Limits(body=100))
    said = [JSON, ("content-length", "101")]
    assert ask(small, "POST", PREDICT, b"{}", said).status == 413
    assert ask(small, "POST", PREDICT, b"x" * 101, [JSON]).status == 413
    assert ask(small, "POST", PREDICT, [b"x" * 60] * 2, [JSON]).status == 413
    assert ask(app, "POST", PREDICT, b"{}", [JSON, ("content-length", "9" * 30)]).status == 400


def test_tiny_chunks() -> None:
    app = Application({"delay": Fake("delay", flights())}, limits=Limits(chunks=10))
    assert ask(app, "POST", PREDICT, [b" "] * 11, [JSON]).status == 413


def test_a_body_that_never_comes() -> None:
    app = Application({"delay": Fake("delay", flights())}, limits=Limits(seconds=0.05))

    import asyncio

    from serving.asgi import scope_of

    sent: list[Any] = []
    first = [{"type": "http.request", "body": b"{", "more_body": True}]

    async def receive() -> Any:
        if not first:
            await asyncio.sleep(60)
        return first.pop()

    async def send(message: Any) -> None:
        sent.append(message)

    asyncio.run(app(scope_of("POST", PREDICT, [JSON]), receive, send))
    assert sent[0]["status"] == 408


def test_a_bomb_is_not_unpacked() -> None:
    app = Application({"delay": Fake("delay", flights())})
    bomb = gzip.compress(b" " * 80_000_000, 9)
    tracemalloc.start()
    got = ask(app, "POST", PREDICT, bomb, [JSON, ("content-encoding", "gzip")])
    assert got.status == 413
    assert tracemalloc.get_traced_memory()[1] < 100_000_000
    tracemalloc.stop()
    fair = gzip.compress(b" " * 5_000_000, 9)
    assert ask(app, "POST", PREDICT, fair, [JSON, ("content-encoding", "gzip")]).status == 413
    for other in ("br", "gzip, gzip", "identity", "zstd", "x" * 100):
        got = ask(app, "POST", PREDICT, b"{}", [JSON, ("content-encoding", other)])
        assert got.status == 415


def test_many_headers(app: Application) -> None:
    many = [(f"x-{at}", "1") for at in range(100)]
    assert ask(app, "GET", "/v2", b"", many).status == 431
    assert ask(app, "GET", "/v2", b"", many[:99]).status == 200


def test_deep_json(app: Application) -> None:
    began = time.perf_counter()
    for text in (
        b"[" * 1_000_000,
        b'{"a":' * 500_000,
        b'{"rows":' + b"[" * 900 + b"]" * 900 + b"}",
    ):
        assert ask(app, "POST", PREDICT, text, [JSON]).status == 400
    assert time.perf_counter() - began < 5


@pytest.mark.parametrize(
    "kind",
    [
        *("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"),
        *(
            "application/x-python-pickle",
            "application/vnd.bentoml+pickle",
            "application/jsonp",
            "x",
        ),
    ],
)
def test_other_content_types(app: Application, kind: str) -> None:
    for path in (PREDICT, "/models/delay/feedback", "/v2/models/delay/infer"):
        assert ask(app, "POST", path, b"{}", [("content-type", kind)]).status == 415


@pytest.mark.parametrize(
    "kind", ["application/json; charset=utf-8", "Application/JSON", "", "application/octet-stream"]
)
def test_content_types_that_are_read(app: Application, kind: str) -> None:
    text = json.dumps(FLIGHT).encode()
    assert ask(app, "POST", PREDICT, text, [("content-type", kind)]).status == 200


@pytest.mark.parametrize("length", ["x", "-1", "1e3", "0x10", "9" * 13, " 5", ""])
def test_a_header_length_that_is_no_number(app: Application, length: str) -> None:
    headers = [JSON, ("inference-header-content-length", length)]
    assert ask(app, "POST", "/v2/models/delay/infer", b"{}", headers).status == 400


# Unpickling


def test_no_pickle_is_reached_by_a_request() -> None:
    """No module of ours that the application loads imports what runs code, not even when called."""
    code = "import sys, windlass.serving.app.application; print(*(m.__file__ for n, m in "
    code += "sys.modules.items() if n.startswith('windlass')), sep='\\n')"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    files = [Path(line) for line in told.stdout.split()]
    assert len(files) > 30
    found = {file.name: sorted(_imports(file) & _DANGEROUS) for file in files}
    assert not {name: names for name, names in found.items() if names}


_DANGEROUS = {
    "pickle",
    "cloudpickle",
    "joblib",
    "dill",
    "marshal",
    "shelve",
    "subprocess",
    "ctypes",
}


def _imports(file: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add((node.module or "").partition(".")[0])
    return found


def test_pickles_are_not_read(app: Application, monkeypatch: pytest.MonkeyPatch) -> None:
    import pickle

    def caught(*_: Any, **__: Any) -> Any:
        raise AssertionError("a pickle is read")

    text = pickle.dumps({"rows": [FLIGHT]})
    objects = np.array([{"a": 1}], object).dumps()
    for name in ("loads", "load", "Unpickler"):
        monkeypatch.setattr(pickle, name, caught)
    for sent in (text, objects, b"\x93NUMPY" + objects):
        for path in (PREDICT, "/v2/models/delay/infer"):
            for kind in ("application/json", "application/octet-stream", ""):
                assert ask(app, "POST", path, sent, [("content-type", kind)]).status == 400


# Leaky errors, and anything at all


@settings(deadline=None, max_examples=300)
@given(st.data())
def test_mutated_requests_are_answered_by_200_or_4xx(data: st.DataObject) -> None:
    text, header, path = data.draw(st.sampled_from(_real()))
    mutated = bytearray(text)
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(mutated)))
        mutated[at : at + data.draw(st.integers(0, 6))] = data.draw(
            st.binary(max_size=5) | st.sampled_from([b"null", b"-1", b"[", b'"', b"{}", b"true"])
        )
    length = data.draw(st.sampled_from([header, None, 0]) | st.integers(1, len(text) + 9))
    headers = [] if length is None else [("inference-header-content-length", str(length))]
    got = ask(_fuzzed(), "POST", path, bytes(mutated), headers)
    assert got.status in (200, 400, 413, 501), got.body
    if got.status != 200:
        assert set(got.json) <= {"error", "id", "hint", "problems"}
        assert len(got.body) < 12_000


_cache: dict[str, Any] = {}


def _fuzzed() -> Application:
    if not _cache:
        fakes = Fake("delay", flights()), Fake("wide", numbers(3))
        _cache["app"] = Application({fake.name: fake for fake in fakes})
    found: Application = _cache["app"]
    return found


def _real() -> list[tuple[bytes, int | None, str]]:
    types = {"distance": "FP64", "month": "INT32", "weekend": "BOOL"}
    tensors = [
        (name, np.array([value, value]), types.get(name, "BYTES")) for name, value in FLIGHT.items()
    ]
    matrix = [("input", np.ones((2, 3)), "FP64")]
    return [
        (*binary_body(tensors), "/v2/models/delay/infer"),
        (*binary_body(matrix, parameters={"binary_data_output": True}), "/v2/models/wide/infer"),
        (json.dumps({"rows": [FLIGHT] * 2}).encode(), None, PREDICT),
        (json.dumps({"id": "r-1", "truth": ["late", 1]}).encode(), None, "/models/delay/predict"),
    ]


@settings(deadline=None, max_examples=200)
@given(st.text(max_size=40), st.sampled_from(METHODS), st.text(max_size=20), st.binary(max_size=20))
def test_any_request_at_all_is_answered(path: str, method: str, header: str, body: bytes) -> None:
    with contextlib.suppress(UnicodeEncodeError):  # no header has such a letter
        headers = [("x-request-id", header), ("content-type", header), ("host", "localhost")]
        assert ask(_fuzzed(), method, "/" + path, body, headers).status < 500


def test_websockets_are_closed(app: Application) -> None:
    import asyncio

    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any:
        raise AssertionError

    asyncio.run(app({"type": "websocket"}, receive, send))
    assert sent == [{"type": "websocket.close", "code": 1000}]


def test_a_method_that_is_not_asked_here(app: Application) -> None:
    got = ask(app, "DELETE", "/v2/models/delay")
    assert (got.status, got.headers["allow"]) == (405, "GET")
