"""The command line: thin, one module for each group of commands."""

from __future__ import annotations

import sys


def main() -> None:
    """The program ``windlass``."""
    from windlass.cli.app import run_app

    sys.exit(run_app(sys.argv[1:]))
