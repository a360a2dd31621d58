"""Actions: asked twice, refused as by their commands, and recorded with who did them."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from cli import warm
from windlass.models.promoting import rollback
from windlass.web.guard import Guard
from windlass.web.site import Site, Sites
from windlass.web.tokens import Right, kept_tokens, make_tokens

from .conftest import ask, until
from .project import run_windlass


def form_token(client: TestClient, path: str) -> str:
    found = re.search(r'name="form_token" value="(\w+)"', client.get(path).text)
    assert found, path
    return found[1]


def act(client: TestClient, path: str, **fields: str) -> Any:
    """What comes of a form that is filled in and sent, as a browser without scripts does."""
    return client.post(path, data={"form_token": form_token(client, path), **fields})


@pytest.fixture
def site(own: Sites) -> Site:
    return own.all[0]


def champion(site: Site) -> int:
    return site.stores().records.aliases("delay")["champion"]


def test_the_gate_is_that_of_the_command_in_the_same_words(
    client: TestClient, root: Path, site: Site
) -> None:
    refused = act(client, "/models/delay/2/promote", reason="it looks better")
    assert refused.status_code == 409
    told = _error(root, "promote", "delay@2")
    assert f'<div class="text">{told["message"]}</div>' in refused.text
    assert told["hint"] in refused.text
    assert 'value="it looks better"' in refused.text  # what was typed is not lost
    assert champion(site) == 1


def test_force_needs_a_reason_as_by_the_command(client: TestClient, root: Path, site: Site) -> None:
    refused = act(client, "/models/delay/2/promote", force="true", reason=" ")
    assert refused.status_code == 400
    assert _error(root, "promote", "delay@2", "--force")["message"] in refused.text
    assert champion(site) == 1


def _error(root: Path, *words: str) -> dict[str, Any]:
    import json

    done = warm.run(root, *words, "--json")
    assert done.returncode == 2 or done.returncode == 1
    found: dict[str, Any] = json.loads(done.stdout)["error"]
    return found


def test_what_is_forced_is_told_for_ever_with_who_did_it(client: TestClient, site: Site) -> None:
    reason = "<script>alert(1)</script>"
    done = act(client, "/models/delay/2/promote", force="true", reason=reason)
    assert (done.status_code, done.headers["location"]) == (303, "/models/delay")
    last = site.stores().records.moves("delay")[-1]
    assert (last.kind, last.new, last.who, last.reason) == ("forced", 2, "tester@desk", reason)
    page = client.get("/models/delay").text
    assert "&lt;script&gt;" in page
    assert "<script>alert" not in page


def test_a_version_that_passed_is_promoted(client: TestClient, site: Site) -> None:
    act(client, "/models/delay/2/promote", force="true", reason="so that the other may come back")
    assert 'name="force"' not in client.get("/models/delay/1/promote").text
    done = act(client, "/models/delay/1/promote", reason="it passed")
    assert done.status_code == 303
    last = site.stores().records.moves("delay")[-1]
    assert (last.kind, last.new, last.who) == ("promoted", 1, "tester@desk")
    assert last.report


def test_a_model_is_rolled_back_and_of_two_at_once_one_is_told(
    client: TestClient, site: Site
) -> None:
    act(client, "/models/delay/2/promote", force="true", reason="to leave it")
    question = client.get("/models/delay/rollback").text
    assert "delay@1 becomes the champion again" in question
    assert act(client, "/models/delay/rollback", reason="it is late").status_code == 303
    last = site.stores().records.moves("delay")[-1]
    assert (last.kind, last.new, last.who) == ("rolled back", 1, "tester@desk")
    assert act(client, "/models/delay/rollback").status_code == 409  # there is none before
    with pytest.raises(Exception, match="no champion before"):
        rollback(site.stores().records, "delay")


@pytest.mark.parametrize("token", ["", "0" * 64, "é"])
def test_a_form_without_its_token_does_nothing(client: TestClient, site: Site, token: str) -> None:
    client.get("/")
    fields = {"form_token": token, "force": "true", "reason": "x"}
    answer = client.post("/models/delay/2/promote", data=fields)
    assert answer.status_code == 403
    assert champion(site) == 1


def test_a_form_of_another_session_does_nothing(client: TestClient, site: Site) -> None:
    token = form_token(client, "/models/delay/2/promote")
    client.cookies.clear()
    fields = {"form_token": token, "force": "true", "reason": "x"}
    assert client.post("/models/delay/2/promote", data=fields).status_code == 403
    assert champion(site) == 1


@pytest.mark.parametrize("fields", [{"strange": "1"}, {"force": "perhaps"}])
def test_a_field_that_is_none_is_refused(
    client: TestClient, site: Site, fields: dict[str, str]
) -> None:
    assert act(client, "/models/delay/2/promote", **fields).status_code == 400
    assert champion(site) == 1


def test_an_action_on_what_is_not_there_is_not_found(client: TestClient) -> None:
    token = form_token(client, "/models/delay/2/promote")
    for path in ("/models/none/rollback", "/models/delay/9/promote", "/runs/none/cancel"):
        assert client.get(path).status_code == 404
        assert client.post(path, data={"form_token": token}).status_code == 404


def test_a_program_acts_by_its_token_without_a_form(own: Sites, tmp_path: Path) -> None:
    tokens = make_tokens(tmp_path)[1]
    with ask(own, Guard(kept_tokens(tmp_path)), "10.1.2.3") as client:
        expected: dict[Right, int] = {"reading": 403, "acting": 303}
        for right, status in expected.items():
            bearer = {"Authorization": f"Bearer {tokens[right]}"}
            fields = {"force": "true", "reason": "by a program"}
            done = client.post("/models/delay/2/promote", data=fields, headers=bearer)
            assert done.status_code == status
    assert own.all[0].stores().records.moves("delay")[-1].who.startswith("a program")


def test_what_is_over_is_neither_cancelled_nor_resumed(client: TestClient) -> None:
    refused = act(client, "/runs/training-1/cancel")
    assert refused.status_code == 400
    assert "is not running: it has succeeded" in refused.text
    assert "nothing is left to do" in act(client, "/runs/training-1/resume").text


def test_a_run_is_begun_again_cancelled_and_resumed(client: TestClient, site: Site) -> None:
    """The whole way, by forms alone, with real processes."""
    records = site.stores().records
    begun = act(client, "/runs/training-1/again", **{"p.rows": "6", "p.pause": "60", "seed": "3"})
    place = begun.headers["location"]
    assert (begun.status_code, place[:10]) == (303, "/launches/")
    name = until(lambda: client.get(f"/api{place}").json()["run"])
    assert f'href="/runs/{name}"' in client.get(place).text
    run = until(lambda: records.attempts(records.run(name).id) and records.run(name))
    assert (run.seed, run.tags["again"]) == (3, "training-1")
    assert (run.parameters["rows"], run.parameters["pause"]) == (6, 60.0)
    asked = records.events(records.run("training-1").id, "asked to run again")[0]
    assert asked.data["by"] == "tester@desk"
    assert asked.data["parameters"] == {"rows": "6", "pause": "60"}

    assert "/cancel" in client.get(f"/runs/{name}").text
    cancelled = act(client, f"/runs/{name}/cancel")
    assert cancelled.headers["location"] == f"/runs/{name}"
    until(lambda: records.run(name).status != "running")
    ended = records.run(name)
    assert (ended.status, ended.error) == ("cancelled", "cancelled by tester@desk")
    over = until(lambda: (told := client.get(f"/api{place}").json())["ended"] and told)
    assert (over["goes_on"], over["code"]) == (False, 130)

    begun = act(client, f"/runs/{name}/resume")
    assert begun.status_code == 303
    until(lambda: records.run(name).status == "running")
    act(client, f"/runs/{name}/cancel")
    until(lambda: records.run(name).status == "cancelled")
    assert len(records.events(run.id, "asked to resume")) == 1


def test_what_cannot_begin_says_why_on_its_page(client: TestClient) -> None:
    begun = act(client, "/runs/training-1/again", **{"p.rows": "<b>many"})
    place = begun.headers["location"]
    told = until(lambda: (found := client.get(f"/api{place}").json())["ended"] and found)
    assert (told["code"], told["run"], told["goes_on"]) == (2, None, False)
    assert "the parameter 'rows'" in told["log"]
    page = client.get(place).text
    assert "&lt;b&gt;many" in page
    assert "<b>many" not in page


def test_a_parameter_that_there_is_not_is_refused(client: TestClient) -> None:
    assert act(client, "/runs/training-1/again", **{"p.depth": "3"}).status_code == 400
    assert act(client, "/runs/training-1/again", depth="3").status_code == 400


@pytest.mark.parametrize("text", ["\0", "x" * 200_000])
def test_what_no_command_can_be_told_is_refused(client: TestClient, text: str) -> None:
    refused = act(client, "/runs/training-1/again", **{"p.rows": text})
    assert refused.status_code == 400
    assert "cannot be begun" in refused.text


@pytest.mark.parametrize("reason", ["\0\x1b[31m\u202e", "x" * 100_000, "\ud7ff\U0010ffff"])
def test_any_reason_is_kept_and_shown(client: TestClient, site: Site, reason: str) -> None:
    done = act(client, "/models/delay/2/promote", force="true", reason=f"so: {reason}")
    assert done.status_code == 303
    assert client.get("/models/delay").status_code == 200
    assert client.get("/api/models/delay").json()["moves"][0]["reason"].startswith("so: ")


def test_the_command_cancels_too(root: Path, site: Site) -> None:
    import json

    words = [sys.executable, "-m", "windlass", "run", "flow.py", "-p", "pause=60"]
    with subprocess.Popen(words, cwd=root, stderr=subprocess.PIPE) as driver:
        records = site.stores().records
        until(lambda: records.runs(limit=1)[0].name == "training-2")
        told = json.loads(run_windlass(root, "cancel", "training-2", "--json"))
        assert told == {"run": "training-2", "cancelled_by": "tester@desk"}
        assert driver.wait(60) == 130
    assert records.run("training-2").status == "cancelled"
    assert "not running" in _error(root, "cancel", "training-2")["message"]
