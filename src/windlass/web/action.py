"""An action: what a person is asked before something is done, and what is done then."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict
from typing_extensions import TypedDict  # pydantic reads no other before Python 3.12

from windlass.web.page import Ask


class Form(BaseModel):
    """What is sent of a form; this one has no fields."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Field(TypedDict):
    """A field of a form."""

    name: str
    label: str
    value: str
    kind: Literal["text", "check"]
    hint: str


class Question(TypedDict):
    """What a person is asked: ``refused`` says why the answer would be no, as things stand."""

    title: str
    told: list[str]
    fields: list[Field]
    button: str
    back: str
    refused: str | None
    hint: str | None


@dataclass(frozen=True)
class Action:
    """Something that can be done from a page.

    Args:
        path: Such as ``/runs/{run}/cancel``; it is asked for by GET, and done by POST.
        ask: What a person is asked.
        form: What they answer.
        do: Does it, for who is named; returns the path, below the project's, of what came of it.
    """

    path: str
    ask: Callable[[Ask[Any]], Question]
    do: Callable[[Ask[Any], Any, str], str]
    form: type[Form] = Form

    def act(self, ask: Ask[Any], sent: Mapping[str, str], who: str) -> str:
        """Does it, if what was sent is an answer.

        Raises:
            ValidationError: It is none.
            WindlassError: It is refused.
        """
        return self.do(ask, self.form.model_validate(dict(sent)), who)


def text_field(name: str, label: str, value: str = "", hint: str = "") -> Field:
    """A field for a line."""
    return Field(name=name, label=label, value=value, kind="text", hint=hint)


def check_field(name: str, label: str, hint: str = "") -> Field:
    """A box that can be ticked."""
    return Field(name=name, label=label, value="", kind="check", hint=hint)
