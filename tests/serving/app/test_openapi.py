"""The OpenAPI document says what the server does: its examples are answered, its schemas hold."""

from __future__ import annotations

from typing import Any

import jsonschema
import pytest

from serving.asgi import ask, post
from serving.fakes import FLIGHT, Fake, flights, images, numbers
from windlass.models.signature import Signature
from windlass.serving.app.application import Application
from windlass.serving.app.routes import ROUTES


@pytest.fixture(scope="module")
def app() -> Application:
    fakes = Fake("delay", flights()), Fake("wide", numbers(3)), Fake("images", images())
    return Application({fake.name: fake for fake in (*fakes, Fake("bare", None))})


@pytest.fixture(scope="module")
def document(app: Application) -> Any:
    return ask(app, "GET", "/openapi.json").json


def resolved(document: Any, schema: Any) -> Any:
    return {**schema, "components": document["components"]}


def operations(document: Any) -> list[tuple[str, str, Any]]:
    return [
        (path, method, operation)
        for path, item in document["paths"].items()
        for method, operation in item.items()
        if method in ("get", "post")
    ]


def test_each_open_route_is_told_of_each_model(document: Any) -> None:
    told = {(method.upper(), path) for path, method, _ in operations(document)}
    expected = {
        (route.method, route.path.replace("{model}", model))
        for route in ROUTES
        for model in ("delay", "wide", "images", "bare")
        if route.access == "anyone"
        and route.path not in ("/v2/", "/openapi.json")
        and not (model == "bare" and route.path.endswith("predict"))
    }
    assert told == expected


def test_the_admin_plane_is_not_told(document: Any) -> None:
    admin = {route.path for route in ROUTES if route.access == "admin"}
    assert not admin & set(document["paths"])


@pytest.mark.filterwarnings("ignore:jsonschema.exceptions.RefResolutionError")
def test_examples_are_answered_as_their_schemas_say(app: Application, document: Any) -> None:
    asked = 0
    for path, method, operation in operations(document):
        if (
            method != "post"
            or "example" not in operation["requestBody"]["content"]["application/json"]
        ):
            continue
        media = operation["requestBody"]["content"]["application/json"]
        jsonschema.validate(media["example"], resolved(document, media["schema"]))
        got = post(app, path.replace("{version}", "1"), media["example"])
        (status,) = (int(code) for code in operation["responses"] if code.isdigit())
        assert got.status == status, (path, got.json)
        schema = operation["responses"][str(status)]["content"]["application/json"]["schema"]
        jsonschema.validate(got.json, resolved(document, schema))
        asked += 1
    assert asked == 3 * 4 + 4


def test_what_is_read_has_its_schema_too(app: Application, document: Any) -> None:
    for path, method, operation in operations(document):
        if method == "get":
            got = ask(app, "GET", path.replace("{version}", "2"))
            schema = operation["responses"]["200"]["content"]["application/json"]["schema"]
            jsonschema.validate(got.json, resolved(document, schema))


@pytest.mark.parametrize(
    ("changed", "fits"),
    [
        ({}, True),
        ({"distance": None}, True),
        ({"month": None}, False),
        ({"month": 2**31}, False),
        ({"origin": "CDG"}, False),
        ({"weekend": 1}, False),
        ({"distance": "far"}, False),
        ({"leaves": "soon"}, False),
    ],
)
def test_the_schema_of_a_row_is_that_of_its_signature(
    app: Application, document: Any, changed: Any, fits: bool
) -> None:
    row = {**FLIGHT, **changed}
    schema = document["components"]["schemas"]["delay.Row"]
    assert jsonschema.Draft202012Validator(schema).is_valid(row) is fits
    if "weekend" not in changed:  # 1 is taken for true, which the schema need not tell
        assert (post(app, "/models/delay/predict", row).status == 200) is fits


def test_ranges_are_described(document: Any) -> None:
    month = document["components"]["schemas"]["delay.Row"]["properties"]["month"]
    assert month["description"] == "From 1 to 12 in the reference."
    assert (month["minimum"], month["maximum"]) == (-(2**31), 2**31 - 1)


def test_a_model_that_is_not_up_yet_is_told_without_its_rows() -> None:
    fake = Fake("m", numbers(1))
    fake.is_up = False
    paths = ask(Application({"m": fake}), "GET", "/openapi.json").json["paths"]
    assert "/v2/models/m" in paths
    assert "/models/m/predict" not in paths


def test_the_document_follows_what_is_served() -> None:
    fake = Fake("m", numbers(1))
    app = Application({"m": fake})
    first = ask(app, "GET", "/openapi.json").body
    assert app.openapi() is app.openapi()
    changed: Signature = numbers(2)
    fake._signature = changed
    assert ask(app, "GET", "/openapi.json").body != first
