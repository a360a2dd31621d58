"""``windlass stack``: what is shown, and what a check finds when it really connects."""

from __future__ import annotations

import json
import os
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from object_server import ObjectServer

from .program import Folder

TEXT = """
default = "team"
[stacks.team]
artifacts = "s3://key:hunter2@bucket/windlass"
records = "postgresql://me:hunter2@host/windlass"
cache = "2GB"
[stacks.team.storage]
endpoint_url = "https://minio.example"
secret = "hunter2"
key = "${env:TEAM_KEY}"
[stacks.team.options]
token = "hunter2"
[stacks.shared]
artifacts = "/mnt/shared"
"""


def folder(root: Path, text: str, **environment: str) -> Folder:
    (root / "windlass.toml").write_text(text)
    return Folder(root, environment)


def checked(place: Folder, *words: str, code: int) -> dict[str, tuple[str, str, str]]:
    """What a check finds, by what was looked at; it ends with that code."""
    document = place.document("stack", "check", *words, code=code)
    assert document["ok"] == (code == 0)
    return {
        check["name"]: (check["status"], check["message"], check["hint"] or "")
        for check in document["checks"]
    }


def test_stacks_are_listed_and_shown_without_secrets(tmp_path: Path) -> None:
    place = folder(tmp_path, TEXT)
    listed = place.document("stack", "list")
    assert listed["default"] == "team"
    assert [each["name"] for each in listed["stacks"]] == ["default", "team", "shared"]
    shown = place.document("stack", "show")
    assert shown["name"] == "team"
    assert shown["cache"] == 2_000_000_000
    assert shown["storage"] == {
        "endpoint_url": "https://minio.example",
        "secret": "***",
        "key": "${env:TEAM_KEY}",
    }
    assert place.document("stack", "show", "shared")["default"] is False
    for words in (["list"], ["show"], []):
        done = place.windlass("stack", *words, COLUMNS="80")
        assert done.code == 0
        assert "hunter2" not in done.out
        assert max(map(len, done.out.splitlines())) <= 80
    assert "'shred'" in place.refused("stack", "show", "shred")
    assert "Did you mean 'shared'?" in place.refused("stack", "check", "shred")


def test_the_stack_of_this_machine_is_in_order_and_nothing_stays_behind(tmp_path: Path) -> None:
    place = folder(tmp_path, "")
    found = checked(place, code=0)
    assert [status for status, *_ in found.values()] == ["ok"] * 5
    assert "SQLite" in found["records"][1]
    artifacts = tmp_path / ".windlass" / "artifacts"
    assert [path for path in artifacts.rglob("*") if path.is_file()] == []
    assert place.windlass("stack", "check").out.startswith("stack default\n")


def test_what_is_missing_is_told_for_each_part(tmp_path: Path) -> None:
    place = folder(
        tmp_path,
        '[stacks.bad]\nartifacts = "gs://bucket"\nrecords = "${env:NOT_SET_HERE}"\ntarget = "moon"',
    )
    found = checked(place, "bad", code=1)
    assert [status for status, *_ in found.values()] == ["fail"] * 3
    assert "NOT_SET_HERE, which is not set" in found["records"][1]
    assert found["artifacts"][1:] == (
        "the artifact store gs://bucket needs the package gcsfs, which is not installed",
        "Install it: pip install 'windlass[gcs]'",
    )
    assert found["target"][1:] == (
        "there is no target 'moon'",
        "There is: airflow, container, kubeflow, local, ray.",
    )


