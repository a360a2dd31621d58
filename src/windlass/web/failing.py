"""What an error is over HTTP: its status, and what a person or a program is told of it."""

from __future__ import annotations

import logging
import uuid

from pydantic import ValidationError
from typing_extensions import TypedDict  # pydantic reads no other before Python 3.12

from windlass.errors import (
    ConfigError,
    NotFoundError,
    ParameterError,
    PromotionError,
    ProtocolError,
    RecordError,
    StoreError,
    UnreachableError,
    WindlassError,
)

_LOG = logging.getLogger(__name__)

_STATUS: tuple[tuple[type[WindlassError], int], ...] = (
    (NotFoundError, 404),
    (ParameterError, 400),
    (ConfigError, 400),
    (PromotionError, 409),
    (UnreachableError, 503),
    (RecordError, 503),
    (StoreError, 503),
    (WindlassError, 400),
)


class ErrorDocument(TypedDict):
    """Why there is no answer.

    ``status`` is that of the answer; ``error`` says what is wrong and ``hint`` what to do; ``id``
    finds the error in the server's log where it is the server's.
    """

    status: int
    error: str
    hint: str | None
    id: str | None


def error_document(error: Exception) -> ErrorDocument:
    """What is told of an error; of one that nobody foresaw only where to find it."""
    if isinstance(error, WindlassError):
        status = _status(error)
        return ErrorDocument(status=status, error=error.message, hint=error.hint, id=None)
    if isinstance(error, ValidationError):
        return ErrorDocument(status=400, error=_wrong(error), hint=None, id=None)
    found = uuid.uuid4().hex[:12]
    _LOG.error("error %s", found, exc_info=error)
    told = "something went wrong here; it is not your doing"
    return ErrorDocument(status=500, error=told, hint="The server's log has it.", id=found)


def _status(error: WindlassError) -> int:
    if isinstance(error, ProtocolError):
        return error.status
    return next(status for kind, status in _STATUS if isinstance(error, kind))


def _wrong(error: ValidationError) -> str:
    """What is wrong with a query, a part a clause."""
    parts = []
    for each in error.errors(include_url=False, include_context=False, include_input=False):
        name = ".".join(map(str, each["loc"]))
        known = each["type"] != "extra_forbidden"
        parts.append(f"{name}: {each['msg']}" if known else f"'{name}' is not asked for here")
    return "; ".join(parts)
