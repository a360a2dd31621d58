"""A connection to a Ray cluster, or to one that is started here; and what its nodes have."""

from __future__ import annotations

import contextlib
import gc
import logging
import os
import re
import socket
import sys
from collections.abc import Mapping
from typing import Any

from windlass.errors import ConfigError
from windlass.pipeline.plan import Plan
from windlass.targets.ray.options import RayOptions

_PATIENCE = 10.0
"""Seconds."""
_VERSIONS = re.compile(r"Ray: (\S+)\s+Python: (\S+)")
OLDEST = (2, 40)
"""The oldest Ray that is tried."""
_OFF = {
    # By which Ray would upload the whole folder when this program was started by `uv run`.
    "RAY_ENABLE_UV_RUN_RUNTIME_ENV": "0",
    "RAY_USAGE_STATS_ENABLED": "0",
    # Another patch version of Python is no obstacle: what is sent there is the same in both.
    "RAY_DEFAULT_PYTHON_VERSION_MATCH_LEVEL": "minor",
    # A later Ray does so by itself, and says so in a warning.
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
}


class Cluster:
    """A connection, which is given up by `close`.

    Args:
        options: How runs use Ray.

    Attributes:
        nodes: The resources of each node that lives.
        shares_disk: Whether the nodes see this machine's files.

    Raises:
        ConfigError: Ray is not installed or too old; or the cluster cannot be reached.
    """

    def __init__(self, options: RayOptions) -> None:
        os.environ.update(_OFF)
        self.ray = import_ray()
        self._options = options
        self._is_ours = not self.ray.is_initialized()
        if self._is_ours:
            self._connect()
        alive = [node for node in self.ray.nodes() if node["Alive"]]
        self.nodes: list[Mapping[str, float]] = [node["Resources"] for node in alive]
        hosts = {node["NodeManagerHostname"] for node in alive}
        is_here = hosts <= {socket.gethostname()}
        self.shares_disk = is_here if options.shares_disk is None else options.shares_disk

    def check(self, plan: Plan) -> None:
        """Refuses a plan that no node can run.

        Raises:
            ConfigError: A step asks for more than any node has.
        """
        if self._options.autoscaling:
            return
        for node in plan.graph.nodes.values():
            wanted = self.wanted(plan, node.name)
            if not any(_fits(wanted, has) for has in self.nodes):
                told = ", ".join(f"{amount:g} {name}" for name, amount in wanted.items())
                raise ConfigError(
                    f"'{node.name}' asks for {told}, which no node of the Ray cluster has",
                    hint="Lower what the step asks for, or add such a node. If nodes come when "
                    "they are needed: autoscaling = true in the stack's options.",
                )

    def wanted(self, plan: Plan, node: str) -> dict[str, float]:
        """What a node of the graph asks of a machine, by Ray's names."""
        found = plan.graph.nodes[node]
        settings = plan.settings(found)
        own = self._options.resources.get(found.step.rpartition(":")[2], {})
        wanted = {"CPU": settings.cpus, "GPU": settings.gpus, "memory": settings.memory_bytes}
        return {name: amount for name, amount in {**wanted, **own}.items() if amount}

    @property
    def most(self) -> int:
        """How many attempts are handed to Ray at once: enough for no core to wait."""
        cores = sum(node.get("CPU", 0) for node in self.nodes)
        return self._options.in_flight or max(4, 2 * int(cores))

    def close(self) -> None:
        """Gives the connection up, and ends the cluster if it was started here."""
        if self._is_ours:
            self._is_ours = False
            with contextlib.redirect_stdout(sys.stderr):  # it may have something left to tell
                self.ray.shutdown()

    def _connect(self) -> None:
        if self._options.address is not None:
            look_for(self._options.address)
        here = {"include_dashboard": False} if self._options.address is None else {}
        try:
            self.ray.init(
                address=self._options.address or "local",
                log_to_driver=False,  # the logs of steps are files of their own
                logging_level=logging.ERROR,
                **here,
            )
        except Exception as error:
            with contextlib.suppress(Exception):
                self.ray.shutdown()
            place = self._options.address or "this machine"
            raise in_words(place, error) from error


def in_words(place: str, error: Exception) -> ConfigError:
    """What a person is told in the place of what Ray says when it cannot connect."""
    versions = _VERSIONS.findall(str(error))
    if len(versions) != 2:
        return ConfigError(
            f"Ray on {place} cannot be used: {_first_line(error)}",
            hint="Is the cluster up, of the same Ray and Python? And does it know this user: "
            "Ray takes a token from ~/.ray/auth_token, or none by RAY_AUTH_MODE=disabled.",
        )
    there, here = versions
    return ConfigError(
        f"Ray on {place} cannot be used: it is Ray {there[0]} on Python {there[1]} there, and Ray "
        f"{here[0]} on Python {here[1]} here",
        hint="Start the run in a Python of the same minor version, with the same Ray, as the "
        f"cluster's: pip install ray=={there[0]}",
    )


def look_for(address: str) -> str:
    """Whether somebody listens at an address, in words: Ray itself would try for minutes.

    Raises:
        ConfigError: Nobody does.
    """
    found = re.fullmatch(r"(?:ray://)?([^:/]+|\[[^]]+\]):(\d+)(?:/.*)?", address)
    if found is None:  # "auto", or a name that Ray makes something of
        return f"{address}: Ray looks for it when a run begins"
    host, port = found[1].strip("[]"), int(found[2])
    try:
        socket.create_connection((host, port), timeout=_PATIENCE).close()
    except OSError as error:
        raise ConfigError(
            f"Ray on {address} cannot be used: nobody listens there ({error.strerror or error})",
            hint="Is the cluster up, and its port open from here? ray status tells, on its head.",
        ) from error
    return f"somebody listens at {address}"


def import_ray() -> Any:
    """The library.

    Raises:
        ConfigError: It is not installed, or too old.
    """
    collects = gc.isenabled()
    gc.disable()  # what is imported stays: looking through it takes an eighth of the time
    try:
        import ray
    except ImportError as error:
        raise ConfigError(
            f"the target ray needs Ray: {error}", hint="pip install 'windlass[ray]'"
        ) from error
    finally:
        if collects:
            gc.enable()
    found = tuple(int(part) for part in ray.__version__.split(".")[:2])
    if found < OLDEST:
        oldest = ".".join(map(str, OLDEST))
        raise ConfigError(
            f"Ray {ray.__version__} is too old: the target ray needs {oldest} or newer",
            hint="pip install --upgrade ray, here and on the cluster.",
        )
    return ray


def _fits(wanted: Mapping[str, float], has: Mapping[str, float]) -> bool:
    return all(has.get(name, 0) >= amount for name, amount in wanted.items())


def _first_line(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[0] if lines else type(error).__name__