def test_a_server_that_does_not_answer_is_told_in_words(
    tmp_path: Path, object_server: ObjectServer
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:  # closed when it is asked
        port = taken.getsockname()[1]
    text = (
        f'[stacks.far]\nartifacts = "s3://bucket/x"\n'
        f'records = "postgresql://me:hunter2@127.0.0.1:{port}/x"\n'
    )
    variables = object_server.variables | {"AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}"}
    found = checked(folder(tmp_path, text, **variables), "far", code=1)
    assert "refused" in found["records"][1]
    assert found["records"][2] == "Is the server running, and the address right?"
    assert f"nothing answers at http://127.0.0.1:{port}" in found["artifacts"][1]
    assert "AWS_ENDPOINT_URL" in found["artifacts"][2]
    assert "hunter2" not in str(found)


def test_a_team_s_stack_is_tried_out_and_left_as_it_was(
    tmp_path: Path, object_server: ObjectServer, bucket: str, postgres_url: str
) -> None:
    text = f'[stacks.team]\nartifacts = "{bucket}/team"\nrecords = "{postgres_url}"\n'
    place = folder(tmp_path, text, **object_server.variables)
    found = checked(place, "team", code=0)
    assert {status for status, *_ in found.values()} == {"ok"}
    assert "PostgreSQL" in found["records"][1]
    assert "other machines" in found["sharing"][1]
    left = object_server.call("GET", bucket.removeprefix("s3://"))
    assert b"<Key>" not in left


def test_half_a_shared_stack_says_what_another_machine_lacks(
    tmp_path: Path, object_server: ObjectServer, bucket: str
) -> None:
    text = f'[stacks.half]\nartifacts = "{bucket}"\n'
    found = checked(folder(tmp_path, text, **object_server.variables), "half", code=0)
    assert found["sharing"][0] == "warn"
    assert "neither the runs nor the cache" in found["sharing"][1]


def test_a_bucket_that_is_not_there_is_told_and_not_made(
    tmp_path: Path, object_server: ObjectServer
) -> None:
    text = '[stacks.team]\nartifacts = "s3://no-such-bucket-here/x"\n'
    place = folder(tmp_path, text, **object_server.variables)
    for _ in range(2):
        told = checked(place, "team", code=1)["artifacts"]
        assert "there is no such bucket" in told[1]


@pytest.fixture
def guarded(object_server: ObjectServer) -> Iterator[ObjectServer]:
    """A server that looks at who may do what."""
    object_server.check_rights(on=True)
    yield object_server
    object_server.check_rights(on=False)


READ, WRITE, LIST, DELETE = "s3:GetObject", "s3:PutObject", "s3:ListBucket", "s3:DeleteObject"


_CHECK_AS_EACH = """
import json, sys
from pathlib import Path
from windlass.provenance.project import Project
from windlass.stacks.checking import check_stack
from windlass.stacks.stack import Stack
folder, artifacts, users = Path(sys.argv[1]), sys.argv[2], json.loads(sys.argv[3])
told = []
for key, secret in users:
    storage = {"key": key, "secret": secret}
    stack = Stack("team", Project(folder, folder / "home"), artifacts=artifacts, storage=storage)
    found = {check.name: check for check in check_stack(stack, lambda _: ())}["artifacts"]
    told.append((found.status, f"{found.message} {found.hint}"))
print(json.dumps(told))
"""


def test_what_one_may_not_do_is_told(
    tmp_path: Path, object_server: ObjectServer, bucket: str, request: pytest.FixtureRequest
) -> None:
    users = {
        "cannot be written: access denied": object_server.make_user(READ, LIST),
        "cannot be deleted from: access denied": object_server.make_user(READ, LIST, WRITE),
        "cannot be read: access denied": object_server.make_user(WRITE, DELETE),
        "(InvalidAccessKeyId)": ("nobody-s", "hunter2hunter2"),
        "(SignatureDoesNotMatch)": (object_server.make_user(READ)[0], "hunter2hunter2"),
        "written, read back": object_server.make_user(READ, LIST, WRITE, DELETE),
    }
    request.getfixturevalue("guarded")
    words = [*(str(tmp_path), f"{bucket}/team"), json.dumps(list(users.values()))]
    done = Folder(tmp_path, object_server.variables).command(
        sys.executable, "-c", _CHECK_AS_EACH, *words
    )
    assert done.code == 0, done
    for (told, (_, secret)), (status, message) in zip(
        users.items(), json.loads(done.out), strict=True
    ):
        assert told in message
        assert status == ("ok" if "back" in told else "fail")
        assert secret not in message


def test_a_run_into_a_bucket_that_refuses_says_so_without_a_traceback(
    tmp_path: Path, object_server: ObjectServer
) -> None:
    text = 'default = "team"\n[stacks.team]\nartifacts = "s3://no-such-bucket-here/x"\n'
    place = folder(tmp_path, text, **object_server.variables)
    assert place.windlass("init").code == 0
    done = place.windlass("run", "pipeline.py:training")
    assert done.code == 1
    assert "there is no such bucket" in done.err
    assert "Traceback" not in done.err


def test_a_target_s_engine_is_looked_for(tmp_path: Path) -> None:
    pytest.importorskip("ray", reason="Ray is not installed")
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        text = (
            '[stacks.here]\ntarget = "ray"\n[stacks.far]\ntarget = "ray"\n'
            f'[stacks.far.options]\naddress = "127.0.0.1:{port}"\n'
        )
        place = folder(tmp_path, text)
        assert checked(place, "here", code=0)["ray"][1].startswith("Ray ")
        assert (
            checked(place, "far", code=0)["cluster"][1] == f"somebody listens at 127.0.0.1:{port}"
        )
    found = checked(place, "far", code=1)["cluster"]
    assert (found[0], "nobody listens there" in found[1]) == ("fail", True)


def test_an_engine_of_containers_is_looked_for(tmp_path: Path) -> None:
    program = tmp_path / "bin" / "podman"
    program.parent.mkdir()
    program.write_text('#!/bin/sh\necho \'{"Client": {"Version": "4.9.3"}}\'\n')
    program.chmod(0o755)
    text = '[stacks.box]\ntarget = "container"\n[stacks.box.options]\nengine = "podman"\n'
    place = folder(tmp_path, text, PATH=f"{program.parent}:{os.environ['PATH']}")
    assert checked(place, "box", code=0)["engine"][1].startswith("podman 4.9.3, ")
    program.write_text('#!/bin/sh\necho \'{"Client": {"Version": "3.4.2"}}\'\n')
    told = checked(place, "box", code=1)["target"]
    assert (told[0], told[1]) == ("fail", "podman 3.4.2 is too old: at least 4.0 is needed")
