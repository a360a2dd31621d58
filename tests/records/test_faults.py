"""What goes wrong is told in words, and leaves what was recorded as it was."""

from __future__ import annotations

import contextlib
import os
import random
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from windlass.errors import RecordError
from windlass.records import Records
from windlass.records.model import Param

from .making import artifact, begin, contents, digest, new_run, outcome, series


def test_another_programs_file_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "records.db"
    path.write_text("this is a diary\n" * 1000)
    with pytest.raises(RecordError, match="not a database") as caught:
        Records.open(path)
    assert caught.value.hint is not None
    assert str(path) in caught.value.message
    assert path.read_text() == "this is a diary\n" * 1000


def test_another_programs_database_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "records.db"
    with contextlib.closing(sqlite3.connect(path)) as other:
        other.execute("CREATE TABLE runs (run_uuid TEXT)")
    before = path.read_bytes()
    with pytest.raises(RecordError, match=r"runs|other|another"):
        Records.open(path)
    assert path.read_bytes() == before


def test_an_empty_file_becomes_a_record(tmp_path: Path) -> None:
    path = tmp_path / "records.db"
    path.touch()
    with contextlib.closing(Records.open(path)) as records:
        assert records.create_run(new_run()).number == 1


@pytest.mark.parametrize("seed", range(12))
def test_a_damaged_database_is_told_in_words(tmp_path: Path, seed: int) -> None:
    path = tmp_path / "records.db"
    with contextlib.closing(Records.open(path)) as records:
        run = records.create_run(new_run())
        for n in range(50):
            records.commit_outcome(outcome(run, f"n{n}", makes=(f"v{n}",)))
        records.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    damaged = bytearray(path.read_bytes())
    chance = random.Random(seed)
    for page in range(1 if seed % 2 else 0, len(damaged) // 4096, 2):  # every other page
        start = page * 4096 + (100 if page == 0 else 0)
        damaged[start : page * 4096 + 4096] = chance.randbytes(page * 4096 + 4096 - start)
    path.write_bytes(damaged)
    _only_our_errors(path, run.id)


@pytest.mark.parametrize("kept", [0, 1, 100, 4096, 10_000, 40_960])
def test_a_database_cut_short_is_told_in_words(tmp_path: Path, kept: int) -> None:
    path = tmp_path / "records.db"
    with contextlib.closing(Records.open(path)) as records:
        run = records.create_run(new_run())
        records.commit_outcomes([outcome(run, f"n{n}", makes=(f"v{n}",)) for n in range(50)])
        records.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    path.write_bytes(path.read_bytes()[:kept])
    for suffix in ("-wal", "-shm"):
        (tmp_path / f"records.db{suffix}").unlink(missing_ok=True)
    _only_our_errors(path, run.id)


def _only_our_errors(path: Path, run: str) -> None:
    """Whatever is asked is answered, or refused as our error: any other fails the test."""
    try:
        records = Records.open(path)
    except RecordError:
        return
    with contextlib.closing(records):
        for ask in (
            records.check,
            records.counts,
            lambda: records.run(run),
            records.runs,
            lambda: records.run_outcomes(run),
            lambda: records.create_run(new_run()),
            lambda: records.lineage(digest("v1")),
            lambda: records.find_artifact("0"),
        ):
            with contextlib.suppress(RecordError):
                ask()


@pytest.mark.parametrize("place", ["/dev/null/x/records.db", "/proc/records.db"])
def test_a_place_that_cannot_be_is_told_in_words(place: str) -> None:
    with pytest.raises(RecordError, match=r"cannot be (used|taken)") as caught:
        Records.open(place)
    assert place in caught.value.message or "/dev/null" in caught.value.message


def test_a_folder_in_the_place_of_the_file_is_told_in_words(tmp_path: Path) -> None:
    (tmp_path / "records.db").mkdir()
    with pytest.raises(RecordError, match="cannot be used"):
        Records.open(tmp_path / "records.db")


READER = """
import os, sys
from windlass.errors import RecordError
from windlass.records import Records
from windlass.records.model import Metric, Param
import windlass.records.migrate, sqlalchemy.dialects.sqlite
from records.making import new_run
if os.geteuid() == 0:
    os.setuid(65534)
try:
    Records.open(sys.argv[1]).create_run(new_run())
except RecordError as error:
    print(type(error).__name__, error)
else:
    print("written")
"""


@pytest.mark.parametrize("made", [False, True])
def test_a_folder_that_cannot_be_written_is_told_in_words(tmp_path: Path, made: bool) -> None:
    folder = tmp_path / "team"
    folder.mkdir()
    if made:
        Records.open(folder / "records.db").close()
    for file in folder.iterdir():
        file.chmod(0o444)
    folder.chmod(0o555)
    for parent in (tmp_path, *tmp_path.parents[:2]):  # pytest's own folders are its user's only
        parent.chmod(parent.stat().st_mode | 0o055)
    place = {"PYTHONPATH": str(Path(__file__).parents[1]), "PYTHONDONTWRITEBYTECODE": "1"}
    told = subprocess.run(
        [sys.executable, "-c", READER, str(folder / "records.db")],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **place},
    )
    folder.chmod(0o755)
    assert told.returncode == 0, told.stderr
    assert told.stdout.startswith("RecordError ")
    assert "ermission" in told.stdout


