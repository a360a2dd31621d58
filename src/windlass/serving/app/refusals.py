"""What goes wrong, as it is told to who asked: never a path, a traceback or what they sent."""

from __future__ import annotations

import logging
import math
from collections.abc import Mapping
from typing import Any

from windlass.errors import (
    BusyError,
    NotFoundError,
    NotReadyError,
    ProtocolError,
    SignatureError,
    WindlassError,
)
from windlass.models.problems import told
from windlass.serving.app.reply import Header, Reply
from windlass.words import shortened

log = logging.getLogger("windlass.serving")

_LONGEST = 2000
_PROBLEMS = 100
_CHALLENGE: Header = (b"www-authenticate", b"Bearer")


def refusal(error: Exception, request: str) -> Reply:
    """The answer to a request that failed.

    What is nobody's fault who asked is logged with its traceback under the request's id, and
    answered with that id and no more.

    Args:
        error: What was raised.
        request: The id of the request.
    """
    reply = _reply(error, request)
    kinds = {BusyError: "busy", NotReadyError: "unready"}
    reply.failure = kinds.get(type(error), "error" if reply.status == 500 else "invalid")
    return reply


def _reply(error: Exception, request: str) -> Reply:
    match error:
        case ProtocolError():
            headers = (_CHALLENGE,) if error.status == 401 else ()
            return _told(error, error.status, request, *headers)
        case SignatureError():
            return _unfit(error, request)
        case NotFoundError():
            return _told(error, 404, request)
        case BusyError():
            after = b"%d" % max(1, math.ceil(error.retry_after))
            return _told(error, 503, request, (b"retry-after", after))
        case NotReadyError():  # why it is not is for those who run the server
            log.warning("request %s: %s", request, error.message)
            return Reply.json({"error": "the model cannot answer yet", "id": request}, 503)
    log.error("request %s failed", request, exc_info=error)
    message = "the server failed to answer; its log says more under the request's id"
    return Reply.json({"error": message, "id": request}, 500)


def _told(error: WindlassError, status: int, request: str, *headers: Header) -> Reply:
    document = {"error": shortened(error.message, _LONGEST), "id": request}
    if error.hint:
        document["hint"] = shortened(error.hint, _LONGEST)
    return Reply.json(document, status, *headers)


def _unfit(error: SignatureError, request: str) -> Reply:
    """Each problem by itself, so that a program can tell its user which field is wrong."""
    problems: list[Mapping[str, Any]] = [
        {"field": each.part, "rule": each.rule, "message": shortened(each.message, _LONGEST)}
        for each in error.found[:_PROBLEMS]
    ]
    message = error.message if not problems else told([each["message"] for each in problems])
    document = {"error": shortened(message, _LONGEST), "id": request, "problems": problems}
    return Reply.json(document, 400)
