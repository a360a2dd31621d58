"""Which folders of unpacked code may go, beside those who use them."""

from __future__ import annotations

import os
import time
from pathlib import Path

from windlass.provenance.code_folders import old_folders, take_away, used

LONG = 30 * 24 * 3600


def test_one_that_is_used_meanwhile_stays(tmp_path: Path) -> None:
    folder = tmp_path / "code" / "abc"
    folder.mkdir(parents=True)
    now = time.time()
    os.utime(folder, (now - LONG, now - LONG))
    assert list(old_folders(tmp_path / "code", now)) == [folder]
    assert used(folder)  # after it was found to be old, and before it is taken
    assert take_away(folder, now) is None
    assert folder.exists()


def test_one_that_is_old_is_gone_at_once(tmp_path: Path) -> None:
    folder = tmp_path / "code" / "abc"
    folder.mkdir(parents=True)
    now = time.time()
    os.utime(folder, (now - LONG, now - LONG))
    away = take_away(folder, now)
    assert away is not None
    assert away.exists()
    assert not used(folder)
    assert take_away(folder, now) is None
