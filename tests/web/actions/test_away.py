"""A record that goes away is told of, with when to ask again, and shown again when it is back."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from database_server import Server
from windlass.web.site import Site, Sites, open_sites

from .conftest import ask, until
from .project import FLOW, run_windlass

PAGES_OF_POSTGRESQL = (
    *("/", "/models", "/models/mean", "/models/mean/1", "/deployments", "/deployments/mean"),
    *("/runs/{run}", "/runs/{run}/nodes/fit", "/runs/{run}/logs", "/runs/{run}/again"),
    *("/compare?run=training-1&run={run}", "/artifacts/{artifact}", "/lineage/{artifact}"),
    *("/runs/{run}/report", "/models/mean/report", "/models/mean/1/promote"),
)
PAGES = ("/", "/models", "/deployments", "/runs/training-1")


def test_a_file_that_is_deleted_is_new_the_next_time(client: TestClient, root: Path) -> None:
    assert "training-1" in client.get("/").text
    for file in root.glob(".windlass/windlass.db*"):
        file.unlink()
    answer = client.get("/")
    assert "Nothing has been recorded here yet" in answer.text
    assert '<meta http-equiv="refresh"' in answer.text
    for path in ("/models", "/deployments"):
        assert client.get(path).status_code == 200
    assert client.get("/api/models").status_code == 400
    run_windlass(root, "run", "flow.py")
    assert "training-1" in client.get("/").text
    assert "mean" in client.get("/models").text


def test_a_file_that_is_no_record_is_told_of(client: TestClient, root: Path) -> None:
    assert client.get("/").status_code == 200
    for file in root.glob(".windlass/windlass.db*"):
        file.unlink()
    (root / ".windlass" / "windlass.db").write_bytes(b"no database at all, but a text" * 100)
    answer = client.get("/models")
    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "5"
    assert "This page tries again every 5 seconds" in answer.text
    assert "Traceback" not in answer.text


@pytest.fixture
def shared(tmp_path: Path, postgres_url: str) -> Site:
    """A project whose record is in PostgreSQL."""
    toml = f'[stacks.default]\nrecords = "{postgres_url}"\n'
    (tmp_path / "windlass.toml").write_text(toml)
    (tmp_path / "flow.py").write_text(FLOW)
    run_windlass(tmp_path, "run", "flow.py")
    return open_sites([tmp_path]).all[0]


def test_every_page_is_made_of_postgresql(shared: Site, tmp_path: Path) -> None:
    run_windlass(tmp_path, "run", "flow.py", "-p", "rows=6", "--tag", "why=more")
    with ask(Sites([shared])) as client:
        artifact = client.get("/api/models/mean/1").json()["artifacts"]["model"]["content"]
        for page in PAGES_OF_POSTGRESQL:
            path = page.format(run="training-2", artifact=artifact)
            assert client.get(path).status_code == 200, path
        for order in ("newest", "oldest", "longest", "shortest", "name", "params.rows desc"):
            for wanted in ("", "&tag=why", "&tag=why%3Dmore", "&pipeline=training"):
                found = client.get(f"/api/runs?sort={order}{wanted}").json()["runs"]
                names = [each["name"] for each in found]
                assert names[-1:] == ["training-2"] if "why" in wanted else len(names) == 2
        asked = client.get("/api/runs?where=params.rows > 5&sort=seconds desc").json()["runs"]
        assert [each["name"] for each in asked] == ["training-2"]


def test_a_server_that_is_stopped_is_told_of_and_comes_back(
    shared: Site, postgres_server: Server
) -> None:
    with ask(Sites([shared])) as client:
        for path in PAGES:
            assert client.get(path).status_code == 200, path
        postgres_server.stop()
        try:
            for path in PAGES[:2]:
                began = time.monotonic()
                answer = client.get(path)
                assert time.monotonic() - began < 10  # nobody waits half a minute for a page
                assert answer.status_code == 503, path
                assert "tries again" in answer.text
            document = client.get("/api/models").json()
            assert document["status"] == 503
            assert document["hint"]
        finally:
            postgres_server.start()
        until(lambda: client.get("/").status_code == 200)
        for path in PAGES:
            assert client.get(path).status_code == 200, path
