"""Classes that pipelines in these tests take as parameters."""

from __future__ import annotations

import datetime as dt
import enum
import pathlib
from dataclasses import dataclass, field
from typing import Annotated, Any, NamedTuple, NewType, NotRequired, TypedDict

import pydantic
import pydantic.dataclasses

Positive = Annotated[int, pydantic.Field(gt=0)]


class Color(enum.Enum):
    RED = "r"
    BLUE = "b"


class Level(enum.IntEnum):
    LOW = 1
    HIGH = 2


class Point(NamedTuple):
    x: int
    y: float = 0.0


class Row(TypedDict):
    a: int
    b: NotRequired[str]


@dataclass(frozen=True)
class Settings:
    depth: int
    rate: float = 0.1
    color: Color = Color.RED
    since: dt.date | None = None
    inner: Settings | None = None
    made: list[int] = field(default_factory=list, init=False, compare=False)


@dataclass
class Bounds:
    low: int
    high: int

    def __post_init__(self) -> None:
        if self.low > self.high:
            raise ValueError("low is above high")


class Model(pydantic.BaseModel):
    depth: int = pydantic.Field(gt=0)
    since: dt.date | None = None
    color: Color = Color.RED


class Strict(pydantic.BaseModel, strict=True):
    since: dt.date


@pydantic.dataclasses.dataclass
class Checked:
    depth: Positive


class Opaque:
    """A class that neither Windlass nor pydantic knows."""


UserId = NewType("UserId", int)
Short = Annotated[str, pydantic.Field(max_length=3)]
Listed = Annotated[list[int], pydantic.BeforeValidator(lambda value: [value])]
Told = Annotated[int, "rows to read"]
Anything = Any
HERE = pathlib.Path(__file__)
