"""Making a database, and opening one of another version."""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
import warnings
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from windlass.errors import RecordError, VersionError
from windlass.pipeline.plan import read_plan
from windlass.records import Records, database, migrate, schema

from .making import new_run

RELEASED = Path(__file__).parent / "released"
EXTRA = """
import sqlalchemy as sa
from alembic import op

revision = "9999"
down_revision = "{before}"


def upgrade():
    op.add_column("runs", sa.Column("extra", sa.Text))
    op.execute("UPDATE runs SET extra = 'migrated'")
    {more}
"""


def config() -> Config:
    made = Config()
    made.set_main_option("script_location", str(migrate.FOLDER).replace("%", "%%"))
    return made


def migrated(url: str, to: str = "head") -> sa.Engine:
    """A database made by the migrations alone."""
    address = url if "://" in url else f"sqlite:///{url}"
    engine = sa.create_engine(address, poolclass=sa.NullPool, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        made = config()
        made.attributes["connection"] = connection
        command.upgrade(made, to)
    return engine


def differences(engine: sa.Engine) -> list[object]:
    """What Alembic finds; not of an index of an expression, which databases spell in their way."""

    def is_compared(_: object, name: str | None, *__: object) -> bool:
        return name != "ix_runs_took"

    with engine.connect() as connection, warnings.catch_warnings():
        warnings.filterwarnings("ignore", ".* expression-based index")
        options = {"compare_server_default": True, "include_object": is_compared}
        context = MigrationContext.configure(connection, opts=options)
        return list(compare_metadata(context, schema.metadata))


def indexes(engine: sa.Engine) -> list[str]:
    query = "SELECT indexname FROM pg_indexes"
    if engine.dialect.name == "sqlite":
        query = "SELECT name FROM sqlite_master WHERE type = 'index'"
    with engine.connect() as connection:
        return list(connection.execute(sa.text(query)).scalars().all())


def test_the_migrations_make_exactly_the_schema(url: str) -> None:
    engine = migrated(url)
    assert differences(engine) == []
    assert "ix_runs_took" in indexes(engine)


def test_a_new_database_has_exactly_the_schema(url: str) -> None:
    with contextlib.closing(Records.open(url)) as records:
        assert differences(records.engine) == []
        assert "ix_runs_took" in indexes(records.engine)
        found = records.execute("SELECT version_num FROM alembic_version")
        assert [row["version_num"] for row in found] == [database.REVISION]


def test_migrations_and_creation_make_the_same_tables(tmp_path: Path) -> None:
    made, grown = tmp_path / "made.db", tmp_path / "grown.db"
    Records.open(made).close()
    migrated(str(grown)).dispose()
    assert _shape(made) == _shape(grown)


def test_the_newest_migration_is_the_one_that_is_asked_for() -> None:
    assert ScriptDirectory.from_config(config()).get_heads() == [database.REVISION]


def test_a_database_of_the_newest_migration_is_left_as_it_is(url: str, tmp_path: Path) -> None:
    migrated(url).dispose()
    with contextlib.closing(Records.open(url)) as records:
        assert records.create_run(new_run()).name == "train-1"
    assert list(tmp_path.glob("*.bak")) == []


def test_every_older_version_is_brought_up_to_date(tmp_path: Path) -> None:
    scripts = list(ScriptDirectory.from_config(config()).walk_revisions())
    for script in scripts:
        path = tmp_path / f"{script.revision}.db"
        migrated(str(path), script.revision).dispose()
        with contextlib.closing(Records.open(path)) as records:
            assert differences(records.engine) == []
            assert records.create_run(new_run()).number == 1
        older = script.revision != database.REVISION
        assert len(list(tmp_path.glob(f"{script.revision}.db.*.bak"))) == (1 if older else 0)


@pytest.mark.parametrize("kept", sorted(RELEASED.glob("*.sql")), ids=lambda path: path.stem)
def test_the_runs_of_a_released_version_can_be_looked_at(kept: Path, tmp_path: Path) -> None:
    """Its record as it was kept then, by tools/keep_record.py."""
    path = tmp_path / "windlass.db"
    with contextlib.closing(sqlite3.connect(path)) as old:
        old.executescript(kept.read_text())
    with contextlib.closing(Records.open(path)) as records:
        assert differences(records.engine) == []
        assert records.check() == "ok"
        runs = {run.name: run for run in records.runs()}
        assert [run.status for run in runs.values()] == ["failed", "succeeded", "succeeded"]
        outcomes = {each.node: each for each in records.outcomes(runs["training-2"].id)}
        assert outcomes["fit[2]"].cached
        assert outcomes["fit[2]"].outputs[0].artifact is not None
        assert {each.name: each.value for each in records.metrics(runs["training-1"].id)}
        plan = read_plan(records.plan(runs["training-1"].plan))
        assert plan.graph.nodes["explain"].when
        new = records.create_run(new_run(pipeline="training"))
        assert new.name == "training-4"


def _triggers(path: Path) -> set[tuple[str, str]]:
    with contextlib.closing(sqlite3.connect(path)) as found:
        return set(found.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"))


def test_a_released_record_is_guarded_as_a_new_one(tmp_path: Path) -> None:
    kept, made = tmp_path / "kept.db", tmp_path / "made.db"
    with contextlib.closing(sqlite3.connect(kept)) as old:
        old.executescript((RELEASED / "0005.sql").read_text())
        values = "(1, 'delay', 'champion', NULL, 1, 0.0, 'ada', 'promote', NULL, NULL, '{}')"
        old.executescript(f"INSERT INTO moves VALUES {values};")
    Records.open(kept).close()
    Records.open(made).close()
    assert {name for name, _ in _triggers(kept)} == {name for name, _ in _triggers(made)}
    with contextlib.closing(Records.open(kept)) as records:
        (move,) = records.moves("delay")
        with pytest.raises(RecordError, match="kept for ever"), records.write():
            records.change("INSERT OR REPLACE INTO moves SELECT * FROM moves", {})
        assert records.moves("delay") == [move]


def test_numbers_that_were_rows_are_series_with_summaries(url: str) -> None:
    engine = migrated(url, "0006")
    rows = [
        {"run": run, "node": node, "attempt": attempt, "seq": seq, "name": name, "value": value}
        for run, node, attempt, seq, name, value in (
            ("r1", "n", 1, 0, "loss", 0.5),
            ("r1", "n", 1, 1, "auc", None),
            ("r1", "n", 1, 2, "loss", 0.25),
            ("r1", "m", 2, 0, "loss", 0.75),
        )
    ]
    add = (
        "INSERT INTO metrics (run, node, attempt, seq, name, step, value, time) "
        "VALUES (:run, :node, :attempt, :seq, :name, :seq, :value, :seq)"
    )
    with engine.connect() as connection:
        connection.execute(sa.text(add), rows)
        for name, value in (("depth", "6"), ("kind", '"a"'), ("many", "[1]")):
            given = {"name": name, "value": value}
            put = sa.text("INSERT INTO parameters VALUES ('r1', '', :name, :value)")
            connection.execute(put, given)
    engine.dispose()
    with contextlib.closing(Records.open(url)) as records:
        run = records.create_run(new_run())
        records.change("UPDATE runs SET id = 'r1' WHERE id = :id", {"id": run.id})
        told = {
            (m.node, m.attempt, m.name, m.seq): (m.step, m.value) for m in records.metrics("r1")
        }
        assert told == {
            ("n", 1, "loss", 0): (0, 0.5),
            ("n", 1, "loss", 1): (2, 0.25),
            ("n", 1, "auc", 0): (1, None),
            ("m", 2, "loss", 0): (0, 0.75),
        }
        found = records.execute("SELECT name, number, text FROM parameters ORDER BY name")
        assert [tuple(dict(row).values()) for row in found] == [
            ("depth", 6.0, None),
            ("kind", None, "a"),
            ("many", None, None),
        ]


def test_what_models_were_asked_before_is_counted(url: str) -> None:
    engine = migrated(url, "0009")
    told = '{"requests": 7, "failures": {"503": 2, "500": 1}, "rows": 9}'
    add = sa.text(
        "INSERT INTO observations (model, began, number, writer, seconds, document) "
        "VALUES ('delay', :began, 1, 'w', 60.0, :document)"
    )
    with engine.connect() as connection:
        many = [{"began": 60.0 * place, "document": told} for place in range(150)]
        connection.execute(add, [*many, {"began": 9e6, "document": "{}"}])
    engine.dispose()
    with contextlib.closing(Records.open(url)) as records:
        assert records.traffic("delay", 60.0) == (149 * 7, 149 * 3, 9e6 + 60)
        assert records.traffic("delay", 0.0) == (150 * 7, 150 * 3, 9e6 + 60)


def test_migrated_runs_are_found_by_what_they_logged(tmp_path: Path) -> None:
    path = tmp_path / "windlass.db"
    with contextlib.closing(sqlite3.connect(path)) as old:
        old.executescript((RELEASED / "0006.sql").read_text())
    with contextlib.closing(Records.open(path)) as records:
        found = records.find_runs("metrics.loss.min < 0.4 and params.rows = 10")
        assert [run.name for run in found] == ["training-2", "training-1"]  # one from the cache
        (summary,) = records.summaries([found[0].id])[found[0].id].values()
        assert (summary.low, summary.high, summary.series) == (1 / 3, 1.0, 3)
        assert [run.name for run in records.find_runs(sort="metrics.loss.max", limit=1)]


def test_a_newer_database_is_refused_and_left_as_it_is(url: str, tmp_path: Path) -> None:
    with contextlib.closing(Records.open(url)) as records:
        records.create_run(new_run())
        records.change("UPDATE alembic_version SET version_num = :to", {"to": "9999"})
    before = _bytes(tmp_path)
    with pytest.raises(VersionError, match=r"newer Windlass.*9999") as caught:
        Records.open(url)
    assert caught.value.hint is not None
    assert "Upgrade Windlass" in caught.value.hint
    assert _bytes(tmp_path) == before


def test_an_older_database_is_backed_up_and_migrated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "records.db"
    with contextlib.closing(Records.open(path)) as records:
        run = records.create_run(new_run())
    before = database.REVISION
    _add_migration(tmp_path, monkeypatch)
    with contextlib.closing(Records.open(path)) as records:
        (row,) = records.execute("SELECT id, extra FROM runs")
        assert dict(row) == {"id": run.id, "extra": "migrated"}
        (version,) = records.execute("SELECT version_num FROM alembic_version")
        assert version["version_num"] == "9999"
        assert records.check() == "ok"
    (backup,) = tmp_path.glob("*.bak")
    with contextlib.closing(sqlite3.connect(backup)) as copy:
        assert copy.execute("SELECT version_num FROM alembic_version").fetchall() == [(before,)]
        assert copy.execute("SELECT id FROM runs").fetchall() == [(run.id,)]
        assert copy.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    Records.open(path).close()
    assert list(tmp_path.glob("*.bak")) == [backup]  # only once


def test_a_server_is_migrated_too(
    postgres_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with contextlib.closing(Records.open(postgres_url)) as records:
        records.create_run(new_run())
    _add_migration(tmp_path, monkeypatch)
    with contextlib.closing(Records.open(postgres_url)) as records:
        assert records.execute("SELECT extra FROM runs")[0]["extra"] == "migrated"


def test_a_migration_that_fails_is_taken_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "records.db"
    with contextlib.closing(Records.open(path)) as records:
        run = records.create_run(new_run())
    _add_migration(tmp_path, monkeypatch, 'raise RuntimeError("stopped halfway")')
    with pytest.raises(Exception, match="stopped halfway"):
        Records.open(path)
    assert len(list(tmp_path.glob("*.bak"))) == 1
    monkeypatch.undo()
    with contextlib.closing(Records.open(path)) as records:
        assert records.run_by_id(run.id) == run
        assert differences(records.engine) == []
        assert records.create_run(new_run()).number == 2


def _add_migration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, more: str = "") -> None:
    folder = tmp_path / "100% newer"
    shutil.copytree(migrate.FOLDER, folder, ignore=shutil.ignore_patterns("__pycache__"))
    text = EXTRA.format(before=database.REVISION, more=more)
    (folder / "versions" / "r9999_extra.py").write_text(text)
    monkeypatch.setattr(migrate, "FOLDER", folder)
    for module in (database, migrate):
        monkeypatch.setattr(module, "REVISION", "9999")


def _shape(path: Path) -> dict[str, list[str]]:
    with contextlib.closing(sqlite3.connect(path)) as connection:
        names = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        return {
            str(name): sorted(
                [repr(row[1:]) for row in connection.execute(f"PRAGMA table_info({name})")]
                + [repr(row[1:4]) for row in connection.execute(f"PRAGMA index_list({name})")]
            )
            for (name,) in names
        }


def _bytes(folder: Path) -> dict[str, bytes]:
    """The files of a database; that of its shared memory is no part of what it holds."""
    return {
        file.name: file.read_bytes()
        for file in folder.iterdir()
        if file.is_file() and not file.name.endswith(("-shm", "-wal", ".lock"))
    }
