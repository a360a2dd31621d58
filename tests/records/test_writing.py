"""What a second write does to a first, and how a database is opened."""

from __future__ import annotations

import contextlib
import sqlite3
import threading
from pathlib import Path

import pytest
import sqlalchemy as sa

from windlass.errors import RecordError
from windlass.records import Records
from windlass.records.model import Attempt, Input, Param

from .making import artifact, begin, digest, new_run, outcome
from .test_migrations import migrated


def test_a_value_made_again_is_found_in_its_new_bytes(records: Records) -> None:
    """The first bytes may be gone, which is why it was made again; equal bytes change nothing."""
    first = artifact("v", blob="aa" * 32, summary={"n": 1})
    records.save_artifacts([first])
    records.save_artifacts([artifact("v", blob="aa" * 32, summary={"n": 2})])
    assert records.artifact(first.content) == first
    again = artifact("v", blob="bb" * 32, inline=b"\x00\xff")
    run = records.create_run(new_run())
    records.commit_outcome(outcome(run, "n", artifacts=(again,)))
    assert records.artifact(first.content) == again


def test_an_attempt_begun_again_is_told_anew(records: Records) -> None:
    run = records.create_run(new_run())
    assert begin(records, run, "n")
    records.fail_attempt(run.id, "n", 1, "lost", {"message": "gone"})
    again = Attempt(run.id, "n", 1, "running", {"pid": 2, "host": "b"}, 9.0)
    assert records.begin_attempt(again)
    assert records.attempts(run.id, "n") == [again]


def test_the_last_setting_of_a_name_counts(records: Records) -> None:
    run = records.create_run(new_run())
    records.add_params([Param(run.id, "n", "depth", 3), Param(run.id, "n", "names", ["a"])])
    records.add_params([Param(run.id, "n", "depth", 4)])
    records.add_params([])
    found = {param.name: param.value for param in records.params(run.id)}
    assert found == {"depth": 4, "names": ["a"]}


def test_tags_are_replaced_and_taken_away(records: Records) -> None:
    run = records.create_run(new_run(tags={"why": "sweep", "owner": "me"}))
    other = records.create_run(new_run(tags={"why": "sweep"}))
    records.tag_run(run.id, {"why": "release", "more": "é"})
    records.untag_run(run.id, ["owner", "nope"])
    assert records.run(run.id).tags == {"why": "release", "more": "é"}
    assert [r.id for r in records.runs(tag=("why", "sweep"))] == [other.id]
    assert [r.id for r in records.runs(tag=("more", "é"), pipeline="train")] == [run.id]


def test_an_outcome_of_long_ago_gives_way_with_all_its_edges(records: Records) -> None:
    run = records.create_run(new_run())
    reads = tuple(Input(name, 0, digest(name)) for name in ("a", "b"))
    assert records.commit_outcome(outcome(run, "n", "failed", inputs=reads))
    assert records.commit_outcome(outcome(run, "n", inputs=reads[:1]))
    found = records.execute("SELECT parameter FROM inputs WHERE node = 'n'")
    assert [row["parameter"] for row in found] == ["a"]


def test_a_cached_success_without_an_end_is_not_the_newest_for_ever(records: Records) -> None:
    run = records.create_run(new_run())
    records.commit_outcome(outcome(run, "old", key="k", makes=("old",)))  # ends now
    later = outcome(run, "new", key="k", makes=("new",), ended=2e12)
    records.commit_outcome(later)
    found = records.cached("k")
    assert found is not None
    assert found.node == "new"


def test_lists_of_an_older_record_are_seen_through_after_the_migration(tmp_path: Path) -> None:
    path = tmp_path / "records.db"
    engine = migrated(str(path), "0001")
    run, part, whole = "r" * 36, digest("part"), digest("whole")
    rows = {
        "runs": f"'{run}', 1, 'train-1', 'train', 'p', 'b', 'e', 'local', 'default', 'succeeded', "
        "0, 1.0, 2.0, NULL, NULL, NULL, '{}'",
        "artifacts": f"'{whole}', 'b', 'list', 1, 'builtins.list', 1, NULL, '{{}}', "
        f'\'["x","{part}"]\', FALSE, 1.0',
        "outcomes": f"'{run}', 'load', 's', 'succeeded', 1, 1, FALSE, NULL, 1.0, 1.0, 2.0, NULL, "
        "'k', 0",
        "outputs": f"'{run}', 'load', 'output', 0, '{whole}'",
    }
    with engine.connect() as connection:
        for table, values in rows.items():
            connection.execute(sa.text(f"INSERT INTO {table} VALUES ({values})"))
    engine.dispose()
    with contextlib.closing(Records.open(path)) as records:
        found = records.lineage(part).made
        assert [(edge.node, edge.label) for edge in found] == [("load", "output[1]")]
        assert records.cached("k") is not None
        assert records.run("train").id == run


