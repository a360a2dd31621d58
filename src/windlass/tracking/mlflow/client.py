"""MLflow's own client, with its errors in our words."""

from __future__ import annotations

import base64
import contextlib
import importlib.metadata
import os
import urllib.error
import urllib.request
from collections.abc import Iterator
from functools import cached_property
from typing import Any
from urllib.parse import unquote, urlsplit

from windlass.errors import ConfigError, TrackerAwayError, TrackerError
from windlass.provenance.secrets import masked

_PATIENCE = 5.0
"""Seconds in which a server says that it is there."""
_SETTINGS = {
    # By itself its client tries a server that is away for minutes. We come again.
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "30",
    # It would print where each run can be looked at, into the midst of our own output.
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_DISABLE_TELEMETRY": "true",
}
OLDEST = 3
"""The oldest major version, of the client as of the server, that is spoken to."""
_UNAUTHENTICATED = 401
_VARIABLE = "MLFLOW_TRACKING_URI"


def is_there(address: str, seconds: float = _PATIENCE) -> bool:
    """Whether a server answers at an address; one that is no URL of HTTP needs no server."""
    if not address.startswith(("http://", "https://")):
        return True
    try:
        ask(address, "health", seconds)
    except urllib.error.HTTPError as error:
        return error.code < 500  # a proxy before it may know no such page, but it is there
    except (OSError, ValueError):
        return False
    return True


def ask(address: str, page: str, seconds: float = _PATIENCE) -> str:
    """What a server says on a page, without its client, which takes seconds to import.

    Raises:
        OSError: It does not answer, or with an error.
        ValueError: The address is none.
    """
    parts = urlsplit(address)
    plain = parts._replace(netloc=parts.netloc.rpartition("@")[2])
    request = urllib.request.Request(f"{plain.geturl().rstrip('/')}/{page}")  # noqa: S310
    if parts.username is not None:
        said = f"{unquote(parts.username)}:{unquote(parts.password or '')}".encode()
        request.add_header("Authorization", f"Basic {base64.b64encode(said).decode()}")
    with urllib.request.urlopen(request, timeout=seconds) as answer:  # noqa: S310
        return str(answer.read().decode())


class Client:
    """A server of MLflow.

    Args:
        address: Its tracking URI.

    Raises:
        ConfigError: There is no address, or its client is not installed.
    """

    def __init__(self, address: str) -> None:
        if not address:
            raise ConfigError(
                "the tracker 'mlflow' needs the address of its server",
                hint='Such as: tracker = "mlflow:http://HOST:5000".',
            )
        require_mlflow()
        self.address = address
        self.shown = masked(address)

    @cached_property
    def api(self) -> Any:
        """``mlflow.MlflowClient``."""
        quieten()
        from mlflow import MlflowClient

        return MlflowClient(tracking_uri=self.address)

    def reach(self) -> None:
        """Makes sure that it is there.

        Raises:
            TrackerAwayError: It is not.
        """
        if not is_there(self.address):
            raise TrackerAwayError(
                f"MLflow does not answer at {self.shown}",
                hint="What it is to be told waits in the record: windlass sync",
            )

    @contextlib.contextmanager
    def telling(self) -> Iterator[Any]:
        """Turns errors of MLflow's client into ours.

        Raises:
            TrackerAwayError: The server went away, or knows no such user.
            TrackerError: It refused.
        """
        from mlflow.exceptions import MlflowException

        try:
            yield self.api
        except (MlflowException, OSError) as error:
            self.reach()
            if _is_unknown_user(error):
                raise TrackerAwayError(
                    f"MLflow at {self.shown} does not let us in",
                    hint="Check the user and the password to which the tracker's address refers.",
                ) from error
            raise TrackerError(f"MLflow at {self.shown}: {masked(str(error))}") from error


def quieten() -> None:
    """Has MLflow's client be patient and talk as we do, unless somebody has said otherwise."""
    for name, value in _SETTINGS.items():
        os.environ.setdefault(name, value)


def require_mlflow() -> None:
    """Refuses to go on where MLflow's client is not installed, or too old.

    Raises:
        ConfigError: It is.
    """
    import importlib.util

    hint = "Install it: pip install 'windlass[mlflow]'"
    if importlib.util.find_spec("mlflow") is None:
        raise ConfigError(
            "the tracker 'mlflow' needs MLflow's client, which is not installed", hint=hint
        )
    version = _installed()
    if is_too_old(version):
        raise ConfigError(
            f"MLflow's client is {version} here; the tracker 'mlflow' needs {OLDEST} or newer",
            hint=hint,
        )


def is_too_old(version: str) -> bool:
    """Whether a version is known, and is one that is not spoken to."""
    major = version.partition(".")[0]
    return major.isdecimal() and int(major) < OLDEST


def _installed() -> str:
    """The version of the client; empty where no distribution tells it."""
    for name in ("mlflow-skinny", "mlflow"):
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            return importlib.metadata.version(name)
    return ""


def _is_unknown_user(error: Exception) -> bool:
    status = getattr(error, "get_http_status_code", None)
    return status is not None and status() == _UNAUTHENTICATED


@contextlib.contextmanager
def asking(address: str | None) -> Iterator[None]:
    """Has MLflow's own functions ask a server, and leaves them as they were.

    They don't tell whether somebody has named a server or they found one by themselves: so what
    they remember is kept as it is, and so is the variable that they set besides.

    Args:
        address: The server; None for the one that they ask already.
    """
    from mlflow.tracking._tracking_service import utils

    functions: Any = utils
    before, variable = getattr(utils, "_tracking_uri", None), os.environ.get(_VARIABLE)
    if address is not None:
        functions.set_tracking_uri(address)
    try:
        yield
    finally:
        functions.set_tracking_uri(before)
        os.environ.pop(_VARIABLE, None)
        if variable is not None:
            os.environ[_VARIABLE] = variable
