"""How much a request may ask for: all of it is checked before anything is made of it."""

from __future__ import annotations

from dataclasses import dataclass

from windlass.errors import ProtocolError
from windlass.words import size_text

_MIB = 2**20


@dataclass(frozen=True, slots=True)
class Limits:
    """The most that a request may have.

    Args:
        body: Bytes, also once they are decompressed.
        expansion: How many times as long it may become when it is decompressed.
        json: Bytes of JSON, of which what is read takes up to forty times as much.
        brackets: Lists and objects of JSON: of all that it holds they take most to be made.
        headers: How many headers.
        chunks: In how many pieces the body may come.
        seconds: How long it may take to come.
        tensors: How many inputs or outputs are named.
        axes: Of a tensor.
        rows: Objects of a request that names its rows by themselves.
        texts: Of all tensors in binary, where a text may be as short as its length.
        held: Bytes of bodies that came in pieces, of all requests that are answered at once.
    """

    body: int = 64 * _MIB
    expansion: int = 100
    json: int = 8 * _MIB
    brackets: int = 500_000
    headers: int = 100
    chunks: int = 65_536
    seconds: float = 60.0
    tensors: int = 4096
    axes: int = 8
    rows: int = 100_000
    texts: int = 1 << 21
    held: int = 512 * _MIB

    def check_json(self, body: bytes, size: int) -> None:
        """Refuses more JSON than there may be.

        Args:
            body: What it is the beginning of.
            size: How many bytes it has.

        Raises:
            ProtocolError: 413 for its length, 400 for what is in it.
        """
        if size > self.json:
            raise ProtocolError(
                f"the JSON has {size_text(size)}, and may have {size_text(self.json)}",
                status=413,
                hint="Send tensors in binary, or fewer rows at a time.",
            )
        if size > self.brackets and self._opened(body, size) > self.brackets:
            raise ProtocolError(
                f"the JSON has more than {self.brackets:,} lists and objects",
                hint="Send the data of tensors flat, or in binary.",
            )

    @staticmethod
    def _opened(body: bytes, size: int) -> int:
        """How many brackets open; those in texts are counted, too."""
        return body.count(b"[", 0, size) + body.count(b"{", 0, size)

    def check_texts(self, count: int) -> None:
        """Refuses more texts in binary than there may be.

        Raises:
            ProtocolError: 413.
        """
        if count > self.texts:
            raise ProtocolError(
                f"there are more than {self.texts:,} texts",
                status=413,
                hint="Send fewer rows at a time.",
            )

    def too_large(self) -> ProtocolError:
        """The error for a body that is too large: 413."""
        return ProtocolError(
            f"the body has more than {size_text(self.body)}",
            status=413,
            hint="Send fewer rows at a time.",
        )
