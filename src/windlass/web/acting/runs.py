"""Cancelling a run, going on with one, and running one again with other parameters."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from pydantic import ConfigDict, StrictStr

from windlass import modules
from windlass.errors import ConfigError, DefinitionError, WindlassError
from windlass.execution import cancelling
from windlass.execution.liveness import is_gone
from windlass.natural import natural
from windlass.pipeline.plan import read_plan
from windlass.records.model import Event, Run
from windlass.web.action import Field, Form, Question, check_field, text_field
from windlass.web.launches import Launch, launch
from windlass.web.page import Ask

_PARAMETER = "p."
"""What the names of fields of parameters begin with."""


class ResumeForm(Form):
    """How to go on with a run."""

    with_changes: bool = False


class AgainForm(Form):
    """The parameters of a run that is to be run again, each as ``p.NAME``, and its seed."""

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, StrictStr]
    seed: int = 0

    def parameters(self) -> dict[str, str]:
        """Parameters as text, by their names.

        Raises:
            ConfigError: Something else was sent.
        """
        sent = self.__pydantic_extra__ or {}
        if strange := [name for name in sent if not name.startswith(_PARAMETER)]:
            raise ConfigError(f"the form has no field '{strange[0]}'")
        return {name.removeprefix(_PARAMETER): text for name, text in sent.items()}


def ask_cancel(ask: Ask[Any]) -> Question:
    """Whether a run is to be ended."""
    run = ask.records.run(ask.path["run"])
    return _question(
        run,
        f"Cancel {run.name}?",
        ["What has succeeded is kept, and the run can be resumed.", "Steps that run are ended."],
        "Cancel the run",
        refused=_refusal(run, cancelling.refuse_idle),
    )


def cancel(ask: Ask[Any], _: Form, who: str) -> str:
    """Asks the run's driver to end it."""
    run = ask.records.run(ask.path["run"])
    cancelling.cancel(ask.records, run, who)
    return _path(run)


def ask_resume(ask: Ask[Any]) -> Question:
    """Whether a run is to be gone on with."""
    run = ask.records.run(ask.path["run"])
    label = "Take code, packages and files as they are now, not as they were recorded"
    told = ["What has succeeded is not run again.", "It goes on on the machine of this dashboard."]
    return _question(
        run,
        f"Resume {run.name}?",
        told,
        "Resume the run",
        [check_field("with_changes", label)],
        refused=_refusal(run, _refuse_resuming),
    )


def resume(ask: Ask[Any], form: ResumeForm, who: str) -> str:
    """Begins ``windlass resume``."""
    run = ask.records.run(ask.path["run"])
    _refuse_resuming(run)
    changes = ["--with-changes"] if form.with_changes else []
    words = ["resume", run.id, "--stack", ask.site.stack.name, *changes]
    return _begun(ask, run, "asked to resume", {}, words, who)


def ask_again(ask: Ask[Any]) -> Question:
    """With what parameters a run is to be run again."""
    run = ask.records.run(ask.path["run"])
    fields = [
        text_field(f"{_PARAMETER}{name}", name, _text(natural(value)))
        for name, value in run.parameters.items()
    ]
    return _question(
        run,
        f"Run {run.pipeline} again?",
        [
            "A new run of the code as it is now, with these parameters.",
            "What is still the same comes from the cache.",
        ],
        "Run it",
        [*fields, text_field("seed", "seed", str(run.seed), "of its random generators")],
        refused=_refusal(run, lambda run: _refuse_again(ask, run)),
    )


def run_again(ask: Ask[Any], form: AgainForm, who: str) -> str:
    """Begins ``windlass run`` with the parameters of the form."""
    run, given = ask.records.run(ask.path["run"]), form.parameters()
    _refuse_again(ask, run)
    if strange := given.keys() - run.parameters.keys():
        raise ConfigError(f"{run.pipeline} has no parameter '{min(strange)}'")
    told = [word for name, text in given.items() for word in ("-p", f"{name}={text}")]
    words = ["run", _plan(ask, run).pipeline, *told]
    words += ["--target", run.target, "--stack", ask.site.stack.name, "--seed", str(form.seed)]
    words += ["--tag", f"again={run.name}", "--tag", "launch={launch}"]
    note = {"parameters": given, "seed": form.seed}
    return _begun(ask, run, "asked to run again", note, words, who, _plan(ask, run).sources)


def _begun(
    ask: Ask[Any],
    run: Run,
    kind: str,
    note: Mapping[str, Any],
    words: Sequence[str],
    who: str,
    sources: Sequence[str] = (),
) -> str:
    """Begins a command about a run, whose history tells so."""
    made: Launch = launch(ask.site.stack, words, who, run.name, sources)
    told = {"by": who, "launch": made.id, **note}
    ask.records.add_event(Event(run.id, "", time.time(), kind, told))
    return f"/launches/{made.id}"


def _refuse_resuming(run: Run) -> None:
    if run.status == "succeeded":
        raise ConfigError(f"{run.name} has succeeded: nothing is left to do")
    if run.status == "running" and not is_gone(run):
        raise ConfigError(f"{run.name} is being run", hint="Cancel it, and resume it then.")


def _refuse_again(ask: Ask[Any], run: Run) -> None:
    if not modules.is_reference_importable(_plan(ask, run).pipeline):
        raise DefinitionError(
            f"{run.pipeline} was defined at a prompt, and cannot be found from here",
            hint="Run it again there; or put it into a file.",
        )


def _plan(ask: Ask[Any], run: Run) -> Any:
    return read_plan(ask.records.plan(run.plan))


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _path(run: Run) -> str:
    return f"/runs/{quote(run.name, safe='')}"


def _refusal(run: Run, check: Any) -> WindlassError | None:
    try:
        check(run)
    except WindlassError as error:
        return error
    return None


def _question(
    run: Run,
    title: str,
    told: list[str],
    button: str,
    fields: Sequence[Field] = (),
    refused: WindlassError | None = None,
) -> Question:
    return Question(
        title=title,
        told=told,
        fields=[*fields],
        button=button,
        back=_path(run),
        refused=refused.message if refused else None,
        hint=refused.hint if refused else None,
    )
