"""MLflow's own client, with its errors in our words."""

from __future__ import annotations

import contextlib
import os
import urllib.error
import urllib.request
from collections.abc import Iterator
from functools import cached_property
from typing import Any

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
}


def is_there(address: str, seconds: float = _PATIENCE) -> bool:
    """Whether a server answers at an address; one that is no URL of HTTP needs no server."""
    if not address.startswith(("http://", "https://")):
        return True
    try:
        with urllib.request.urlopen(f"{address.rstrip('/')}/health", timeout=seconds):  # noqa: S310
            return True
    except urllib.error.HTTPError as error:
        return error.code < 500  # a proxy before it may know no such page, but it is there
    except (OSError, ValueError):
        return False


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
        for name, value in _SETTINGS.items():
            os.environ.setdefault(name, value)
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
            TrackerAwayError: The server went away.
            TrackerError: It refused.
        """
        from mlflow.exceptions import MlflowException

        try:
            yield self.api
        except (MlflowException, OSError) as error:
            self.reach()
            raise TrackerError(f"MLflow at {self.shown}: {masked(str(error))}") from error


def require_mlflow() -> None:
    """Refuses to go on where MLflow's client is not installed.

    Raises:
        ConfigError: It is not.
    """
    import importlib.util

    if importlib.util.find_spec("mlflow") is None:
        raise ConfigError(
            "the tracker 'mlflow' needs MLflow's client, which is not installed",
            hint="Install it: pip install 'windlass[mlflow]'",
        )
