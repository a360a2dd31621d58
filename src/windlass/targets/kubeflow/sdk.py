"""The kfp SDK, in an interpreter that has it: a process that is asked line by line.

kfp pins so much that it seldom fits into a project's environment, and it needs not be there.
"""

from __future__ import annotations

import contextlib
import importlib.util
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import IO, Any, cast

from windlass.errors import ConfigError, UnreachableError

OLDEST = (2, 17)
"""Of these on, KFP's local runner orders loops and conditions among the other tasks."""
_PROGRAM = Path(__file__).with_name("sdk_program.py")
_LINES = 8
_PATIENCE = 5
"""Seconds for the process to end itself."""


class Sdk:
    """A process of an interpreter that has kfp; it ends with the ``with`` block.

    Args:
        python: The interpreter; None for this one.
        variables: Its environment; None for that of this process.

    Attributes:
        version: That of kfp.

    Raises:
        ConfigError: The interpreter cannot be started, or has no kfp, or one that is too old.
    """

    def __init__(self, python: str | None, variables: dict[str, str] | None = None) -> None:
        if python is None and importlib.util.find_spec("kfp") is None:
            raise ConfigError("there is no kfp in this environment", hint=_how_to_get())
        self._python = python or sys.executable
        self._said = tempfile.TemporaryFile(  # noqa: SIM115 - closed with the process
            "w+", encoding="utf-8", errors="replace"
        )
        try:
            self._process = subprocess.Popen(
                [self._python, str(_PROGRAM)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._said,
                text=True,
                env=variables,
                start_new_session=True,  # Ctrl-C is ours to pass on
            )
        except OSError as error:
            self._said.close()
            raise ConfigError(
                f"{self._python} cannot be started: {error.strerror}", hint=_how_to_get()
            ) from error
        try:
            self.version = self._checked_version()
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Sdk:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def ask(self, verb: str, hear: Callable[[Any], None] | None = None, **told: Any) -> Any:
        """Has something done, and waits for the answer.

        Args:
            verb: What: a function of `sdk_program`.
            hear: What is told on the way to the answer.
            told: What it needs to know.

        Raises:
            UnreachableError: A server cannot be reached, or does not let us in.
            ConfigError: kfp refuses, or its process has died.
        """
        answer = self._answer({"do": verb, **told}, hear)
        if "error" not in answer:
            return answer["answer"]
        if answer["kind"] == "_Unreachable":
            raise UnreachableError(answer["error"])
        raise ConfigError(f"kfp refuses: {answer['error']}", hint=self._last_lines())

    def close(self) -> None:
        """Ends the process, and all that it started if it does not end itself."""
        with contextlib.suppress(BrokenPipeError):
            cast("IO[str]", self._process.stdin).close()
        try:
            self._process.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        cast("IO[str]", self._process.stdout).close()
        self._said.close()

    def kill(self) -> None:
        """Asks the process, and all that it started, to end at once."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGTERM)

    def said(self) -> str:
        """What kfp has printed."""
        self._said.seek(0)
        return self._said.read()

    def _answer(self, told: Any, hear: Callable[[Any], None] | None = None) -> Any:
        questions = cast("IO[str]", self._process.stdin)
        answers = cast("IO[str]", self._process.stdout)
        with contextlib.suppress(BrokenPipeError):
            questions.write(json.dumps(told) + "\n")
            questions.flush()
            for line in answers:
                answer = json.loads(line)
                if "told" not in answer:
                    return answer
                if hear is not None:
                    hear(answer["told"])
        raise ConfigError(f"{self._python} has died", hint=self._last_lines())

    def _checked_version(self) -> str:
        answer = self._answer({"do": "version"})
        if "error" in answer:
            raise ConfigError(f"{self._python} has no kfp: {answer['error']}", hint=_how_to_get())
        version = str(answer["answer"])
        if tuple(map(int, re.findall(r"\d+", version)[:2])) < OLDEST:
            oldest = ".".join(map(str, OLDEST))
            raise ConfigError(
                f"kfp {version} of {self._python} is too old: it takes {oldest} or newer",
                hint=_how_to_get(),
            )
        return version

    def _last_lines(self) -> str | None:
        return "\n".join(self.said().strip().splitlines()[-_LINES:]) or None


def _how_to_get() -> str:
    oldest = ".".join(map(str, OLDEST))
    return (
        f"Install it in an environment of its own: pip install 'kfp>={oldest}', and name that in "
        'windlass.toml: [stacks.NAME.options] python = "/opt/kfp/bin/python"; '
        "or here: pip install 'windlass[kubeflow]'"
    )
