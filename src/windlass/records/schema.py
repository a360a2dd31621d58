"""The tables. Nothing here is beyond SQLite or PostgreSQL.

No foreign keys: rows that belong together are written in one transaction, and outcomes that arrive
late from elsewhere, in any order, must find their place. Times are seconds since 1970, UTC. JSON
stands as text: only Python reads it, and its own parser is the quickest. A run's id sorts by time,
so that "the newest first" needs no index of its own.
"""

from __future__ import annotations

import sqlalchemy as sa

metadata = sa.MetaData()

# Seeds need 64 bits in PostgreSQL; an autoincrement must be INTEGER in SQLite.
_Id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_Float: sa.Double[float] = sa.Double()


def _key(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text, primary_key=True)


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=False)


plans = sa.Table(
    "plans",
    metadata,
    _key("digest"),
    _text("pipeline"),
    _text("document"),
    sa.Column("created", _Float, nullable=False),
)

nodes = sa.Table(
    "nodes",
    metadata,
    _key("plan"),
    _key("node"),
    _text("step"),
    _text("kind"),
    sa.Column("position", sa.Integer, nullable=False),
)

bundles = sa.Table(
    "bundles",
    metadata,
    _key("digest"),
    _text("document"),
    sa.Column("blob", sa.Text),  # of its archive
)

environments = sa.Table("environments", metadata, _key("digest"), _text("document"))

# Environments as uv solved them, by the digest of what was solved.
locks = sa.Table("locks", metadata, _key("digest"), _text("document"))

# What came of running a run again.
proofs = sa.Table(
    "proofs",
    metadata,
    _key("run"),
    sa.Column("created", _Float, primary_key=True),
    _text("verdict"),
    _text("document"),
)

# What a step can reach in code; and the source of each piece of that, by the piece's digest.
fingerprints = sa.Table("fingerprints", metadata, _key("digest"), _text("document"))

sources = sa.Table("sources", metadata, _key("digest"), _text("text"))

runs = sa.Table(
    "runs",
    metadata,
    _key("id"),
    sa.Column("number", sa.Integer, nullable=False),
    sa.Column("name", sa.Text, nullable=False, unique=True),
    _text("pipeline"),
    _text("plan"),
    _text("bundle"),
    _text("environment"),
    _text("target"),
    _text("stack"),
    _text("status"),
    sa.Column("seed", sa.BigInteger, nullable=False),
    sa.Column("created", _Float, nullable=False),
    sa.Column("ended", _Float),
    sa.Column("error", sa.Text),
    sa.Column("host", sa.Text),
    sa.Column("git", sa.Text),
    _text("details"),
    sa.Column("driver", sa.Text),  # who drives it; another once it was resumed
    sa.Column("beat", _Float),  # when they last said so
    sa.Index("ix_runs_number", "pipeline", "number", unique=True),
    sa.Index("ix_runs_status", "status", "id"),
    # All by which runs are chosen and sorted: their rows are long, and are read last.
    sa.Index(
        "ix_runs_facts",
        *("id", "name", "pipeline", "status", "target", "stack", "seed", "created", "ended"),
    ),
)

sa.Index("ix_runs_took", sa.text("coalesce(ended - created, 1e300)"), runs.c.id)

attempts = sa.Table(
    "attempts",
    metadata,
    _key("run"),
    _key("node"),
    sa.Column("attempt", sa.Integer, primary_key=True),
    _text("status"),
    _text("worker"),
    sa.Column("started", _Float, nullable=False),
    sa.Column("ended", _Float),
    sa.Column("error", sa.Text),
)

