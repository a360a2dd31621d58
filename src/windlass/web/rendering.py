"""Documents as HTML."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from typing import Any
from urllib.parse import quote, urlencode

import jinja2
from markupsafe import Markup

from windlass.execution.html_parts import icon
from windlass.pipeline.drawing import DRAWING_CSS, SHEET_CSS
from windlass.pipeline.theme import theme_css
from windlass.web.drawing import curve_svg, described
from windlass.web.page import Ask, Page
from windlass.words import (
    ago_text,
    number_text,
    seconds_text,
    shortened,
    size_text,
    summary_text,
    time_text,
    type_text,
)


@cache
def environment(*, lasting: bool = False) -> jinja2.Environment:
    """The templates, everything in them escaped unless it is marked as HTML.

    Args:
        lasting: Whether pages are parts of a file that is kept: moments are dates, and nothing is
            offered that only a server does.
    """
    found = jinja2.Environment(
        loader=jinja2.PackageLoader("windlass.web"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    found.filters |= {
        "ago": time_text if lasting else ago_text,
        "moment": time_text,
        "seconds": seconds_text,
        "number": number_text,
        "size": size_text,
        "short": shortened,
        "facts": summary_text,
        "last_part": type_text,
        "counts": described,
        "curve": curve_svg,
        "told": _told,
        "json": lambda value: json.dumps(value, ensure_ascii=False, default=str),
        "pretty": lambda value: json.dumps(value, ensure_ascii=False, indent=1, default=str),
        "part": lambda name: quote(str(name), safe=""),
        "query": _query,
    }
    found.globals |= {
        "icon": lambda word: Markup(icon(word)),  # noqa: S704 (it escapes)
        "layout": "part.html" if lasting else "base.html",
        "lasting": lasting,
    }
    return found


def _told(data: Mapping[str, Any]) -> str:
    """The facts of an event in a line."""
    facts = [f"{name} {_plain(fact)}" for name, fact in data.items() if fact not in (None, "", {})]
    return shortened(", ".join(facts), 300)


def _plain(fact: Any) -> str:
    if isinstance(fact, Mapping) and "message" in fact:
        return f"{fact.get('kind')}: {fact['message']}"
    return fact if isinstance(fact, str) else json.dumps(fact, ensure_ascii=False, default=str)


def _query(parts: Mapping[str, Any]) -> str:
    """What stands behind the ``?``; what is not asked for is left out."""
    return urlencode({k: v for k, v in parts.items() if v not in (None, "")}, doseq=True)


def render(template: str, *, lasting: bool = False, **names: Any) -> str:
    """A template filled in."""
    return environment(lasting=lasting).get_template(template).render(**names)


def show(page: Page, ask: Ask[Any], **names: Any) -> str:
    """A page, made in one go with its document."""
    told = page.view(ask)
    drawn = page.drawings(ask, told) if page.drawings else {}
    return render(page.template, page=told, **drawn, **names)


@cache
def style_sheet() -> str:
    """The colours that all drawings share, and the pages' own rules."""
    own = environment().loader.get_source(environment(), "style.css")[0]  # type: ignore[union-attr]
    return theme_css() + DRAWING_CSS + SHEET_CSS + own
