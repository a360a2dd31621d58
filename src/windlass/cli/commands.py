"""Every command by its name: what the help says of it, and where it is.

A table and not decorators: a command line needs one of thirty modules, and to import them all, and
to read all that they can be told, takes longer than most commands do.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class Command(NamedTuple):
    """A command.

    Args:
        place: Its function, as ``module:function`` of this package.
        help: What it does, in a line.
        hidden: Whether it is for engines and not for people.
    """

    place: str
    help: str
    hidden: bool = False


COMMANDS = {
    "init": Command("making:init", "Make a folder a Windlass project."),
    "run": Command("running:run", "Run a pipeline."),
    "resume": Command("resuming:resume", "Go on with a run that was killed, failed or cancelled."),
    "cancel": Command("cancelling:cancel", "Ask a run to end; what has succeeded is kept."),
    "sync": Command(
        "syncing:sync", "Take in what workers of a run posted that could not reach the record."
    ),
    "runs": Command("looking:runs", "List runs, the newest first."),
    "show": Command("looking:show", "Show a run: its nodes, their states and outputs."),
    "logs": Command("logs:logs", "Print what a run, or one node of it, has written."),
    "diff": Command("differing:diff", "Show what differs between two runs."),
    "explain": Command("explaining:explain", "Explain why nodes of a run ran, or did not."),
    "reproduce": Command(
        "reproducing:reproduce", "Run a recorded run again, and compare what comes out."
    ),
    "compile": Command("compiling:compile_", "Write a pipeline as files for an engine."),
    "portability": Command(
        "porting:portability", "Run a pipeline on several targets, and compare."
    ),
    "power": Command("comparing:power", "Tell how many cases a comparison of models needs."),
    "test": Command(
        "testing:run_tests", "Run the release tests of a model's version, and keep the report."
    ),
    "promote": Command(
        "promoting:promote", "Make a version of a model the champion, if its tests have passed."
    ),
    "rollback": Command(
        "promoting:rollback", "Make the version the champion again that was it before."
    ),
    "scorecard": Command(
        "scoring:scorecard", "Tell how ready a model is for production, line by line."
    ),
    "monitor": Command("monitoring:monitor", "Tell what is off with a model in production."),
    "turn": Command(
        "turning:turn", "Take a turn: make a model's next version, test it, and promote it."
    ),
    "watch": Command("watching:watch", "Look after models, and begin a turn of each that is due."),
    "history": Command("promoting:history", "Tell where a model's aliases have been, and why."),
    "serve": Command("serving:serve", "Serve models over HTTP, and follow what is promoted."),
    "ui": Command("web:ui", "Show runs, models and deployments in a browser."),
    "report": Command(
        "reporting:report", "Write a run or a model as one file that opens in any browser."
    ),
    "compose": Command(
        "deploying:compose", "Write a compose file: a database, the server, the watcher."
    ),
    "lineage": Command("lineage:lineage", "Show how an artifact came to be, and what came of it."),
    "gc": Command(
        "collecting:gc", "Remove what no run needs; and old runs, where that is asked for."
    ),
    "doctor": Command("making:doctor", "Examine this machine, the settings and the stores."),
    "begin": Command("syncing:begin", "Begin a run where no record can be reached.", hidden=True),
    "execute": Command("executing:execute", "Execute one node of a recorded run.", hidden=True),
}
"""By their names, in the order in which the help lists them."""


class Group(NamedTuple):
    """A command of commands.

    Args:
        module: The one whose ``app`` it is.
        more: Commands that it has besides, from other modules.
    """

    module: str
    more: Mapping[str, Command] = {}


GROUPS = {
    "artifacts": Group("values"),
    "models": Group(
        "models",
        {
            "compare": Command("comparing:compare", "Compare two versions on held-out rows."),
            "convert": Command(
                "converting:convert", "Make a version a model of ONNX too, and compare the two."
            ),
            "register": Command(
                "registering:register", "Register a model that lies in a file of another tool."
            ),
        },
    ),
    "cache": Group("caching"),
    "stack": Group("stacks"),
}
"""By their names; the help lists them last."""
