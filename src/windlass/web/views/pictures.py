"""Charts that pages show as pictures, each at an address of its own."""

from __future__ import annotations

from pydantic import Field

from windlass.errors import NotFoundError
from windlass.web.charts import curves_svg, histogram_svg
from windlass.web.page import Ask, Body, Query
from windlass.web.views.compare import CompareQuery, overlaid
from windlass.web.views.finding import open_artifact
from windlass.web.views.preview import preview_document


class ThemeQuery(Query):
    """Which theme a picture is drawn for."""

    dark: bool = Field(default=False, description="Whether for a dark page.")


class ColumnQuery(ThemeQuery):
    """Which column of a table is drawn."""

    column: str = Field(description="Its name.")


def column_chart(ask: Ask[ColumnQuery]) -> Body:
    """The histogram of a column of a table."""
    found = open_artifact(ask)
    for column in preview_document(found, ask.stores)["columns"]:
        if column["name"] == ask.query.column and column["bars"]:
            return picture(histogram_svg(column, dark=ask.query.dark))
    raise NotFoundError(f"the artifact {found.content[:12]} has no such column with a histogram")


class CurvesQuery(CompareQuery):
    """Which curves are drawn over one another."""

    name: str = Field(description="The metric.")
    points: int = Field(
        default=0, description="How many there are: newer pictures have another address."
    )
    dark: bool = Field(default=False, description="Whether for a dark page.")


def curves_chart(ask: Ask[CurvesQuery]) -> Body:
    """The curves of a metric of several runs over one another."""
    for each in overlaid(ask):
        if each["name"] == ask.query.name:
            lines = [(line["label"], line["points"]) for line in each["lines"]]
            return picture(curves_svg(lines, each["name"], dark=ask.query.dark))
    raise NotFoundError("none of these runs has a curve of that name")


def picture(svg: bytes) -> Body:
    """A drawing of ours, that no page can run anything by."""
    return Body(
        "image/svg+xml",
        svg,
        {
            "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox",
            "Cache-Control": "private, max-age=60",
        },
    )
