"""Constant load on a server, every answer of which is looked at.

A connection that ends before an answer has begun is opened anew and the request sent again, as
every client of a pool does: to ask a model twice changes nothing. How often is counted.
"""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Load:
    """Clients that ask the same again and again.

    Args:
        port: The server's.
        path: What is asked.
        body: With what.
        check: Looks at an answer; what it raises is a failure.
    """

    port: int
    path: str
    body: bytes
    check: Callable[[Mapping[str, Any]], None]
    answers: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)
    retries: int = 0
    _stop: bool = False

    @property
    def request(self) -> bytes:
        """The request as it is sent."""
        head = (
            f"POST {self.path} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n"
            f"content-length: {len(self.body)}\r\n\r\n"
        )
        return head.encode() + self.body

    def stop(self) -> None:
        """Lets all clients end after the answer that they wait for."""
        self._stop = True

    async def run(self, clients: int = 8) -> None:
        """Asks until it is stopped."""
        await asyncio.gather(*(self._client() for _ in range(clients)))

    async def _client(self) -> None:
        streams = None
        while not self._stop:
            try:
                streams = streams or await asyncio.open_connection("127.0.0.1", self.port)
                status, answer = await _ask(*streams, self.request)
            except (ConnectionError, asyncio.IncompleteReadError) as error:
                if streams is not None:
                    streams[1].close()
                streams = None
                self.retries += 1
                if isinstance(error, asyncio.IncompleteReadError) and error.partial:
                    self.failures.append("an answer broke off")
                continue
            self._note(status, answer)
        if streams is not None:
            streams[1].close()
            await streams[1].wait_closed()

    def _note(self, status: int, answer: Mapping[str, Any]) -> None:
        if status != 200:
            self.failures.append(f"{status}: {answer}")
            return
        try:
            self.check(answer)
        except AssertionError as error:
            self.failures.append(str(error))
        self.answers[str(answer["model_version"])] += 1


async def _ask(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, request: bytes
) -> tuple[int, Mapping[str, Any]]:
    writer.write(request)
    head = await reader.readuntil(b"\r\n\r\n")
    status, _, headers = head.decode("latin-1").partition("\r\n")
    length = next(
        int(line.partition(":")[2])
        for line in headers.lower().splitlines()
        if line.startswith("content-length")
    )
    return int(status.split(" ")[1]), json.loads(await reader.readexactly(length))
