"""The grammar, and the tree that a question becomes.

    question   = either
    either     = both {"or" both}
    both       = negated {"and" negated}
    negated    = "not" negated | "(" either ")" | comparison
    comparison = field sign value
               | field ["not"] "in" "(" value {"," value} ")"
               | field "is" ["not"] "null"
    field      = word | ("tags" | "params" | "metrics") "." key ["." ("last" | "min" | "max")]
    key        = word {"." word} | quoted
    sign       = "=" | "!=" | "<" | "<=" | ">" | ">=" | "~" | "!~"
    value      = number | date | span | quoted | word
    order      = field ["asc" | "desc"]

``not`` binds closer than ``and``, and that closer than ``or``. ``==`` and ``<>`` are taken, too.
Words of the language may be written in capitals.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

from windlass.records.asking.fields import Field, Value, field_of, value_of
from windlass.records.asking.tokens import Token, tokens_of, wrong

_DEEPEST = 50
_MOST_COMPARISONS = 100
_SIGNS = ("=", "!=", "<", "<=", ">", ">=", "~", "!~")
_SAME = {"==": "=", "<>": "!="}
_NEGATED = {"!=": "=", "!~": "~"}
_VALUES = ("number", "date", "span", "quoted", "word")


@dataclass(frozen=True, slots=True)
class Comparison:
    """One comparison of a field.

    Args:
        field: With what of a run.
        sign: ``=``, ``<``, ``<=``, ``>``, ``>=``, ``~``, ``in`` or ``null``.
        values: What it is compared with; several for ``in``, none for ``null``.
    """

    field: Field
    sign: str
    values: tuple[Value, ...] = ()


@dataclass(frozen=True, slots=True)
class Not:
    """The opposite of a question."""

    of: Question


@dataclass(frozen=True, slots=True)
class AllOf:
    """Several questions that must all be true; of none, what is true of every run."""

    of: tuple[Question, ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """Several questions of which one must be true."""

    of: tuple[Question, ...]


Question: TypeAlias = Comparison | Not | AllOf | AnyOf


@dataclass(frozen=True, slots=True)
class Order:
    """By what runs are sorted."""

    field: Field
    descending: bool


def read_question(text: str) -> Question:
    """The tree of a question.

    Raises:
        QueryError: It is written wrong; the message points at the place.
    """
    reader = _Reader(text)
    found = reader.either(0)
    reader.end("Join comparisons by 'and' or 'or'.")
    return found


def read_order(text: str) -> Order:
    """What ``metrics.auc desc`` says; without a word, what is greatest or newest comes first.

    Raises:
        QueryError: It is written wrong.
    """
    reader = _Reader(text)
    field = reader.field()
    way = reader.word("asc", "desc")
    reader.end("Name one field, and then 'asc' or 'desc'.")
    return Order(field, way == "desc" if way else field.kind != "text")


def comparisons(question: Question) -> Iterator[Comparison]:
    """AllOf comparisons in a question."""
    match question:
        case Comparison():
            yield question
        case Not(of):
            yield from comparisons(of)
        case AllOf(of) | AnyOf(of):
            for each in of:
                yield from comparisons(each)


class _Reader:
    """Reads the words of a text one after the other."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = tokens_of(text)
        self._at = 0
        self._comparisons = 0

    @property
    def _next(self) -> Token:
        return self._tokens[self._at]

    def _take(self) -> Token:
        self._at += 1
        return self._tokens[self._at - 1]

    def word(self, *words: str) -> str | None:
        """Takes the next word, if it is one of these, in whatever letters."""
        token = self._next
        if token.kind in ("word", "sign") and token.text.lower() in words:
            return self._take().text.lower()
        return None

    def end(self, hint: str) -> None:
        """Refuses what comes after the end."""
        if self._next.kind != "end":
            raise self._wrong("the question does not go on like this", hint)

    def either(self, depth: int) -> Question:
        """Questions joined by ``or``."""
        found = [self._both(depth)]
        while self.word("or"):
            found.append(self._both(depth))
        return found[0] if len(found) == 1 else AnyOf(tuple(found))

    def _both(self, depth: int) -> Question:
        found = [self._negated(depth)]
        while self.word("and"):
            found.append(self._negated(depth))
        return found[0] if len(found) == 1 else AllOf(tuple(found))

    def _negated(self, depth: int) -> Question:
        if depth > _DEEPEST:
            raise self._wrong(f"the question is nested more than {_DEEPEST} deep", None)
        if self.word("not"):
            return Not(self._negated(depth + 1))
        if self.word("("):
            found = self.either(depth + 1)
            if not self.word(")"):
                raise self._wrong("a parenthesis is not closed", "Close it: )")
            return found
        return self._comparison()

    def _comparison(self) -> Question:
        self._comparisons += 1
        if self._comparisons > _MOST_COMPARISONS:
            raise self._wrong(f"there are more than {_MOST_COMPARISONS} comparisons", None)
        field = self.field()
        place = self._next.place
        if self.word("is"):
            return self._is_null(field)
        is_negated = bool(self.word("not"))
        if self.word("in"):
            return _negated_if(is_negated, Comparison(field, "in", self._list(field)))
        sign = _SAME.get(self._next.text, self._next.text)
        if is_negated or self._next.kind != "sign" or sign not in _SIGNS:
            raise self._wrong(
                "here a comparison is wanted", "Such as = != < <= > >= ~ in (…), or: is null"
            )
        self._take()
        plain = _NEGATED.get(sign, sign)
        value = self._value(field, plain, place)
        return _negated_if(sign in _NEGATED, Comparison(field, plain, (value,)))

    def _is_null(self, field: Field) -> Question:
        is_negated = bool(self.word("not"))
        if not self.word("null"):
            raise self._wrong("here 'null' is wanted", "Write: is null, or: is not null")
        return _negated_if(is_negated, Comparison(field, "null"))

    def _list(self, field: Field) -> tuple[Value, ...]:
        if not self.word("("):
            raise self._wrong("here a list is wanted", "Such as: in (1, 2, 3)")
        found = [self._value(field, "in", self._next.place)]
        while self.word(","):
            if len(found) == _MOST_COMPARISONS:
                raise self._wrong(f"the list has more than {_MOST_COMPARISONS} values", None)
            found.append(self._value(field, "in", self._next.place))
        if not self.word(")"):
            raise self._wrong("the list is not closed", "Close it: )")
        return tuple(found)

    def field(self) -> Field:
        """A field, by its name."""
        token = self._next
        if token.kind != "word":
            raise self._wrong("here the name of a field is wanted", "Such as metrics.auc")
        parts, is_quoted = [self._take().text], False
        while self.word("."):
            is_quoted = self._next.kind == "quoted"
            if self._next.kind not in ("word", "quoted"):
                raise self._wrong(
                    "here a name is wanted",
                    "Put quotes around an odd one: metrics.'f 1'",
                )
            parts.append(self._take().text)
        return field_of(self._text, token.place, parts, is_quoted=is_quoted)

    def _value(self, field: Field, sign: str, place: int) -> Value:
        token = self._next
        if token.kind not in _VALUES:
            raise self._wrong("here a value is wanted", "Such as 0.8, 'a text', or 2026-01-31")
        self._take()
        return value_of(self._text, place, field, sign, token)

    def _wrong(self, message: str, hint: str | None) -> Exception:
        return wrong(self._text, self._next.place, message, hint)


def _negated_if(negated: bool, question: Question) -> Question:
    return Not(question) if negated else question