def test_a_full_disk_is_told_and_takes_nothing_back(local: Records) -> None:
    run = local.create_run(new_run())
    begin(local, run, "n")
    local.commit_outcome(outcome(run, "before", makes=("before",)))
    (pages,) = local.execute("PRAGMA page_count")
    local.execute(f"PRAGMA max_page_count = {pages[0] + 4}")  # type: ignore[index]
    written = 0
    with pytest.raises(RecordError, match="full") as caught:  # noqa: PT012
        while True:
            big = artifact(f"big{written}", inline=bytes(4096))
            makes = outcome(run, f"n{written}", makes=(f"v{written}",))
            both = outcome(
                run, f"n{written}", outputs=makes.outputs, artifacts=(*makes.artifacts, big)
            )
            local.commit_outcome(both)
            written += 1
    assert caught.value.hint is not None
    assert "space" in caught.value.hint
    assert local.succeeded_nodes(run.id) == {"before", *(f"n{n}" for n in range(written))}
    assert local.outcome(run.id, f"n{written}") is None
    assert local.artifact(digest(f"v{written}")) is None
    assert local.artifact(digest(f"big{written}")) is None
    assert local.check() == "ok"
    local.execute("PRAGMA max_page_count = 1000000")
    assert local.commit_outcome(outcome(run, f"n{written}", makes=("after",)))
    assert contents(local.outcome(run.id, f"n{written}")) == [digest("after")]


def test_a_body_that_raises_is_taken_back(records: Records) -> None:
    run = records.create_run(new_run())
    with pytest.raises(KeyError), records.write():  # noqa: PT012
        records.change("DELETE FROM runs", {})
        raise KeyError
    assert records.run_by_id(run.id) == run
    records.create_run(new_run())


@pytest.mark.parametrize(
    ("address", "told"),
    [
        ("nosuch://user:secret@host/db", "nosuch"),
        ("postgresql+psycopg://user:secret@127.0.0.1:1/db", r"refused|psycopg"),
        ("postgresql://user:secret@127.0.0.1:1/db", r"refused|psycopg"),
        ("postgresql+psycopg://user:secret@host:port/db", "cannot be used"),
    ],
)
def test_an_address_that_is_wrong_is_told_without_its_password(address: str, told: str) -> None:
    with pytest.raises(RecordError, match=told) as caught:
        Records.open(address)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    "wrong", [{"seed": 2**64}, {"pipeline": "\udcff"}, {"tags": {"k": "\ud800"}}]
)
def test_a_value_that_no_database_holds_is_told_in_words(
    records: Records, wrong: dict[str, object]
) -> None:
    with pytest.raises(RecordError):
        records.create_run(new_run(**wrong))  # type: ignore[arg-type]
    assert records.counts()["runs"] == 0
    assert records.create_run(new_run()).number == 1


def test_texts_that_no_database_holds_are_recorded_as_they_can_be(records: Records) -> None:
    """The names that steps give, and errors that quote a file's name, must not stop a run."""
    odd = "a\0b\udcffc"
    shown = "a\\x00b\\udcffc"
    run = records.create_run(new_run())
    more = outcome(
        run,
        "n",
        "failed",
        reason=odd,
        error={"message": odd},
        series=(series(run, "n", odd, 1.0),),
        params=(Param(run.id, "n", odd, odd),),
    )
    assert begin(records, run, "n")
    assert records.commit_outcome(more)
    records.fail_attempt(run.id, "n", 1, "failed", {"message": odd})
    records.finish_run(run.id, "failed", odd)
    found = records.outcome(run.id, "n")
    assert found is not None
    assert (found.reason, found.error) == (shown, {"message": odd})
    assert [m.name for m in records.metrics(run.id)] == [shown]
    assert [(p.name, p.value) for p in records.params(run.id)] == [(shown, odd)]
    assert records.run(run.id).error == shown


def test_a_server_that_went_away_is_found_again(postgres_url: str) -> None:
    import psycopg

    name = postgres_url.rpartition("/")[2]
    end = (
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        f"WHERE datname = '{name}' AND pid != pg_backend_pid()"
    )

    def end_connections() -> None:
        with psycopg.connect(postgres_url.replace("+psycopg", ""), autocommit=True) as other:
            other.execute(end.encode())

    with contextlib.closing(Records.open(postgres_url)) as records:
        run = records.create_run(new_run())
        end_connections()
        assert records.run_by_id(run.id) == run
        end_connections()
        records.finish_run(run.id, "failed", None)

        def lose_a_transaction() -> None:
            with records.write():
                records.change("UPDATE runs SET status = 'lost'", {})
                end_connections()
                records.run_by_id(run.id)

        with pytest.raises(RecordError):
            lose_a_transaction()
        assert records.run_by_id(run.id).status == "failed"
        assert records.create_run(new_run()).number == 2
