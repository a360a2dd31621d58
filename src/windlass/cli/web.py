"""``ui``: the dashboard in a browser."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from windlass.cli.output import DONE, Json, StackName, command, console, print_json
from windlass.errors import ConfigError

if TYPE_CHECKING:
    from windlass.web.tokens import Right, Tokens

_LOOPBACK = ("127.0.0.1", "::1", "localhost")
_FOR = {"reading": "to look", "acting": "to look and to act"}


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
    names: Annotated[
        list[str] | None,
        typer.Option("--allow-host", metavar="NAME", help="A name by which it may be asked, too."),
    ] = None,
    tokens: Annotated[
        bool,
        typer.Option("--tokens", help="Ask for a token on this machine, too, as behind a proxy."),
    ] = False,
    new_tokens: Annotated[
        bool, typer.Option("--new-tokens", help="Make others: those of before open nothing more.")
    ] = False,
    open_it: Annotated[bool, typer.Option("--open", help="Open a browser at it.")] = False,
    stack: StackName = None,
    json: Json = False,
) -> int:
    """Shows runs, models and deployments in a browser."""
    from windlass.web.guard import Guard
    from windlass.web.server import serve
    from windlass.web.site import open_sites

    sites = open_sites(projects or [Path.cwd()], stack)
    is_open = tokens or host not in _LOOPBACK
    if new_tokens and not is_open:
        raise ConfigError(
            f"at {host} no token is asked for", hint="Add --tokens, or another --host."
        )
    home = sites.all[0].stack.project
    kept, made = _tokens(home.make_home(), new=new_tokens) if is_open else (None, {})

    def tell(address: str) -> None:
        if json:
            print_json({"address": address, "tokens": made if is_open else None})
        else:
            _tell(address, made, is_open=is_open)
        if open_it:
            typer.launch(address)

    serve(sites, Guard(kept, names or ()), host, port, tell)
    return DONE


def _tokens(folder: Path, *, new: bool) -> tuple[Tokens, dict[Right, str]]:
    """The tokens of a project, and those that are made now."""
    from windlass.web.tokens import kept_tokens, make_tokens

    kept = None if new else kept_tokens(folder)
    return (kept, {}) if kept is not None else make_tokens(folder)


def _tell(address: str, made: dict[Right, str], *, is_open: bool) -> None:
    out = console()
    out.print(f"the dashboard is at {address}", highlight=False)
    for right, token in made.items():
        out.print(f"token {_FOR[right]}: {token}", markup=False, soft_wrap=True)
    if made:
        out.print("they are told this once: keep them", style="dim")
    elif is_open:
        out.print("its tokens are those of before; --new-tokens makes others", style="dim")
    out.print("end it with Ctrl-C", highlight=False)
