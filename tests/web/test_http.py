"""What goes over HTTP: whole pages, safe headers, proper errors."""

from __future__ import annotations

import json
import re
from concurrent.futures import ThreadPoolExecutor
from html.parser import HTMLParser
from typing import Any
from urllib.parse import quote

import pytest
from starlette.testclient import TestClient

from web import web_pipelines as wp
from web.conftest import World
from windlass.web.app import make_app
from windlass.web.live import following
from windlass.web.reports.report import make_report
from windlass.web.site import Site, Sites

VOID = {"img", "meta", "br", "link", "input", "source", "hr"}


class Reader(HTMLParser):
    """Reads a page; every element must be closed in its place, and every id there once."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.seen: list[tuple[str, dict[str, str]]] = []
        self._open: list[str] = []
        self.feed(page)
        self.close()
        assert self._open == []
        ids = [attributes["id"] for _, attributes in self.seen if "id" in attributes]
        assert len(ids) == len(set(ids)), sorted(ids)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag, tag


def client_of(app: Any) -> TestClient:
    """Asks as a browser on this machine does."""
    return TestClient(app, "http://localhost", client=("127.0.0.1", 50000))


@pytest.fixture(scope="module")
def client(app: Any) -> TestClient:
    return client_of(app)


@pytest.fixture(scope="module")
def paths(world: World) -> list[str]:
    """Every kind of page, with what does harm on some."""
    name = {key: run.name for key, run in world.runs.items()}
    return [
        "/",
        f"/?tag={quote(f'key {wp.SCRIPT}')}&sort=name",
        *(f"/runs/{each}" for each in name.values()),
        f"/runs/{name['grouped']}?expand=group,group_2&state=succeeded",
        f"/runs/{name['first']}/nodes/train",
        f"/runs/{name['second']}/nodes/train%5B1%5D",
        f"/runs/{name['failed']}/nodes/score%5B1%5D",
        f"/runs/{name['showing']}/nodes/loud",
        f"/runs/{name['showing']}/nodes/table",
        f"/runs/{name['wide']}/nodes/small?state=failed",
        f"/runs/{name['showing']}/logs",
        f"/runs/{name['failed']}/logs?node=score",
        *(f"/artifacts/{world.digest(n)}" for n in ("array", "page", "table", "long_text")),
        f"/artifacts/{world.digest('load', 'first')}?column=hour",
        f"/lineage/{world.digest('pick', 'first')}",
        f"/compare?run={name['first']}&run={name['second']}&run={name['showing']}",
        f"/compare?run={name['first']}",
    ]


def test_pages_are_whole_and_hold_no_script_but_ours(client: TestClient, paths: list[str]) -> None:
    for path in paths:
        answer = client.get(path)
        assert answer.status_code == 200, path
        seen = Reader(answer.text).seen
        scripts = [attributes for tag, attributes in seen if tag == "script"]
        assert scripts == [{"src": "/static/page.js", "defer": ""}], path
        assert not [a for _, a in seen if any(name.startswith("on") for name in a)], path
        for tag, attributes in seen:
            for name in ("href", "src", "action", "srcset"):
                told = attributes.get(name, "/")
                assert told.startswith(("/", "?", "#", "data:image/svg+xml")), (path, tag, told)
        assert "{{7*7}}" in answer.text or "49" not in re.findall(r"`&amp;(\d+)", answer.text)


def test_every_answer_says_what_browsers_may_do(client: TestClient, paths: list[str]) -> None:
    for path in [*paths, "/nope", "/static/page.js", "/api/runs"]:
        headers = client.get(path).headers
        assert headers["content-security-policy"].startswith("default-src 'none'"), path
        assert "script-src 'self';" in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"


def test_every_page_is_there_as_json(client: TestClient, paths: list[str]) -> None:
    for path in paths:
        place, _, query = path.partition("?")
        answer = client.get(f"/api{place if place != '/' else '/runs'}?{query}")
        assert answer.status_code == 200, path
        assert answer.headers["content-type"] == "application/json"
        answer.json()


def test_the_description_names_every_page(client: TestClient) -> None:
    told = client.get("/openapi.json").json()
    named = {path.partition("/api")[2] for path in told["paths"]}
    assert {"/runs", "/runs/{run}", "/runs/{run}/nodes/{node}", "/runs/{run}/logs"} <= named
    assert {"/artifacts/{digest}", "/lineage/{digest}", "/compare"} <= named
    (run,) = [p for p in told["paths"]["/api/compare"]["get"]["parameters"] if p["name"] == "run"]
    assert run["schema"]["type"] == "array"


@pytest.mark.parametrize(
    "path",
    [
        "/runs/nope",
        "/runs/nope/nodes/x",
        "/runs/..%2F..%2Fetc%2Fpasswd",
        "/runs/%00",
        "/runs/training-1/nodes/%3Cscript%3E",
        "/runs/training-1/nodes/train%5B9%5D",
        "/runs/training-1/logs?node=nope",
        "/runs/training-1/logs/text?node=nope",
        "/runs/nope/logs/new",
        "/artifacts/zz",
        "/artifacts/..%2f..%2fwindlass.db",
        "/artifacts/zz/bytes",
        "/artifacts/zz/frame",
        "/lineage/0000000",
        "/compare?run=training-1&run=nope",
        "/compare/curves?run=training-1&run=training-2&name=nope",
        "/nope",
    ],
)
def test_what_is_not_there_is_a_proper_404(path: str, client: TestClient) -> None:
    answer = client.get(path)
    assert answer.status_code == 404
    assert "<script>" not in answer.text
    Reader(answer.text)
    place, _, query = path.partition("?")
    if not place.endswith(("/bytes", "/frame", "/new", "/text", "/curves")):
        told = client.get(f"/api{place}?{query}")
        assert told.status_code == 404
        assert told.json()["error"]


@pytest.mark.parametrize(
    "path",
    ["/?limit=0", "/?sort=id;--", "/?nope=1", "/compare", "/?page=x", "/runs/training-1?page=0"],
)
def test_what_is_asked_wrongly_is_a_400_in_words(path: str, client: TestClient) -> None:
    answer = client.get(path)
    assert answer.status_code == 400
    Reader(answer.text)
    assert client.get(f"/api{path if path[1] != '?' else '/runs' + path[1:]}").status_code == 400


def test_html_of_a_step_is_served_so_that_it_runs_nothing(client: TestClient, world: World) -> None:
    own = f"/artifacts/{world.digest('page')}"
    assert wp.SCRIPT not in client.get(own).text
    frame = client.get(f"{own}/frame")
    assert wp.SCRIPT in frame.text
    policy = frame.headers["content-security-policy"]
    assert "sandbox;" in policy
    assert "script-src" not in policy
    assert "default-src 'none'" in policy
    assert "allow" not in policy


def test_bytes_are_a_download_that_no_browser_shows(client: TestClient, world: World) -> None:
    for node in ("page", "long_text", "pickled", "picture"):
        answer = client.get(f"/artifacts/{world.digest(node)}/bytes")
        assert answer.status_code == 200
        assert answer.headers["content-type"] == "application/octet-stream"
        told = answer.headers["content-disposition"]
        assert re.fullmatch(r'attachment; filename="[\w.-]+"', told), told
    whole = client.get(f"/artifacts/{world.digest('long_text')}/bytes").text
    assert whole == "a line of text that goes on\n" * 2000


def test_a_run_can_be_kept_as_a_file(client: TestClient, world: World) -> None:
    name = world.runs["first"].name
    page = Reader(client.get(f"/runs/{name}").text)
    (link,) = [told for tag, told in page.seen if tag == "a" and "download" in told]
    answer = client.get(link["href"])
    assert answer.headers["content-disposition"] == f'attachment; filename="{name}.html"'
    assert (
        make_report(world.site, name).html.partition("<main")[2]
        == (answer.text.partition("<main")[2])
    )
    assert client.get("/runs/nothing-1/report").status_code == 404


def test_pictures_have_their_own_addresses(client: TestClient, world: World) -> None:
    picture = client.get(f"/artifacts/{world.digest('picture')}/picture")
    assert picture.headers["content-type"] == "image/png"
    assert picture.content.startswith(b"\x89PNG")
    assert "sandbox" in picture.headers["content-security-policy"]
    assert client.get(f"/artifacts/{world.digest('page')}/picture").status_code == 404
    assert client.get(f"/artifacts/{world.digest('long_text')}/frame").status_code == 404


def test_charts_are_drawn_in_both_themes(client: TestClient, world: World) -> None:
    own = f"/artifacts/{world.digest('load', 'first')}/column?column=carrier"
    names = [world.runs[each].name for each in ("first", "second")]
    curves = f"/compare/curves?run={names[0]}&run={names[1]}&name=loss"
    for path in (own, curves):
        light, dark = client.get(path), client.get(f"{path}&dark=true")
        assert light.headers["content-type"] == "image/svg+xml"
        assert light.text.startswith("<svg")
        assert light.text != dark.text
        assert "<script" not in light.text
    assert "UA" in client.get(own).text
    legend = re.findall(r"<text[^>]*>([^<]+)</text>", client.get(curves).text)
    assert {f"{name} train[{place}]" for name in names for place in range(3)} <= set(legend)
    assert "step" in legend
    assert client.get(own.replace("carrier", "nope")).status_code == 404


def test_a_column_with_any_name_can_be_asked_for(client: TestClient, world: World) -> None:
    own = f"/artifacts/{world.digest('table')}"
    page = client.get(own)
    (link,) = [a["href"] for tag, a in Reader(page.text).seen if "script" in a.get("href", "")]
    shown = client.get(link)
    assert shown.status_code == 200
    (image,) = [a["src"] for tag, a in Reader(shown.text).seen if tag == "img"]
    drawn = client.get(image)
    assert drawn.status_code == 200
    assert "<script" not in drawn.text


def test_several_projects_have_addresses_of_their_own(world: World) -> None:
    sites = Sites([Site(name, world.site.stack, f"/p/{name}") for name in ("one", "two")])
    client = client_of(make_app(sites))
    name = world.runs["first"].name
    assert "/p/two/" in client.get("/").text
    for path in ("/", f"/runs/{name}", f"/runs/{name}/nodes/load", f"/compare?run={name}"):
        seen = Reader(client.get(f"/p/two{path}").text).seen
        links = [a["href"] for tag, a in seen if tag == "a"]
        ours = [it for it in links if it.startswith("/") and it not in ("/", "/openapi.json")]
        assert ours
        assert all(it.startswith("/p/two/") for it in ours), ours
    assert client.get("/p/nope/").status_code == 404
    for site in sites.all:
        site.stores().records.close()


def test_the_end_of_a_log_is_followed_by_events() -> None:
    told = [[{"text": "one\n"}], [], [{"text": "</script>\r\ndata: x\n"}]]

    async def look() -> tuple[list[Any], bool]:
        return told.pop(0), not told

    async def is_gone() -> bool:
        return False

    async def all_of() -> str:
        return b"".join([each async for each in following(look, is_gone, every=0)]).decode()

    import anyio

    with ThreadPoolExecutor(1) as pool:  # a browser of other tests may have a loop in this thread
        lines = pool.submit(anyio.run, all_of).result().split("\n")
    events = [line for line in lines if line.startswith("event: ")]
    assert events == ["event: begin", "event: new", "event: new", "event: end"]
    data = [json.loads(line[6:]) for line in lines if line.startswith("data: {")]
    assert [each["text"] for each in data] == ["one\n", "</script>\r\ndata: x\n"]