outcomes = sa.Table(
    "outcomes",
    metadata,
    _key("run"),
    _key("node"),
    _text("step"),
    _text("status"),
    sa.Column("attempt", sa.Integer, nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("cached", sa.Boolean, nullable=False),
    sa.Column("reason", sa.Text),
    sa.Column("seconds", _Float),
    sa.Column("started", _Float),
    sa.Column("ended", _Float),
    sa.Column("error", sa.Text),
    sa.Column("key", sa.Text),
    sa.Column("seed", sa.BigInteger),
    sa.Column("ingredients", sa.Text),  # what the key was made of
    sa.Column("origin_run", sa.Text),  # who computed what the cache gave
    sa.Column("origin_node", sa.Text),
)

_cacheable = sa.and_(
    outcomes.c.status == sa.literal_column("'succeeded'"), outcomes.c.key.is_not(None)
)
sa.Index(
    "ix_outcomes_key",
    outcomes.c.key,
    outcomes.c.ended,
    sqlite_where=_cacheable,
    postgresql_where=_cacheable,
)

_comparable = sa.and_(
    outcomes.c.status == sa.literal_column("'succeeded'"), outcomes.c.ingredients.is_not(None)
)
sa.Index(
    "ix_outcomes_node",
    outcomes.c.step,
    outcomes.c.node,
    outcomes.c.ended,
    sqlite_where=_comparable,
    postgresql_where=_comparable,
)

_has_origin = outcomes.c.origin_run.is_not(None)
sa.Index(
    "ix_outcomes_origin",
    outcomes.c.origin_run,
    sqlite_where=_has_origin,
    postgresql_where=_has_origin,
)

outputs = sa.Table(
    "outputs",
    metadata,
    _key("run"),
    _key("node"),
    _key("name"),
    sa.Column("position", sa.Integer, nullable=False),
    _text("content"),
    sa.Index("ix_outputs_content", "content"),
)

inputs = sa.Table(
    "inputs",
    metadata,
    _key("run"),
    _key("node"),
    _key("parameter"),
    sa.Column("position", sa.Integer, primary_key=True),
    _text("content"),
    sa.Column("source", sa.Text),  # the node of the run that it was read from
    sa.Column("output", sa.Text),
    sa.Column("item", sa.Integer),  # of that output, if it was one alone
    sa.Index("ix_inputs_content", "content"),
)

artifacts = sa.Table(
    "artifacts",
    metadata,
    _key("content"),
    _text("blob"),
    _text("format"),
    sa.Column("version", sa.Integer, nullable=False),
    _text("type"),
    sa.Column("bytes", sa.BigInteger, nullable=False),
    sa.Column("inline", sa.LargeBinary),
    _text("summary"),
    _text("children"),
    sa.Column("pickled", sa.Boolean, nullable=False),
    sa.Column("classes", sa.Text),
    sa.Column("files", sa.Text),  # blobs beside its own
    sa.Column("created", _Float, nullable=False),
    sa.Index("ix_artifacts_blob", "blob"),
)

# What artifacts are made of, to be asked from the part's side: `artifacts.children` has the same
# from the side of the whole, where it is read with one row.
parts = sa.Table(
    "parts",
    metadata,
    _key("whole"),
    sa.Column("position", sa.Integer, primary_key=True),
    _text("part"),
    sa.Index("ix_parts_part", "part"),
)

parameters = sa.Table(
    "parameters",
    metadata,
    _key("run"),
    _key("node"),  # empty for the run's own
    _key("name"),
    _text("value"),
    sa.Column("number", _Float),  # the value, if it is a number; to choose by
    sa.Column("text", sa.Text),  # the beginning of it, if it is another single thing
    sa.Index("ix_parameters_name", "name", "run", "node", "number", "text"),
)

# Numbers that steps log, packed: see `points`. What is read with every look comes first in a row.
series = sa.Table(
    "series",
    metadata,
    _key("run"),
    _key("node"),
    sa.Column("attempt", sa.Integer, primary_key=True),
    _key("name"),
    sa.Column("part", sa.Integer, primary_key=True),
    sa.Column("count", sa.Integer, nullable=False),
    sa.Column("first_step", sa.BigInteger),
    sa.Column("last_step", sa.BigInteger),
    sa.Column("first_time", _Float, nullable=False),
    sa.Column("last_time", _Float, nullable=False),
    sa.Column("low", _Float),  # NULL is not-a-number: SQLite has no other word for it
    sa.Column("high", _Float),
    sa.Column("last", _Float),
    sa.Column("outline", sa.LargeBinary),
    sa.Column("points", sa.LargeBinary, nullable=False),
)

# What is to be known of a run's numbers to choose and sort among many runs: by name first, so that
# those of one name lie side by side in the order of the runs.
summaries = sa.Table(
    "summaries",
    metadata,
    _key("name"),
    _key("run"),
    sa.Column("last", _Float),
    sa.Column("low", _Float),
    sa.Column("high", _Float),
    sa.Column("count", sa.Integer, nullable=False),
    sa.Column("series", sa.Integer, nullable=False),
    _text("node"),
    sa.Column("time", _Float, nullable=False),
    sa.Index("ix_summaries_last", "name", "last", "run"),
    sa.Index("ix_summaries_run", "run"),
    sqlite_with_rowid=False,
)

# Figures, tables and texts that steps log.
logged = sa.Table(
    "logged",
    metadata,
    _key("run"),
    _key("node"),
    sa.Column("attempt", sa.Integer, primary_key=True),
    sa.Column("seq", sa.Integer, primary_key=True),
    _text("name"),
    _text("kind"),
    _text("content"),
    sa.Column("step", sa.BigInteger),
    sa.Column("time", _Float, nullable=False),
    sa.Index("ix_logged_content", "content"),
)

events = sa.Table(
    "events",
    metadata,
    sa.Column("id", _Id, primary_key=True, autoincrement=True),
    _text("run"),
    _text("node"),
    sa.Column("time", _Float, nullable=False),
    _text("kind"),
    _text("data"),
    sa.Index("ix_events_run", "run"),
)

tags = sa.Table(
    "tags",
    metadata,
    _key("run"),
    _key("key"),
    _text("value"),
    sa.Index("ix_tags_key", "key", "value", "run"),
)

# What the outputs of a plan's nodes are to models.
marks = sa.Table(
    "marks",
    metadata,
    _key("plan"),
    _key("node"),
    _key("output"),
    _key("role"),
    _key("model"),
    _text("document"),
)

versions = sa.Table(
    "versions",
    metadata,
    _key("model"),
    sa.Column("number", sa.Integer, primary_key=True),
    _text("content"),
    sa.Column("created", _Float, nullable=False),
    sa.Column("run", sa.Text),  # that made it; none if it was registered
    sa.Column("node", sa.Text),
    sa.Column("output", sa.Text),
    _text("details"),
    sa.Index("ix_versions_content", "model", "content", unique=True),
    sa.Index("ix_versions_run", "run"),
)

# The values that belong to a version: the model, its reference, its holdout, its other forms.
version_artifacts = sa.Table(
    "version_artifacts",
    metadata,
    _key("model"),
    sa.Column("number", sa.Integer, primary_key=True),
    _key("role"),
    _text("content"),
)

# What is known of a version, by kind: its signature, its profile. Written once.
evidence = sa.Table(
    "evidence",
    metadata,
    _key("model"),
    sa.Column("number", sa.Integer, primary_key=True),
    _key("kind"),
    _text("document"),
    sa.Column("created", _Float, nullable=False),
)

# What came of testing a version.
reports = sa.Table(
    "reports",
    metadata,
    _key("id"),
    _text("model"),
    sa.Column("number", sa.Integer, nullable=False),
    sa.Column("created", _Float, nullable=False),
    _text("verdict"),
    _text("document"),
    sa.Index("ix_reports_version", "model", "number", "id"),
)

aliases = sa.Table(
    "aliases",
    metadata,
    _key("model"),
    _key("alias"),
    sa.Column("number", sa.Integer, nullable=False),
)

# Every move of an alias. Rows are added, and neither changed nor removed: see `KEPT_FOR_EVER`.
moves = sa.Table(
    "moves",
    metadata,
    sa.Column("id", _Id, primary_key=True, autoincrement=True),
    _text("model"),
    _text("alias"),
    sa.Column("old", sa.Integer),
    sa.Column("new", sa.Integer),
    sa.Column("time", _Float, nullable=False),
    _text("who"),
    _text("kind"),
    sa.Column("reason", sa.Text),
    sa.Column("report", sa.Text),
    _text("details"),
    sa.Index("ix_moves_model", "model", "id"),
)

# Servers that follow an alias, as they last told of themselves.
deployments = sa.Table(
    "deployments",
    metadata,
    _key("id"),
    _text("model"),
    _text("alias"),
    _text("host"),
    sa.Column("began", _Float, nullable=False),
    sa.Column("beat", _Float, nullable=False),
    sa.Column("ended", _Float),
    _text("document"),
    sa.Index("ix_deployments_model", "model", "began"),
)

# What each process counted of a version in each window; counts of all of them add up. The document
# holds them all, and sketches of every column: two of them stand beside it, too, for lists.
observations = sa.Table(
    "observations",
    metadata,
    _key("model"),
    sa.Column("began", _Float, primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True),
    _key("writer"),
    sa.Column("seconds", _Float, nullable=False),
    _text("document"),
    sa.Column("requests", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("failures", sa.BigInteger, nullable=False, server_default="0"),
)

# What was found of a model in production that somebody should see to.
alerts = sa.Table(
    "alerts",
    metadata,
    _key("id"),
    _text("model"),
    sa.Column("number", sa.Integer, nullable=False),
    sa.Column("time", _Float, nullable=False),
    _text("kind"),
    _text("document"),
    sa.Index("ix_alerts_model", "model", "time"),
)

# Rounds of a model; one that has not ended is in progress, and there is one at most.
turns = sa.Table(
    "turns",
    metadata,
    _key("id"),
    _text("model"),
    sa.Column("began", _Float, nullable=False),
    sa.Column("beat", _Float, nullable=False),
    sa.Column("ended", _Float),
    _text("state"),
    _text("document"),
    sa.Index("ix_turns_model", "model", "began"),
)

# What trackers were told, or are to be told: see `deliveries`.
deliveries = sa.Table(
    "deliveries",
    metadata,
    _key("tracker"),
    _key("kind"),
    _key("subject"),
    _text("state"),
    sa.Column("digest", sa.Text),  # of what the tracker has
    sa.Column("tries", sa.Integer, nullable=False),
    sa.Column("time", _Float, nullable=False),
    sa.Column("error", sa.Text),
    sa.Index("ix_deliveries_state", "tracker", "kind", "state"),
    sa.Index("ix_deliveries_subject", "kind", "subject"),
)

# Which process tells a tracker now: one at a time, so that nothing is made twice there.
deliverers = sa.Table(
    "deliverers",
    metadata,
    _key("tracker"),
    _text("holder"),
    sa.Column("until", _Float, nullable=False),
)

KEPT_FOR_EVER = {
    "sqlite": [
        f"""
        CREATE TRIGGER IF NOT EXISTS moves_no_{verb.lower()} BEFORE {verb} ON moves
        BEGIN SELECT RAISE(ABORT, 'the history of aliases is kept for ever'); END
        """
        for verb in ("UPDATE", "DELETE")
    ]
    + [
        # A row that takes the place of another fires no trigger of a deletion.
        """
        CREATE TRIGGER IF NOT EXISTS moves_no_replace BEFORE INSERT ON moves
        WHEN EXISTS (SELECT 1 FROM moves WHERE id = NEW.id)
        BEGIN SELECT RAISE(ABORT, 'the history of aliases is kept for ever'); END
        """
    ],
    "postgresql": [
        """
        CREATE FUNCTION moves_are_kept() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN RAISE EXCEPTION 'the history of aliases is kept for ever'; END $$
        """,
        """
        CREATE TRIGGER moves_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON moves
        FOR EACH STATEMENT EXECUTE FUNCTION moves_are_kept()
        """,
    ],
}
"""What lets no statement change the history of aliases, by dialect."""

for _dialect, _statements in KEPT_FOR_EVER.items():
    for _statement in _statements:
        _ddl = sa.DDL(_statement)  # type: ignore[no-untyped-call]
        sa.event.listen(moves, "after_create", _ddl.execute_if(dialect=_dialect))
