"""What starts worker processes."""

from __future__ import annotations

import os
from pathlib import Path

import psutil
import pytest

from windlass.execution.pool import Kind, Pool
from windlass.execution.stores import libraries_of
from windlass.provenance.project import Project
from windlass.stacks.stack import Stack

_POSTGRES = ["sqlalchemy.dialects.postgresql.psycopg", "psycopg"]
PROJECT = Project(Path("/project"), Path("/project/.windlass"))


def test_libraries_are_imported_once_for_all_workers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(
        "PYTHONPATH", os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")])
    )
    (tmp_path / "large.py").write_text(
        f"import os\nopen({str(tmp_path / 'told')!r}, 'a').write(f'{{os.getpid()}} ')\n"
    )
    (tmp_path / "broken.py").write_text("raise RuntimeError('not here')\n")
    pool = Pool(libraries=["missing", "broken", "large"])
    try:
        workers = [pool.start(Kind(), {"run": "r", "stack": {}}) for _ in range(2)]
        (parent,) = {psutil.Process(worker.pid).ppid() for worker in workers}
        assert (tmp_path / "told").read_text() == f"{parent} "
    finally:
        pool.close()


@pytest.mark.parametrize(
    ("records", "artifacts", "expected"),
    [
        (None, None, []),
        ("sqlite:////data/w.db", "file:///data", []),
        ("postgresql://host/w", None, _POSTGRES),
        (None, "s3://bucket/w", ["s3fs"]),
        ("postgres://host/w", "gs://bucket", [*_POSTGRES, "gcsfs"]),
    ],
)
def test_stores_elsewhere_have_libraries(
    records: str | None, artifacts: str | None, expected: list[str]
) -> None:
    stack = Stack("team", PROJECT, records=records, artifacts=artifacts)
    assert libraries_of(stack) == expected