@pytest.mark.parametrize("version", ["c48cb773bb87", "0001"])
def test_the_record_of_another_program_with_migrations_is_refused(
    url: str, tmp_path: Path, version: str
) -> None:
    """MLflow's, for one, has tables of the same names, and versions kept by Alembic, too."""
    address = url if "://" in url else f"sqlite:///{url}"
    engine = sa.create_engine(address, poolclass=sa.NullPool)
    with engine.begin() as connection:
        connection.execute(sa.text("CREATE TABLE runs (run_uuid TEXT)"))
        connection.execute(sa.text("CREATE TABLE alembic_version (version_num TEXT)"))
        connection.execute(sa.text(f"INSERT INTO alembic_version VALUES ('{version}')"))
    with pytest.raises(RecordError, match="another program") as caught:
        Records.open(url)
    assert caught.value.hint is not None
    assert sorted(sa.inspect(engine).get_table_names()) == ["alembic_version", "runs"]
    engine.dispose()


def test_strangers_tables_beside_ours_are_left_alone_on_a_server(postgres_url: str) -> None:
    engine = sa.create_engine(postgres_url, poolclass=sa.NullPool)
    with engine.begin() as connection:
        connection.execute(sa.text("CREATE TABLE customers (name TEXT)"))
    with contextlib.closing(Records.open(postgres_url)) as records:
        assert records.create_run(new_run()).number == 1
    assert "customers" in sa.inspect(engine).get_table_names()
    engine.dispose()


@pytest.mark.parametrize(("durable", "synchronous"), [(False, 1), (True, 2)])
def test_sqlite_is_opened_for_many_readers_and_as_durable_as_asked(
    tmp_path: Path, durable: bool, synchronous: int
) -> None:
    with contextlib.closing(Records.open(tmp_path / "records.db", durable=durable)) as records:
        told = {
            name: records.execute(f"PRAGMA {name}")[0][0]  # type: ignore[index]
            for name in ("journal_mode", "synchronous", "busy_timeout")
        }
    assert told == {"journal_mode": "wal", "synchronous": synchronous, "busy_timeout": 60_000}


def test_a_step_may_change_the_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A thread that connects later, from another folder, finds the same database."""
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path)
    with contextlib.closing(Records.open("records.db")) as records:
        run = records.create_run(new_run())
        monkeypatch.chdir(tmp_path / "elsewhere")
        found: list[str] = []
        thread = threading.Thread(target=lambda: found.append(records.run("latest").id))
        thread.start()
        thread.join()
        assert found == [run.id]
    assert list((tmp_path / "elsewhere").iterdir()) == []


@pytest.mark.parametrize("form", ["{}", "sqlite:///{}", "sqlite+pysqlite:///{}"])
def test_a_file_has_several_forms_of_address(tmp_path: Path, form: str) -> None:
    path = tmp_path / "a folder" / "records.db"
    with contextlib.closing(Records.open(form.format(path))) as records:
        run = records.create_run(new_run())
    with contextlib.closing(Records.open(path)) as records:
        assert records.run("latest") == run
        assert records.path == path.resolve()


def test_readers_do_not_wait_for_a_writer(local: Records) -> None:
    run = local.create_run(new_run())
    seen: list[tuple[str, int]] = []

    def read() -> None:
        seen.append((local.run("latest").id, local.counts()["runs"]))

    with contextlib.suppress(KeyError), local.write():
        local.change("UPDATE runs SET status = 'half done' WHERE id = :id", {"id": run.id})
        thread = threading.Thread(target=read)
        thread.start()
        thread.join(30)
        assert seen == [(run.id, 1)]
        raise KeyError
    assert local.run(run.id).status == "running"


def test_a_view_is_of_one_moment(records: Records) -> None:
    run = records.create_run(new_run())

    def write() -> None:
        records.commit_outcome(outcome(run, "late", makes=("v",)))

    with records.view():
        assert records.execute("SELECT count(*) AS n FROM outcomes")[0]["n"] == 0
        thread = threading.Thread(target=write)
        thread.start()
        thread.join(60)
        assert records.execute("SELECT count(*) AS n FROM outcomes")[0]["n"] == 0
    assert records.succeeded_nodes(run.id) == {"late"}


def test_a_lock_left_behind_by_nobody_holds_nothing_up(tmp_path: Path) -> None:
    path = tmp_path / "records.db"
    (tmp_path / "records.db.lock").write_text("an old holder's")
    with contextlib.closing(Records.open(path)) as records:
        assert records.create_run(new_run()).number == 1
    with contextlib.closing(sqlite3.connect(path)) as other:
        assert other.execute("SELECT count(*) FROM runs").fetchone() == (1,)
