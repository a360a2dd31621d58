"""How Alembic runs the migrations: on the connection that `windlass.records.migrate` gives it."""

from __future__ import annotations

from alembic import context

from windlass.records.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,  # SQLite changes a table by copying it
)
with context.begin_transaction():
    context.run_migrations()
