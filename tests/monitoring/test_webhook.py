"""A webhook is told at the address that was checked, and nowhere else."""

from __future__ import annotations

import contextlib
import ipaddress
import json
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from windlass.errors import AlertError
from windlass.monitoring import webhook
from windlass.monitoring.looking import look
from windlass.monitoring.webhook import is_public, send, send_patiently
from windlass.stacks.models import ModelSettings

from .making import NOW, SETTINGS, World

LOCAL = ("127.0.0.1",)


class Receiver(ThreadingHTTPServer):
    """A real server that notes what it is sent, and answers as it is told to."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.got: list[tuple[str, dict[str, Any]]] = []
        self.answers: list[int] = []
        self.pause = 0.0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/hook?key=s3cret"


class _Handler(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.got.append((self.path, json.loads(body)))
        time.sleep(self.server.pause)
        status = self.server.answers.pop(0) if self.server.answers else 200
        with contextlib.suppress(OSError):
            self.send_response(status)
            if 300 <= status < 400:
                self.send_header("Location", f"http://127.0.0.1:{self.server.server_port}/other")
            self.end_headers()

    do_GET = do_POST

    def log_message(self, *_: Any) -> None:
        """Says nothing."""


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def test_an_address_that_is_listed_is_told(receiver: Receiver) -> None:
    send(receiver.url, {"text": "drift"}, hosts=LOCAL)
    send(receiver.url, {"text": "again"}, hosts=("127.0.0.0/8",))
    send(receiver.url.replace("127.0.0.1", "localhost"), {"text": "name"}, hosts=("localhost",))
    assert receiver.got == [
        ("/hook?key=s3cret", {"text": text}) for text in ("drift", "again", "name")
    ]


@pytest.mark.parametrize(
    "host",
    [
        *("127.0.0.1", "localhost", "10.1.2.3", "192.168.0.1", "172.16.9.9", "169.254.169.254"),
        *("[::1]", "[fe80::1]", "[fd00::1]", "[::ffff:127.0.0.1]", "[::ffff:10.0.0.1]", "0.0.0.0"),
        *("[64:ff9b::7f00:1]", "[2002:7f00:1::]", "224.0.0.1", "100.64.0.1", "240.0.0.1", "[::]"),
        *("2130706433", "0x7f.1", "127.1"),
    ],
)
def test_a_private_address_is_refused(host: str, receiver: Receiver) -> None:
    with pytest.raises(AlertError, match=r"no public address|has no address"):
        send(f"http://{host}:{receiver.server_port}/", {})
    assert receiver.got == []


def test_the_metadata_of_a_cloud_needs_its_address(receiver: Receiver) -> None:
    def resolve(*_: Any, **__: Any) -> Any:
        return [(0, 0, 0, "", ("169.254.169.254", 80))]

    with pytest.raises(AlertError, match=r"169[.]254[.]169[.]254, which is no public address"):
        send("http://friend.example/", {}, hosts=("friend.example",), resolve=resolve)


def test_every_address_of_a_name_is_checked() -> None:
    def resolve(*_: Any, **__: Any) -> Any:
        return [(0, 0, 0, "", (each, 80)) for each in ("93.184.216.34", "10.0.0.1")]

    with pytest.raises(AlertError, match=r"is at 10[.]0[.]0[.]1"):
        send("http://mixed.example/", {}, resolve=resolve)


def test_a_name_is_asked_for_once_and_its_checked_address_connected_to(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """DNS rebinding: the second answer would be another address; it is never asked for."""
    answers = iter([LOCAL[0], "127.0.0.2"])
    asked, connected = [], []
    plain = socket.create_connection

    def resolve(host: str, *_: Any, **__: Any) -> Any:
        asked.append(host)
        return [(socket.AF_INET, 0, 0, "", (next(answers), 80))]

    def connect(address: tuple[str, int], *args: Any, **kwargs: Any) -> Any:
        connected.append(address[0])
        return plain(address, *args, **kwargs)

    monkeypatch.setattr(socket, "create_connection", connect)
    url = f"http://rebound.example:{receiver.server_port}/"
    send(url, {"text": "x"}, hosts=LOCAL, resolve=resolve)
    assert (asked, connected) == (["rebound.example"], ["127.0.0.1"])
    assert len(receiver.got) == 1
    with pytest.raises(AlertError, match=r"at 127[.]0[.]0[.]2, which is no public"):
        send(url, {}, hosts=LOCAL, resolve=resolve)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_no_redirect_is_followed(receiver: Receiver, status: int) -> None:
    receiver.answers = [status]
    with pytest.raises(AlertError, match=f"answered {status} .redirects are not followed"):
        send(receiver.url, {}, hosts=LOCAL)
    assert [path for path, _ in receiver.got] == ["/hook?key=s3cret"]


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "ftp://x/",
        "gopher://x/",
        "//x/",
        "",
        "http://",
        "http://x:99999/",
        "x",
    ],
)
def test_no_other_scheme_is_spoken(url: str) -> None:
    with pytest.raises(AlertError, match="no https:// or http:// URL"):
        send(url, {})


def test_what_is_no_line_of_http_is_not_sent(receiver: Receiver) -> None:
    with pytest.raises(AlertError):
        send(receiver.url.replace("/hook", "/a b\r\nX: y"), {}, hosts=LOCAL)
    assert receiver.got == []


def test_errors_tell_the_host_and_no_secret(receiver: Receiver) -> None:
    receiver.answers = [403]
    with pytest.raises(AlertError) as caught:
        send(receiver.url, {}, hosts=LOCAL)
    assert "127.0.0.1 answered 403" in caught.value.message
    assert "s3cret" not in str(caught.value)
    with pytest.raises(AlertError, match="has a password") as caught:
        send("https://me:s3cret@example.com/", {})
    assert "s3cret" not in str(caught.value)


def test_a_server_that_is_silent_is_not_waited_for(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhook, "DEADLINE", 0.2)
    receiver.pause = 1.0
    began = time.monotonic()
    with pytest.raises(AlertError, match="cannot be told"):
        send(receiver.url, {}, hosts=LOCAL)
    assert time.monotonic() - began < 0.9


def test_a_server_in_trouble_is_tried_again(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhook, "_PAUSES", (0.0, 0.0))
    receiver.answers = [503, 429]
    send_patiently(receiver.url, {"text": "x"}, hosts=LOCAL)
    assert len(receiver.got) == 3
    receiver.answers = [400, 200]
    with pytest.raises(AlertError, match="answered 400"):
        send_patiently(receiver.url, {"text": "x"}, hosts=LOCAL)
    assert len(receiver.got) == 4


def test_large_documents_are_not_sent(receiver: Receiver) -> None:
    with pytest.raises(AlertError, match="is not sent"):
        send(receiver.url, {"text": "x" * 70_000}, hosts=LOCAL)


def test_public_addresses_are_public() -> None:
    for text in ("93.184.216.34", "2606:4700::1111", "::ffff:93.184.216.34", "64:ff9b::5db8:d822"):
        assert is_public(ipaddress.ip_address(text)), text


def _settings(url: str, *hosts: str) -> ModelSettings:
    return replace(SETTINGS, monitor=replace(SETTINGS.monitor, webhook=url, hosts=hosts))


def test_a_look_tells_its_webhook_once(
    world: World, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ALERTS_URL", receiver.url)
    told = _settings("${env:ALERTS_URL}", *LOCAL)
    for hours in (2, 1):
        world.serve(hours, shift=0.6)
    for _ in range(2):
        assert look(world.stores, "delay", told, NOW + 60).notes == []
    [(_, document)] = receiver.got
    assert document["kind"] == "drift"
    assert document["version"] == "delay@1"
    assert list(document["about"]) == ["a"]


@pytest.mark.parametrize("url", ["${env:NOT_SET_ANYWHERE}", "http://127.0.0.1:9/?key=s3cret"])
def test_a_webhook_that_cannot_be_told_is_noted(world: World, url: str) -> None:
    for hours in (2, 1):
        world.serve(hours, shift=0.6)
    found = look(world.stores, "delay", _settings(url), NOW + 60)
    [note] = found.notes
    assert "the alert was not sent" in note
    assert "s3cret" not in note
    assert len(found.alerts) == 1  # it is in the record all the same
