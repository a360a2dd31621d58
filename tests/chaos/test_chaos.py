"""A few of the trials of `make chaos`."""

from __future__ import annotations

from pathlib import Path

from .chaos import Chaos


def test_killed_runs_are_resumed_without_loss(tmp_path: Path) -> None:
    chaos = Chaos(tmp_path, seed=4, most_kills=1)
    chaos.run(6)
    assert chaos.failures == []
    assert chaos.counts["trials"] == 6
    assert sum(count for what, count in chaos.counts.items() if what.startswith("killed: ")) >= 6
