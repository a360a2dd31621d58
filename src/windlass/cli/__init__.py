"""The command line: thin, one module for each group of commands."""

from __future__ import annotations

import gc
import os
import sys

_HASH_SEED = "PYTHONHASHSEED"


def main() -> None:
    """The program ``windlass``."""
    if sys.argv[1:2] == ["execute"]:
        _fix_hash_seed()
    gc.disable()  # what is imported stays: looking through it takes a fifth of the start
    try:
        from windlass.cli.app import run_app
        from windlass.cli.output import FAILED, discard_output
    except KeyboardInterrupt:  # before there was anything to interrupt
        sys.exit(130)

    gc.freeze()
    gc.enable()
    code = run_app(sys.argv[1:])
    try:
        sys.stdout.flush()
    except OSError:  # a full disk: told already, and Python would tell it again in its own way
        discard_output()
        code = code or FAILED
    sys.exit(code)


def _fix_hash_seed() -> None:
    """Starts anew, before much is imported, where sets have another order than in workers."""
    if os.environ.get(_HASH_SEED) != "0":
        words = [sys.executable, *sys.orig_argv[1:]]
        os.execve(sys.executable, words, {**os.environ, _HASH_SEED: "0"})  # noqa: S606
