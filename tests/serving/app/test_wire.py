"""Connections that never end what they began."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator

import pytest

from windlass.serving.app.application import Application

pytest.importorskip("uvicorn")
pytest.importorskip("httptools")

GET = b"GET /v2/health/live HTTP/1.1\r\nHost: localhost\r\n"
CHUNKED = (
    b"POST /models/none/predict HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    b"Transfer-Encoding: chunked\r\n\r\n"
)


@pytest.fixture(scope="module")
def place() -> Iterator[tuple[str, int]]:
    """A server that waits for a head for half a second."""
    from serving.live import served
    from windlass.serving.app import wire

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(wire, "SECONDS", 0.5)
        with served(Application({})) as address:
            host, _, port = address.partition(":")
            yield host, int(port)


def ended(connection: socket.socket) -> bytes:
    """What comes before a connection is ended by the server."""
    connection.settimeout(10)
    try:
        return b"".join(iter(lambda: connection.recv(65536), b""))
    except ConnectionResetError:
        return b""


@pytest.mark.parametrize("piece", [b"x: y\r\n" * 2000, b"x" * 12_000])
def test_a_head_without_end_is_cut_off(place: tuple[str, int], piece: bytes) -> None:
    with socket.create_connection(place, 10) as connection:
        connection.sendall(GET + b"long: ")
        with pytest.raises(OSError, match=r"[Bb]roken pipe|[Rr]eset"):
            connection.sendall(piece * (20_000_000 // len(piece)))


@pytest.mark.parametrize("piece", [b"x: y\r\n" * 2000, b"x" * 12_000])
@pytest.mark.parametrize("beside", [b"0\r\nx: ", b"2;x="])
def test_what_comes_beside_a_body_without_end_is_cut_off(
    place: tuple[str, int], beside: bytes, piece: bytes
) -> None:
    if beside[:1] == b"2":
        piece = piece.replace(b"\r\n", b"")
    with socket.create_connection(place, 10) as connection:
        connection.sendall(CHUNKED + b"2\r\n{}\r\n" + beside)
        with pytest.raises(OSError, match=r"[Bb]roken pipe|[Rr]eset"):
            connection.sendall(piece * (20_000_000 // len(piece)))


def test_who_ends_a_body_by_trailers_is_answered(place: tuple[str, int]) -> None:
    with socket.create_connection(place, 10) as connection:
        for _ in range(2):
            connection.sendall(CHUNKED + b"2;a=b\r\n{}\r\n0\r\nhost: other.example\r\n\r\n")
            assert connection.recv(65536).startswith(b"HTTP/1.1 404")


@pytest.mark.parametrize("begun", [b"", b"GET", GET, GET + b"a: b\r\n"])
def test_a_head_that_does_not_come_is_not_waited_for(place: tuple[str, int], begun: bytes) -> None:
    with socket.create_connection(place, 10) as connection:
        connection.sendall(begun)
        began = time.monotonic()
        assert ended(connection) == b""
        assert 0.1 < time.monotonic() - began < 8


def test_a_later_head_that_does_not_come(place: tuple[str, int]) -> None:
    with socket.create_connection(place, 10) as connection:
        connection.sendall(GET + b"\r\n")
        assert connection.recv(65536).startswith(b"HTTP/1.1 200")
        connection.sendall(GET)
        assert ended(connection) == b""


def test_who_ends_their_heads_is_answered(place: tuple[str, int]) -> None:
    with socket.create_connection(place, 10) as connection:
        for pieces in ([GET + b"\r\n"], [GET, b"a: " + b"b" * 30_000, b"\r\n\r\n"]):
            for piece in pieces:
                connection.sendall(piece)
                time.sleep(0.05)
            assert connection.recv(65536).startswith(b"HTTP/1.1 200")
        time.sleep(0.8)  # longer than a head may take: nothing is begun
        connection.sendall(GET + b"\r\n")
        assert connection.recv(65536).startswith(b"HTTP/1.1 200")
