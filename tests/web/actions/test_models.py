"""Pages of models and deployments: what they tell, and that nothing in a name is more than text."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter
from starlette.testclient import TestClient

from windlass.artifacts.formats.estimators import EstimatorFormat
from windlass.web.pages import PAGES
from windlass.web.site import open_sites

from .conftest import ask
from .project import run_windlass

PATHS = {
    "models": "/models",
    "model": "/models/delay",
    "version": "/models/delay/2",
    "deployments": "/deployments",
    "deployment": "/deployments/delay",
}
MORE = ("/models/mean", "/models/mean/1", "/models/delay/champion", "/deployments/mean")


@pytest.mark.parametrize("name", PATHS)
def test_a_document_is_of_its_type_and_its_page_is_made_from_it(
    look: TestClient, name: str
) -> None:
    page = next(each for each in PAGES if each.name == name)
    document = look.get(f"/api{PATHS[name]}").json()
    TypeAdapter(page.document).validate_python(document)
    answer = look.get(PATHS[name])
    assert answer.status_code == 200
    assert "delay" in answer.text


@pytest.mark.parametrize("path", MORE)
def test_models_that_lack_this_and_that_have_pages_all_the_same(
    look: TestClient, path: str
) -> None:
    assert look.get(path).status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "/models/none",
        "/models/delay/3",
        "/models/delay/no-such-alias",
        "/models/delay/%E2%80%AE",
        "/models/..%2f..%2fetc/1",
        "/deployments/none",
        "/launches/none",
        "/launches/..%2f..%2fpasswd",
        "/models/delay/2/nothing",
    ],
)
def test_what_is_not_there_is_not_found(look: TestClient, path: str) -> None:
    for each in (path, f"/api{path}"):
        answer = look.get(each)
        assert answer.status_code == 404, each
        assert "Traceback" not in answer.text
    assert "error" in look.get(f"/api{path}").json()


@pytest.mark.parametrize("path", ["/models/delay", "/models/delay/2"])
def test_models_and_versions_can_be_kept_as_files(look: TestClient, path: str) -> None:
    assert f'href="{path}/report"' in look.get(path).text
    answer = look.get(f"{path}/report")
    assert re.fullmatch(
        r'attachment; filename="delay(-2)?\.html"', answer.headers["content-disposition"]
    )
    assert "<title>delay" in answer.text
    assert look.get(f"{path}9/report").status_code == 404


def test_an_estimator_is_read_for_its_frame_alone(
    look: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = look.get("/api/models/delay/2").json()["artifacts"]["model"]["content"]
    with monkeypatch.context() as patch:
        patch.setattr(EstimatorFormat, "read", None)
        preview = look.get(f"/api/artifacts/{content}").json()["preview"]
        assert preview["kind"] == "page"
        assert look.get(f"/artifacts/{content}").status_code == 200
    assert "LogisticRegression" in look.get(f"/artifacts/{content}/frame").text


def test_documents_tell_what_the_commands_tell(look: TestClient, made: Path) -> None:
    import json

    told = json.loads(run_windlass(made, "models", "show", "delay", "--json"))
    page = look.get("/api/models/delay").json()
    assert (page["versions"], page["aliases"]) == (told["versions"], told["aliases"])
    card = json.loads(run_windlass(made, "scorecard", "delay", "--json"))
    assert page["scorecard"] == card
    assert len(page["scorecard"]["lines"]) == 28


def test_the_stands_of_an_alias_follow_each_other(look: TestClient) -> None:
    stands = look.get("/api/models/delay").json()["stands"]
    champion = [each for each in stands if each["alias"] == "champion"]
    assert [each["version"] for each in champion] == [1, 2, 1]
    assert [each["kind"] for each in champion] == ["first", "forced", "rolled back"]
    assert [a["until"] for a in champion[:-1]] == [b["since"] for b in champion[1:]]
    assert champion[-1]["until"] is None
    drawn = look.get("/models/delay").text
    assert drawn.count('<rect class="ver') == 4


def test_the_failing_row_stands_first_beside_the_champion(look: TestClient) -> None:
    document = look.get("/api/models/delay/2").json()
    first = document["capabilities"][0]
    assert (first["name"], first["passed"]) == ("weather", 1)
    assert first["tests"][0]["outcome"] == "fail"
    assert first["tests"][0]["name"] == "test_of_the_table[2]"
    assert first["tests"][0]["before"]["outcome"] == "pass"
    assert document["gate"].startswith("delay@2 failed its release tests")
    html = look.get("/models/delay/2").text
    assert "row 2, &lt;b&gt;a storm&lt;/b&gt;: on time, not late" in html
    assert "/artifacts/" in html
    assert "/lineage/" in html


def test_a_version_leads_to_the_run_that_made_it(look: TestClient) -> None:
    document = look.get("/api/models/mean/1").json()
    assert (document["run"], document["node"]) == ("training-1", "fit")
    assert 'href="/runs/training-1"' in look.get("/models/mean/1").text


def test_a_deployment_tells_of_drift_the_worst_column_first(look: TestClient) -> None:
    document = look.get("/api/deployments/delay").json()
    assert document["verdict"] == "off"
    assert document["columns"][0]["name"] == "a"
    assert document["columns"][0]["standing"] == ["drift"]
    for column in document["columns"]:
        assert len(column["cells"]) == len(column["reference"]) == len(column["live"])
        assert sum(column["reference"]) == pytest.approx(1)
        assert sum(column["live"]) == pytest.approx(1)
    last = document["windows"][-1]
    assert last["versions"] == {"1": 170, "2": 60}
    assert (last["failures"], last["requests"]) == ({"error": 1}, 230)
    assert (document["servers"][0]["host"], document["turns"][0]["kinds"]) == ("edge-1", ["drift"])
    assert document["alerts"][0]["kind"] == "drift"


def test_a_look_alerts_nobody(look: TestClient) -> None:
    before = look.get("/api/deployments/delay").json()["alerts"]
    assert look.get("/deployments/delay?hours=24").status_code == 200
    assert look.get("/api/deployments/delay").json()["alerts"] == before


@pytest.mark.parametrize("query", ["hours=0", "hours=x", "hours=1&hours=2", "nothing=1"])
def test_a_wrong_question_is_refused_in_words(look: TestClient, query: str) -> None:
    answer = look.get(f"/api/deployments/delay?{query}")
    assert answer.status_code == 400
    assert answer.json()["error"]


HOSTILE = re.compile(r"<(script(?! src=\"/static)|i>|b>a storm|img)", re.IGNORECASE)


@pytest.mark.parametrize("path", [*PATHS.values(), *MORE, "/", "/runs/training-1"])
def test_what_people_write_is_text(look: TestClient, path: str) -> None:
    html = look.get(path).text
    assert HOSTILE.search(html) is None
    assert "javascript:" not in html


def test_hostile_texts_are_there_and_escaped(look: TestClient) -> None:
    assert "&lt;i&gt;to see&lt;/i&gt;" in look.get("/models/delay").text
    assert "For the desk at &lt;JFK&gt;." in look.get("/models/delay/2").text


@pytest.mark.parametrize("name", ["flights", "flights-2"])
def test_each_of_several_projects_has_every_page(made: Path, root: Path, name: str) -> None:
    with ask(open_sites([made, root])) as client:
        assert f'href="/p/{name}/"' in client.get("/").text
        for path in [*PATHS.values(), *MORE, "/", "/runs/training-1"]:
            answer = client.get(f"/p/{name}{path}")
            assert answer.status_code == 200, path
            links: list[Any] = re.findall(r'(?:href|action)="(/[^"]*)"', answer.text)
            own = ("/static/", "/openapi.json", f"/p/{name}", "/logout")
            assert [each for each in links if each != "/" and not each.startswith(own)] == []
        assert client.get(f"/p/{name}/api/models").status_code == 200
        assert client.get("/models").status_code == 404
        assert client.get("/p/none/models").status_code == 404
