"""The record stores that name blobs of one artifact store: what one does not need, another may."""

from __future__ import annotations

from windlass.errors import ConfigError
from windlass.execution.job import Stores
from windlass.provenance.secrets import masked
from windlass.records import Records
from windlass.records.address import read_address
from windlass.stacks.settings import load_settings
from windlass.stacks.stack import Stack, load_stack


def neighbours(stack: Stack, stores: Stores) -> list[Records]:
    """The other record stores of this project that name blobs of a stack's artifact store.

    Raises:
        ConfigError: One does that is no stack's of this project: what it needs is not known here.
    """
    found = {stores.records.shown: stores.records}
    settings = load_settings(stack.project)
    for name in settings.stacks:
        other = load_stack(name, stack.project, settings)
        if other.artifacts_url == stack.artifacts_url and not other.is_untouched():
            records = other.open_records()
            found.setdefault(records.shown, records)
    for user in stores.artifacts.users():
        path, _ = read_address(user)
        if user not in found and (path is None or path.exists()):
            raise ConfigError(
                f"the record store {user} names bytes of {masked(stack.artifacts_url)}, too, and "
                "is of no stack of this project: what it needs is not known here",
                hint="Describe it as a stack in windlass.toml. If it is of no use any more, remove "
                f"its note from {masked(stack.artifacts_url)}/users.",
            )
    return [records for shown, records in found.items() if shown != stores.records.shown]
