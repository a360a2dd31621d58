"""The ids of requests."""

from __future__ import annotations

import os

import pytest

from windlass.serving.app.identity import drawn_id


def test_every_id_is_another() -> None:
    drawn = [drawn_id() for _ in range(2000)]
    assert len(set(drawn)) == 2000
    assert {len(each) for each in drawn} == {24}


@pytest.mark.skipif(not hasattr(os, "fork"), reason="nothing forks here")
def test_a_forked_process_draws_its_own() -> None:
    drawn_id()  # there are some left that were drawn with it
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(writing, "\n".join(drawn_id() for _ in range(300)).encode())
        os._exit(0)
    os.waitpid(child, 0)
    theirs = os.read(reading, 65_536).decode().split()
    ours = [drawn_id() for _ in range(300)]
    assert len(theirs) == 300
    assert not set(theirs) & set(ours)
