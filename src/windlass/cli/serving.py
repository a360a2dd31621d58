"""``serve``: a model behind HTTP, following its alias; or the image that does so."""

from __future__ import annotations

import logging
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from windlass.cli.output import DONE, Json, StackName, command, console, print_json
from windlass.errors import ConfigError

if TYPE_CHECKING:
    from windlass.serving.settings import ServerSettings

_LOOPBACK = ("127.0.0.1", "::1", "localhost")


@command
def serve(
    models: Annotated[
        list[str],
        typer.Argument(metavar="MODEL[@ALIAS]…", help="What to serve; the champion if not said."),
    ],
    host: Annotated[str, typer.Option("--host", help="The address to listen at.")] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="0 for any free one.")] = (
        8080
    ),
    workers: Annotated[
        int, typer.Option("--workers", min=1, max=256, help="How many processes answer.")
    ] = 1,
    names: Annotated[
        list[str] | None,
        typer.Option("--allow-host", metavar="NAME", help="A name by which it may be asked, too."),
    ] = None,
    token: Annotated[
        str,
        typer.Option(
            "--token-from", metavar="VARIABLE", help="Holds the token of the admin plane."
        ),
    ] = "WINDLASS_TOKEN",  # noqa: S107 - the name of a variable
    waiting: Annotated[
        int, typer.Option("--queue", min=1, help="Rows that may wait before it answers 503.")
    ] = 100_000,
    latency: Annotated[
        float, typer.Option("--batch-ms", min=0.1, help="What a batch of requests may take.")
    ] = 50.0,
    follow: Annotated[
        float, typer.Option("--follow", min=0.01, help="Seconds between looks at the alias.")
    ] = 2.0,
    log: Annotated[
        bool, typer.Option("--log/--no-log", help="Whether predictions are logged and counted.")
    ] = True,
    wait: Annotated[
        bool, typer.Option("--wait", help="Start before there is a version, and wait for one.")
    ] = False,
    container: Annotated[
        bool, typer.Option("--container", help="Build an image that serves it, and end.")
    ] = False,
    tags: Annotated[
        list[str] | None,
        typer.Option("--tag", "-t", metavar="NAME", help="What the image is called, too."),
    ] = None,
    release: Annotated[
        str | None, typer.Option("--release", hidden=True, help="A release that is brought along.")
    ] = None,
    stack: StackName = None,
    json: Json = False,
) -> int:
    """Serves models, and follows their aliases without a moment down."""
    from windlass.cli.place import stack_here
    from windlass.serving.deployment import Limits
    from windlass.serving.server import serve as serve_until_signal
    from windlass.serving.settings import ServerSettings, named_models

    of_image = {"--tag": bool(tags), "--json": json}
    of_server = {"--host": host != _LOOPBACK[0], "--wait": wait, "--release": bool(release)}
    _refuse_misplaced(of_server if container else of_image, container=container)
    settings = ServerSettings(
        tuple(named_models(models).items()),
        stack_here(stack),
        host,
        port,
        workers,
        tuple(names or ()),
        token,
        Limits(latency / 1000, waiting),
        log,
        follow,
        release,
        wait,
    )
    if container:
        return _build(settings, tags or [], json=json)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")

    def tell(address: str) -> None:
        out = console()
        out.print(f"serving {', '.join(models)} at {address}", highlight=False)
        model = settings.models[0][0]
        out.print(f"try it: curl {address}/v2/models/{model}", highlight=False)
        if host not in _LOOPBACK:
            out.print("what it needs to be reached by other names: --allow-host NAME")

    serve_until_signal(settings, tell)
    return DONE


def _refuse_misplaced(given: dict[str, bool], *, container: bool) -> None:
    """Refuses options that would be ignored."""
    for name in (name for name, is_given in given.items() if is_given):
        if container:
            raise ConfigError(
                f"{name} is for a server on this machine, and not for an image",
                hint="Leave it out: an image listens at all its addresses, and has its version.",
            )
        raise ConfigError(f"{name} is for an image", hint="Give --container with it.")


def _build(settings: ServerSettings, tags: list[str], *, json: bool) -> int:
    from windlass.deploying.deployment import build_deployment
    from windlass.deploying.image import PORT

    built = build_deployment(settings, tags, tell_progress)
    if json:
        print_json(asdict(built))
        return DONE
    out = console()
    out.print(f"{built.version} is in the image {(*built.tags, built.image)[0]}", highlight=False)
    out.print(f"run it: {built.run}", highlight=False, soft_wrap=True)
    address = f"http://127.0.0.1:{settings.port or PORT}"
    out.print(f"try it: curl {address}/v2/models/{settings.models[0][0]}", highlight=False)
    return DONE


def tell_progress(line: str) -> None:
    """Tells what takes time, where it is in nobody's way."""
    print(line, file=sys.stderr, flush=True)  # noqa: T201
