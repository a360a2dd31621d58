"""``ui``: the dashboard in a browser."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from windlass.cli.output import DONE, StackName, command, console


@command
def ui(
    projects: Annotated[
        list[Path] | None,
        typer.Argument(metavar="[PROJECT]…", help="Folders of projects; this one if not said."),
    ] = None,
    host: Annotated[str, typer.Option("--host", help="The address to listen at.")] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="0 for any free one.")] = (
        8090
    ),
    stack: StackName = None,
) -> int:
    """Shows runs, models and deployments in a browser."""
    from windlass.web.server import serve
    from windlass.web.site import open_sites

    sites = open_sites(projects or [Path.cwd()], stack)

    def tell(address: str) -> None:
        console().print(f"the dashboard is at {address}", highlight=False)
        console().print("end it with Ctrl-C", highlight=False)

    serve(sites, host, port, tell)
    return DONE
