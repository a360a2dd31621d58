"""``report``: a run or a model in one file, for whoever has no dashboard."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from windlass.cli.output import DONE, Json, StackName, command, console, print_json
from windlass.errors import ConfigError
from windlass.words import size_text

if TYPE_CHECKING:
    from windlass.web.reports.report import Report

_STDOUT = Path("-")


@command
def report(
    named: Annotated[
        str,
        typer.Argument(
            metavar="RUN|MODEL[@VERSION]", help="Such as training-42, delay, or delay@3."
        ),
    ],
    output: Annotated[
        Path,
        typer.Option("-o", "--output", metavar="FILE", help="Where to; - for standard output."),
    ] = Path("report.html"),
    stack: StackName = None,
    json: Json = False,
) -> int:
    """Writes what the dashboard shows of a run or a model as one file of HTML."""
    if json and output == _STDOUT:
        raise ConfigError(
            "standard output cannot hold the report and a JSON document",
            hint="Name a file with -o, or leave out --json.",
        )
    if output.is_dir() or not output.parent.is_dir():
        wrong = "is a folder" if output.is_dir() else "would lie in a folder that is not there"
        raise ConfigError(f"{output} {wrong}", hint="Name a file with -o.")
    made = _make(named, stack)
    if output == _STDOUT:
        _print(made.html)
        return DONE
    size = _write(output, made.html)
    if json:
        print_json({"kind": made.kind, "name": made.name, "file": str(output), "bytes": size})
    else:
        told = f"report of {made.name}: {output}, {size_text(size)}"
        console().print(told, markup=False, soft_wrap=True)
    return DONE


def _make(named: str, stack: str | None) -> Report:
    try:
        from windlass.web.reports.report import make_report
        from windlass.web.site import open_sites
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("windlass"):
            raise
        raise ConfigError(
            f"a report needs {error.name}, which is not installed",
            hint="Install it: pip install 'windlass[ui]'",
        ) from error
    return make_report(open_sites([Path.cwd()], stack).all[0], named)


def _print(html: str) -> None:
    sys.stdout.buffer.write(html.encode())
    sys.stdout.buffer.flush()


def _write(output: Path, html: str) -> int:
    """Writes a file that is there whole or not at all, and tells its bytes."""
    data = html.encode()
    if output.exists() and not output.is_file():  # a pipe
        return output.write_bytes(data)
    temporary = output.with_name(f".{output.name}.{os.getpid()}")
    try:
        temporary.write_bytes(data)
        temporary.replace(output)
    finally:
        temporary.unlink(missing_ok=True)
    return len(data)
