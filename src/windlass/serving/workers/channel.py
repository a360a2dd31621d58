"""What a supervisor and its workers tell each other: JSON, a line each, over a socket of their own.

Each side may ask the other, and goes on reading while it waits for the answer. Nothing is ever
unpickled.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import socket
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from typing import Any, TypeAlias

from windlass.errors import ServingError, WindlassError

Document: TypeAlias = "Mapping[str, Any]"
Handler: TypeAlias = "Callable[[str, Document], Document | None]"
"""Answers a question, by its name; in a thread of its own."""


class Channel:
    """One end of it.

    Args:
        end: The socket.
        handle: Answers what the other side asks; what it raises is told there.
        on_end: Called once when the other side is gone.
    """

    def __init__(
        self, end: socket.socket, handle: Handler, on_end: Callable[[], None] = lambda: None
    ) -> None:
        self._socket, self._handle, self._on_end = end, handle, on_end
        self._writing = threading.Lock()
        self._numbers = itertools.count(1)
        self._open: dict[int, Future[Document]] = {}
        self._ended = False
        self._thread = threading.Thread(target=self._read, name="channel", daemon=True)
        self._thread.start()

    def ask(
        self, question: str, document: Document | None = None, seconds: float = 60.0
    ) -> Document:
        """The answer of the other side.

        Args:
            question: Its name.
            document: What is told with it.
            seconds: How long it may take.

        Raises:
            ServingError: The other side could not, is gone, or takes longer.
        """
        number: int = next(self._numbers)
        future: Future[Document] = Future()
        self._open[number] = future
        try:
            self._send({"number": number, "question": question, "told": document or {}})
            if self._ended:
                raise _gone()
            answer = future.result(seconds)
        except TimeoutError:
            raise ServingError(f"a worker says nothing to '{question}' for {seconds:g} s") from None
        finally:
            self._open.pop(number, None)
        if "error" in answer:
            raise ServingError(str(answer["error"]))
        found: Document = answer["answer"]
        return found

    def close(self) -> None:
        """Ends it; the other side is told."""
        with contextlib.suppress(OSError):  # it was gone already
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()

    def _send(self, document: Document) -> None:
        line = json.dumps(document).encode() + b"\n"
        try:
            with self._writing:
                self._socket.sendall(line)
        except OSError:
            raise _gone() from None

    def _read(self) -> None:
        # The other side may die in the middle of a line.
        with contextlib.suppress(OSError, ValueError), self._socket.makefile("rb") as lines:
            for line in lines:
                self._take(json.loads(line))
        self._ended = True
        for future in list(self._open.values()):
            if not future.done():
                future.set_exception(_gone())
        self._on_end()

    def _take(self, document: Document) -> None:
        if "question" in document:
            threading.Thread(target=self._answer, args=(document,), daemon=True).start()
        elif (future := self._open.get(document["number"])) is not None and not future.done():
            future.set_result(document)

    def _answer(self, document: Document) -> None:
        number = document["number"]
        try:
            found = self._handle(document["question"], document["told"])
            told: dict[str, Any] = {"number": number, "answer": found or {}}
        except WindlassError as error:
            told = {"number": number, "error": error.message}
        except Exception as error:  # noqa: BLE001 - the other side is told, and this one goes on
            told = {"number": number, "error": repr(error)}
        with contextlib.suppress(ServingError):  # nobody is there who could take it
            self._send(told)


def _gone() -> ServingError:
    return ServingError("the other process of the server is gone")
