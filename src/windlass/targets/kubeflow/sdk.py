"""The kfp SDK, in an interpreter that has it: a process that is asked line by line.

kfp pins so much that it seldom fits into a project's environment, and it needs not be there.
"""

from __future__ import annotations

import importlib.util
import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Any

from windlass.errors import ConfigError, UnreachableError

OLDEST = (2, 16)
"""Of these on, KFP's local runner knows loops and conditions."""
_PROGRAM = Path(__file__).with_name("sdk_program.py")
_LINES = 8


class Sdk:
    """A process of an interpreter that has kfp; it ends with the ``with`` block.

    Args:
        python: The interpreter; None for this one.
        variables: Its environment; None for that of this process.

    Raises:
        ConfigError: The interpreter cannot be started, or has no kfp, or one that is too old.
    """

    def __init__(self, python: str | None, variables: dict[str, str] | None = None) -> None:
        if python is None and importlib.util.find_spec("kfp") is None:
            raise ConfigError("there is no kfp in this environment", hint=_how_to_get())
        self._python = python or sys.executable
        self._said = tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace")
        try:
            self._process = subprocess.Popen(
                [self._python, str(_PROGRAM)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._said,
                text=True,
                env=variables,
            )
        except OSError as error:
            self._said.close()
            raise ConfigError(
                f"{self._python} cannot be started: {error.strerror}", hint=_how_to_get()
            ) from error
        try:
            self._check_version()
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

    def ask(self, verb: str, **told: Any) -> Any:
        """Has something done, and waits for the answer.

        Args:
            verb: What: a function of `sdk_program`.
            told: What it needs to know.

        Raises:
            UnreachableError: A server cannot be reached, or does not let us in.
            ConfigError: kfp refuses, or its process has died.
        """
        answer = self._answer({"do": verb, **told})
        if "error" not in answer:
            return answer["answer"]
        if answer["kind"] == "Unreachable":
            raise UnreachableError(answer["error"], hint=answer.get("hint"))
        raise ConfigError(f"kfp refuses: {answer['error']}", hint=self._last_lines())

    def close(self) -> None:
        """Ends the process."""
        self._process.communicate()
        self._said.close()

    def said(self) -> str:
        """What kfp has printed."""
        self._said.seek(0)
        return self._said.read()

    def _answer(self, told: Any) -> Any:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        try:
            self._process.stdin.write(json.dumps(told) + "\n")
            self._process.stdin.flush()
            line = self._process.stdout.readline()
        except BrokenPipeError:
            line = ""
        if not line:
            raise ConfigError(f"{self._python} has died", hint=self._last_lines())
        return json.loads(line)

    def _check_version(self) -> None:
        answer = self._answer({"do": "version"})
        if "error" in answer:
            raise ConfigError(
                f"{self._python} has no kfp: {answer['error']}", hint=_how_to_get()
            )
        version = answer["answer"]
        if tuple(map(int, re.findall(r"\d+", version)[:2])) < OLDEST:
            oldest = ".".join(map(str, OLDEST))
            raise ConfigError(
                f"kfp {version} of {self._python} is too old: it takes {oldest} or newer",
                hint=_how_to_get(),
            )

    def _last_lines(self) -> str | None:
        return "\n".join(self.said().strip().splitlines()[-_LINES:]) or None


def _how_to_get() -> str:
    oldest = ".".join(map(str, OLDEST))
    return (
        f"Install it in an environment of its own: pip install 'kfp>={oldest}', and name that in "
        'windlass.toml: [stacks.NAME.options] python = "/opt/kfp/bin/python"; '
        "or here: pip install 'windlass[kubeflow]'"
    )
